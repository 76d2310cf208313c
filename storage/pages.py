"""What pages and the JSON API list: read-only queries, keyset paging by id, rows as plain mappings."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, literal, or_, select, text
from sqlalchemy.exc import SQLAlchemyError

from storage.database import Database, Session
from storage.schema import app_user as person
from storage.schema import approval_act, approval_request, audit_event, customer, delivery_event, statement

PAGE = 100
"""Rows per page: a plain table of 50,000 rows takes ten seconds to draw, a page of a hundred a third of one."""

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and the id after which the next page starts; None at the end."""

    rows: Rows
    after: str | None


async def is_reachable(engine: Database) -> bool:
    """Whether the database answers."""
    try:
        async with engine.connect() as session:
            await session.execute(text("select 1 from company limit 1"))
    except SQLAlchemyError:
        return False
    return True


async def rows_of(session: Session, query: Select[Any]) -> Rows:
    """All rows of a query as mappings."""
    return [dict(row) for row in (await session.execute(query)).mappings()]


async def page_of(session: Session, query: Select[Any], limit: int, key: str = "id") -> Page:
    """One page of a query that is ordered by `key`."""
    rows = await rows_of(session, query.limit(limit + 1))
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, str(rows[-1][key]) if more else None)


# -- statements --------------------------------------------------------------------------------------

_STATEMENT = (
    statement.c.id, statement.c.number, statement.c.period, statement.c.currency, statement.c.form,
    statement.c.version, statement.c.status, statement.c.opening, statement.c.debits, statement.c.credits,
    statement.c.closing, statement.c.overdue, statement.c.ties, statement.c.digest, statement.c.sent_at,
    statement.c.answered_at, statement.c.created_at, statement.c.run_id, statement.c.customer_id,
    customer.c.code.label("customer_code"), customer.c.name.label("customer_name"),
)  # fmt: skip


def _statements(company_id: UUID) -> Select[Any]:
    return (
        select(*_STATEMENT)
        .join(customer, and_(customer.c.company_id == statement.c.company_id, customer.c.id == statement.c.customer_id))
        .where(statement.c.company_id == company_id)
    )


@dataclass(frozen=True, slots=True)
class StatementFilter:
    """What a list of statements is narrowed to; empty means all."""

    status: str = ""
    period: str = ""
    currency: str = ""
    words: str = ""
    customer_id: UUID | None = None
    run_id: UUID | None = None
    broken: bool = False


async def statements_page(
    session: Session, company_id: UUID, wanted: StatementFilter, after: UUID | None, limit: int = PAGE
) -> Page:
    """Statements, newest first."""
    query = _statements(company_id).order_by(statement.c.id.desc())
    equal = {
        statement.c.status: wanted.status, statement.c.period: wanted.period, statement.c.currency: wanted.currency,
        statement.c.customer_id: wanted.customer_id, statement.c.run_id: wanted.run_id,
    }  # fmt: skip
    for column, value in equal.items():
        if value:
            query = query.where(column == value)
    if wanted.words:
        like = f"%{escaped(wanted.words)}%"
        query = query.where(
            or_(customer.c.name.ilike(like), customer.c.code.ilike(like), statement.c.number.ilike(like))
        )
    if wanted.broken:
        query = query.where(statement.c.ties.is_(False), statement.c.status.not_in(("superseded", "void")))
    if after:
        query = query.where(statement.c.id < after)
    return await page_of(session, query, limit)


def escaped(words: str) -> str:
    """A person's words as a LIKE pattern that means only themselves."""
    return words.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


async def find_statement(session: Session, company_id: UUID, statement_id: UUID) -> dict[str, Any] | None:
    """One statement with its content and what went before."""
    query = (
        _statements(company_id)
        .add_columns(
            statement.c.content, statement.c.difference, statement.c.supersedes_id, statement.c.reason,
            statement.c.row_version, statement.c.prepared_by,
        )
        .where(statement.c.id == statement_id)
    )  # fmt: skip
    rows = await rows_of(session, query)
    return rows[0] if rows else None


async def versions_of(session: Session, company_id: UUID, row: dict[str, Any]) -> Rows:
    """All versions of a statement, newest first."""
    return await rows_of(
        session,
        select(statement.c.id, statement.c.version, statement.c.status, statement.c.created_at)
        .where(
            statement.c.company_id == company_id,
            statement.c.customer_id == row["customer_id"],
            statement.c.currency == row["currency"],
            statement.c.period == row["period"],
        )
        .order_by(statement.c.version.desc()),
    )


async def periods(session: Session, company_id: UUID) -> list[str]:
    """Periods that have statements, newest first."""
    found = await session.execute(
        select(statement.c.period)
        .where(statement.c.company_id == company_id)
        .distinct()
        .order_by(statement.c.period.desc())
    )
    return [row[0] for row in found]


async def timeline_of(session: Session, company_id: UUID, row: dict[str, Any]) -> Rows:
    """Everything recorded about one statement: audit, approval acts, deliveries, answers; oldest first."""
    subjects = (str(row["id"]), row["number"])
    who = select(person.c.name).where(person.c.company_id == company_id)
    audit = select(
        audit_event.c.at, literal("audit").label("source"), audit_event.c.verb.label("what"),
        audit_event.c.facts.label("detail"),
        func.coalesce(
            who.where(person.c.id == audit_event.c.actor_id).scalar_subquery(), audit_event.c.actor_kind
        ).label("who"),
    ).where(
        audit_event.c.company_id == company_id, audit_event.c.subject_kind == "statement",
        audit_event.c.subject_id.in_(subjects),
    )  # fmt: skip
    acts = (
        select(
            approval_act.c.at, literal("approval"), approval_act.c.kind,
            func.cast(approval_act.c.event, audit_event.c.facts.type),
            func.coalesce(who.where(person.c.id == approval_act.c.actor_id).scalar_subquery(), literal("system")),
        )
        .join(
            approval_request,
            and_(
                approval_request.c.company_id == approval_act.c.company_id,
                approval_request.c.id == approval_act.c.request_id,
            ),
        )
        .where(
            approval_act.c.company_id == company_id, approval_request.c.subject_kind == "statement",
            approval_request.c.subject_id.in_(subjects),
        )
    )  # fmt: skip
    sent = select(
        delivery_event.c.at, literal("delivery"), delivery_event.c.kind,
        func.cast(delivery_event.c.facts, audit_event.c.facts.type), delivery_event.c.recipient,
    ).where(
        delivery_event.c.company_id == company_id, delivery_event.c.subject_kind == "statement",
        delivery_event.c.subject_id.in_(subjects),
    )  # fmt: skip
    query = audit.union_all(acts, sent).order_by("at")
    return [dict(one) for one in (await session.execute(query)).mappings()]


async def business_today(session: Session, timezone: str) -> date:
    """Today on the company's calendar, by the database's clock."""
    today: date = (
        await session.execute(select(func.date(func.timezone(timezone, func.clock_timestamp()))))
    ).scalar_one()
    return today
