"""Disputes: one row per line and reason; the open ones pause their own amount and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, insert, select

from storage.database import Session
from storage.schema import customer, dispute, open_item, statement

OPEN_STATUSES = ("open", "investigating", "proposed")
"""What still pauses a reminder."""


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


@dataclass(frozen=True, slots=True)
class DisputeListing:
    """A dispute with the words that a list shows beside it."""

    dispute: Dispute
    statement_number: str
    item_number: str
    customer_code: str
    customer_name: str


_COLUMNS = [
    dispute.c.id, dispute.c.statement_id, dispute.c.answer_id, dispute.c.item_id, dispute.c.reason,
    dispute.c.currency, dispute.c.amount, dispute.c.explanation, dispute.c.status, dispute.c.resolution,
    dispute.c.owner_id, dispute.c.due_on, dispute.c.opened_at, dispute.c.closed_at,
]  # fmt: skip


async def insert_dispute(session: Session, company_id: UUID, new: Dispute) -> None:
    """Adds one dispute."""
    await session.execute(
        insert(dispute).values(
            company_id=company_id, id=new.id, statement_id=new.statement_id, answer_id=new.answer_id,
            item_id=new.item_id, reason=new.reason, currency=new.currency, amount=new.amount,
            explanation=new.explanation, status=new.status, owner_id=new.owner_id, due_on=new.due_on,
            opened_at=new.opened_at,
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


async def close_dispute(session: Session, company_id: UUID, dispute_id: UUID, resolution: str, at: datetime) -> bool:
    """Resolves an open dispute; False when it was resolved already."""
    done = await session.execute(
        dispute.update()
        .where(dispute.c.company_id == company_id, dispute.c.id == dispute_id, dispute.c.status.in_(OPEN_STATUSES))
        .values(status="resolved", resolution=resolution, closed_at=at)
    )
    return done.rowcount == 1


async def list_disputes(
    session: Session, company_id: UUID, *, only_open: bool = True, after: UUID | None = None, limit: int = 100
) -> list[DisputeListing]:
    """A keyset page of disputes, oldest first."""
    query = (
        select(*_COLUMNS, statement.c.number, open_item.c.number, customer.c.code, customer.c.name)
        .join(statement, (statement.c.company_id == dispute.c.company_id) & (statement.c.id == dispute.c.statement_id))
        .join(open_item, (open_item.c.company_id == dispute.c.company_id) & (open_item.c.id == dispute.c.item_id))
        .join(customer, (customer.c.company_id == dispute.c.company_id) & (customer.c.id == statement.c.customer_id))
        .where(dispute.c.company_id == company_id)
        .order_by(dispute.c.id)
        .limit(limit)
    )
    if only_open:
        query = query.where(dispute.c.status.in_(OPEN_STATUSES))
    if after is not None:
        query = query.where(dispute.c.id > after)
    return [DisputeListing(Dispute(*row[:14]), *row[14:]) for row in await session.execute(query)]


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
