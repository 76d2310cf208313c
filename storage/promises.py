"""Promises to pay and payments that customers told us of: what waits for money, and what became of it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, insert, or_, select, update

from statements.promises import TOLD_DAYS, Outcome, Received
from storage.bulk import among
from storage.database import Session
from storage.schema import answer, customer, open_item, payment_hint, promise, statement


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """One promised payment; amounts in minor units. status: open, kept, broken, replaced."""

    id: UUID
    statement_id: UUID
    answer_id: UUID
    customer_id: UUID
    currency: str
    amount: int
    due_on: date
    status: str
    received: int
    given_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class HintRow:
    """One payment that a customer says was made. status: open, found, not_found, replaced."""

    id: UUID
    statement_id: UUID
    answer_id: UUID
    customer_id: UUID
    currency: str
    amount: int
    paid_on: date
    reference: str
    status: str
    told_at: datetime
    closed_at: datetime | None


_PROMISE = [promise.c[name] for name in PromiseRow.__dataclass_fields__]
_HINT = [payment_hint.c[name] for name in HintRow.__dataclass_fields__]


async def insert_promises(session: Session, company_id: UUID, rows: Sequence[PromiseRow]) -> None:
    """Adds promises."""
    for row in rows:
        await session.execute(insert(promise).values(company_id=company_id, **_values(row)))


async def insert_hints(session: Session, company_id: UUID, rows: Sequence[HintRow]) -> None:
    """Adds payments told."""
    for row in rows:
        await session.execute(insert(payment_hint).values(company_id=company_id, **_values(row)))


def _values(row: PromiseRow | HintRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


async def replace_promises(session: Session, company_id: UUID, customer_id: UUID, currency: str, at: datetime) -> int:
    """The customer promises anew in this currency: what was still open gives way; answers how many did."""
    done = await session.execute(
        update(promise)
        .where(
            promise.c.company_id == company_id, promise.c.customer_id == customer_id, promise.c.currency == currency,
            promise.c.status == "open",
        )
        .values(status="replaced", closed_at=at)
    )  # fmt: skip
    return done.rowcount


async def promises_of(session: Session, company_id: UUID, statement_ids: Sequence[UUID]) -> list[PromiseRow]:
    """Promises given to these versions, by day."""
    query = (
        select(*_PROMISE)
        .where(promise.c.company_id == company_id, promise.c.statement_id.in_(statement_ids))
        .order_by(promise.c.given_at, promise.c.due_on, promise.c.id)
    )
    return [PromiseRow(*row) for row in await session.execute(query)]


async def hints_of(session: Session, company_id: UUID, statement_ids: Sequence[UUID]) -> list[HintRow]:
    """Payments told in answers to these versions, oldest first."""
    query = (
        select(*_HINT)
        .where(payment_hint.c.company_id == company_id, payment_hint.c.statement_id.in_(statement_ids))
        .order_by(payment_hint.c.told_at, payment_hint.c.id)
    )
    return [HintRow(*row) for row in await session.execute(query)]


async def promises_by_answer(
    session: Session, company_id: UUID, answer_ids: Sequence[UUID]
) -> dict[UUID, list[PromiseRow]]:
    """What each answer promised, by day."""
    query = select(*_PROMISE).where(promise.c.company_id == company_id, promise.c.answer_id.in_(answer_ids))
    found: dict[UUID, list[PromiseRow]] = defaultdict(list)
    for row in await session.execute(query.order_by(promise.c.due_on, promise.c.id)):
        one = PromiseRow(*row)
        found[one.answer_id].append(one)
    return found


async def hints_by_answer(session: Session, company_id: UUID, answer_ids: Sequence[UUID]) -> dict[UUID, list[HintRow]]:
    """The payments that each answer told of."""
    query = select(*_HINT).where(payment_hint.c.company_id == company_id, payment_hint.c.answer_id.in_(answer_ids))
    found: dict[UUID, list[HintRow]] = defaultdict(list)
    for row in await session.execute(query.order_by(payment_hint.c.id)):
        one = HintRow(*row)
        found[one.answer_id].append(one)
    return found


async def open_hints(session: Session, company_id: UUID, customer_ids: Sequence[UUID] | None = None) -> list[HintRow]:
    """What cash application may look for: payments told and neither found nor given up, oldest first."""
    query = (
        select(*_HINT)
        .where(payment_hint.c.company_id == company_id, payment_hint.c.status == "open")
        .order_by(payment_hint.c.told_at, payment_hint.c.id)
    )
    if customer_ids is not None:
        query = query.where(among(payment_hint.c.customer_id, customer_ids))
    return [HintRow(*row) for row in await session.execute(query)]


async def hint_by_id(session: Session, company_id: UUID, hint_id: UUID) -> HintRow | None:
    """One told payment."""
    query = select(*_HINT).where(payment_hint.c.company_id == company_id, payment_hint.c.id == hint_id)
    row = (await session.execute(query)).one_or_none()
    return HintRow(*row) if row else None


async def close_hint(session: Session, company_id: UUID, hint_id: UUID, status: str) -> bool:
    """found, not_found or replaced; False when it was closed before."""
    done = await session.execute(
        update(payment_hint)
        .where(
            payment_hint.c.company_id == company_id, payment_hint.c.id == hint_id, payment_hint.c.status == "open"
        )
        .values(status=status, closed_at=func.clock_timestamp())
    )  # fmt: skip
    return done.rowcount == 1


async def promises_to_judge(session: Session, company_id: UUID) -> dict[tuple[UUID, str], list[PromiseRow]]:
    """Promises per customer and currency where one is open; those judged before are there for the money they had."""
    waiting = promise.alias("waiting")
    some_open = select(waiting.c.id).where(
        waiting.c.company_id == company_id, waiting.c.customer_id == promise.c.customer_id,
        waiting.c.currency == promise.c.currency, waiting.c.status == "open",
    )  # fmt: skip
    query = select(*_PROMISE).where(
        promise.c.company_id == company_id, promise.c.status != "replaced", some_open.exists()
    )
    found: dict[tuple[UUID, str], list[PromiseRow]] = defaultdict(list)
    for row in await session.execute(query.order_by(promise.c.due_on, promise.c.id)):
        one = PromiseRow(*row)
        found[one.customer_id, one.currency].append(one)
    return found


async def promises_due(session: Session, company_id: UUID, after: date, until: date) -> list[tuple[PromiseRow, UUID]]:
    """Open promises due after one day and until another, each with the contact who gave it."""
    query = (
        select(*_PROMISE, answer.c.contact_id)
        .join(answer, (answer.c.company_id == promise.c.company_id) & (answer.c.id == promise.c.answer_id))
        .where(
            promise.c.company_id == company_id, promise.c.status == "open", promise.c.due_on > after,
            promise.c.due_on <= until, answer.c.contact_id.is_not(None),
        )
        .order_by(promise.c.id)
    )  # fmt: skip
    return [(PromiseRow(*row[:-1]), row[-1]) for row in await session.execute(query)]


async def promise_status(session: Session, company_id: UUID, promise_id: UUID) -> str | None:
    """How one promise stands now: open, kept, broken or replaced."""
    query = select(promise.c.status).where(promise.c.company_id == company_id, promise.c.id == promise_id)
    status: str | None = (await session.execute(query)).scalar_one_or_none()
    return status


async def receipts_since(
    session: Session, company_id: UUID, customer_id: UUID, currency: str, first: date
) -> list[Received]:
    """Money of the customer, or of whoever pays for it, since a day; what was taken back counts against its day."""
    payer = select(customer.c.payer_id).where(customer.c.company_id == company_id, customer.c.id == customer_id)
    query = (
        select(open_item.c.document_date, func.sum(-open_item.c.amount))
        .where(
            open_item.c.company_id == company_id, open_item.c.kind == "receipt", open_item.c.currency == currency,
            or_(open_item.c.customer_id == customer_id, open_item.c.customer_id.in_(payer)),
            open_item.c.document_date >= first,
        )
        .group_by(open_item.c.document_date)
    )  # fmt: skip
    return [Received(day, int(amount)) for day, amount in await session.execute(query) if amount > 0]


async def write_outcome(session: Session, company_id: UUID, promise_id: UUID, outcome: Outcome) -> bool:
    """Closes an open promise as kept or broken; False when it was closed before."""
    done = await session.execute(
        update(promise)
        .where(promise.c.company_id == company_id, promise.c.id == promise_id, promise.c.status == "open")
        .values(status=outcome.status, received=outcome.received, closed_at=func.clock_timestamp())
    )
    return done.rowcount == 1


async def awaited_amounts(
    session: Session, company_id: UUID, customers: Sequence[UUID], timezone: str, today: date
) -> dict[tuple[UUID, str], int]:
    """Minor units per customer and currency that are promised for today or later, or told as paid and looked for."""
    promised = select(promise.c.customer_id, promise.c.currency, promise.c.amount).where(
        promise.c.company_id == company_id, promise.c.customer_id.in_(customers), promise.c.status == "open",
        promise.c.due_on >= today,
    )  # fmt: skip
    told_on = func.date(func.timezone(timezone, payment_hint.c.told_at))
    told = select(payment_hint.c.customer_id, payment_hint.c.currency, payment_hint.c.amount).where(
        payment_hint.c.company_id == company_id, payment_hint.c.customer_id.in_(customers),
        payment_hint.c.status == "open", told_on > today - timedelta(days=TOLD_DAYS),
    )  # fmt: skip
    both = promised.union_all(told).subquery()
    query = select(both.c.customer_id, both.c.currency, func.sum(both.c.amount)).group_by(
        both.c.customer_id, both.c.currency
    )
    return {(row[0], row[1]): int(row[2]) for row in await session.execute(query)}


async def known_promises(
    session: Session, company_id: UUID, as_known: datetime, customer_ids: Sequence[UUID], first: date
) -> dict[UUID, list[PromiseRow]]:
    """Promises per customer that were open at the instant, and those due since `first` that were broken by then."""
    still_open = or_(promise.c.closed_at.is_(None), promise.c.closed_at > as_known)
    query = (
        select(*_PROMISE, still_open)
        .where(
            promise.c.company_id == company_id, among(promise.c.customer_id, customer_ids),
            promise.c.given_at <= as_known,
            or_(still_open, and_(promise.c.status == "broken", promise.c.due_on >= first)),
        )
        .order_by(promise.c.due_on, promise.c.id)
    )  # fmt: skip
    found: dict[UUID, list[PromiseRow]] = defaultdict(list)
    for row in await session.execute(query):
        one = PromiseRow(*row[:-1])
        found[one.customer_id].append(replace(one, status="open") if row[-1] else one)
    return found


async def versions_with(session: Session, company_id: UUID, statement_id: UUID) -> list[UUID]:
    """Every version of the same account, currency and period as this one."""
    one = statement.alias("one")
    query = (
        select(statement.c.id)
        .join(
            one,
            (one.c.company_id == statement.c.company_id) & (one.c.customer_id == statement.c.customer_id)
            & (one.c.currency == statement.c.currency) & (one.c.period == statement.c.period),
        )
        .where(statement.c.company_id == company_id, one.c.id == statement_id)
    )  # fmt: skip
    return list((await session.execute(query)).scalars())
