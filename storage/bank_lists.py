"""What the page of bank files lists: files, accounts with their statements, lines that wait, rules of payers."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from storage.database import Session
from storage.pages import Rows, rows_of
from storage.schema import app_user, bank_account, bank_file, bank_line, bank_payer, bank_statement, customer

FILES_SHOWN = 50
"""The newest files; older ones are found by the audit trail."""

LINES_SHOWN = 50
"""Lines that wait, oldest first: a page of work."""

STATEMENTS_READ = 2_000
"""Newest statements looked at for gaps: five accounts for a year and more."""

CUSTOMERS_OFFERED = 500
"""Codes offered while typing; any other code may be typed too."""

_FILE = (
    bank_file.c.id, bank_file.c.filename, bank_file.c.sha256, bank_file.c.format, bank_file.c.state, bank_file.c.ties,
    bank_file.c.counts, bank_file.c.recorded_at, bank_file.c.reason, bank_file.c.decided_at,
)  # fmt: skip


async def files_list(session: Session, company_id: UUID) -> Rows:
    """The newest files, those that wait first."""
    query = (
        select(*_FILE)
        .where(bank_file.c.company_id == company_id)
        .order_by(bank_file.c.state != "held", bank_file.c.recorded_at.desc())
        .limit(FILES_SHOWN)
    )
    return await rows_of(session, query)


async def find_bank_file(session: Session, company_id: UUID, file_id: UUID) -> dict[str, Any] | None:
    """One file with its findings and who decided about it."""
    query = (
        select(*_FILE, bank_file.c.findings, app_user.c.name.label("decided_by"))
        .outerjoin(
            app_user, (app_user.c.company_id == bank_file.c.company_id) & (app_user.c.id == bank_file.c.decided_by)
        )
        .where(bank_file.c.company_id == company_id, bank_file.c.id == file_id)
    )
    rows = await rows_of(session, query)
    return rows[0] if rows else None


async def lines_of_file(session: Session, company_id: UUID, file_id: UUID) -> Rows:
    """The lines that a file brought, in its order, with the customer of each."""
    query = (
        select(
            bank_line.c.id, bank_line.c.row_number, bank_line.c.booked_on, bank_line.c.amount, bank_line.c.currency,
            bank_line.c.payer, bank_line.c.description, bank_line.c.state, customer.c.code, customer.c.name,
        )
        .outerjoin(
            customer, (customer.c.company_id == bank_line.c.company_id) & (customer.c.id == bank_line.c.customer_id)
        )
        .where(bank_line.c.company_id == company_id, bank_line.c.file_id == file_id)
        .order_by(bank_line.c.row_number.nulls_last(), bank_line.c.id)
        .limit(FILES_SHOWN * 10)
    )  # fmt: skip
    return await rows_of(session, query)


async def waiting_list(session: Session, company_id: UUID) -> tuple[Rows, int]:
    """Lines without a customer, oldest first, and how many there are in all."""
    of_company = (bank_line.c.company_id == company_id) & (bank_line.c.state == "unassigned")
    query = (
        select(
            bank_line.c.id, bank_line.c.booked_on, bank_line.c.amount, bank_line.c.currency, bank_line.c.payer,
            bank_line.c.payer_account, bank_line.c.description, customer.c.code.label("suggested"),
        )
        .outerjoin(
            customer, (customer.c.company_id == bank_line.c.company_id) & (customer.c.id == bank_line.c.customer_id)
        )
        .where(of_company)
        .order_by(bank_line.c.booked_on, bank_line.c.id)
        .limit(LINES_SHOWN)
    )  # fmt: skip
    whole = (await session.execute(select(func.count()).select_from(bank_line).where(of_company))).scalar_one()
    return await rows_of(session, query), int(whole)


async def payers_list(session: Session, company_id: UUID) -> Rows:
    """Who is known to pay for whom, newest first."""
    query = (
        select(bank_payer.c.id, bank_payer.c.key, bank_payer.c.shown, customer.c.code, customer.c.name)
        .join(
            customer, (customer.c.company_id == bank_payer.c.company_id) & (customer.c.id == bank_payer.c.customer_id)
        )
        .where(bank_payer.c.company_id == company_id)
        .order_by(bank_payer.c.recorded_at.desc(), bank_payer.c.id)
        .limit(FILES_SHOWN * 4)
    )
    return await rows_of(session, query)


async def statements_list(session: Session, company_id: UUID) -> Rows:
    """The newest statements of every account, oldest first within each."""
    newest = (
        select(
            bank_account.c.account, bank_account.c.currency, bank_account.c.bank, bank_statement.c.number,
            bank_statement.c.opening, bank_statement.c.closing, bank_statement.c.opening_date,
            bank_statement.c.closing_date, bank_statement.c.ties, bank_statement.c.lines, bank_statement.c.id,
        )
        .join(
            bank_account,
            (bank_account.c.company_id == bank_statement.c.company_id)
            & (bank_account.c.id == bank_statement.c.account_id),
        )
        .where(bank_statement.c.company_id == company_id)
        .order_by(bank_statement.c.id.desc())
        .limit(STATEMENTS_READ)
        .subquery()
    )  # fmt: skip
    order = (newest.c.account, newest.c.currency, newest.c.closing_date.nulls_first(), newest.c.id)
    return await rows_of(session, select(newest).order_by(*order))


async def customer_codes(session: Session, company_id: UUID) -> Rows:
    """Codes and names that are offered while one types."""
    query = (
        select(customer.c.code, customer.c.name)
        .where(customer.c.company_id == company_id, customer.c.disabled_at.is_(None))
        .order_by(customer.c.code)
        .limit(CUSTOMERS_OFFERED)
    )
    return await rows_of(session, query)
