"""The tie-out gate of a period: every equation per currency, over the ledger and over the drafts built from it."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl

from ledger.aging import AgingPolicy
from ledger.business_calendar import Period
from ledger.columnar import LedgerFrame, account_figures, aged, open_frame, parts
from ledger.money import RESIDUE_PER_MINOR, parts_of
from services.gather_subjects import group_members, groups_are_stated
from services.report_balance import policy_in_force
from statements.lifecycle import DEAD
from statements.tie_out import Equation, Figures, account_equations, run_equations
from storage.companies import Company
from storage.database import Database, transaction
from storage.ledger_rows import control_balances, list_customers, read_ledger
from storage.statements import living_closings

MAX_BREACHES = 50
"""Accounts named one by one; more than that is one cause, not fifty."""


async def tie_out(engine: Database, company: Company, period: Period, as_of: date | None = None) -> dict[str, Any]:
    """`{"period", "as_of", "equations": [...], "breaches": [...], "ties"}`; statements count when some are built."""
    end = as_of if as_of is not None else period.end
    async with transaction(engine, company.id) as session:
        policy = await policy_in_force(session, company, None)
        customers = {row.id: row for row in await list_customers(session, company.id)}
        control = await control_balances(session, company.id, end)
        drafts = await living_closings(session, company.id, period.label, [status.value for status in DEAD])
    ledger = await read_ledger(engine, company.id)
    accounts = account_figures(ledger, period.start, end)
    buckets = _buckets(ledger, end, policy)
    groups = group_members(customers, grouped=groups_are_stated(company))
    unstated = [row.id.bytes for head, rows in groups.items() if customers[head].disabled for row in rows]
    stated = _stated(drafts) if drafts else None
    currencies = sorted({*accounts["currency"].to_list(), *control, *(stated or {})})
    equations: list[Equation] = []
    for currency in currencies:
        own = accounts.filter(pl.col("currency") == currency)
        sums = _sums(own, currency, buckets[currency])
        equations += account_equations(sums)
        left_out = _closing(own.filter(pl.col("account").is_in(unstated)))
        of_currency = None if stated is None else stated.get(currency, 0)
        account = control.get(currency)
        in_books = account * RESIDUE_PER_MINOR if account is not None else None
        equations += run_equations(currency, sums.closing, of_currency, left_out, in_books)
    breaches = list(_breaches(accounts, {key.bytes: row.code for key, row in customers.items()}))
    return {
        "period": period.label,
        "as_of": end.isoformat(),
        "equations": [equation.as_json() for equation in equations],
        "breaches": breaches[:MAX_BREACHES],
        "ties": all(equation.ties for equation in equations) and not breaches,
    }


def _buckets(ledger: LedgerFrame, as_of: date, policy: AgingPolicy) -> dict[str, list[int]]:
    lines = aged(open_frame(ledger, as_of), as_of, policy)
    sums = lines.group_by("currency", "bucket").agg(pl.col("open").sum(), pl.col("residue").sum())
    found: dict[str, list[int]] = defaultdict(list)
    for currency, bucket, minor, residue in sums.iter_rows():
        if bucket in policy.labels:
            found[currency].append(minor * RESIDUE_PER_MINOR + residue)
    return found


def _sums(rows: pl.DataFrame, currency: str, buckets: list[int]) -> Figures:
    sums = rows.select(pl.col(pl.Int64).sum()).row(0, named=True)
    return Figures(
        currency=currency,
        opening=parts(sums, "opening"),
        movements=parts(sums, "movements"),
        closing=parts(sums, "closing"),
        prior_items=parts(sums, "prior"),
        open_items=parts(sums, "open"),
        buckets=buckets,
    )


def _closing(rows: pl.DataFrame) -> int:
    return int(rows["closing"].sum()) * RESIDUE_PER_MINOR + int(rows["closing_residue"].sum())


def _stated(drafts: list[tuple[str, str]]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for currency, closing in drafts:
        sums[currency] += parts_of(closing, currency)
    return sums


def _breaches(accounts: pl.DataFrame, codes: dict[bytes, str]) -> Iterator[dict[str, Any]]:
    """Accounts whose own closing is not the sum of their own open items: two wrongs may add up to a right."""
    wrong = accounts.filter(
        (pl.col("closing") != pl.col("open")) | (pl.col("closing_residue") != pl.col("open_residue"))
    )
    for row in wrong.sort("account", "currency").iter_rows(named=True):
        equation = Equation("closing_is_open_items", row["currency"], parts(row, "closing"), parts(row, "open"))
        yield {"customer": codes[row["account"]], **equation.as_json()}
