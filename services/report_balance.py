"""What customers owe as of a date, as known at an instant, by currency, bucket and customer."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

import polars as pl

from ledger.aging import DEFAULT_POLICY, AgingPolicy
from ledger.columnar import LedgerFrame, aged, open_frame
from ledger.items import Kind
from ledger.money import RESIDUE_PER_MINOR, decimal_text, parts_text
from storage.aging_policies import find_policy
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.ledger_rows import customers_with_code, known_disputes, list_customers, read_ledger
from words.refusal import Refusal


class CustomerUnknown(Refusal):
    """No such customer in this company."""

    code = "customer_unknown"
    sentence = "There is no customer {customer}."
    remedy = "Codes are written as the ledger writes them, leading zeros included."


class AgingPolicyUnknown(Refusal):
    """No such aging policy in this company."""

    code = "aging_policy_unknown"
    sentence = "There is no aging policy {name}."
    remedy = "Publish it with: tieout aging add {name} FILE.json --company …"


async def report_balance(
    engine: Database,
    company: Company,
    as_of: date,
    as_known: datetime | None = None,
    customer_code: str | None = None,
    aging: str | None = None,
) -> dict[str, Any]:
    """The answer of `tieout balance`: per currency and per customer, amounts as exact decimal strings."""
    async with transaction(engine, company.id) as session:
        policy = await policy_in_force(session, company, aging)
        chosen = await _chosen(session, company.id, customer_code)
        disputes = await known_disputes(session, company.id, as_known, chosen)
        customers = await list_customers(session, company.id, chosen)
    ledger = _with_disputes(await read_ledger(engine, company.id, as_known, chosen), disputes)
    lines = aged(open_frame(ledger, as_of), as_of, policy)
    names = {row.id.bytes: (row.code, row.name) for row in customers}
    return {
        "as_of": as_of.isoformat(),
        "as_known": as_known.isoformat() if as_known is not None else None,
        "aging_policy": {"name": policy.name, "version": policy.version},
        "currencies": dict(_by_currency(lines, policy)),
        "customers": list(_by_customer(lines, policy, names)),
    }


async def policy_in_force(session: Session, company: Company, name: str | None) -> AgingPolicy:
    """The named policy, or the company's own (setting `aging_policy`), or the default one."""
    wanted = name if name is not None else str(company.settings.get("aging_policy", DEFAULT_POLICY.name))
    found = await find_policy(session, company.id, wanted)
    if found is None and wanted == DEFAULT_POLICY.name:
        return DEFAULT_POLICY
    if found is None:
        raise AgingPolicyUnknown(name=wanted)
    return found


async def _chosen(session: Session, company_id: UUID, code: str | None) -> list[UUID] | None:
    if code is None:
        return None
    found = await customers_with_code(session, company_id, code)
    if not found:
        raise CustomerUnknown(customer=code)
    return found


def _with_disputes(ledger: LedgerFrame, disputes: dict[UUID, Any]) -> LedgerFrame:
    """What the customer disputes here counts beside what the source marked: the larger of the two."""
    if not disputes:
        return ledger
    claims = pl.DataFrame(
        {"item": [item.bytes for item in disputes], "claim": [row.amount for row in disputes.values()]},
        schema={"item": pl.Binary, "claim": pl.Int64},
    )
    items = ledger.items.join(claims, on="item", how="left").with_columns(
        disputed=pl.max_horizontal(pl.col("disputed").abs(), pl.col("claim").fill_null(0))
    )
    return LedgerFrame(items.drop("claim"), ledger.allocations)


def _by_currency(lines: pl.DataFrame, policy: AgingPolicy) -> Iterator[tuple[str, dict[str, Any]]]:
    for (currency,), rows in sorted(lines.group_by("currency"), key=lambda pair: str(pair[0][0])):
        code = str(currency)
        credit_rows = rows.filter(_credit())
        late = rows.filter((pl.col("days_overdue") > 0) & ~_credit())
        disputed = rows.filter(pl.col("disputed_open") != 0)
        yield (
            code,
            {
                "open": _sum(rows, code),
                "credits": _sum(credit_rows, code),
                "unapplied": _sum(credit_rows.filter(pl.col("kind") == Kind.RECEIPT.value), code),
                "buckets": {label: _sum(rows.filter(pl.col("bucket") == label), code) for label in policy.labels},
                "counts": {label: int((rows["bucket"] == label).sum()) for label in policy.labels},
                "items": rows.height,
                "overdue": _sum(late, code),
                "overdue_items": late.height,
                "disputed": decimal_text(int(disputed["disputed_open"].sum()), 0, code),
                "disputed_items": disputed.height,
                "customers": rows["account"].n_unique(),
            },
        )


def _credit() -> pl.Expr:
    return (pl.col("open") < 0) | ((pl.col("open") == 0) & (pl.col("residue") < 0))


def _sum(rows: pl.DataFrame, currency: str) -> str:
    return parts_text(int(rows["open"].sum()) * RESIDUE_PER_MINOR + int(rows["residue"].sum()), currency)


def _by_customer(
    lines: pl.DataFrame, policy: AgingPolicy, names: dict[bytes, tuple[str, str]]
) -> Iterator[dict[str, Any]]:
    sums = lines.group_by("account", "currency", "bucket").agg(pl.col("open").sum(), pl.col("residue").sum())
    found: dict[tuple[bytes, str], dict[str, int]] = {}
    for account, currency, bucket, minor, residue in sums.iter_rows():
        buckets = found.setdefault((account, currency), dict.fromkeys(policy.labels, 0))
        buckets[bucket] += minor * RESIDUE_PER_MINOR + residue
    for (account, currency), buckets in sorted(found.items(), key=lambda pair: (names[pair[0][0]][0], pair[0][1])):
        code, name = names[account]
        yield {
            "customer": code,
            "name": name,
            "currency": currency,
            "open": parts_text(sum(buckets.values()), currency),
            "buckets": _texts(buckets.items(), currency),
        }


def _texts(amounts: Iterable[tuple[str, int]], currency: str) -> dict[str, str]:
    return {label: parts_text(amount, currency) for label, amount in amounts}
