"""Bank files into receipts: once, to the right customer or to nobody, and nothing of a file that does not tie."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from ledger.business_calendar import parse_period
from scripts.bank_samples import camt053, mt940, ofx, plain_table
from services.accept_bank_file import BankFileNotHeld, PersonRequired, accept_bank_file, discard_bank_file
from services.assign_receipt import (
    BankCustomerUnknown,
    BankLineDone,
    PayerRuleUnknown,
    assign_receipt,
    forget_payer_rule,
    set_receipt_aside,
)
from services.build_statements import build_statements
from services.import_bank_file import BankLayoutUnknown
from services.read_bank_file import BankFileRefused
from services.report_balance import report_balance
from services.save_bank_layout import bank_layout_names, save_bank_layout
from services.verify_audit import verify_audit
from storage.audit import SYSTEM
from tests.bank.conftest import Till, paid, sample

JUNE = sample(
    paid(3, "100.00", "INV-1001"), paid(4, "70.00", "INV-2001", "杭州甲公司", "C-2"),
    paid(5, "30.00", "thanks", "Somebody", "C-9"), paid(6, "-12.00", "fee", "Bank", ""),
)  # fmt: skip
MAP = """
name = "village bank"
currency = "CNY"
account = "V-1"
[columns]
date = "Posted"
income = "In"
expense = "Out"
counterparty = "Who"
text = ["What"]
[numbers]
decimal = ","
thousands = "."
[dates]
forms = ["D.M.YYYY"]
"""


async def test_a_file_becomes_receipts(till: Till) -> None:
    """By exact name to the customer, by exact number to the invoice; the rest waits or is money out."""
    answer = await till.take(mt940([JUNE]))
    assert (answer["state"], answer["ties"]) == ("posted", True)
    assert {name: answer[name] for name in ("lines", "posted", "unassigned", "outgoing", "known", "allocations")} == {
        "lines": 4, "posted": 2, "unassigned": 1, "outgoing": 1, "known": 0, "allocations": 2,
    }  # fmt: skip
    assert await till.receipts() == [("C1", "B1-0", -10000, 10000), ("C2", "B1-1", -7000, 7000)]
    assert [finding["code"] for finding in answer["findings"]] == ["payer_unknown"]
    assert answer["totals"] == {"CNY": {"in": "200.00", "out": "-12.00"}}


async def test_the_same_file_twice_does_nothing(till: Till) -> None:
    """And points to the first."""
    first = await till.take(mt940([JUNE]))
    again = await till.take(mt940([JUNE]))
    assert again["file_id"] == first["file_id"]
    assert again["findings"][0]["code"] == "bank_file_known"
    assert (again["posted"], again["known"]) == (0, 4)
    assert len(await till.lines()) == 4


async def test_an_overlapping_file_adds_only_what_is_new(till: Till) -> None:
    """Longer periods, equal lines twice on one day, and another format with the same bank references."""
    twice = sample(paid(3, "5.00", "box"), paid(3, "5.00", "box"), paid(3, "5.00", "box"))
    await till.take(plain_table([sample(*twice.bookings[:2])]))
    answer = await till.take(plain_table([sample(*twice.bookings, paid(4, "9.00", "more"))]))
    assert (answer["posted"], answer["known"]) == (2, 2)
    await till.take(mt940([JUNE]))
    other = await till.take(camt053([JUNE]))
    assert (other["posted"], other["known"]) == (0, 4)
    assert {finding["code"] for finding in other["findings"]} == {"line_known"}


async def test_a_file_that_does_not_tie_posts_nothing_until_a_person_accepts_it(till: Till) -> None:
    """The difference is shown; a machine cannot accept, a person with a reason can, once."""
    engine, company = till.house.engine, till.house.company
    content = mt940([replace(JUNE, stated_closing=Decimal("500.00"))])
    answer = await till.take(content)
    assert (answer["state"], answer["ties"], answer["posted"]) == ("held", False, 0)
    assert answer["untied"][0]["difference"] == "-312.00"
    assert answer["findings"][0]["code"] == "not_tied"
    assert await till.lines() == []
    assert await till.house.rows("select kind, state, subject_id from task") == [
        ("bank_file_held", "open", answer["file_id"])
    ]
    again = await till.take(content)
    assert [finding["code"] for finding in again["findings"]] == ["bank_file_known", "not_tied"]
    file_id = UUID(answer["file_id"])
    for actor, reason in ((SYSTEM, "because"), (till.clerk, "  ")):
        with pytest.raises(PersonRequired):
            await accept_bank_file(engine, company, file_id, actor, reason)
    counts = await accept_bank_file(engine, company, file_id, till.clerk, "the bank confirmed by phone")
    assert (counts["posted"], counts["unassigned"]) == (2, 1)
    assert len(await till.receipts()) == 2
    assert await till.house.rows("select state from task") == [("done",)]
    with pytest.raises(BankFileNotHeld):
        await accept_bank_file(engine, company, file_id, till.clerk, "again")
    assert (await verify_audit(engine, company))["break"] is None


async def test_a_discarded_file_can_come_again(till: Till) -> None:
    """It is held anew; nothing of it was posted."""
    content = mt940([replace(JUNE, stated_closing=Decimal("500.00"))])
    answer = await till.take(content)
    await discard_bank_file(till.house.engine, till.house.company, UUID(answer["file_id"]), till.clerk, "wrong month")
    again = await till.take(content)
    assert (again["file_id"], again["state"]) == (answer["file_id"], "held")
    assert await till.house.rows("select state from task order by id") == [("done",), ("open",)]
    assert await till.lines() == []


async def test_an_assigned_payer_is_known_from_then_on(till: Till) -> None:
    """By account and by name, for what waits and for what comes; until the rule is removed."""
    engine, company = till.house.engine, till.house.company
    await till.take(mt940([sample(paid(3, "30.00", "a", "Shop", "C-9"), paid(4, "20.00", "b", "Shop", "C-9"))]))
    waiting = [line for line in await till.lines() if line[0] == "unassigned"]
    done = await assign_receipt(engine, company, waiting[0][3], "C1", till.clerk)
    assert done["receipts"] == 2
    later = await till.take(mt940([sample(paid(9, "10.00", "c", "SHOP LTD", "C-9"), number=2, opening="50.00")]))
    assert later["posted"] == 1
    rules = await till.house.rows("select id, key from bank_payer order by key")
    assert [key for _, key in rules] == ["account:C9", "name:shop"]
    for rule_id, _ in rules:
        await forget_payer_rule(engine, company, rule_id, till.clerk)
    with pytest.raises(PayerRuleUnknown):
        await forget_payer_rule(engine, company, rules[0][0], till.clerk)
    last = await till.take(mt940([sample(paid(10, "10.00", "d", "Shop", "C-9"), number=3, opening="60.00")]))
    assert (last["posted"], last["unassigned"]) == (0, 1)


async def test_lines_are_decided_once(till: Till) -> None:
    """Set aside or assigned; an unknown customer changes nothing."""
    engine, company = till.house.engine, till.house.company
    await till.take(mt940([sample(paid(3, "30.00", "interest", "Bank", ""))]))
    line_id = (await till.lines())[0][3]
    with pytest.raises(BankCustomerUnknown):
        await assign_receipt(engine, company, line_id, "NOBODY", till.clerk)
    await set_receipt_aside(engine, company, line_id, "interest", till.clerk)
    with pytest.raises(BankLineDone):
        await set_receipt_aside(engine, company, line_id, "again", till.clerk)
    await assign_receipt(engine, company, line_id, "C1", till.clerk, learn=False)
    with pytest.raises(BankLineDone):
        await assign_receipt(engine, company, line_id, "C1", till.clerk)
    assert await till.house.rows("select key from bank_payer") == []


async def test_money_back_to_a_customer(till: Till) -> None:
    """A receipt that the bank took back raises what is owed; other money out to a customer waits for a person."""
    back = replace(paid(5, "-100.00", "INV-1001"), reversal=True)
    answer = await till.take(mt940([sample(paid(3, "100.00", "x"), back, paid(6, "-8.00", "refund"))]))
    assert (answer["posted"], answer["unassigned"]) == (2, 1)
    assert [amount for _, _, amount, _ in await till.receipts()] == [-10000, 10000]
    waiting = next(line for line in await till.lines() if line[0] == "unassigned")
    await assign_receipt(till.house.engine, till.house.company, waiting[3], "C1", till.clerk)
    assert sorted(amount for _, _, amount, _ in await till.receipts()) == [-10000, 800, 10000]
    balance = await report_balance(till.house.engine, till.house.company, date(2026, 6, 30), customer_code="C1")
    assert balance["customers"][0]["open"] == "208.00"
    built = await build_statements(till.house.engine, till.house.company, parse_period("2026-06"))
    assert {one["ties"] for one in built} == {True}


async def test_two_customers_of_one_name_are_nobody(till: Till) -> None:
    """A name that is not unique decides nothing."""
    await till.house.rows("update customer set name = 'Acme Trading' returning id")
    answer = await till.take(mt940([JUNE]))
    assert (answer["posted"], answer["unassigned"]) == (0, 3)


async def test_a_saved_map(till: Till) -> None:
    """A table of an unknown bank, with its own headers, marks and dates."""
    engine, company = till.house.engine, till.house.company
    content = b"Posted;Who;What;In;Out\n3.6.2026;Acme Trading;INV-1001;1.100,00;\n4.6.2026;Shop;tea;;3,50\n"
    with pytest.raises(BankFileRefused):
        await till.take(content)
    with pytest.raises(BankLayoutUnknown):
        await till.take(content, layout="village")
    saved = await save_bank_layout(engine, company, "village", MAP)
    assert saved["columns"]["income"] == ["in"]
    assert await bank_layout_names(engine, company) == ["village"]
    answer = await till.take(content, layout="village")
    assert (answer["posted"], answer["outgoing"]) == (1, 1)
    assert await till.receipts() == [("C1", "BANK-" + (await _key(till))[:10].upper(), -110000, 10000)]


async def _key(till: Till) -> str:
    rows = await till.house.rows("select source_ref from open_item where source_ref like 'bank:%'")
    return str(rows[0][0]).removeprefix("bank:")


async def test_a_dry_run_writes_nothing(till: Till) -> None:
    """The same answer, and nothing kept."""
    answer = await till.take(mt940([JUNE]), dry_run=True)
    assert (answer["posted"], answer["file_id"]) == (2, None)
    assert await till.house.rows("select id from bank_file") == []


async def test_lines_that_cannot_be_posted_are_said(till: Till) -> None:
    """Finer than the currency, or without a day: the line stays out, the others come in."""
    finer = ofx([sample(paid(3, "1.005", "x"), paid(4, "2.00", "y"))]).replace(
        b"<DTPOSTED>20260604", b"<DTPOSTED>20260631"
    )
    answer = await till.take(finer)
    assert answer["posted"] == 0
    codes: set[Any] = {finding["code"] for finding in answer["findings"]}
    assert codes == {"line_finer", "line_date"}
