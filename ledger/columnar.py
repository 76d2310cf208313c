"""The ledger function over a whole company at once, on Polars columns; a property test holds it against `balances`.

Items: item, account, currency, kind, document_date, due_date, amount, residue, disputed, reverses (null or an item).
Allocations: credit_item, debit_item, credit_account, debit_account, amount, effective_on. Both are already limited to
what was known; `item` and `account` may be of any type that can be joined. Amounts are int64 minor units and, beside
them, int64 residues: both together in one column could overflow.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from ledger.aging import CREDITS, AgingPolicy, Basis, Credits
from ledger.money import RESIDUE_PER_MINOR

ACCOUNT = ["account", "currency"]


@dataclass(frozen=True, slots=True)
class LedgerFrame:
    """A company's facts as known at one instant."""

    items: pl.DataFrame
    allocations: pl.DataFrame


def open_frame(ledger: LedgerFrame, as_of: date) -> pl.DataFrame:
    """The items still open as of the date, with `open` in minor units; residues stay with their items."""
    counted = ledger.items.filter(pl.col("document_date") <= as_of)
    effective = ledger.allocations.filter(pl.col("effective_on") <= as_of)
    taken = pl.concat(
        [
            effective.select(item="debit_item", taken="amount"),
            effective.select(item="credit_item", taken=-pl.col("amount")),
        ]
    )
    sums = taken.group_by("item").agg(pl.col("taken").sum())
    lines = counted.join(sums, on="item", how="left").with_columns(open=pl.col("amount") - pl.col("taken").fill_null(0))
    return _without_pairs(lines.filter((pl.col("open") != 0) | (pl.col("residue") != 0))).drop("taken")


def _without_pairs(lines: pl.DataFrame) -> pl.DataFrame:
    """Leaves out each document together with the reversal that takes all of it back."""
    if lines["reverses"].null_count() == lines.height:
        return lines
    reversals = lines.filter(pl.col("reverses").is_not_null())
    pairs = reversals.select("item", "reverses", "open", "residue").join(
        lines.select("item", "open", "residue"), left_on="reverses", right_on="item", suffix="_original"
    )
    pairs = pairs.filter(
        (pl.col("open") + pl.col("open_original") == 0) & (pl.col("residue") + pl.col("residue_original") == 0)
    )
    void = pl.concat([pairs["item"], pairs["reverses"]])
    return lines.filter(~pl.col("item").is_in(void.implode()))


def aged(lines: pl.DataFrame, as_of: date, policy: AgingPolicy) -> pl.DataFrame:
    """`lines` of `open_frame` with `bucket`, `days_overdue` and `disputed_open`."""
    due = pl.col("due_date").fill_null(pl.col("document_date"))
    start = due if policy.basis is Basis.DUE_DATE else pl.col("document_date")
    days = (pl.lit(as_of) - start).dt.total_days()
    bucket = pl.lit(policy.buckets[-1].label)
    for one in reversed(policy.buckets[:-1]):
        bucket = pl.when(days <= one.last).then(pl.lit(one.label)).otherwise(bucket)
    if policy.credits is Credits.OWN_BUCKET:
        bucket = pl.when(_is_credit()).then(pl.lit(CREDITS)).otherwise(bucket)
    most = pl.min_horizontal(pl.col("disputed").abs(), pl.col("open").abs())
    return lines.with_columns(
        bucket=bucket,
        days_overdue=pl.max_horizontal((pl.lit(as_of) - due).dt.total_days(), pl.lit(0)),
        disputed_open=pl.when(pl.col("open") >= 0).then(most).otherwise(-most),
    )


def _is_credit() -> pl.Expr:
    return (pl.col("open") < 0) | ((pl.col("open") == 0) & (pl.col("residue") < 0))


def movement_frame(ledger: LedgerFrame) -> pl.DataFrame:
    """Every change of every account: documents, and allocations between two accounts; with `day`."""
    documents = ledger.items.select(*ACCOUNT, "amount", "residue", day="document_date")
    crossing = ledger.allocations.filter(pl.col("credit_account") != pl.col("debit_account")).join(
        ledger.items.select("item", "currency"), left_on="debit_item", right_on="item"
    )
    nothing = pl.lit(0, dtype=pl.Int64)
    given = crossing.select(
        pl.col("credit_account").alias("account"), "currency", "amount", nothing.alias("residue"),
        pl.col("effective_on").alias("day"),
    )  # fmt: skip
    taken = crossing.select(
        pl.col("debit_account").alias("account"), "currency", -pl.col("amount"), nothing.alias("residue"),
        pl.col("effective_on").alias("day"),
    )  # fmt: skip
    return pl.concat([documents, given, taken])


def account_figures(ledger: LedgerFrame, start: date, end: date) -> pl.DataFrame:
    """Per account and currency: opening, movements, closing, open items (each with its residue beside it)."""
    rows = movement_frame(ledger)
    before, through = pl.col("day") < start, pl.col("day") <= end
    sums = [
        (pl.col(column).filter(condition).sum()).alias(f"{name}{suffix}")
        for name, condition in (("opening", before), ("movements", through & ~before), ("closing", through))
        for column, suffix in (("amount", ""), ("residue", "_residue"))
    ]
    figures = rows.group_by(ACCOUNT).agg(*sums, movement_count=(through & ~before).sum())
    return (
        figures.join(_open_sums(ledger, end, "open"), on=ACCOUNT, how="left")
        .join(_open_sums(ledger, start - timedelta(days=1), "prior"), on=ACCOUNT, how="left")
        .with_columns(pl.col("^(open|prior).*$").fill_null(0))
    )


def _open_sums(ledger: LedgerFrame, as_of: date, name: str) -> pl.DataFrame:
    return (
        open_frame(ledger, as_of)
        .group_by(ACCOUNT)
        .agg(
            pl.col("open").sum().alias(name),
            pl.col("residue").sum().alias(f"{name}_residue"),
            pl.len().alias(f"{name}_items"),
        )
    )


def parts(row: dict[str, int], name: str) -> int:
    """The exact amount of a column and its residue."""
    return row[name] * RESIDUE_PER_MINOR + row[f"{name}_residue"]
