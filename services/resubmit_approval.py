"""Submits what was returned again, as it is: votes stand where what they signed has not changed."""

from uuid import UUID

from approvals.commands import Supersede
from approvals.refusals import CommandNotPossible
from approvals.request import RETURNED
from services.apply_approval import decided_or_raised, digest_now, moment, proceed
from services.approval_subjects import subject_kind
from services.decide_approval import RequestUnknown
from services.open_approvals import open_approval, reopen_statement_approval
from services.subject_kinds import SubjectUnknown
from storage.approval_acts import ActMeta
from storage.approvals import StoredRequest, lock_request
from storage.audit import Actor
from storage.companies import Company
from storage.database import Database, Session, transaction


async def resubmit_approval(engine: Database, company: Company, request_id: UUID, by: UUID) -> UUID:
    """The id of the next round's request; whoever submitted an earlier round still does not decide.

    A statement that was built again since carries its round over by itself, when its new version is submitted.
    """
    async with transaction(engine, company.id) as session:
        stored = await lock_request(session, company.id, request_id)
        if stored is None:
            raise RequestUnknown
        request = stored.request
        if request.state != RETURNED:
            raise CommandNotPossible(state=request.state, command="resubmit")
        env = await moment(session, company.id, stored.policy_id, "")
        events = await decided_or_raised(session, company.id, request, Supersede("submitted again"), env)
        meta = ActMeta(by, by, "web", "session", f"resubmit/{request_id}")
        await proceed(session, company.id, stored, events, env, meta)
        kind = subject_kind(request.subject_kind)
        await kind.again(session, company.id, request.subject_id, request.facts, Actor("user", by))
        if request.subject_kind == "statement":
            return await reopen_statement_approval(session, company.id, UUID(request.subject_id), stored, by)
        return await _next_round(session, company.id, stored, by)


async def _next_round(session: Session, company_id: UUID, stored: StoredRequest, by: UUID) -> UUID:
    request = stored.request
    digest = await digest_now(session, company_id, request)
    if not digest:
        raise SubjectUnknown(kind=request.subject_kind, id=request.subject_id)
    changed = frozenset() if digest == request.digest else frozenset({"*"})
    earlier = request.preparers if request.submitted_by is None else request.preparers | {request.submitted_by}
    return await open_approval(
        session, company_id, request.subject_kind, request.subject_id, digest, request.facts, by, earlier,
        previous=stored, changed=changed,
    )  # fmt: skip
