"""The sample company: same seed, same books; they tie; every defect that was put in is found; twice is once."""

from collections import Counter
from datetime import date
from decimal import Decimal

from connectors.bank.read import read_bank_content
from connectors.sample_bank import RECEIPTS, sample_bank_file
from connectors.sample_ledger import sample_books
from ledger.business_calendar import parse_period
from services.add_company import add_company, company_by_code
from services.add_profile import add_profile
from services.check_compliance import check_compliance
from services.import_bank_file import BankOrder, import_bank_content
from services.import_ledger import Options, Order, import_content
from services.make_sample_company import CODE, make_sample_company
from services.propose_applications import propose_applications
from services.settings import Settings
from services.show_bank import show_bank
from services.tie_out import tie_out
from storage.database import Database

LAST = date(2026, 10, 31)
TODAY = date(2026, 11, 24)


def test_the_same_seed_gives_the_same_books() -> None:
    assert sample_books(7, 30, LAST) == sample_books(7, 30, LAST)
    assert sample_books(7, 30, LAST).files != sample_books(8, 30, LAST).files


def test_more_customers_than_the_word_lists_have_names_for() -> None:
    names = [customer.name for customer in sample_books(1, 600, LAST).customers]
    assert len(set(names)) == len(names) == 600


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


def test_the_bank_file_is_the_same_ties_and_is_of_the_running_month() -> None:
    books = sample_books(1, 120, LAST)
    file = sample_bank_file(1, books, TODAY)
    assert file == sample_bank_file(1, books, TODAY)
    assert sum(file.kinds.values()) == RECEIPTS
    assert set(file.kinds) == {"exact", "two", "group", "slip", "charged", "together", "stranger"}
    read = read_bank_content(file.content)
    assert (read.ties, read.held, read.findings) == (True, False, ())
    days = [line.booked_on for line in read.statements[0].lines if line.booked_on is not None]
    assert LAST < min(days) <= max(days) <= TODAY


async def test_named_receipts_are_applied_and_the_doubtful_wait(engine: Database) -> None:
    books = sample_books(1, 120, LAST)
    file = sample_bank_file(1, books, TODAY)
    await add_company(engine, "BANK", "Bank", "CNY", "Asia/Shanghai")
    company = await company_by_code(engine, "BANK")
    domestic = books.files[0]
    await add_profile(engine, domestic.profile, books.profiles[domestic.profile], company)
    options = Options(language="zh", today=TODAY)
    await import_content(engine, company, Order(domestic.name, domestic.content, domestic.profile, options))
    answer = await import_bank_content(engine, company, BankOrder(file.name, file.content))
    assert answer["unassigned"] == file.kinds["stranger"]
    assert answer["posted"] == RECEIPTS - file.kinds["stranger"]
    assert answer["allocations"] >= file.kinds["exact"] + 2 * file.kinds["two"]
    proposed = await propose_applications(engine, company)
    assert 5 <= proposed["waiting"] <= 10
    assert proposed["posted"] >= file.kinds["slip"]
    page = await show_bank(engine, company)
    assert len(page.accounts) == 1
    assert page.waiting_count == file.kinds["stranger"]


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
    assert first["receipts_without_customer"] == 2
    for period in ("2026-08", "2026-09", "2026-10"):
        gate = await tie_out(engine, company, parse_period(period))
        assert gate["ties"], gate
    assert "control" in str(gate["equations"])
    again = await make_sample_company(engine, Settings(), seed=1, customers=8, today=TODAY)
    assert again["existed"]
    for kind in ("customers", "statements", "statement_runs"):
        assert again[kind] == first[kind]
