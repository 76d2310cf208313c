"""A company, profiles, and one way to import bytes in these tests."""

from dataclasses import dataclass
from typing import Any

import pytest_asyncio
from sqlalchemy import text

from services.add_company import add_company, company_by_code
from services.add_profile import add_profile
from services.import_ledger import Options, Order, import_content
from storage.companies import Company
from storage.database import Database, owner_transaction
from tests.support.ledger_files import TODAY, profile_text

LINES = """
source = "lines"
[columns]
customer = "customer"
number = "number"
document_date = "date"
quantity = "quantity"
price = "price"
[constants]
currency = "GBP"
kind = "invoice"
[numbers]
decimal = "."
finer = "keep"
[group]
columns = ["number"]
line = ["article"]
"""


@dataclass(frozen=True, slots=True)
class House:
    """A company and the database behind it."""

    engine: Database
    company: Company

    async def take(
        self,
        content: bytes,
        profile: str = "books",
        *,
        name: str = "books.csv",
        dry_run: bool = False,
        language: str = "en",
    ) -> dict[str, Any]:
        """Imports the bytes on `TODAY`."""
        order = Order(name, content, profile, Options(dry_run, language=language, today=TODAY))
        return await import_content(self.engine, self.company, order)

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query gives."""
        async with owner_transaction(self.engine) as session:
            return [tuple(row) for row in await session.execute(text(sql))]

    async def balances(self) -> list[tuple[Any, ...]]:
        """Customer, number, net amount with residue, and what is open: the figures that everything else follows."""
        return await self.rows(
            "select c.code, o.number, o.currency, sum(o.amount), sum(o.residue), sum(o.line_count * sign(o.amount)),"
            " sum(o.amount) - coalesce(sum((select sum(a.amount) from allocation a where a.debit_item_id = o.id)), 0)"
            " + coalesce(sum((select sum(a.amount) from allocation a where a.credit_item_id = o.id)), 0)"
            " from open_item o join customer c on c.id = o.customer_id group by 1, 2, 3 order by 1, 2, 3"
        )


@pytest_asyncio.fixture
async def house(engine: Database) -> House:
    """A company with the profiles "books" (one document per row) and "lines" (lines grouped)."""
    return await make_house(engine)


async def make_house(engine: Database, code: str = "BOOKS") -> House:
    """The same under another code."""
    await add_company(engine, code, "Books", "CNY", "Asia/Shanghai")
    company = await company_by_code(engine, code)
    columns = 'settles = "settles"\nrevision = "revision"\ncontact_email = "mail"\ncustomer_name = "name"\n'
    await add_profile(engine, "books", profile_text(columns=columns), company)
    await add_profile(engine, "lines", LINES, company)
    return House(engine, company)
