"""What a customer may owe us: limits as they were approved, one after the other, and what is owed against them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from storage.database import Session
from storage.identifiers import new_id
from storage.pages import PAGE, Page, Rows, page_of, rows_of
from storage.schema import app_user, approval_request, credit_limit, customer, open_item


@dataclass(frozen=True, slots=True)
class Limit:
    """`amount` in minor units; None lifts the limit."""

    customer_id: UUID
    currency: str
    amount: int | None
    reason: str


async def limit_now(session: Session, company_id: UUID, customer_id: UUID, currency: str) -> int | None:
    """The customer's limit in minor units; None without one."""
    query = (
        select(credit_limit.c.amount)
        .where(
            credit_limit.c.company_id == company_id, credit_limit.c.customer_id == customer_id,
            credit_limit.c.currency == currency,
        )
        .order_by(credit_limit.c.id.desc())
        .limit(1)
    )  # fmt: skip
    amount: int | None = (await session.execute(query)).scalar_one_or_none()
    return amount


async def put_limit(session: Session, company_id: UUID, limit: Limit, request_id: UUID) -> None:
    """From now on this limit holds; the earlier ones stay on record."""
    await session.execute(
        insert(credit_limit).values(
            company_id=company_id, id=new_id(), customer_id=limit.customer_id, currency=limit.currency,
            amount=limit.amount, reason=limit.reason, request_id=request_id,
        )
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PastLimit:
    """One line of a customer's limits: since when, how much, why, and who asked for it."""

    currency: str
    amount: int | None
    reason: str
    since: datetime
    asked_by: str
    request_id: UUID


async def limits_of_customer(session: Session, company_id: UUID, customer_id: UUID) -> list[PastLimit]:
    """Every limit that the customer ever had, the newest first: the first of a currency holds."""
    query = (
        select(
            credit_limit.c.currency, credit_limit.c.amount, credit_limit.c.reason, credit_limit.c.recorded_at,
            func.coalesce(app_user.c.name, ""), credit_limit.c.request_id,
        )
        .outerjoin(
            approval_request,
            and_(
                approval_request.c.company_id == credit_limit.c.company_id,
                approval_request.c.id == credit_limit.c.request_id,
            ),
        )
        .outerjoin(
            app_user,
            and_(
                app_user.c.company_id == approval_request.c.company_id,
                app_user.c.id == approval_request.c.submitted_by,
            ),
        )
        .where(credit_limit.c.company_id == company_id, credit_limit.c.customer_id == customer_id)
        .order_by(credit_limit.c.id.desc())
    )  # fmt: skip
    return [PastLimit(*row) for row in await session.execute(query)]


async def waiting_limits(session: Session, company_id: UUID, customer_id: UUID) -> Rows:
    """Proposals about the customer that are not decided yet."""
    query = (
        select(approval_request.c.id, approval_request.c.facts)
        .where(
            approval_request.c.company_id == company_id, approval_request.c.subject_kind == "credit_limit",
            approval_request.c.state == "open", approval_request.c.facts["customer_id"].astext == str(customer_id),
        )
        .order_by(approval_request.c.id)
    )  # fmt: skip
    return await rows_of(session, query)


async def owed(session: Session, company_id: UUID, customer_id: UUID, currency: str, today: date) -> int:
    """The customer's balance in minor units: all documents up to today, payments and credits taken off."""
    query = select(func.coalesce(func.sum(open_item.c.amount), 0)).where(
        open_item.c.company_id == company_id, open_item.c.customer_id == customer_id,
        open_item.c.currency == currency, open_item.c.document_date <= today,
    )  # fmt: skip
    return int((await session.execute(query)).scalar_one())


async def limits_page(
    session: Session, company_id: UUID, today: date, *, only_over: bool, after: str = "", limit: int = PAGE
) -> Page:
    """Customers with a limit, by code and currency, with what they owe and what is left; `after` is the last key."""
    newest = (
        select(credit_limit.c.customer_id, credit_limit.c.currency, credit_limit.c.amount, credit_limit.c.recorded_at)
        .ext(distinct_on(credit_limit.c.customer_id, credit_limit.c.currency))
        .where(credit_limit.c.company_id == company_id)
        .order_by(credit_limit.c.customer_id, credit_limit.c.currency, credit_limit.c.id.desc())
        .subquery()
    )
    balance = (
        select(func.coalesce(func.sum(open_item.c.amount), 0))
        .where(
            open_item.c.company_id == company_id, open_item.c.customer_id == newest.c.customer_id,
            open_item.c.currency == newest.c.currency, open_item.c.document_date <= today,
        )
        .scalar_subquery()
    )  # fmt: skip
    rows = (
        select(
            customer.c.id, customer.c.code, customer.c.name, newest.c.currency, newest.c.amount.label("credit_limit"),
            newest.c.recorded_at, balance.label("owed"),
            func.concat(customer.c.code, "/", newest.c.currency).label("key"),
        )
        .join(newest, newest.c.customer_id == customer.c.id)
        .where(customer.c.company_id == company_id, newest.c.amount.is_not(None))
        .subquery()
    )  # fmt: skip
    used: Any = case((rows.c.credit_limit > 0, rows.c.owed * 100 / rows.c.credit_limit), else_=None)
    query = select(rows, (rows.c.owed > rows.c.credit_limit).label("over"), used.label("used")).order_by(rows.c.key)
    if only_over:
        query = query.where(rows.c.owed > rows.c.credit_limit)
    if after:
        query = query.where(rows.c.key > after)
    return await page_of(session, query, limit, key="key")
