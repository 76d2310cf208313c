"""A year of a wholesaler's invoice lines against figures computed elsewhere: months, customers, aging, rounding."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.truth.conftest import Tieout

CASH = "CASH"
"""The account of lines without customer; the truth's customers leave it out."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def truth(shared_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_data / "truth" / "online_retail.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def built(retail: Tieout, truth: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """The statements of the months named below, by month and customer."""
    return {
        month: {
            line["customer"]: line
            for line in retail("statements", "build", "--company", "SHOP", "--period", month)["statements"]
            if line["customer"] != CASH
        }
        for month in ("2010-12", "2011-01")
    }


@pytest.fixture(scope="module")
def closings(retail: Tieout, truth: dict[str, Any]) -> dict[str, dict[str, Decimal]]:
    """Every customer's balance at every month end."""
    ends = {
        month: f"{month}-28" if month.endswith("-02") else f"{month}-{_last_day(month)}" for month in truth["months"]
    }
    found = {}
    for month, end in ends.items():
        rows = retail("balance", "--company", "SHOP", "--as-of", end)["customers"]
        found[month] = {row["customer"]: Decimal(row["open"]) for row in rows if row["customer"] != CASH}
    return found


def _last_day(month: str) -> str:
    return "30" if month[-2:] in {"04", "06", "09", "11"} else "31"


def test_month_end_closings(closings: dict[str, dict[str, Decimal]], truth: dict[str, Any]) -> None:
    for month, expected in truth["month_end_statements"].items():
        assert sum(closings[month].values()) == Decimal(expected["closing_total"])
        nonzero = [amount for amount in closings[month].values() if amount != 0]
        assert len(nonzero) == expected["customers_with_nonzero_closing"]


def test_top_and_bottom_customers(closings: dict[str, dict[str, Decimal]], truth: dict[str, Any]) -> None:
    final = closings["2011-12"]
    by_amount = sorted(final.items(), key=lambda pair: pair[1])
    for name, ranked in (("top10_customers", by_amount[::-1]), ("bottom10_customers", by_amount)):
        expected = [(one["customer"], Decimal(one["net"])) for one in truth[name]]
        assert ranked[:10] == expected
    assert sum(amount < 0 for amount in final.values()) == truth["customers_net_negative"]
    assert sum(amount > 0 for amount in final.values()) == truth["customers_net_positive"]


def test_roll_forwards(closings: dict[str, dict[str, Decimal]], truth: dict[str, Any]) -> None:
    for customer, months in truth["roll_forward"].items():
        for line in months:
            assert closings[line["month"]].get(customer, Decimal(0)) == Decimal(line["closing"])


def test_statements_say_what_the_roll_forward_says(
    built: dict[str, dict[str, dict[str, Any]]], truth: dict[str, Any]
) -> None:
    for customer, months in truth["roll_forward"].items():
        for line in (one for one in months if one["month"] in built):
            found = built[line["month"]][customer]
            moved = Decimal(found["debits"]) + Decimal(found["credits"])
            assert (Decimal(found["opening"]), moved, Decimal(found["closing"])) == (
                Decimal(line["opening"]), Decimal(line["movement"]), Decimal(line["closing"]),
            )  # fmt: skip


def test_months_tie_and_count_their_customers(
    retail: Tieout, built: dict[str, dict[str, dict[str, Any]]], truth: dict[str, Any]
) -> None:
    for month, lines in built.items():
        expected = truth["month_end_statements"][month]
        total = sum(Decimal(line["closing"]) for line in lines.values())
        assert total == Decimal(expected["closing_total"])
        assert retail("tie", "--company", "SHOP", "--period", month)["ties"]
    first = built["2010-12"]
    assert len(first) == truth["month_end_statements"]["2010-12"]["customers_with_activity"]


OVER_90 = ("91-180", "180+")
"""The truth has one bucket above 90 days, the default policy two."""


def test_aging_if_nothing_is_paid(retail: Tieout, truth: dict[str, Any]) -> None:
    expected = truth["aging_if_nothing_paid_net30"]
    rows = retail("balance", "--company", "SHOP", "--as-of", expected["as_of"])["customers"]
    buckets = {row["customer"]: _over_90_together(row["buckets"]) for row in rows if row["customer"] != CASH}
    sums = {label: sum(one[label] for one in buckets.values()) for label in expected["buckets"]}
    assert sums == _decimals(expected["buckets"])
    for customer, own in expected["top3"].items():
        assert buckets[customer] == _decimals(own)


def _over_90_together(buckets: dict[str, str]) -> dict[str, Decimal]:
    found = {label: Decimal(amount) for label, amount in buckets.items() if label not in OVER_90}
    return {**found, "90+": sum((Decimal(buckets[label]) for label in OVER_90), Decimal(0))}


def _decimals(buckets: dict[str, str]) -> dict[str, Decimal]:
    return {label: Decimal(amount) for label, amount in buckets.items()}


def test_a_cent_is_never_lost_to_rounding(
    retail: Tieout, closings: dict[str, dict[str, Decimal]], truth: dict[str, Any]
) -> None:
    answer = retail("balance", "--company", "SHOP", "--as-of", "2011-12-31")
    assert answer["currencies"]["GBP"]["open"] == truth["rounding"]["net_exact"] == truth["amounts"]["net"]
    assert sum(closings["2011-12"].values()) == Decimal(truth["customers_total"])


KINDS = {"invoice": "invoice", "credit_memo": "credit", "write_off": "adjustment"}


def _exact(minor: Decimal, residue: Decimal) -> Decimal:
    return (minor + residue / 10_000) / 100


def test_documents_of_each_month(retail: Tieout, truth: dict[str, Any]) -> None:
    rows = retail.rows(
        "select to_char(document_date, 'YYYY-MM'), kind, count(*), sum(line_count), sum(amount), sum(residue) "
        "from open_item group by 1, 2"
    )
    counted = {kind: sum(row[2] for row in rows if row[1] == name) for name, kind in KINDS.items()}
    assert counted == {kind: truth["documents"][kind] for kind in counted}
    for month, expected in truth["months"].items():
        own = {KINDS[row[1]]: row for row in rows if row[0] == month}
        assert sum(row[3] for row in own.values()) == expected["lines"]
        nothing = (month, "", 0, 0, Decimal(0), Decimal(0))
        for kind, counts, amounts in (
            ("invoice", "invoices", "invoiced"), ("credit", "credits", "credited"),
            ("adjustment", "adjustments", "adjusted"),
        ):  # fmt: skip
            row = own.get(kind, nothing)
            assert (row[2], _exact(row[4], row[5])) == (expected[counts], Decimal(expected[amounts]))


def test_countries(retail: Tieout, truth: dict[str, Any]) -> None:
    rows = retail.rows("select attributes ->> 'Country', sum(amount), sum(residue) from open_item group by 1")
    found = {country: _exact(minor, residue) for country, minor, residue in rows}
    assert found == _decimals(truth["countries_net"])
