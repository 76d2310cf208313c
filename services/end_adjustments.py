"""Ends requests for credits whose case has ended otherwise: nobody is to decide on what is gone."""

from uuid import UUID

from approvals.commands import SubjectGone
from approvals.request import OPEN
from services.apply_approval import decided_or_raised, moment, proceed
from storage.adjustments import adjustments_of_dispute
from storage.approval_acts import ActMeta
from storage.approvals import lock_live_request
from storage.database import Database, transaction
from storage.outbox import OutboxRow

ASKED = "asked"


async def end_adjustments(engine: Database, company_id: UUID, dispute_id: UUID) -> int:
    """Answers how many requests it ended; called again it finds none.

    In a transaction of its own: a vote locks its request before the statement, an answer the statement first.
    """
    ended = 0
    async with transaction(engine, company_id) as session:
        for one in await adjustments_of_dispute(session, company_id, dispute_id):
            if one.status != ASKED:
                continue
            stored = await lock_live_request(session, company_id, one.kind, str(one.id))
            if stored is None or stored.request.state != OPEN:
                continue
            env = await moment(session, company_id, stored.policy_id, "")
            command = SubjectGone("the dispute has ended")
            events = await decided_or_raised(session, company_id, stored.request, command, env)
            meta = ActMeta(None, None, "system", "session", f"gone/{stored.request.id}")
            await proceed(session, company_id, stored, events, env, meta)
            ended += 1
    return ended


async def follow_case_end(engine: Database, company_id: UUID, row: OutboxRow) -> int:
    """What the relay calls for the internal message."""
    return await end_adjustments(engine, company_id, UUID(str(row.payload["dispute_id"])))
