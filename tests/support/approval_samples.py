"""Drafts written straight into the statement table, for tests that are about deciding and not about building."""

from datetime import date
from uuid import UUID

from sqlalchemy import insert, select

from ledger.canonical import canonical_json, sha256_hex
from ledger.money import decimal_text
from storage.database import Session
from storage.identifiers import new_id
from storage.schema import customer, statement, statement_run


async def write_run(session: Session, company_id: UUID, period: str = "2012-06") -> UUID:
    """A run in its review stage."""
    run_id = new_id()
    await session.execute(
        insert(statement_run).values(
            company_id=company_id, id=run_id, period=period, form="OPEN_ITEM", as_of=date(2012, 6, 30),
            as_known=date(2012, 7, 1), stage="review",
        )
    )  # fmt: skip
    return run_id


async def write_statement(  # noqa: PLR0913 - what a policy asks about is what tests vary
    session: Session, company_id: UUID, code: str, closing: int, *, currency: str = "CNY", run_id: UUID | None = None,
    prepared_by: UUID | None = None, ties: bool = True, version: int = 1, supersedes: UUID | None = None,
    disputed: str = "0.00", lines: int = 1,
) -> UUID:  # fmt: skip
    """One draft with a single line; the customer is added when it is new."""
    customer_id = await _customer(session, company_id, code)
    number = f"2012-06/{code}/{currency}/v{version}"
    amount = decimal_text(closing, 0, currency)
    content = canonical_json({
        "number": number, "closing": amount, "disputes": [],
        "lines": [{"line": n, "amount": amount, "disputed": disputed} for n in range(1, lines + 1)],
        "checks": [
            {"equation": "opening_plus_movements_is_closing", "left": amount, "right": amount,
             "difference": "0.00", "ties": ties},
        ],
    })  # fmt: skip
    statement_id = new_id()
    await session.execute(
        insert(statement).values(
            company_id=company_id, id=statement_id, number=number, run_id=run_id, customer_id=customer_id,
            currency=currency, period="2012-06", form="OPEN_ITEM", version=version, status="draft", content=content,
            digest=sha256_hex(content), opening=0, debits=closing, credits=0, closing=closing, overdue=0, ties=ties,
            supersedes_id=supersedes, prepared_by=prepared_by,
        )
    )  # fmt: skip
    return statement_id


async def statement_status(session: Session, company_id: UUID, statement_id: UUID) -> str:
    """Where the statement stands."""
    query = select(statement.c.status).where(statement.c.company_id == company_id, statement.c.id == statement_id)
    status: str = (await session.execute(query)).scalar_one()
    return status


async def _customer(session: Session, company_id: UUID, code: str) -> UUID:
    query = select(customer.c.id).where(customer.c.company_id == company_id, customer.c.code == code)
    found: UUID | None = (await session.execute(query)).scalar_one_or_none()
    if found is not None:
        return found
    customer_id = new_id()
    await session.execute(
        insert(customer).values(company_id=company_id, id=customer_id, code=code, name=f"Customer {code}")
    )
    return customer_id
