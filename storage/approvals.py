"""Approval requests: the row lock, the insert-only acts with their hash chain, and the projection folded from them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, insert, select, text, update
from sqlalchemy import func as sql

from approvals.codec import from_json, to_json
from approvals.commands import Grant
from approvals.events import Event, StageOpened, Voted, event_from_json, event_json
from approvals.evolve import evolve, fold
from approvals.request import OPEN, Request, new_request
from ledger.canonical import Json, canonical_json, sha256_hex
from storage.approval_tasks import insert_tasks_and_timers, renew_tasks, renew_timers
from storage.database import Session
from storage.identifiers import new_id
from storage.schema import approval_act, approval_request

GENESIS = "0" * 64
"""What the first act of a request follows."""


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A request with what is needed to append to it."""

    request: Request
    policy_id: UUID
    act_count: int
    head: str
    """Hash of its newest act."""


@dataclass(frozen=True, slots=True)
class ActMeta:
    """Who sent the command whose events are appended, how, and under which key."""

    actor_id: UUID | None
    authority_id: UUID | None
    channel: str
    assurance: str
    key: str


@dataclass(frozen=True, slots=True)
class Act:
    """One act as the trail shows it."""

    number: int
    kind: str
    actor_id: UUID | None
    authority_id: UUID | None
    channel: str
    assurance: str
    digest: str
    stage: int
    round: int
    event: dict[str, Any]
    at: datetime
    previous_hash: str
    hash: str


async def database_now(session: Session) -> datetime:
    """The only clock that decides."""
    now: datetime = (await session.execute(select(text("clock_timestamp()")))).scalar_one()
    return now.astimezone(UTC)


async def lock_request(session: Session, company_id: UUID, request_id: UUID) -> StoredRequest | None:
    """The request under its row lock: whoever comes second waits here and then reads what the first wrote."""
    return await _load(session, company_id, approval_request.c.id == request_id, lock=True)


async def read_request(session: Session, company_id: UUID, request_id: UUID) -> StoredRequest | None:
    """The request without a lock, to look at."""
    return await _load(session, company_id, approval_request.c.id == request_id, lock=False)


async def lock_live_request(
    session: Session, company_id: UUID, subject_kind: str, subject_id: str
) -> StoredRequest | None:
    """The open or approved request of a subject, locked; there is at most one."""
    return await _load(
        session,
        company_id,
        and_(
            approval_request.c.subject_kind == subject_kind,
            approval_request.c.subject_id == subject_id,
            approval_request.c.state.in_(("open", "approved")),
        ),
        lock=True,
    )


async def newest_request(
    session: Session, company_id: UUID, subject_kind: str, subject_id: str, *, lock: bool = False
) -> StoredRequest | None:
    """The request of the subject that was opened last, whatever became of it."""
    found = (
        await session.execute(
            select(approval_request.c.id)
            .where(
                approval_request.c.company_id == company_id,
                approval_request.c.subject_kind == subject_kind,
                approval_request.c.subject_id == subject_id,
            )
            .order_by(approval_request.c.opened_at.desc(), approval_request.c.id.desc())
            .limit(1)
        )
    ).scalar_one_or_none()
    if found is None:
        return None
    return await _load(session, company_id, approval_request.c.id == found, lock=lock)


async def approved_batch_with(session: Session, company_id: UUID, statement_id: str) -> StoredRequest | None:
    """The approved batch that holds a statement, locked."""
    return await _load(
        session,
        company_id,
        and_(
            approval_request.c.subject_kind == "statement_batch",
            approval_request.c.state == "approved",
            approval_request.c.facts["statements"].has_key(statement_id),
        ),
        lock=True,
    )


