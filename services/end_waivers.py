"""Ends requests to waive findings that were fixed meanwhile: nobody is to decide on what is gone."""

from uuid import UUID

from approvals.commands import SubjectGone
from approvals.request import OPEN
from services.apply_approval import decided_or_raised, moment, proceed
from services.waiver_subjects import WAIVERS
from storage.approval_acts import ActMeta
from storage.approvals import lock_request
from storage.database import Session
from storage.waivers import waivers_without_finding


async def end_waivers(session: Session, company_id: UUID) -> int:
    """Called by whatever closes findings, in its transaction; answers how many requests it ended."""
    ended = 0
    for request_id in await waivers_without_finding(session, company_id, WAIVERS):
        stored = await lock_request(session, company_id, request_id)
        if stored is None or stored.request.state != OPEN:
            continue
        env = await moment(session, company_id, stored.policy_id, "")
        command = SubjectGone("the finding is closed")
        events = await decided_or_raised(session, company_id, stored.request, command, env)
        meta = ActMeta(None, None, "system", "session", f"gone/{request_id}")
        await proceed(session, company_id, stored, events, env, meta)
        ended += 1
    return ended
