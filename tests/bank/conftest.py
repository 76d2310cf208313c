"""A company with invoices and a clerk, and one way to import a bank file in these tests."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest_asyncio

from scripts.bank_samples import Booking, Sample
from services.add_user import add_user
from services.import_bank_file import BankOrder, import_bank_content
from storage.audit import Actor
from storage.database import Database
from tests.collect.conftest import House, make_house
from tests.support.ledger_files import HEADERS, csv_bytes, row

NAMED = (*HEADERS, "name")
ACCOUNT = "6222001234567890"


@dataclass(frozen=True, slots=True)
class Till:
    """A house whose customers pay by bank."""

    house: House
    clerk: Actor

    async def take(self, content: bytes, *, layout: str = "", dry_run: bool = False) -> dict[str, Any]:
        """Imports the bytes of a bank file."""
        order = BankOrder("june.bank", content, layout, dry_run=dry_run)
        return await import_bank_content(self.house.engine, self.house.company, order)

    async def receipts(self) -> list[tuple[Any, ...]]:
        """Customer, number, amount and what is applied of each receipt that a bank file brought."""
        return await self.house.rows(
            "select c.code, o.number, o.amount, coalesce((select sum(a.amount) from allocation a"
            " where a.credit_item_id = o.id), 0) from open_item o join customer c on c.id = o.customer_id"
            " join source s on s.id = o.source_id where s.name = 'bank' order by o.document_date, o.number"
        )

    async def lines(self) -> list[tuple[Any, ...]]:
        """State and amount of each bank line, by day."""
        return await self.house.rows(
            "select state, amount, payer, id from bank_line order by booked_on, amount desc, id"
        )


def sample(*bookings: Booking, number: int = 1, opening: str = "0.00") -> Sample:
    """A statement of our account."""
    return Sample(ACCOUNT, "CNY", Decimal(opening), bookings, number)


def paid(day: int, amount: str, reference: str = "", payer: str = "Acme Trading", account: str = "C-1") -> Booking:
    """Money in on a day of June (out when negative)."""
    return Booking(date(2026, 6, day), Decimal(amount), reference, payer, account)


@pytest_asyncio.fixture
async def till(engine: Database) -> Till:
    """Two customers: Acme Trading owes INV-1001 and INV-1002, 杭州甲公司 owes INV-2001; all of 100.00."""
    house = await make_house(engine)
    invoices = [
        (*row(customer=code, number=number), name)
        for code, number, name in (
            ("C1", "INV-1001", "Acme Trading"), ("C1", "INV-1002", "Acme Trading"), ("C2", "INV-2001", "杭州甲公司"),
        )
    ]  # fmt: skip
    await house.take(csv_bytes(*invoices, headers=NAMED))
    clerk = await add_user(engine, house.company.id, "ann@books.example", "Ann", frozenset({"clerk", "manager"}))
    return Till(house, Actor("user", clerk))
