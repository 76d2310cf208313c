"""Uses an approval, once, for the effect that it allows; runs inside the effect's own transaction."""

from uuid import UUID

from approvals.commands import Consume
from approvals.refusals import ApprovalLapsed, ChangedAfterApproval, NotApproved
from approvals.request import APPROVED, CONSUMED
from services.apply_approval import decided_or_raised, moment, proceed, readable
from storage.approval_acts import ActMeta
from storage.approval_subjects import statement_digests
from storage.approvals import StoredRequest, approved_batch_with, lock_live_request, newest_request
from storage.database import Session


async def consume(session: Session, company_id: UUID, subject_kind: str, subject_id: str, digest_now: str) -> UUID:
    """Marks the subject's approval as used and answers the request's id.

    Raises NotApproved, ApprovalLapsed or ChangedAfterApproval; the caller's effect must then not commit.
    """
    stored = await lock_live_request(session, company_id, subject_kind, subject_id)
    if stored is None and subject_kind == "statement":
        batch = await approved_batch_with(session, company_id, subject_id)
        if batch is not None:
            return await _consume_member(session, company_id, batch, subject_id, digest_now)
    if stored is None:
        last = await newest_request(session, company_id, subject_kind, subject_id)
        raise NotApproved(state=last.request.state if last is not None else "not submitted")
    return await _consume(session, company_id, stored, digest_now)


async def _consume(session: Session, company_id: UUID, stored: StoredRequest, digest_now: str) -> UUID:
    env = await moment(session, company_id, stored.policy_id, digest_now)
    events = await decided_or_raised(session, company_id, stored.request, Consume(), env)
    meta = ActMeta(None, None, "system", "session", f"consume/{stored.request.id}")
    await proceed(session, company_id, stored, events, env, meta)
    return stored.request.id


async def _consume_member(
    session: Session, company_id: UUID, batch: StoredRequest, statement_id: str, digest_now: str
) -> UUID:
    """One statement of an approved batch; with the last one the batch itself is used up."""
    request = batch.request
    signed = request.facts["statements"]
    assert isinstance(signed, dict)  # noqa: S101 - a batch's facts hold its members
    if request.state != APPROVED:
        raise NotApproved(state=CONSUMED)
    env = await moment(session, company_id, batch.policy_id, request.digest)
    if request.valid_until is not None and env.now >= request.valid_until:
        raise await readable(session, company_id, ApprovalLapsed(at=request.valid_until))
    if signed[statement_id] != digest_now:
        raise ChangedAfterApproval
    others = [UUID(one) for one in signed if one != statement_id]
    states = await statement_digests(session, company_id, others)
    if all(status not in ("approved", "in_review") for _, status in states.values()):
        await _consume(session, company_id, batch, request.digest)
    return request.id
