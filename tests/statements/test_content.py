"""Content in the three forms: the same figures, every check with both sides, digests that mean something."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.aging import DEFAULT_POLICY, AgingPolicy, Basis, Credits
from ledger.balances import account_view
from ledger.business_calendar import Period
from ledger.canonical import canonical_json
from statements.content import Account, Form, KnownDispute, Party, Subject, build_content, figures_digest
from statements.difference import difference, is_empty
from tests.support.histories import ACCOUNTS, FIRST, SPAN, ledgers
from tests.support.history import History, id_of, read

CUTS = st.integers(0, SPAN + 60).map(lambda n: FIRST + timedelta(days=n))
OWN_BUCKET = AgingPolicy("own", 1, Basis.DUE_DATE, Credits.OWN_BUCKET, (0, 30, 60))
JANUARY = Period("2026-01", date(2026, 1, 1), date(2026, 1, 31))


def subject_of(
    history: History,
    period: Period = JANUARY,
    form: Form = Form.OPEN_ITEM,
    accounts: tuple[str, ...] = ("HQ",),
    policy: AgingPolicy = DEFAULT_POLICY,
) -> Subject:
    return Subject(
        company=Party("ACME", "Acme Trading"),
        customer=Party(accounts[0], "Customer"),
        currency="CNY",
        form=form,
        period=period,
        as_of=period.end,
        as_known="2026-02-01T00:00:00+00:00",
        policy=policy,
        accounts=tuple(
            Account(
                Party(name, f"Customer {name}"),
                account_view(history.of(name), history.allocations, period.start, period.end),
            )
            for name in accounts
        ),
    )


def total(lines: list[dict[str, Any]], key: str) -> Decimal:
    return sum((Decimal(line[key]) for line in lines), Decimal(0))


STORY = """
    2025-11-01 invoice OLD 500.00 CNY due 2025-12-01
    2025-12-20 invoice DEC 300.00 CNY
    2026-01-05 invoice JAN 1000.00 CNY due 2026-02-04 disputed 250.00
    2026-01-10 receipt RC-1 400.00 CNY for OLD
    2026-01-12 credit_memo CM-1 30.00 CNY
    2026-01-15 receipt RC-2 20.00 CNY
