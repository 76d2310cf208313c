"""More of what pages list: waiting decisions, customers, exceptions, people and policies."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from storage.database import Session
from storage.pages import PAGE, Page, Rows, escaped, page_of, rows_of
from storage.schema import (
    aging_policy,
    allocation,
    app_user,
    approval_policy,
    approval_request,
    chase,
    contact,
    customer,
    import_file,
    open_item,
    profile,
    raw_record,
    statement,
    task,
    user_role,
)


def _same(left: Any, right: Any, column: str) -> Any:  # noqa: ANN401 - SQLAlchemy tables and a condition
    return and_(left.c.company_id == right.c.company_id, left.c[column] == right.c.id)


# -- inbox -------------------------------------------------------------------------------------------


async def find_request(session: Session, company_id: UUID, request_id: UUID) -> dict[str, Any] | None:
    """One approval request as it stands."""
    query = select(approval_request).where(
        approval_request.c.company_id == company_id, approval_request.c.id == request_id
    )
    rows = await rows_of(session, query)
    return rows[0] if rows else None


async def request_of_subject(session: Session, company_id: UUID, kind: str, subject_id: str) -> dict[str, Any] | None:
    """The newest request about a subject."""
    query = (
        select(approval_request)
        .where(
            approval_request.c.company_id == company_id,
            approval_request.c.subject_kind == kind,
            approval_request.c.subject_id == subject_id,
        )
        .order_by(approval_request.c.id.desc())
        .limit(1)
    )
    rows = await rows_of(session, query)
    return rows[0] if rows else None


def _tasks(company_id: UUID, limit: int) -> Select[Any]:
    return (
        select(
            task.c.id, task.c.kind, task.c.due_on, task.c.facts, task.c.customer_id, task.c.subject_kind,
            task.c.subject_id, task.c.role, customer.c.name.label("customer_name"),
        )
        .outerjoin(customer, _same(task, customer, "customer_id"))
        .where(task.c.company_id == company_id, task.c.state == "open")
        .order_by(task.c.due_on.nulls_last(), task.c.id)
        .limit(limit)
    )  # fmt: skip


async def open_tasks(session: Session, company_id: UUID, limit: int = PAGE) -> Rows:
    """Everybody's open tasks, those due first."""
    return await rows_of(session, _tasks(company_id, limit))


async def own_tasks(session: Session, company_id: UUID, user_id: UUID, roles: frozenset[str], limit: int = 20) -> Rows:
    """Open tasks of this person or one of their roles, those due first."""
    mine = or_(task.c.owner_id == user_id, and_(task.c.owner_id.is_(None), task.c.role.in_(sorted(roles))))
    return await rows_of(session, _tasks(company_id, limit).where(mine))


# -- customers ---------------------------------------------------------------------------------------


async def customers_list(session: Session, company_id: UUID, words: str, after: str, limit: int = PAGE) -> Page:
    """Customers by code with their newest statement's closing per currency."""
    newest = (
        select(
            statement.c.customer_id, statement.c.currency, statement.c.closing, statement.c.overdue, statement.c.period
        )
        .ext(distinct_on(statement.c.customer_id, statement.c.currency))
        .where(statement.c.company_id == company_id, statement.c.status.not_in(("superseded", "void", "rejected")))
        .order_by(statement.c.customer_id, statement.c.currency, statement.c.id.desc())
        .subquery()
    )
    balances = (
        select(
            newest.c.customer_id,
            func.jsonb_agg(
                func.jsonb_build_object(
                    "currency", newest.c.currency, "closing", newest.c.closing, "overdue", newest.c.overdue,
                    "period", newest.c.period,
                )
            ).label("balances"),
        )
        .group_by(newest.c.customer_id)
        .subquery()
    )  # fmt: skip
    has_address = (
        select(contact.c.id)
        .where(
            contact.c.company_id == customer.c.company_id,
            contact.c.customer_id == customer.c.id,
            contact.c.email.is_not(None),
            contact.c.disabled_at.is_(None),
        )
        .exists()
    )
    query = (
        select(
            customer.c.id, customer.c.code, customer.c.name, customer.c.country, customer.c.language,
            customer.c.disabled_at, balances.c.balances, has_address.label("has_address"),
        )
        .outerjoin(balances, balances.c.customer_id == customer.c.id)
        .where(customer.c.company_id == company_id)
        .order_by(customer.c.code)
    )  # fmt: skip
    if words:
        like = f"%{escaped(words)}%"
        query = query.where(or_(customer.c.name.ilike(like), customer.c.code.ilike(like)))
    if after:
        query = query.where(customer.c.code > after)
    return await page_of(session, query, limit, key="code")


