"""The sample company: same seed, same books; they tie; every defect that was put in is found; twice is once."""

from collections import Counter
from datetime import date
from decimal import Decimal

from connectors.sample_ledger import sample_books
from ledger.business_calendar import parse_period
from services.add_company import add_company, company_by_code
from services.add_profile import add_profile
from services.check_compliance import check_compliance
from services.import_ledger import Options, Order, import_content
from services.make_sample_company import CODE, make_sample_company
from services.settings import Settings
from services.tie_out import tie_out
from storage.database import Database

LAST = date(2026, 10, 31)
TODAY = date(2026, 11, 24)


def test_the_same_seed_gives_the_same_books() -> None:
    assert sample_books(7, 30, LAST) == sample_books(7, 30, LAST)
    assert sample_books(7, 30, LAST).files != sample_books(8, 30, LAST).files


def test_the_books_are_as_messy_as_real_ones() -> None:
    books = sample_books(1, 120, LAST)
    assert {customer.currency for customer in books.customers} == {"CNY", "USD", "EUR", "JPY"}
    names = "".join(customer.name for customer in books.customers)
    assert set("（）喆堃") <= set(names)
    assert len({customer.name for customer in books.customers}) == 120
    assert min(books.defects.values()) > 0
    assert set(books.defects) == {
        "credit_notes", "currency_written_otherwise", "customers_without_address", "disputed_lines",
        "documents_entered_twice", "full_width_digits", "missing_due_dates", "number_gaps", "part_payments",
        "receipts_without_reference", "repeated_rows", "shops_paid_by_head_office", "unreadable_rows",
    }  # fmt: skip


async def test_the_import_takes_the_control_balance_and_finds_every_defect(engine: Database) -> None:
    books = sample_books(1, 50, LAST)
    await add_company(engine, "BOOKS", "Books", "CNY", "Asia/Shanghai")
    company = await company_by_code(engine, "BOOKS")
    counts: Counter[str] = Counter()
    net: dict[str, Decimal] = {}
    for name, body in books.profiles.items():
        await add_profile(engine, name, body, company)
    for file in books.files:
        options = Options(language="zh", today=TODAY)
        answer = await import_content(engine, company, Order(file.name, file.content, file.profile, options))
        for outcome in ("quarantined", "rejected", "skipped", "noticed"):
            counts[outcome] += answer[outcome]
        for currency, totals in answer["totals"].items():
            net[currency] = net.get(currency, Decimal(0)) + Decimal(totals["net"])
    assert net == books.control
    assert counts["quarantined"] + counts["rejected"] == books.defects["unreadable_rows"]
    assert counts["skipped"] == books.defects["repeated_rows"]
    written_oddly = books.defects["full_width_digits"] + books.defects["currency_written_otherwise"]
    assert counts["noticed"] == written_oddly
    figures = await check_compliance(engine, company, TODAY, ["number_gaps", "duplicates"])
    found = Counter(finding["code"] for finding in figures["findings"])
    assert found["entered_twice"] == books.defects["documents_entered_twice"]
    gaps = [f["facts"]["missing"] for f in figures["findings"] if f["code"] == "numbers_missing"]
    assert sum(gaps) == books.defects["number_gaps"]


async def test_the_whole_company_ties_waits_in_the_inbox_and_is_made_once(engine: Database) -> None:
    first = await make_sample_company(engine, Settings(), seed=1, customers=8, today=TODAY)
    company = await company_by_code(engine, CODE)
    assert first["waiting_for_alice"] > 0
    assert first["answers"] > 0
    for period in ("2026-08", "2026-09", "2026-10"):
        gate = await tie_out(engine, company, parse_period(period))
        assert gate["ties"], gate
    assert "control" in str(gate["equations"])
    again = await make_sample_company(engine, Settings(), seed=1, customers=8, today=TODAY)
    assert again["existed"]
    for kind in ("customers", "statements", "statement_runs"):
        assert again[kind] == first[kind]