async def _load(session: Session, company_id: UUID, which: Any, *, lock: bool) -> StoredRequest | None:  # noqa: ANN401
    query = select(approval_request.c.projection, approval_request.c.policy_id, approval_request.c.act_count).where(
        approval_request.c.company_id == company_id, which
    )
    row = (await session.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        return None
    return _stored(row)


def _stored(row: Any) -> StoredRequest:  # noqa: ANN401 - a row of mixed columns
    kept = row.projection
    return StoredRequest(from_json(Request, kept["request"]), row.policy_id, row.act_count, kept["head"])


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request that has just been submitted, with its first events and whoever sent them."""

    policy_id: UUID
    request: Request
    events: Sequence[Event]
    meta: ActMeta


async def insert_requests(session: Session, company_id: UUID, new: Sequence[NewRequest]) -> list[StoredRequest]:
    """New requests with their first acts, tasks and timers, in four statements however many they are.

    The partial unique index holds one live request per subject.
    """
    requests, acts, stored = [], [], []
    for one in new:
        before = new_request(one.request.id, one.request.subject_kind, one.request.subject_id)
        begun = StoredRequest(before, one.policy_id, 0, GENESIS)
        rows, request, head = _act_rows(company_id, begun, one.events, one.meta)
        acts += rows
        stored.append(StoredRequest(request, one.policy_id, len(rows), head))
        requests.append({
            "company_id": company_id, "id": request.id, "policy_id": one.policy_id,
            "subject_kind": request.subject_kind, "subject_id": request.subject_id,
            "submitted_by": request.submitted_by, "opened_at": request.opened_at,
            **_columns(request, head, len(rows)),
        })  # fmt: skip
    await session.execute(insert(approval_request), requests)
    await session.execute(insert(approval_act), acts)
    await insert_tasks_and_timers(session, company_id, [(one.request, _opened(one.events)) for one in new])
    return stored


def _opened(events: Sequence[Event]) -> StageOpened | None:
    return next((event for event in reversed(events) if isinstance(event, StageOpened)), None)


async def append_events(
    session: Session, company_id: UUID, stored: StoredRequest, events: Sequence[Event], meta: ActMeta
) -> StoredRequest:
    """Appends the acts, folds them into the projection, and renews tasks and timers; the caller holds the lock."""
    rows, request, head = _act_rows(company_id, stored, events, meta)
    await session.execute(insert(approval_act), rows)
    count = stored.act_count + len(rows)
    updated = await session.execute(
        update(approval_request)
        .where(
            approval_request.c.company_id == company_id,
            approval_request.c.id == request.id,
            approval_request.c.act_count == stored.act_count,
        )
        .values(**_columns(request, head, count))
    )
    assert updated.rowcount == 1  # noqa: S101 - the lock is held, nobody else appended
    await renew_tasks(session, company_id, request)
    await renew_timers(session, company_id, request, _opened(events))
    return StoredRequest(request, stored.policy_id, count, head)


def _columns(request: Request, head: str, count: int) -> dict[str, Any]:
    return {
        "state": request.state,
        "stage": request.stage,
        "round": request.round,
        "digest": request.digest,
        "facts": dict(request.facts),
        "projection": {"request": to_json(request), "head": head},
        "act_count": count,
        "closed_at": request.closed_at,
        "valid_until": request.valid_until,
    }


def _act_rows(
    company_id: UUID, stored: StoredRequest, events: Sequence[Event], meta: ActMeta
) -> tuple[list[dict[str, Any]], Request, str]:
    rows: list[dict[str, Any]] = []
    request, head = stored.request, stored.head
    for number, event in enumerate(events, stored.act_count + 1):
        named = getattr(event, "stage", request.stage)
        stage = named if isinstance(named, int) else named.number
        ballot = 0
        if isinstance(event, Voted):
            ballot = request.stage_numbered(stage).ballots_lost(event.vote.actor, event.vote.authority)
        after = evolve(request, event)
        body = event_json(event)
        link = act_hash(head, request.id, number, meta, body)
        at: datetime = event.vote.at if isinstance(event, Voted) else event.at
        rows.append({
            "company_id": company_id, "id": new_id(), "request_id": request.id, "number": number,
            "kind": body["kind"], "actor_id": meta.actor_id, "authority_id": meta.authority_id, "event": body,
            "channel": meta.channel, "assurance": meta.assurance, "digest": after.digest, "stage": stage,
            "round": after.round, "is_vote": isinstance(event, Voted), "ballot": ballot,
            "idempotency_key": meta.key, "previous_hash": head, "hash": link, "at": at,
        })  # fmt: skip
        request, head = after, link
    return rows, request, head


def act_hash(previous: str, request_id: UUID, number: int, meta: ActMeta, event: dict[str, Any]) -> str:
    """The link of one act: canonical JSON names each part, so no two different acts share bytes."""
    parts: dict[str, Json] = {
        "previous": previous, "request": str(request_id), "number": number, "actor": str(meta.actor_id or ""),
        "authority": str(meta.authority_id or ""), "channel": meta.channel, "assurance": meta.assurance,
        "key": meta.key, "event": event,
    }  # fmt: skip
    return sha256_hex(canonical_json(parts))


async def acts_of(session: Session, company_id: UUID, request_id: UUID) -> list[Act]:
    """The trail of a request, oldest first."""
    rows = await session.execute(
        select(
            approval_act.c.number, approval_act.c.kind, approval_act.c.actor_id, approval_act.c.authority_id,
            approval_act.c.channel, approval_act.c.assurance, approval_act.c.digest, approval_act.c.stage,
            approval_act.c.round, approval_act.c.event, approval_act.c.at, approval_act.c.previous_hash,
            approval_act.c.hash,
        )
        .where(approval_act.c.company_id == company_id, approval_act.c.request_id == request_id)
        .order_by(approval_act.c.number)
    )  # fmt: skip
    return [Act(**row) for row in rows.mappings()]


async def first_break(session: Session, company_id: UUID, request_id: UUID) -> int | None:
    """Number of the first act at which the chain, or the fold against the projection, does not hold."""
    rows = await session.execute(
        select(approval_act)
        .where(approval_act.c.company_id == company_id, approval_act.c.request_id == request_id)
        .order_by(approval_act.c.number)
    )
    stored = await read_request(session, company_id, request_id)
    assert stored is not None  # noqa: S101 - acts refer to their request
    previous, number, events = GENESIS, 0, []
    for number, row in enumerate(rows, 1):
        meta = ActMeta(row.actor_id, row.authority_id, row.channel, row.assurance, row.idempotency_key)
        if row.number != number or row.previous_hash != previous:
            return number
        if row.hash != act_hash(previous, request_id, number, meta, row.event):
            return number
        previous = row.hash
        events.append(event_from_json(row.event))
    begun = new_request(request_id, stored.request.subject_kind, stored.request.subject_id)
    if (number, previous) != (stored.act_count, stored.head) or fold(begun, events) != stored.request:
        return number + 1
    return None


@dataclass(frozen=True, slots=True)
class Waiting:
    """One open request for which a person, a role of the person, or a principal is asked."""

    stored: StoredRequest
    opened_at: datetime


async def waiting_for(
    session: Session, company_id: UUID, people: Sequence[UUID], roles: Sequence[str],
    after: tuple[datetime, UUID] | None, limit: int, run_id: str | None = None,
) -> list[Waiting]:  # fmt: skip
    """Open requests with a task for one of the people or roles, oldest first; `after` is the last one seen."""
    tasks = (
        "select 1 from approval_task t where t.company_id = approval_request.company_id"
        " and t.request_id = approval_request.id and t.state = 'open'"
        " and (t.user_id = any(:people) or t.role = any(:roles))"
    )
    query = select(
        approval_request.c.id, approval_request.c.projection, approval_request.c.policy_id,
        approval_request.c.act_count, approval_request.c.opened_at,
    ).where(
        approval_request.c.company_id == company_id,
        approval_request.c.state == OPEN,
        text(f"exists ({tasks})").bindparams(people=list(people), roles=list(roles)),
    )  # fmt: skip
    if run_id is not None:
        query = query.where(approval_request.c.facts["run_id"].astext == run_id)
    if after is not None:
        query = query.where(sql.row(approval_request.c.opened_at, approval_request.c.id) > sql.row(*after))
    rows = await session.execute(query.order_by(approval_request.c.opened_at, approval_request.c.id).limit(limit))
    return [
        Waiting(
            StoredRequest(
                from_json(Request, row.projection["request"]), row.policy_id, row.act_count, row.projection["head"]
            ),
            row.opened_at,
        )
        for row in rows
    ]


async def list_requests(
    session: Session, company_id: UUID, state: str | None, after: UUID | None, limit: int
) -> list[StoredRequest]:
    """Requests newest first; ids sort by time, and `after` is the last one seen."""
    query = select(approval_request.c.projection, approval_request.c.policy_id, approval_request.c.act_count).where(
        approval_request.c.company_id == company_id
    )
    if state is not None:
        query = query.where(approval_request.c.state == state)
    if after is not None:
        query = query.where(approval_request.c.id < after)
    rows = await session.execute(query.order_by(approval_request.c.id.desc()).limit(limit))
    return [
        StoredRequest(
            from_json(Request, row.projection["request"]), row.policy_id, row.act_count, row.projection["head"]
        )
        for row in rows
    ]


async def requests_of_run(session: Session, company_id: UUID, run_id: str) -> tuple[int, list[StoredRequest]]:
    """How many requests a run has ever opened, and those that are open now."""
    of_run = (approval_request.c.company_id == company_id) & (approval_request.c.facts["run_id"].astext == run_id)
    ever = (await session.execute(select(sql.count()).where(of_run))).scalar_one()
    rows = await session.execute(
        select(approval_request.c.projection, approval_request.c.policy_id, approval_request.c.act_count).where(
            of_run, approval_request.c.state == OPEN
        )
    )
    return int(ever), [_stored(row) for row in rows]


async def past_subjects(
    session: Session, company_id: UUID, kinds: Sequence[str], days: int
) -> list[tuple[str, str, dict[str, Any]]]:
    """Kind, id and facts of what was submitted in the last days."""
    rows = await session.execute(
        select(approval_request.c.subject_kind, approval_request.c.subject_id, approval_request.c.facts).where(
            approval_request.c.company_id == company_id,
            approval_request.c.subject_kind.in_(kinds),
            approval_request.c.opened_at > sql.clock_timestamp() - timedelta(days=days),
        )
    )
    return [(row.subject_kind, row.subject_id, row.facts) for row in rows]


def principals_of(person: UUID, grants: Sequence[Grant], subject_kind: str | None = None) -> list[UUID]:
    """For whom the person may act under these grants, themselves first."""
    others = {
        grant.principal
        for grant in grants
        if grant.delegate == person and (subject_kind is None or not grant.subjects or subject_kind in grant.subjects)
    }
    return [person, *sorted(others - {person})]


def key_text(value: object) -> str:
    """SHA-256 of a command's input as canonical JSON: what an idempotency key is bound to."""
    return sha256_hex(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str))