async def find_customer_row(session: Session, company_id: UUID, customer_id: UUID) -> dict[str, Any] | None:
    """One customer with its group's head."""
    head = customer.alias("head")
    query = (
        select(customer, head.c.name.label("head_name"))
        .outerjoin(head, and_(head.c.company_id == customer.c.company_id, head.c.id == customer.c.parent_id))
        .where(customer.c.company_id == company_id, customer.c.id == customer_id)
    )
    rows = await rows_of(session, query)
    return rows[0] if rows else None


async def contact_rows(session: Session, company_id: UUID, customer_id: UUID) -> Rows:
    """A customer's contacts, the enabled ones first."""
    return await rows_of(
        session,
        select(contact)
        .where(contact.c.company_id == company_id, contact.c.customer_id == customer_id)
        .order_by(contact.c.disabled_at.is_not(None), contact.c.id),
    )


async def chases_list(session: Session, company_id: UUID, customer_id: UUID | None, limit: int = PAGE) -> Rows:
    """Reminders that were sent, newest first."""
    query = (
        select(
            chase.c.id, chase.c.day, chase.c.level, chase.c.facts, customer.c.id.label("customer_id"),
            customer.c.code.label("customer_code"), customer.c.name.label("customer_name"),
        )
        .join(customer, _same(chase, customer, "customer_id"))
        .where(chase.c.company_id == company_id)
        .order_by(chase.c.day.desc(), chase.c.id.desc())
        .limit(limit)
    )  # fmt: skip
    return await rows_of(session, query.where(chase.c.customer_id == customer_id) if customer_id else query)


# -- exceptions --------------------------------------------------------------------------------------


async def imports_list(session: Session, company_id: UUID, limit: int = 20) -> Rows:
    """The newest imports with their counts."""
    return await rows_of(
        session,
        select(
            import_file.c.id, import_file.c.filename, import_file.c.profile, import_file.c.rows, import_file.c.accepted,
            import_file.c.noticed, import_file.c.quarantined, import_file.c.rejected, import_file.c.skipped,
            import_file.c["items"], import_file.c.totals, import_file.c.recorded_at, import_file.c.sha256,
        )
        .where(import_file.c.company_id == company_id)
        .order_by(import_file.c.id.desc())
        .limit(limit),
    )  # fmt: skip


async def exception_counts(session: Session, company_id: UUID) -> dict[str, int]:
    """How many rows of each outcome wait for somebody."""
    found = await session.execute(
        select(raw_record.c.outcome, func.count())
        .where(raw_record.c.company_id == company_id, raw_record.c.state == "open", raw_record.c.outcome != "noticed")
        .group_by(raw_record.c.outcome)
    )
    return {row[0]: int(row[1]) for row in found}


async def raw_records_page(
    session: Session, company_id: UUID, outcome: str, after: UUID | None, limit: int = PAGE
) -> Page:
    """Rows of imports that are not posted, oldest first."""
    query = (
        select(
            raw_record.c.id, raw_record.c.row_number, raw_record.c.cells, raw_record.c.outcome, raw_record.c.findings,
            raw_record.c.state, import_file.c.filename, import_file.c.profile,
        )
        .join(import_file, _same(raw_record, import_file, "import_id"))
        .where(raw_record.c.company_id == company_id, raw_record.c.state == "open", raw_record.c.outcome != "noticed")
        .order_by(raw_record.c.id)
    )  # fmt: skip
    if outcome:
        query = query.where(raw_record.c.outcome == outcome)
    if after:
        query = query.where(raw_record.c.id > after)
    return await page_of(session, query, limit)


