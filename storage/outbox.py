"""The outbox: messages as rows, written in the transaction of the fact that they tell.

`claims.py` beside it holds what the relay does to them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert

from storage.database import Session
from storage.identifiers import new_id
from storage.schema import outbox

LANES = ("urgent", "normal", "bulk")
"""In the order in which they are served; claims.py keeps a share for the later ones."""

QUEUED_STATES = ("pending", "uncertain", "dead", "suppressed")
"""A person may call off what is in one of these: nothing of it is in a carrier's hands right now."""

RETRYABLE_STATES = ("dead", "suppressed", "uncertain", "cancelled")
"""A person may send these again."""

PAGE = 100
"""Rows of one listing: as many as a page shows."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one recipient. `payload` holds ids and values, never personal text beyond what is sent."""

    kind: str
    channel: str
    recipient: str
    dedup_key: str
    subject_kind: str
    subject_id: str
    payload: dict[str, Any]
    lane: str = "normal"
    customer_id: UUID | None = None
    person_id: UUID | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A queued message as it stands. `age` is the seconds since it was queued, by the database's clock."""

    id: UUID
    kind: str
    channel: str
    lane: str
    dedup_key: str
    message_id: str
    recipient: str
    recipient_domain: str
    subject_kind: str
    subject_id: str
    customer_id: UUID | None
    person_id: UUID | None
    payload: dict[str, Any]
    frozen: bytes | None
    state: str
    phase: str
    tries: int
    internal_errors: int
    lease_token: UUID | None
    answer: str | None
    external_id: str | None
    next_at: datetime
    accepted_at: datetime | None
    created_at: datetime
    age: float


AGE = "cast(extract(epoch from clock_timestamp() - outbox.created_at) as float)"

ROW_NAMES = [field.name for field in fields(OutboxRow) if field.name != "age"]
"""Columns, in the order of the row's fields."""

ROW_COLUMNS: list[ColumnElement[Any]] = [*(outbox.c[name] for name in ROW_NAMES), literal_column(AGE).label("age")]


async def enqueue(session: Session, company_id: UUID, message: Message) -> UUID | None:
    """Queues the message; None when its dedup key is already there (the same issue is never told twice)."""
    row_id = new_id()
    domain = message.recipient.rpartition("@")[2].lower()
    due = message.not_before if message.not_before is not None else func.clock_timestamp()
    statement = (
        insert(outbox)
        .values(
            company_id=company_id, id=row_id, kind=message.kind, channel=message.channel, lane=message.lane,
            dedup_key=message.dedup_key, message_id=f"<{row_id}@tieout>", recipient=message.recipient,
            recipient_domain=domain, subject_kind=message.subject_kind, subject_id=message.subject_id,
            customer_id=message.customer_id, person_id=message.person_id, payload=message.payload,
            state="pending", not_before=due, next_at=due,
        )
        .on_conflict_do_nothing(index_elements=["company_id", "dedup_key"])
        .returning(outbox.c.id)
    )  # fmt: skip
    queued: UUID | None = (await session.execute(statement)).scalar_one_or_none()
    return queued


def rows_of(result: Sequence[Any]) -> list[OutboxRow]:
    """Rows of `ROW_COLUMNS` as values."""
    return [OutboxRow(*row) for row in result]


def select_rows(company_id: UUID) -> Select[Any]:
    """The start of every question about one company's messages."""
    return select(*ROW_COLUMNS).where(outbox.c.company_id == company_id)


async def find_row(session: Session, company_id: UUID, row_id: UUID) -> OutboxRow | None:
    """One message by id."""
    found = rows_of((await session.execute(select_rows(company_id).where(outbox.c.id == row_id))).all())
    return found[0] if found else None


