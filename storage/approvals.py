"""Approval requests as they stand: the row lock, the projection folded from the acts, and lists of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Text, and_, bindparam, cast, select, text
from sqlalchemy import func as sql

from approvals.codec import from_json
from approvals.commands import Grant
from approvals.predicate import Facts
from approvals.request import OPEN, Opinion, Request, Stage
from ledger.canonical import sha256_hex
from storage.database import Session
from storage.schema import approval_request

MOST_HISTORY = 5_000
"""Requests that another policy is tried on: more takes longer than a person waits, and tells nothing new."""


NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""When a stage without a deadline expires: last in an inbox that is sorted by deadlines."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What of a request no column holds: the document `projection`, the same for all that were opened alike."""

    stages: tuple[Stage, ...]
    preparers: frozenset[UUID]
    closed_by: UUID | None = None
    reason: str = ""
    reminded_at: datetime | None = None
    opinions: tuple[Opinion, ...] = ()


def kept_of(request: Request) -> Kept:
    """The document of a request as it stands."""
    return Kept(
        request.stages, request.preparers, request.closed_by, request.reason, request.reminded_at, request.opinions
    )


def amount_of(facts: Facts) -> int:
    """What an inbox is sorted by for the dearest: whole units of money, 0 where a subject has none."""
    amount = facts.get("closing_whole", facts.get("amount_whole"))
    return amount if type(amount) is int else 0


def due_of(request: Request) -> datetime:
    """When the open stage expires."""
    expires = request.current().expires_at if request.state == OPEN and request.stage else None
    return expires or NEVER


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A request with what is needed to append to it."""

    request: Request
    policy_id: UUID
    act_count: int
    head: str
    """Hash of its newest act."""


async def database_now(session: Session) -> datetime:
    """The only clock that decides."""
    now: datetime = (await session.execute(select(text("clock_timestamp()")))).scalar_one()
    return now.astimezone(UTC)


async def lock_request(session: Session, company_id: UUID, request_id: UUID) -> StoredRequest | None:
    """The request under its row lock: whoever comes second waits here and then reads what the first wrote."""
    return await _load(session, company_id, approval_request.c.id == request_id, lock=True)


async def lock_requests(session: Session, company_id: UUID, ids: Sequence[UUID]) -> dict[UUID, StoredRequest]:
    """Many requests under their row locks, taken in the order of ids, so that two such callers never wait in a ring."""
    query = (
        select(*_COLUMNS)
        .where(approval_request.c.company_id == company_id, approval_request.c.id == sql.any(list(ids)))
        .order_by(approval_request.c.id)
        .with_for_update()
    )
    stored = [_stored(row) for row in await session.execute(query)]
    return {one.request.id: one for one in stored}


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
    query = select(*_COLUMNS).where(approval_request.c.company_id == company_id, which)
    row = (await session.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        return None
    return _stored(row)


_COLUMNS = (
    *(
        approval_request.c[name]
        for name in (
            "id", "subject_kind", "subject_id", "state", "round", "stage", "digest", "facts", "submitted_by",
            "opened_at", "closed_at", "valid_until", "policy_id", "act_count", "head",
        )
    ),
    cast(approval_request.c.projection, Text).label("projection"),
)  # fmt: skip

SHARED = 1_000
"""Documents kept read: a run's requests share a few, which change by votes of a few people."""


@lru_cache(SHARED)
def _kept(projection: str) -> Kept:
    return from_json(Kept, json.loads(projection))


def _stored(row: Any) -> StoredRequest:  # noqa: ANN401 - a row of mixed columns
    kept = _kept(row.projection)
    request = Request(
        id=row.id, subject_kind=row.subject_kind, subject_id=row.subject_id, state=row.state, round=row.round,
        stage=row.stage, digest=row.digest, facts=row.facts, submitted_by=row.submitted_by, preparers=kept.preparers,
        opened_at=_utc(row.opened_at), closed_at=_utc(row.closed_at), closed_by=kept.closed_by, reason=kept.reason,
        valid_until=_utc(row.valid_until), reminded_at=kept.reminded_at, stages=kept.stages, opinions=kept.opinions,
    )  # fmt: skip
    return StoredRequest(request, row.policy_id, row.act_count, row.head)