async def find_raw_record(session: Session, company_id: UUID, record_id: UUID) -> dict[str, Any] | None:
    """One row as it came, with what was found wrong in it."""
    query = (
        select(raw_record, import_file.c.filename, import_file.c.profile)
        .join(import_file, _same(raw_record, import_file, "import_id"))
        .where(raw_record.c.company_id == company_id, raw_record.c.id == record_id)
    )
    rows = await rows_of(session, query)
    return rows[0] if rows else None


async def unapplied_list(session: Session, company_id: UUID, limit: int = PAGE) -> Rows:
    """Credits that are not set against any document in full, oldest first."""
    used = (
        select(allocation.c.credit_item_id, func.sum(allocation.c.amount).label("used"))
        .where(allocation.c.company_id == company_id)
        .group_by(allocation.c.credit_item_id)
        .subquery()
    )
    left = open_item.c.amount + func.coalesce(used.c.used, 0)
    newest = (
        select(
            open_item.c.id,
            func.row_number()
            .over(
                partition_by=(open_item.c.source_id, open_item.c.source_ref, open_item.c.instalment),
                order_by=open_item.c.revision.desc(),
            )
            .label("place"),
        )
        .where(open_item.c.company_id == company_id, open_item.c.amount < 0)
        .subquery()
    )
    return await rows_of(
        session,
        select(
            open_item.c.id, open_item.c.kind, open_item.c.number, open_item.c.document_date, open_item.c.currency,
            open_item.c.amount, left.label("left"), customer.c.id.label("customer_id"),
            customer.c.code.label("customer_code"), customer.c.name.label("customer_name"),
        )
        .join(newest, and_(newest.c.id == open_item.c.id, newest.c.place == 1))
        .join(customer, _same(open_item, customer, "customer_id"))
        .outerjoin(used, used.c.credit_item_id == open_item.c.id)
        .where(open_item.c.company_id == company_id, left < 0)
        .order_by(open_item.c.document_date, open_item.c.id)
        .limit(limit),
    )  # fmt: skip


# -- settings ----------------------------------------------------------------------------------------


async def people_list(session: Session, company_id: UUID) -> Rows:
    """Everybody with their roles."""
    roles = (
        select(func.array_agg(user_role.c.role))
        .where(user_role.c.company_id == app_user.c.company_id, user_role.c.user_id == app_user.c.id)
        .scalar_subquery()
    )
    return await rows_of(
        session,
        select(
            app_user.c.id, app_user.c.name, app_user.c.email, app_user.c.language, roles.label("roles"),
            app_user.c.totp_secret.is_not(None).label("has_totp"), app_user.c.disabled_at,
            app_user.c.slack_user_id, app_user.c.slack_asked_at, app_user.c.slack_confirmed_at,
        )
        .where(app_user.c.company_id == company_id)
        .order_by(app_user.c.name),
    )  # fmt: skip


async def aging_policies(session: Session, company_id: UUID) -> Rows:
    """Aging policies, the newest first."""
    return await rows_of(
        session,
        select(aging_policy).where(aging_policy.c.company_id == company_id).order_by(aging_policy.c.recorded_at.desc()),
    )


async def approval_policies(session: Session, company_id: UUID) -> Rows:
    """Approval policies, the newest first."""
    return await rows_of(
        session,
        select(approval_policy)
        .where(approval_policy.c.company_id == company_id)
        .order_by(approval_policy.c.name, approval_policy.c.version.desc()),
    )


async def profile_rows(session: Session, company_id: UUID) -> Rows:
    """Column maps, the newest version of each first."""
    return await rows_of(
        session,
        select(profile).where(profile.c.company_id == company_id).order_by(profile.c.name, profile.c.version.desc()),
    )