async def list_rows(
    session: Session,
    company_id: UUID,
    *,
    state: str | None = None,
    after: UUID | None = None,
    limit: int = PAGE,
) -> list[OutboxRow]:
    """Messages newest first, one state or all; `after` is the last id of the page before."""
    query = select_rows(company_id).order_by(outbox.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(outbox.c.state == state)
    if after is not None:
        query = query.where(outbox.c.id < after)
    return rows_of((await session.execute(query)).all())


async def rows_of_subject(session: Session, company_id: UUID, subject_kind: str, subject_id: str) -> list[OutboxRow]:
    """Every message about one subject, oldest first."""
    query = select_rows(company_id).where(outbox.c.subject_kind == subject_kind, outbox.c.subject_id == subject_id)
    return rows_of((await session.execute(query.order_by(outbox.c.id))).all())


async def count_of_subject(
    session: Session, company_id: UUID, subject: tuple[str, str], person_id: UUID, states: Sequence[str]
) -> tuple[int, int]:
    """How many messages about the subject (kind, id) to this person are in one of the states, and how many in all."""
    query = select(func.count().filter(outbox.c.state.in_(states)), func.count()).where(
        outbox.c.company_id == company_id,
        outbox.c.subject_kind == subject[0],
        outbox.c.subject_id == subject[1],
        outbox.c.person_id == person_id,
    )
    within, ever = (await session.execute(query)).one()
    return int(within), int(ever)


async def count_states(session: Session, company_id: UUID) -> dict[str, int]:
    """How many messages are in each state."""
    query = select(outbox.c.state, func.count()).where(outbox.c.company_id == company_id).group_by(outbox.c.state)
    return {row[0]: row[1] for row in await session.execute(query)}


async def cancel(session: Session, company_id: UUID, row_id: UUID) -> bool:
    """Calls one message off; False when it is in a carrier's hands, accepted or already off."""
    return await _cancel(session, company_id, outbox.c.id == row_id, outbox.c.state.in_(QUEUED_STATES)) == 1


async def cancel_queued(
    session: Session,
    company_id: UUID,
    kinds: Sequence[str],
    *,
    subject: tuple[str, str] | None = None,
    customer_id: UUID | None = None,
) -> int:
    """Calls off what waits of these kinds about a subject (kind, id) or a customer: an answer came meanwhile."""
    if subject is None and customer_id is None:
        raise ValueError("cancelling needs a subject or a customer")
    conditions = [outbox.c.kind.in_(kinds), outbox.c.state == "pending"]
    if subject is not None:
        conditions += [outbox.c.subject_kind == subject[0], outbox.c.subject_id == subject[1]]
    if customer_id is not None:
        conditions.append(outbox.c.customer_id == customer_id)
    return await _cancel(session, company_id, *conditions)


async def cancel_for_person(session: Session, company_id: UUID, person_id: UUID, kinds: Sequence[str]) -> int:
    """Calls off what waits of these kinds for one person; answers how many."""
    return await _cancel(
        session, company_id, outbox.c.person_id == person_id, outbox.c.kind.in_(kinds), outbox.c.state == "pending"
    )  # fmt: skip


async def _cancel(session: Session, company_id: UUID, *conditions: ColumnElement[bool]) -> int:
    changed = await session.execute(
        update(outbox).where(outbox.c.company_id == company_id, *conditions).values(state="cancelled", frozen=None)
    )
    return changed.rowcount


async def retry(session: Session, company_id: UUID, row_id: UUID) -> bool:
    """Queues a message that was given up again, with the same Message-ID; False when it is not given up."""
    changed = await session.execute(
        update(outbox)
        .where(outbox.c.company_id == company_id, outbox.c.id == row_id, outbox.c.state.in_(RETRYABLE_STATES))
        .values(
            state="pending", phase="new", tries=0, internal_errors=0, lease_token=None, lease_until=None,
            next_at=func.clock_timestamp(),
        )
    )  # fmt: skip
    return changed.rowcount == 1


async def confirm(session: Session, company_id: UUID, row_id: UUID) -> bool:
    """Takes a person's word that an uncertain message arrived; False when it is not uncertain."""
    changed = await session.execute(
        update(outbox)
        .where(outbox.c.company_id == company_id, outbox.c.id == row_id, outbox.c.state == "uncertain")
        .values(
            state="accepted", phase="data", frozen=None, lease_token=None, lease_until=None,
            accepted_at=func.clock_timestamp(),
        )
    )  # fmt: skip
    return changed.rowcount == 1


async def store_frozen(session: Session, company_id: UUID, row: OutboxRow, frozen: bytes) -> bool:
    """Keeps the bytes that every try sends; False when the lease is no longer ours."""
    changed = await session.execute(
        update(outbox)
        .where(
            outbox.c.company_id == company_id, outbox.c.id == row.id, outbox.c.lease_token == row.lease_token,
            outbox.c.lease_until > text("clock_timestamp()"), outbox.c.frozen.is_(None),
        )
        .values(frozen=frozen)
    )  # fmt: skip
    return changed.rowcount == 1