def _utc(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One open request for which a person, a role of the person, or a principal is asked; `place` is its sort key."""

    stored: StoredRequest
    opened_at: datetime
    place: datetime | int


ORDERS = {
    "oldest": (approval_request.c.opened_at, False),
    "latest": (approval_request.c.opened_at, True),
    "dearest": (approval_request.c.amount_whole, True),
    "urgent": (approval_request.c.due_at, False),
}
"""How an inbox may be sorted: the column, each with an index of its own, and whether its largest comes first."""

FEW = 2_000
"""Tasks of a person up to which those are read and sorted; with more, a walk in the order wanted soon finds a page."""

_TASKS = """
    select t.request_id from approval_task t
     where t.company_id = :company and t.state = 'open' and t.user_id = any(:people)
    union all
    select t.request_id from approval_task t
     where t.company_id = :company and t.state = 'open' and t.role = any(:roles)
"""
_FEW = text(f"select count(*) <= {FEW} from (select from ({_TASKS}) t limit {FEW} + 1) counted")  # noqa: S608 - our own
_OF_FEW = text(f"approval_request.id = any(array({_TASKS}))")
_OF_MANY = text(
    "exists (select 1 from (select t.user_id, t.role from approval_task t"
    " where t.company_id = approval_request.company_id and t.request_id = approval_request.id and t.state = 'open'"
    " offset 0) t where t.user_id = any(:people) or t.role = any(:roles))"
)
"""`offset 0` keeps this a look at each request's own tasks, by their index. As a join the planner, who knows nothing of
tables that were filled a moment ago, compared each of 50,000 requests with each of 50,000 tasks, for minutes."""


async def waiting_for(
    session: Session, company_id: UUID, people: Sequence[UUID], roles: Sequence[str],
    after: tuple[datetime | int, UUID] | None, limit: int, run_id: str | None = None, order: str = "oldest",
) -> list[Waiting]:  # fmt: skip
    """Open requests with a task for one of the people or roles, in one of `ORDERS`; `after` is the last one seen."""
    column, falling = ORDERS[order]
    request_id = approval_request.c.id
    asked = {"company": company_id, "people": list(people), "roles": list(roles)}
    few = (await session.execute(_FEW, asked)).scalar_one()
    query = select(*_COLUMNS, column.label("place")).where(
        approval_request.c.company_id == company_id, approval_request.c.state == OPEN, _OF_FEW if few else _OF_MANY
    )
    if run_id is not None:
        query = query.where(approval_request.c.facts["run_id"].astext == run_id)
    if after is not None:
        here, last = sql.row(column, request_id), sql.row(*after)
        query = query.where(here < last if falling else here > last)
    places = (column.desc(), request_id.desc()) if falling else (column, request_id)
    # Said in the statement: a plan for any number of rows prepares for thousands, with processes of its own.
    most: BindParameter[int] = bindparam("most", limit, literal_execute=True)
    rows = await session.execute(query.order_by(*places).limit(most), asked)
    return [Waiting(_stored(row), row.opened_at, row.place) for row in rows]


async def list_requests(
    session: Session, company_id: UUID, state: str | None, after: UUID | None, limit: int
) -> list[StoredRequest]:
    """Requests newest first; ids sort by time, and `after` is the last one seen."""
    query = select(*_COLUMNS).where(approval_request.c.company_id == company_id)
    if state is not None:
        query = query.where(approval_request.c.state == state)
    if after is not None:
        query = query.where(approval_request.c.id < after)
    rows = await session.execute(query.order_by(approval_request.c.id.desc()).limit(limit))
    return [_stored(row) for row in rows]


async def past_subjects(
    session: Session, company_id: UUID, kinds: Sequence[str], days: int
) -> list[tuple[str, str, dict[str, Any]]]:
    """Kind, id and facts of what was submitted in the last days, the newest `MOST_HISTORY` of it."""
    rows = await session.execute(
        select(approval_request.c.subject_kind, approval_request.c.subject_id, approval_request.c.facts)
        .where(
            approval_request.c.company_id == company_id,
            approval_request.c.subject_kind.in_(kinds),
            approval_request.c.opened_at > sql.statement_timestamp() - timedelta(days=days),
        )
        .order_by(approval_request.c.opened_at.desc())
        .limit(MOST_HISTORY)
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
