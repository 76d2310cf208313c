"""All month ends of 2012 of a public receivables ledger, by our commands, against figures computed elsewhere."""

import json
from calendar import monthrange
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.truth.conftest import Tieout

MONTHS = [f"2012-{month:02}" for month in range(1, 13)]


@pytest.fixture(scope="module")
def truth(shared_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_data / "truth" / "ibm_ar.json").read_text(encoding="utf-8"))
    return found


def end_of(month: str) -> str:
    year, number = month.split("-")
    return f"{month}-{monthrange(int(year), int(number))[1]}"


@pytest.mark.parametrize("month", MONTHS)
def test_a_month_end_equals_the_truth(ibm: Tieout, truth: dict[str, Any], month: str) -> None:
    expected = truth["as_of"][end_of(month)]
    answer = ibm("balance", "--company", "IBM", "--as-of", end_of(month))
    sums = answer["currencies"]["USD"]
    assert (sums["items"], sums["open"]) == (expected["open_count"], expected["open_amount"])
    assert (sums["overdue_items"], sums["overdue"]) == (expected["overdue_count"], expected["overdue_amount"])
    assert (sums["disputed_items"], sums["disputed"]) == (
        expected["open_disputed_count"],
        expected["open_disputed_amount"],
    )
    assert len(answer["customers"]) == sums["customers"] == expected["customers_with_open"]
    for label in ("not_due", "1-30", "31-60", "61-90"):
        assert sums["buckets"][label] == expected["buckets"][label]["amount"]
        assert sums["counts"][label] == expected["buckets"][label]["count"]
    older = [sums["buckets"][label] for label in ("91-180", "180+")]
    assert sum(map(Decimal, older)) == Decimal(expected["buckets"]["90+"]["amount"])


def test_a_policy_of_its_own_has_the_truths_buckets(ibm: Tieout, truth: dict[str, Any], tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text('{"upper_bounds": [0, 30, 60, 90]}', encoding="utf-8")
    assert ibm("aging", "add", "quarter", str(policy), "--company", "IBM")["labels"][-1] == "90+"
    answer = ibm("balance", "--company", "IBM", "--as-of", "2012-06-30", "--aging", "quarter")
    buckets = truth["as_of"]["2012-06-30"]["buckets"]
    assert answer["currencies"]["USD"]["buckets"] == {label: one["amount"] for label, one in buckets.items()}


def test_each_customers_closing_is_the_next_opening_and_the_balance(ibm: Tieout) -> None:
    built = {
        month: {
            line["customer"]: line
            for line in ibm("statements", "build", "--company", "IBM", "--period", month)["statements"]
        }
        for month in MONTHS
    }
    for earlier, later in pairwise(MONTHS):
        for customer in built[earlier].keys() | built[later].keys():
            closing = built[earlier].get(customer, {}).get("closing", "0.00")
            assert built[later].get(customer, {}).get("opening", "0.00") == closing
    for month in MONTHS:
        balances = ibm("balance", "--company", "IBM", "--as-of", end_of(month))["customers"]
        closings = {name: line["closing"] for name, line in built[month].items() if line["closing"] != "0.00"}
        assert closings == {row["customer"]: row["open"] for row in balances}
        assert ibm("tie", "--company", "IBM", "--period", month)["ties"]


def test_all_forms_end_on_the_same_figures_and_a_second_build_writes_nothing(ibm: Tieout) -> None:
    arguments = ("statements", "build", "--company", "IBM", "--period", "2012-06-01..2012-06-30", "--form")
    by_form = {form: ibm(*arguments, form) for form in ("OPEN_ITEM", "BALANCE_FORWARD", "DETAILED")}
    figures = ("customer", "opening", "debits", "credits", "closing", "buckets", "ties")
    said = [[[line[name] for name in figures] for line in answer["statements"]] for answer in by_form.values()]
    assert said[0] == said[1] == said[2]
    again = ibm(*arguments, "DETAILED")
    assert again["new"] == 0
    assert [line["digest"] for line in again["statements"]] == [
        line["digest"] for line in by_form["DETAILED"]["statements"]
    ]
    content = ibm("statements", "show", again["statements"][0]["number"])
    assert content["form"] == "DETAILED"
    assert content["version"] == 3
