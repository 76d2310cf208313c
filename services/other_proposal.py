"""Keeps two people's proposals about one thing apart: else whoever changed another's could agree to it himself."""

from uuid import UUID

from approvals.request import OPEN
from storage.approvals import lock_live_request
from storage.database import Session
from words.refusal import Refusal


class OtherProposalWaits(Refusal):
    """Somebody else has proposed something else about the same thing."""

    code = "other_proposal_waits"
    sentence = "A colleague's other proposal about this waits for a decision."
    remedy = "Let it be decided, or ask the colleague to withdraw it, and propose again."


async def need_no_other_proposal(
    session: Session, company_id: UUID, subject: tuple[str, str], digest: str, by: UUID | None
) -> None:
    """Raises OtherProposalWaits where another person's open request about the subject (kind, id) says otherwise."""
    stored = await lock_live_request(session, company_id, *subject)
    if stored is None or stored.request.state != OPEN:
        return
    if stored.request.digest != digest and stored.request.submitted_by != by:
        raise OtherProposalWaits
