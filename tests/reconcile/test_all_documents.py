"""A ledger with everything that was posted in the period, held against a statement that lists only what is open."""

from datetime import date
from uuid import UUID

import pytest

from connectors.their_columns import ColumnMap
from services.reconcile_ledgers import LedgerFile
from services.reconcile_statement import newest_comparison, reconcile_statement
from storage.audit import Actor
from storage.database import Database, transaction
from tests.answers.desk import KEYRING
from tests.disputes.case_house import CaseHouse, new_house
from tests.support.books import Item

JUNE = (
    "date,document,debit,credit\n2026-05-04,INV-1,,100.00\n2026-06-08,INV-2,,60.00\n"
    "2026-06-20,R-1,60.00,\n2026-06-22,INV-3,,25.00\n"
)
"""Their view: what we claim is a credit. INV-2 was paid within the month and is not on the statement."""

OPEN = "date,document,amount\n2026-05-04,INV-1,100.00\n2026-06-22,INV-3,25.00\n"


async def house_of_june(engine: Database) -> tuple[CaseHouse, UUID]:
    """One document from before, two of June, of which one was paid in June."""
    paid = Item("INV-2", 60_00, date(2026, 6, 8), date(2026, 7, 8))
    receipt = Item("R-1", -60_00, date(2026, 6, 20), kind="receipt")
    items = [
        Item("INV-1", 100_00, date(2026, 5, 4), date(2026, 6, 3)), paid, receipt,
        Item("INV-3", 25_00, date(2026, 6, 22), date(2026, 7, 22)),
    ]  # fmt: skip
    house = await new_house(engine, items=items)
    await house.book.apply(receipt, paid, 60_00, date(2026, 6, 20))
    return house, await house.send_june()


@pytest.mark.parametrize(
    ("ledger", "matched", "missing"),
    [(JUNE, 4, 0), (OPEN, 2, 0), (JUNE.replace("2026-06-20,R-1,60.00,\n", ""), 3, 1)],
    ids=["all that was posted", "what is open", "without the payment"],
)
async def test_whichever_view_explains_more_is_compared(
    engine: Database, ledger: str, matched: int, missing: int
) -> None:
    house, statement_id = await house_of_june(engine)
    file = LedgerFile("ledger.csv", ledger.encode(), ColumnMap({}))
    company_id = house.book.company.id
    await reconcile_statement(engine, company_id, statement_id, file, Actor("customer", house.contact), KEYRING)
    async with transaction(engine, company_id) as session:
        found = await newest_comparison(session, company_id, statement_id)
    assert found is not None
    report = found.kept.reports["en"]
    assert report["classes"]["matched"]["our_rows"] == matched
    assert report["classes"]["missing_on_theirs"]["our_rows"] == missing
    assert report["classes"]["missing_on_ours"]["their_rows"] == 0
    assert report["bridge"]["CNY"][0]["amount"] == "125.00"