"""


def test_an_open_item_statement_in_full() -> None:
    content = build_content(subject_of(read(STORY)), 1)
    assert content["number"] == "2026-01/HQ/CNY/v1"
    assert [content[name] for name in ("opening", "debits", "credits", "closing", "overdue")] == [
        "800.00", "1000.00", "-450.00", "1350.00", "400.00",
    ]  # fmt: skip
    assert [(line["line"], line["number"], line["open"], line["bucket"]) for line in content["lines"]] == [
        (1, "OLD", "100.00", "61-90"), (2, "DEC", "300.00", "31-60"), (3, "JAN", "1000.00", "not_due"),
    ]  # fmt: skip
    assert {line["section"] for line in content["lines"]} == {"open"}
    assert content["unapplied"]["receipts"] == "-20.00"
    assert content["unapplied"]["credits"] == "-30.00"
    assert [line["number"] for line in content["unapplied"]["lines"]] == ["CM-1", "RC-2"]
    assert content["flags"] == ["due_date_missing"]
    assert content["disputes"] == [
        {"line": 3, "number": "JAN", "amount": "250.00", "reason": "marked_by_source", "status": "open"}
    ]
    assert content["rounding"] is None
    assert all(check["ties"] for check in content["checks"])


def test_a_balance_forward_statement_carries_the_balance_through_its_lines() -> None:
    content = build_content(subject_of(read(STORY), form=Form.BALANCE_FORWARD), 1)
    assert [(line["number"], line["amount"], line["balance"]) for line in content["lines"]] == [
        ("JAN", "1000.00", "1800.00"), ("RC-1", "-400.00", "1400.00"), ("CM-1", "-30.00", "1370.00"),
        ("RC-2", "-20.00", "1350.00"),
    ]  # fmt: skip


def test_a_detailed_statement_has_three_sections() -> None:
    content = build_content(subject_of(read(STORY), form=Form.DETAILED), 1)
    sections = [line["section"] for line in content["lines"]]
    assert sections == ["prior"] * 2 + ["movement"] * 4 + ["ending"] * 3
    prior = [line for line in content["lines"] if line["section"] == "prior"]
    assert total(prior, "open") == Decimal(content["opening"])


@given(ledgers(), CUTS, CUTS, st.sampled_from([DEFAULT_POLICY, OWN_BUCKET]))
def test_all_forms_end_on_the_same_figures(history: History, one: date, other: date, policy: AgingPolicy) -> None:
    period = Period("any", min(one, other), max(one, other))
    contents = [build_content(subject_of(history, period, form, ACCOUNTS, policy), 1) for form in Form]
    for content in contents:
        opening, closing = Decimal(content["opening"]), Decimal(content["closing"])
        assert opening + Decimal(content["debits"]) + Decimal(content["credits"]) == closing
        assert total(content["aging"], "amount") == closing
        assert all(check["ties"] for check in content["checks"])
        assert total(content["sections"], "closing") == closing
        assert len({line["line"] for line in content["lines"] + content["unapplied"]["lines"]}) == len(
            content["lines"] + content["unapplied"]["lines"]
        )
        same = ("opening", "debits", "credits", "closing", "overdue", "aging", "unapplied", "sections")
        for name in same:
            if name != "unapplied":
                assert content[name] == contents[0][name]
    open_items, forward, detailed = contents
    waiting = total(open_items["unapplied"]["lines"], "open")
    assert total(open_items["lines"], "open") + waiting == Decimal(open_items["closing"])
    assert total(forward["lines"], "amount") == Decimal(forward["closing"]) - Decimal(forward["opening"])
    ending = [line for line in detailed["lines"] if line["section"] == "ending"]
    assert total(ending, "open") + waiting == Decimal(detailed["closing"])


@given(ledgers(), CUTS, st.sampled_from(Form))
def test_content_is_canonical_json_without_floats(history: History, end: date, form: Form) -> None:
    content = build_content(subject_of(history, Period("any", FIRST, end), form), 1)
    assert json.loads(canonical_json(content)) == content


def test_what_is_finer_than_a_cent_is_printed_exactly_and_its_payable_amount_said() -> None:
    content = build_content(subject_of(read("2026-01-05 invoice INV 9539484.634 CNY")), 1)
    assert content["closing"] == "9539484.634"
    assert content["rounding"] == {"exact_closing": "9539484.634", "payable": "9539484.63", "residue": "0.004"}
    assert "finer_than_minor_unit" in content["flags"]


def test_a_group_has_a_section_per_account_and_payments_move_between_them() -> None:
    history = read(
        """
        2026-01-05 invoice INV-1 500.00 CNY at SHOP
        2026-01-06 invoice INV-2 80.00 CNY at DEPOT
        2026-01-20 receipt RC-1 520.00 CNY at HQ for INV-1
        """
    )
    content = build_content(subject_of(history, form=Form.BALANCE_FORWARD, accounts=ACCOUNTS), 1)
    assert [(one["account"], one["closing"]) for one in content["sections"]] == [
        ("HQ", "-20.00"), ("SHOP", "0.00"), ("DEPOT", "80.00"),
    ]  # fmt: skip
    transfers = [line for line in content["lines"] if line["kind"] == "transfer"]
    assert [(line["account"], line["amount"], line["description"]) for line in transfers] == [
        ("HQ", "500.00", "RC-1 → INV-1"), ("SHOP", "-500.00", "RC-1 → INV-1"),
    ]  # fmt: skip
    assert content["closing"] == "60.00"
    assert content["flags"] == ["due_date_missing", "group", "transfers"]


def test_the_figures_digest_forgets_the_number_but_no_figure() -> None:
    subject = subject_of(read(STORY))
    first, again = build_content(subject, 1), build_content(replace(subject, as_known="2026-03-01T00:00:00+00:00"), 2)
    assert figures_digest(first) == figures_digest(again)
    claimed = replace(subject, disputes=(KnownDispute(id_of("DEC"), 100_00, "price", "open"),))
    assert figures_digest(build_content(claimed, 1)) == figures_digest(first), "an answer is no new version"
    more = build_content(subject_of(read(STORY + "2026-01-31 invoice MORE 0.01 CNY")), 1)
    assert figures_digest(more) != figures_digest(first)


def test_a_reissue_says_what_changed() -> None:
    first = build_content(subject_of(read(STORY)), 1)
    second = build_content(
        subject_of(read(STORY + "    2026-01-28 receipt RC-3 60.00 CNY for DEC\n2026-01-31 invoice MORE 5.00 CNY")), 2
    )
    found = difference(first, second)
    assert (found["from"], found["to"]) == ("2026-01/HQ/CNY/v1", "2026-01/HQ/CNY/v2")
    assert found["totals"] == {
        "debits": {"before": "1000.00", "after": "1005.00", "change": "5.00"},
        "credits": {"before": "-450.00", "after": "-510.00", "change": "-60.00"},
        "closing": {"before": "1350.00", "after": "1295.00", "change": "-55.00"},
        "overdue": {"before": "400.00", "after": "340.00", "change": "-60.00"},
    }
    names = {"section": "open", "account": "HQ", "kind": "invoice"}
    assert found["lines"] == [
        {"type": "open_changed", **names, "number": "DEC", "before": "300.00", "after": "240.00"},
        {"type": "added", **names, "number": "MORE", "amount": "5.00"},
    ]
    assert not is_empty(found)
    assert is_empty(difference(first, first))


@pytest.mark.parametrize("form", Form)
def test_an_account_without_anything_says_nothing(form: Form) -> None:
    assert not subject_of(read(""), form=form).says_something
    assert subject_of(read(STORY), form=form).says_something
