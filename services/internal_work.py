"""What the relay does itself: messages on the channel "internal" start these, once the fact they tell is committed.

Every function may be called again after a crash, so it must be able to find its own work done. To add one, name its
kind here.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

from services.end_adjustments import follow_case_end
from services.end_dispute import CASE_ENDED, REISSUE
from services.follow_approval import follow_approval
from services.lock_chat_messages import lock_chat_messages
from services.reissue_statement import follow_reissue
from storage.database import Database
from storage.outbox import OutboxRow

Work = Callable[[Database, UUID, OutboxRow], Awaitable[object]]
"""(engine, company_id, row); its answer is not looked at."""

WORK: dict[str, tuple[Work, ...]] = {
    "approval_closed": (follow_approval, lock_chat_messages),
    REISSUE: (follow_reissue,),
    CASE_ENDED: (follow_case_end,),
}
"""Kind of message to what follows, in order."""
