"""Submits a returned statement again, as it is: votes stand where what they signed has not changed."""

from uuid import UUID

from approvals.commands import Supersede
from approvals.refusals import CommandNotPossible
from approvals.request import RETURNED
from services.apply_approval import decided_or_raised, moment, proceed
from services.change_statement_status import change_statement_status
from services.decide_approval import RequestUnknown
from services.open_approvals import reopen_statement_approval
from storage.approval_acts import ActMeta
from storage.approval_subjects import statement_digests
from storage.approvals import lock_request
from storage.audit import Actor
from storage.companies import Company
from storage.database import Database, transaction

RESUBMITTED = frozenset({"statement"})
"""Other returned subjects are asked for again where they come from, for example a waiver on the exceptions page."""


async def resubmit_approval(engine: Database, company: Company, request_id: UUID, by: UUID) -> UUID:
    """The id of the next round's request.

    A statement that was built again since carries its round over by itself, when its new version is submitted.
    """
    async with transaction(engine, company.id) as session:
        stored = await lock_request(session, company.id, request_id)
        if stored is None:
            raise RequestUnknown
        request = stored.request
        if request.state != RETURNED or request.subject_kind not in RESUBMITTED:
            raise CommandNotPossible(state=request.state, command="resubmit")
        env = await moment(session, company.id, stored.policy_id, "")
        events = await decided_or_raised(session, company.id, request, Supersede("submitted again"), env)
        meta = ActMeta(by, by, "web", "session", f"resubmit/{request_id}")
        await proceed(session, company.id, stored, events, env, meta)
        statement_id = UUID(request.subject_id)
        _, status = (await statement_digests(session, company.id, [statement_id]))[statement_id]
        if status == "returned":
            await change_statement_status(session, company.id, statement_id, "revise", Actor("user", by), {})
        return await reopen_statement_approval(session, company.id, statement_id, stored, by)
