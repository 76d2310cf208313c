"""541,909 lines of a real ledger: every figure of its documents, with lines without customer booked and held."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.collect import Collected, collect
from connectors.profiles import parse_profile
from connectors.read import read_table
from connectors.tables import Table
from ledger.money import RESIDUE_PER_MINOR, to_decimal

FILE = "online_retail/online_retail_20101201_20111209.csv.zst"
EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples" / "profiles"
KINDS = {"invoice": "invoice", "credit": "credit_memo", "adjustment": "write_off"}


def read(table: Table, name: str) -> Collected:
    profile = parse_profile((EXAMPLES / f"{name}.toml").read_text(encoding="utf-8"))
    return collect(table, profile, date(2026, 6, 30), "Europe/London")


@pytest.fixture(scope="module")
def truth(shared_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_data / "truth" / "online_retail.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def table(shared_data: Path) -> Table:
    profile = parse_profile((EXAMPLES / "online-retail.toml").read_text(encoding="utf-8"))
    return read_table("online_retail.csv.zst", (shared_data / FILE).read_bytes(), profile)


@pytest.fixture(scope="module")
def cash(table: Table) -> Collected:
    return read(table, "online-retail-cash")


def money(items: pl.DataFrame) -> Decimal:
    ticks = int(items["amount"].sum()) * RESIDUE_PER_MINOR + int(items["residue"].sum())
    minor, residue = divmod(ticks, RESIDUE_PER_MINOR)
    return to_decimal(minor, residue, "GBP")


def by(items: pl.DataFrame, key: pl.Expr) -> dict[str, Decimal]:
    return {str(name[0]): money(part) for name, part in items.group_by(key.alias("key"))}


def test_documents_by_type_and_every_row_once(cash: Collected, truth: dict[str, Any]) -> None:
    assert cash.table.rows == truth["rows"]
    assert cash.items["line_count"].sum() == truth["rows"]
    assert cash.items.height == truth["documents"]["total"]
    for name, kind in KINDS.items():
        part = cash.items.filter(pl.col("kind") == kind)
        assert part.height == truth["documents"][name]
        assert money(part) == Decimal(truth["amounts"][name])
    assert money(cash.items) == Decimal(truth["amounts"]["net"])
    assert cash.items.filter((pl.col("amount") == 0) & (pl.col("residue") == 0)).height == truth["documents_total_zero"]


def test_months_and_countries(cash: Collected, truth: dict[str, Any]) -> None:
    months = by(cash.items, pl.col("document_date").dt.strftime("%Y-%m"))
    assert months == {month: Decimal(figures["net"]) for month, figures in truth["months"].items()}
    assert by(cash.items, pl.col("country")) == {name: Decimal(net) for name, net in truth["countries_net"].items()}


def test_lines_without_customer_are_one_account_of_cash_sales(cash: Collected, truth: dict[str, Any]) -> None:
    account = cash.items.filter(pl.col("customer") == "CASH")
    assert account.height == truth["documents_without_customer"]
    assert money(account) == Decimal(truth["amounts"]["without_customer"])
    assert cash.findings.height == 0


def test_or_they_wait_and_the_rest_is_the_customers(table: Table, truth: dict[str, Any]) -> None:
    held = read(table, "online-retail")
    assert dict(held.findings.group_by("code").len().rows()) == {
        "customer_missing": truth["counts"]["lines_without_customer"]
    }
    assert held.items["customer"].n_unique() == truth["customers"]
    assert money(held.items) == Decimal(truth["customers_total"])
    ranked = sorted(by(held.items, pl.col("customer")).items(), key=lambda pair: pair[1])
    for name, best in (("top10_customers", ranked[::-1]), ("bottom10_customers", ranked)):
        assert best[:10] == [(one["customer"], Decimal(one["net"])) for one in truth[name]]
    assert [finding.raw for finding in held.file_findings if finding.code == "amounts_finer"] == ["4 ×"]
