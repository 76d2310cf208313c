"""Opens requests for approval: one for a subject, or all of a run with one message per person."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from approvals.commands import ChangeSubject, Env, SubjectGone, Submit, Supersede
from approvals.core import covering
from approvals.opening import Submission, submit, submit_many
from approvals.refusals import ApprovalRefusal, NotCovered
from approvals.request import APPROVED, OPEN, RETURNED, Request, new_request
from services.apply_approval import Begun, begin, decided_or_raised, moment, proceed
from services.apply_many import begin_many
from services.approval_subjects import batch_digest, facts_of_statement, money_figures, subject_kind
from services.ask_approvers import ask_once_for_many, ask_person, asked_people
from services.change_statement_status import move_locked
from services.policies_in_force import policies_or_defaults
from services.subject_kinds import Figure, SubjectUnknown
from storage.approval_acts import ActMeta
from storage.approval_openings import NewRequest
from storage.approval_policies import StoredPolicy
from storage.approval_runs import WaitingAlike, waiting_in_run
from storage.approval_subjects import (
    StatementFacts,
    drafts_of_run,
    statement_content,
    statement_facts,
)
from storage.approvals import StoredRequest, lock_live_request, newest_request
from storage.audit import SYSTEM, Actor
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.identifiers import new_id
from storage.people import people_of
from storage.statement_moves import lock_statements
from words.catalog import translate

BATCH = 1_000
"""Requests per transaction when a run opens them: a killed worker loses a second, and decisions need not wait long."""

LANES = 2
"""Batches under way at once: one is prepared here while the database writes the other."""

_NO_DIGEST = ""


async def open_approval(  # noqa: PLR0913 - a subject is its kind, id, digest and facts
    session: Session,
    company_id: UUID,
    subject_kind: str,
    subject_id: str,
    digest: str,
    facts: Mapping[str, Any],
    submitted_by: UUID | None = None,
    prepared_by: UUID | frozenset[UUID] | None = None,
    *,
    previous: StoredRequest | None = None,
    changed: frozenset[str] = frozenset(),
) -> UUID:
    """Submits a subject and answers the request's id; asked again for the same digest, the same id.

    `previous` is the returned request whose next round this is, `changed` the fields that differ from it. A policy may
    approve at once.
    """
    subject = _Subject(subject_kind, subject_id, digest, facts, submitted_by, _several(prepared_by))
    live = await _continue_live(session, company_id, subject)
    if live is not None:
        return live
    begun = _prepare(subject, await _desk(session, company_id), previous, changed)
    return await _write(session, company_id, subject, begun)


@dataclass(frozen=True, slots=True)
class _Subject:
    kind: str
    id: str
    digest: str
    facts: Mapping[str, Any]
    submitted_by: UUID | None
    preparers: frozenset[UUID]

    @property
    def actor(self) -> Actor:
        return Actor("user", self.submitted_by) if self.submitted_by is not None else SYSTEM

    def command(self, previous: Request | None = None, changed: frozenset[str] = frozenset()) -> Submit:
        """What is asked of the engine."""
        return Submit(self.submitted_by, self.preparers, self.digest, self.facts, previous, changed)

    def meta(self, request_id: UUID, verb: str) -> ActMeta:
        return ActMeta(self.submitted_by, self.submitted_by, "system", "session", f"{verb}/{request_id}")


def _several(prepared_by: UUID | frozenset[UUID] | None) -> frozenset[UUID]:
    if isinstance(prepared_by, frozenset):
        return prepared_by
    return frozenset() if prepared_by is None else frozenset({prepared_by})


async def _continue_live(session: Session, company_id: UUID, subject: _Subject) -> UUID | None:
    """The live request of the subject if it still speaks about this digest; one that does not gives way."""
    stored = await lock_live_request(session, company_id, subject.kind, subject.id)
    if stored is None:
        return None
    request = stored.request
    env = await moment(session, company_id, stored.policy_id, subject.digest)
    meta = subject.meta(request.id, f"renew/{stored.act_count}")
    if request.state == OPEN:
        if request.digest != subject.digest:
            every = frozenset().union(*(stage.watch for stage in request.stages)) | {"*"}
            command = ChangeSubject(subject.digest, subject.facts, every)
            events = await decided_or_raised(session, company_id, request, command, env)
            await proceed(session, company_id, stored, events, env, meta)
        return request.id
    assert request.state == APPROVED  # noqa: S101 - live means open or approved
    if request.digest == subject.digest and (request.valid_until is None or env.now < request.valid_until):
        return request.id
    command_over = Supersede("submitted again")
    events = await decided_or_raised(session, company_id, request, command_over, env)
    await proceed(session, company_id, stored, events, env, meta)
    return None


Desk = Sequence[tuple[StoredPolicy, Env]]
"""The policies in force, each with the moment: the same for all that is opened in one transaction."""


async def _desk(session: Session, company_id: UUID) -> Desk:
    policies = await policies_or_defaults(session, company_id)
    return [(policy, await moment(session, company_id, policy.id, "")) for policy in policies]


def _prepare(subject: _Subject, desk: Desk, previous: StoredRequest | None, changed: frozenset[str]) -> Begun:
    """What the engine makes of the subject; raises its refusal, and writes nothing."""
    policy, env = _policy_for(subject, desk)
    request = new_request(new_id(), subject.kind, subject.id)
    command = subject.command(previous.request if previous is not None else None, changed)
    opened = submit(request, command, env)
    if isinstance(opened, ApprovalRefusal):
        raise opened
    return Begun(NewRequest(policy.id, opened, subject.meta(request.id, "submit")), env)


def _policy_for(subject: _Subject, desk: Desk) -> tuple[StoredPolicy, Env]:
    for policy, env in desk:
        if covering(env.policy)(subject.kind, subject.facts):
            return policy, replace(env, digest=subject.digest)
    raise NotCovered


async def _write(session: Session, company_id: UUID, subject: _Subject, begun: Begun) -> UUID:
    await subject_kind(subject.kind).opened(session, company_id, subject.id, subject.facts, subject.actor)
    return (await begin(session, company_id, begun)).request.id


# -- statements --------------------------------------------------------------------------------------


async def open_statement_approval(
    session: Session, company_id: UUID, statement_id: UUID, submitted_by: UUID | None = None
) -> UUID:
    """Submits one statement with the facts that the database holds about it."""
    rows = await statement_facts(session, company_id, [statement_id])
    if not rows:
        raise SubjectUnknown(kind="statement", id=statement_id)
    subject = _of_statement(rows[0], submitted_by)
    live = await _continue_live(session, company_id, subject)
    if live is not None:
        return live
    previous, changed = await _earlier_round(session, company_id, rows[0])
    return await _write(
        session, company_id, subject, _prepare(subject, await _desk(session, company_id), previous, changed)
    )


async def reopen_statement_approval(
    session: Session, company_id: UUID, statement_id: UUID, previous: StoredRequest, submitted_by: UUID
) -> UUID:
    """The next round of a returned statement that nobody changed."""
    row = (await statement_facts(session, company_id, [statement_id]))[0]
    changed = frozenset() if row.digest == previous.request.digest else frozenset({"*"})
    subject = _of_statement(row, submitted_by)
    begun = _prepare(subject, await _desk(session, company_id), previous, changed)
    return await _write(session, company_id, subject, begun)


def _of_statement(row: StatementFacts, submitted_by: UUID | None) -> _Subject:
    return _Subject(
        "statement", str(row.id), row.digest, facts_of_statement(row), submitted_by, _several(row.prepared_by)
    )


async def _earlier_round(
    session: Session, company_id: UUID, row: StatementFacts
) -> tuple[StoredRequest | None, frozenset[str]]:
    """The returned request of the version before, which this one takes over; an open one of it is ended."""
    if row.supersedes_id is None:
        return None, frozenset()
    earlier = await newest_request(session, company_id, "statement", str(row.supersedes_id), lock=True)
    if earlier is None or earlier.request.state not in (OPEN, APPROVED, RETURNED):
        return None, frozenset()
    env = await moment(session, company_id, earlier.policy_id, _NO_DIGEST)
    reason = f"version {row.version} took its place"
    returned = earlier.request.state == RETURNED
    command = Supersede(reason) if returned else SubjectGone(reason)
    events = await decided_or_raised(session, company_id, earlier.request, command, env)
    meta = ActMeta(None, None, "system", "session", f"superseded/{earlier.request.id}")
    await proceed(session, company_id, earlier, events, env, meta)
    if not returned:
        return None, frozenset()
    return earlier, await _changed_fields(session, company_id, row.supersedes_id, row.id)


async def _changed_fields(session: Session, company_id: UUID, before: UUID, after: UUID) -> frozenset[str]:
    """The top-level fields in which two versions differ."""
    old = await statement_content(session, company_id, before) or {}
    new = await statement_content(session, company_id, after) or {}
    return frozenset(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


async def open_approvals_for_run(
    engine: Database, company: Company, run_id: UUID, submitted_by: UUID | None = None
) -> dict[str, int]:
    """Submits every draft of the run that ties; each person asked gets one message. Can be killed and repeated."""
    async with transaction(engine, company.id) as session:
        ids = await drafts_of_run(session, company.id, run_id)
        await policies_or_defaults(session, company.id)
    batches = iter([ids[start : start + BATCH] for start in range(0, len(ids), BATCH)])
    states: list[str] = []

    async def lane() -> None:
        for batch in batches:
            async with transaction(engine, company.id) as session:
                begun = await _open_some(session, company.id, run_id, batch, submitted_by)
            states.extend(one.new.opened.like.state for one in begun)

    await _together([lane() for _ in range(LANES)])
    async with transaction(engine, company.id) as session:
        messages = await _ask_for_run(session, company.id, run_id)
    waiting = states.count(OPEN)
    return {
        "opened": len(states), "approved_without_people": len(states) - waiting, "waiting": waiting,
        "messages": messages,
    }  # fmt: skip


async def _together(lanes: Sequence[Coroutine[None, None, None]]) -> None:
    """All of them, or the first failure once none is under way any more."""
    tasks = [asyncio.create_task(one) for one in lanes]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _open_some(
    session: Session, company_id: UUID, run_id: UUID, ids: Sequence[UUID], submitted_by: UUID | None
) -> list[Begun]:
    """One batch: locked by the move of their status, prepared without writing, then written together.

    Whatever else became of a statement since it was listed leaves it out.
    """
    drafts = [row for row in await lock_statements(session, company_id, ids) if row.status == "draft" and row.ties]
    actor = Actor("user", submitted_by) if submitted_by is not None else SYSTEM
    moved = await move_locked(session, company_id, drafts, "submit", actor, {})
    desk = await _desk(session, company_id)
    fresh: list[_Subject] = []
    begun: list[Begun] = []
    for row in await statement_facts(session, company_id, [row.id for row in drafts]):
        subject = _of_statement(row, submitted_by)
        previous, changed = await _earlier_round(session, company_id, row)
        if previous is None:
            fresh.append(subject)
        else:
            begun.append(_prepare(subject, desk, previous, changed))
    begun += _prepare_many(fresh, desk)
    await begin_many(session, company_id, begun, ("run", str(run_id)), moved)
    return begun


def _prepare_many(subjects: Sequence[_Subject], desk: Desk) -> list[Begun]:
    """`_prepare` for first rounds; those that a policy treats alike are decided once."""
    covered: dict[UUID, list[Submission]] = defaultdict(list)
    asked = [(covering(env.policy), policy.id) for policy, env in desk]
    for subject in subjects:
        policy_id = next((one for covers, one in asked if covers(subject.kind, subject.facts)), None)
        if policy_id is None:
            raise NotCovered
        covered[policy_id].append(Submission(new_id(), subject.kind, subject.id, subject.command()))
    by_id = {subject.id: subject for subject in subjects}
    begun = []
    for policy, env in desk:
        for opened in submit_many(covered[policy.id], env):
            if isinstance(opened, ApprovalRefusal):
                raise opened
            meta = by_id[opened.subject_id].meta(opened.id, "submit")
            begun.append(Begun(NewRequest(policy.id, opened, meta), env))
    return begun


async def _ask_for_run(session: Session, company_id: UUID, run_id: UUID) -> int:
    """One message per person for all that nobody has voted on yet; asked again only after more has been opened.

    A later stage asks by itself when it opens. One that waits alone gets the link that decides it.
    """
    ever, waiting = await waiting_in_run(session, company_id, str(run_id))
    asked: dict[UUID, list[WaitingAlike]] = defaultdict(list)
    for alike in waiting:
        if any(stage.votes for stage in alike.exemplar.request.stages):
            continue
        env = await moment(session, company_id, alike.exemplar.policy_id, "")
        for person_id in asked_people(alike.exemplar.request, env):
            asked[person_id].append(alike)
    people = await people_of(session, company_id)
    queued = 0
    for person_id, groups in sorted(asked.items()):
        person = people[person_id]
        count, occasion = sum(one.count for one in groups), f"run/{run_id}/{ever}"
        if count == 1:
            queued += await ask_person(session, company_id, groups[0].exemplar.request, person, occasion)
            continue
        period = groups[0].exemplar.request.facts.get("period", "")
        title = translate("{count} statements of {period} wait for you", person.language, count=count, period=period)
        money = money_figures([(one.currency, one.closing) for one in groups], person.language)
        figures = [asdict(figure) for figure in (Figure("Statements", str(count)), *money)]
        queued += await ask_once_for_many(
            session, company_id, person, title, figures, f"/inbox?run={run_id}", occasion, count
        )
    return queued


async def open_batch_approval(
    session: Session, company_id: UUID, statement_ids: Sequence[UUID], submitted_by: UUID | None = None
) -> UUID:
    """One request for many statements: the batch's facts are the hardest of its members' facts."""
    rows = await statement_facts(session, company_id, statement_ids)
    if len(rows) != len(set(statement_ids)) or not rows:
        raise SubjectUnknown(kind="statement", id="")
    digests = {row.id: row.digest for row in rows}
    each = [facts_of_statement(row) for row in rows]
    currencies = {row.currency for row in rows}
    facts: dict[str, Any] = {
        "statements": {str(statement): digest for statement, digest in digests.items()},
        "count": len(rows),
        "period": rows[0].period,
        "run_id": each[0]["run_id"],
        "currency": currencies.pop() if len(currencies) == 1 else "several",
        "closing_whole": sum(one["closing_whole"] for one in each),
        "findings": sum(one["findings"] for one in each),
        "ties": all(row.ties for row in rows),
        "disputed": any(row.disputed for row in rows),
        "credit_balance": any(one["credit_balance"] for one in each),
        "form_changed": any(one["form_changed"] for one in each),
    }
    preparers = frozenset(row.prepared_by for row in rows if row.prepared_by is not None)
    return await open_approval(
        session, company_id, "statement_batch", str(new_id()), batch_digest(digests), facts, submitted_by, preparers
    )
