"""Disputes: one row per line and reason; the open ones pause their own amount and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update

from statements.disputes import OPEN_STATUSES, CaseFacts, Closed
from storage.database import Session
from storage.schema import app_user, customer, dispute, open_item, statement

CAUSES_LIMIT = 20_000
"""Cases that the figures of root causes look at, the newest: two years of a company with a thousand a month."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """One disputed part of one item; `amount` is minor units, positive."""

    id: UUID
    statement_id: UUID
    answer_id: UUID
    item_id: UUID
    reason: str
    currency: str
    amount: int
    explanation: str
    status: str
    resolution: str | None
    owner_id: UUID | None
    due_on: date | None
    opened_at: datetime
    closed_at: datetime | None
    due_at: datetime | None = None
    round: int = 1
    reopens_id: UUID | None = None
    proposal: dict[str, Any] = field(default_factory=dict)
    credited: int = 0
    note: str = ""
    escalated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DisputeListing:
    """A dispute with the words that a list shows beside it."""

    dispute: Dispute
    statement_number: str
    item_number: str
    customer_id: UUID
    customer_code: str
    customer_name: str
    owner: str | None


_COLUMNS = [dispute.c[name] for name in Dispute.__dataclass_fields__]


async def insert_dispute(session: Session, company_id: UUID, new: Dispute) -> None:
    """Adds one dispute."""
    await session.execute(
        insert(dispute).values(
            company_id=company_id, id=new.id, statement_id=new.statement_id, answer_id=new.answer_id,
            item_id=new.item_id, reason=new.reason, currency=new.currency, amount=new.amount,
            explanation=new.explanation, status=new.status, owner_id=new.owner_id, due_on=new.due_on,
            opened_at=new.opened_at, due_at=new.due_at, round=new.round, reopens_id=new.reopens_id,
            escalated_at=new.escalated_at,
        )
    )  # fmt: skip


async def disputes_of(session: Session, company_id: UUID, statement_id: UUID) -> list[Dispute]:
    """All disputes of one statement version, oldest first."""
    query = (
        select(*_COLUMNS)
        .where(dispute.c.company_id == company_id, dispute.c.statement_id == statement_id)
        .order_by(dispute.c.opened_at, dispute.c.id)
    )
    return [Dispute(*row) for row in await session.execute(query)]


async def find_dispute(session: Session, company_id: UUID, dispute_id: UUID, *, lock: bool = False) -> Dispute | None:
    """One dispute; `lock` holds the row until the commit."""
    query = select(*_COLUMNS).where(dispute.c.company_id == company_id, dispute.c.id == dispute_id)
    row = (await session.execute(query.with_for_update() if lock else query)).one_or_none()
    return Dispute(*row) if row else None


async def disputes_of_versions(session: Session, company_id: UUID, statement_ids: Sequence[UUID]) -> list[Dispute]:
    """All disputes of some versions, oldest first."""
    query = (
        select(*_COLUMNS)
        .where(dispute.c.company_id == company_id, dispute.c.statement_id.in_(statement_ids))
        .order_by(dispute.c.opened_at, dispute.c.id)
    )
    return [Dispute(*row) for row in await session.execute(query)]


async def close_dispute(
    session: Session, company_id: UUID, dispute_id: UUID, resolution: str, at: datetime, *, note: str = "",
    credited: int = 0,
) -> bool:  # fmt: skip
    """Resolves an open dispute; False when it was resolved already."""
    done = await session.execute(
        dispute.update()
        .where(dispute.c.company_id == company_id, dispute.c.id == dispute_id, dispute.c.status.in_(OPEN_STATUSES))
        .values(status="resolved", resolution=resolution, closed_at=at, note=note, credited=credited)
    )
    return done.rowcount == 1


async def change_dispute(session: Session, company_id: UUID, dispute_id: UUID, **values: object) -> None:
    """Writes columns (status, owner_id, proposal, escalated_at, statement_id) of a case that is held locked."""
    await session.execute(
        update(dispute).where(dispute.c.company_id == company_id, dispute.c.id == dispute_id).values(**values)
    )


async def is_disputed(session: Session, company_id: UUID, item_id: UUID) -> bool:
    """Whether a case about this item is open."""
    query = select(dispute.c.id).where(
        dispute.c.company_id == company_id, dispute.c.item_id == item_id, dispute.c.status.in_(OPEN_STATUSES)
    )
    return (await session.execute(query.limit(1))).first() is not None


async def last_round(session: Session, company_id: UUID, item_id: UUID, reason: str) -> tuple[UUID, int] | None:
    """The newest case of this item and reason that the staff ended, and its round."""
    query = (
        select(dispute.c.id, dispute.c.round)
        .where(
            dispute.c.company_id == company_id, dispute.c.item_id == item_id, dispute.c.reason == reason,
            dispute.c.resolution.in_(("accepted", "credited", "corrected")),
        )
        .order_by(dispute.c.opened_at.desc()).limit(1)
    )  # fmt: skip
    row = (await session.execute(query)).one_or_none()
    return (row[0], row[1]) if row else None


async def case_facts(session: Session, company_id: UUID, item_id: UUID, reason: str) -> CaseFacts:
    """What owner rules ask: the item's tags win over the customer's."""
    query = (
        select(customer.c.code, customer.c.country, customer.c.attributes, open_item.c.attributes)
        .join(customer, (customer.c.company_id == open_item.c.company_id) & (customer.c.id == open_item.c.customer_id))
        .where(open_item.c.company_id == company_id, open_item.c.id == item_id)
    )
    row = (await session.execute(query)).one()
    return CaseFacts(reason, row[0], row[1] or "", {**(row[2] or {}), **(row[3] or {})})


async def person_who_owns(session: Session, company_id: UUID, email: str | None, fallback: UUID | None) -> UUID | None:
    """The enabled person of the address, else the enabled fallback, else nobody."""
    query = select(app_user.c.id, app_user.c.email).where(
        app_user.c.company_id == company_id, app_user.c.disabled_at.is_(None),
        (app_user.c.email == email) | (app_user.c.id == fallback),
    )  # fmt: skip
    known = {row[1]: row[0] for row in await session.execute(query)}
    return known.get(email) or next(iter(known.values()), None)


def _listing(company_id: UUID) -> Any:  # noqa: ANN401 - a Select of mixed columns
    owner = app_user.alias("owner")
    return (
        select(
            *_COLUMNS, statement.c.number, open_item.c.number, customer.c.id, customer.c.code, customer.c.name,
            owner.c.name,
        )
        .join(statement, (statement.c.company_id == dispute.c.company_id) & (statement.c.id == dispute.c.statement_id))
        .join(open_item, (open_item.c.company_id == dispute.c.company_id) & (open_item.c.id == dispute.c.item_id))
        .join(customer, (customer.c.company_id == dispute.c.company_id) & (customer.c.id == statement.c.customer_id))
        .outerjoin(owner, (owner.c.company_id == dispute.c.company_id) & (owner.c.id == dispute.c.owner_id))
        .where(dispute.c.company_id == company_id)
    )  # fmt: skip


def _listed(row: Any) -> DisputeListing:  # noqa: ANN401 - a row of `_listing`
    width = len(_COLUMNS)
    return DisputeListing(Dispute(*row[:width]), *row[width:])


async def list_disputes(
    session: Session, company_id: UUID, *, only_open: bool = True, after: UUID | None = None, limit: int = 100
) -> list[DisputeListing]:
    """A keyset page of disputes, oldest first."""
    query = _listing(company_id).order_by(dispute.c.id).limit(limit)
    if only_open:
        query = query.where(dispute.c.status.in_(OPEN_STATUSES))
    if after is not None:
        query = query.where(dispute.c.id > after)
    return [_listed(row) for row in await session.execute(query)]


async def dispute_listing(session: Session, company_id: UUID, dispute_id: UUID) -> DisputeListing | None:
    """One dispute with the words that stand beside it."""
    row = (await session.execute(_listing(company_id).where(dispute.c.id == dispute_id))).one_or_none()
    return _listed(row) if row else None


async def overdue_disputes(session: Session, company_id: UUID, now: datetime) -> list[Dispute]:
    """Open cases past their service standard that nobody was told of yet; locked."""
    query = (
        select(*_COLUMNS)
        .where(
            dispute.c.company_id == company_id, dispute.c.status.in_(OPEN_STATUSES), dispute.c.due_at < now,
            dispute.c.escalated_at.is_(None),
        )
        .order_by(dispute.c.id)
        .with_for_update()
    )  # fmt: skip
    return [Dispute(*row) for row in await session.execute(query)]


async def cases_for_causes(session: Session, company_id: UUID) -> list[Closed]:
    """The newest cases with the tags of their documents and customers; those that customers took back at once too."""
    query = (
        select(
            dispute.c.reason, open_item.c.attributes, customer.c.attributes, dispute.c.currency, dispute.c.amount,
            dispute.c.credited, dispute.c.opened_at, dispute.c.closed_at,
        )
        .join(open_item, (open_item.c.company_id == dispute.c.company_id) & (open_item.c.id == dispute.c.item_id))
        .join(customer, (customer.c.company_id == dispute.c.company_id) & (customer.c.id == open_item.c.customer_id))
        .where(dispute.c.company_id == company_id)
        .order_by(dispute.c.id.desc())
        .limit(CAUSES_LIMIT)
    )  # fmt: skip
    found = []
    for row in await session.execute(query):
        tags = {**(row[2] or {}), **(row[1] or {})}
        category, salesperson = str(tags.get("category", "")), str(tags.get("salesperson", ""))
        found.append(Closed(row[0], category, salesperson, row[3], int(row[4]), int(row[5]), row[6], row[7]))
    return found


async def disputed_amounts(
    session: Session, company_id: UUID, customer_ids: Sequence[UUID] | None = None
) -> dict[UUID, int]:
    """Minor units in open dispute per item, over the customers given or all of them.

    An item that stands on two periods' statements may be disputed on both: the larger claim counts, not their sum.
    """
    per_statement = (
        select(dispute.c.item_id, func.sum(dispute.c.amount).label("amount"))
        .where(dispute.c.company_id == company_id, dispute.c.status.in_(OPEN_STATUSES))
        .group_by(dispute.c.item_id, dispute.c.statement_id)
    )
    if customer_ids is not None:
        per_statement = per_statement.join(
            open_item, (open_item.c.company_id == dispute.c.company_id) & (open_item.c.id == dispute.c.item_id)
        ).where(open_item.c.customer_id.in_(customer_ids))
    claims = per_statement.subquery()
    query = select(claims.c.item_id, func.max(claims.c.amount)).group_by(claims.c.item_id)
    return {row[0]: int(row[1]) for row in await session.execute(query)}
