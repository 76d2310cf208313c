"""The content of many plain accounts at once, on Polars columns: byte for byte what `content.py` builds one by one.

Plain is an open-item statement of one account without transfers, reversals, disputes or amounts finer than the minor
unit; most are. The others go the other way, and a property test holds both ways together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from ledger.aging import AgingPolicy
from ledger.business_calendar import Period
from ledger.canonical import Json, canonical_json, sha256_hex
from ledger.columnar import ACCOUNT, LedgerFrame, account_figures, aged, open_frame
from ledger.items import Kind
from ledger.money import decimals
from statements.content import NOT_FIGURES, SCHEMA, Form, Party, policy_content
from statements.tie_out import (
    CLOSING_IS_OPEN_ITEMS,
    OPEN_ITEMS_ARE_BUCKETS,
    OPENING_IS_PRIOR_ITEMS,
    OPENING_PLUS_MOVEMENTS,
)

_ESCAPES = {chr(code): f"\\u{code:04x}" for code in range(0x20)}
_ESCAPES |= {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}

_EQUATIONS = (
    (OPENING_PLUS_MOVEMENTS, "moved", "closing"),
    (CLOSING_IS_OPEN_ITEMS, "closing", "open"),
    (OPEN_ITEMS_ARE_BUCKETS, "open", "aged"),
    (OPENING_IS_PRIOR_ITEMS, "opening", "prior"),
)
"""Name, left and right column, as `tie_out.account_equations` has them."""


@dataclass(frozen=True, slots=True)
class Common:
    """What all statements have in common. `as_known` is an ISO instant."""

    company: Party
    period: Period
    as_of: date
    as_known: str
    policy: AgingPolicy


def plain_accounts(ledger: LedgerFrame) -> pl.Series:
    """The accounts that can be stated here."""
    items, crossing = ledger.items, ledger.allocations.filter(pl.col("credit_account") != pl.col("debit_account"))
    odd = items.filter((pl.col("residue") != 0) | (pl.col("disputed") != 0) | pl.col("reverses").is_not_null())
    out = pl.concat([odd["account"], crossing["credit_account"], crossing["debit_account"]]).unique()
    accounts = items["account"].unique()
    return accounts.filter(~accounts.is_in(out.implode()))


def plain_contents(
    ledger: LedgerFrame, customers: pl.DataFrame, versions: pl.DataFrame, common: Common
) -> pl.DataFrame:
    """One row per account and currency with `content`, its digests, its figures and whether it says something.

    `ledger` holds plain accounts alone, in entry order, items with `number`, `instalment` and `description`, ids as
    their 16 bytes. `customers`: account, code, name, language, country. `versions`: account, currency, version; an
    account that is not in it gets version 1.
    """
    items = ledger.items.with_row_index("place").join(customers.select("account", "code"), on="account")
    own = LedgerFrame(items, ledger.allocations)
    figures = _figures(own, common).join(customers, on="account").join(versions, on=ACCOUNT, how="left")
    figures = figures.join(_lines(own, common), on=ACCOUNT, how="left").with_columns(
        pl.col("version").fill_null(1),
        pl.col("^(lines|waiting).*$").fill_null(""),
        pl.col("^(receipts|applicable|overdue|items_.*|bucket_.*)$").fill_null(0),
        missing_due=pl.col("missing_due").fill_null(value=False),
    )
    figures = _with_currency(figures).sort("code", "currency")
    labels = common.policy.labels
    figures = figures.with_columns(
        moved=pl.col("opening") + pl.col("movements"), aged=pl.sum_horizontal(f"bucket_{n}" for n in range(len(labels)))
    )
    values = _values(common)
    said = {key: value for key, value in values.items() if key not in NOT_FIGURES}
    said |= {"lines": _list("lines_said"), "unapplied": _unapplied("waiting_said")}
    texts = figures.with_columns(
        content=_object(values),
        said=_object(said),
        number=_number(common),
        ties=pl.all_horizontal(pl.col(left) == pl.col(right) for _, left, right in _EQUATIONS),
        says_something=(pl.col("movement_count") > 0)
        | (pl.col("open_items") > 0)
        | (pl.col("opening") != 0)
        | (pl.col("closing") != 0),
        **{f"text_{name}": _amount(pl.col(name)) for name in ("opening", "debits", "credits", "closing", "overdue")},
        **{f"text_bucket_{n}": _amount(pl.col(f"bucket_{n}")) for n in range(len(labels))},
    )
    return texts.with_columns(
        pl.Series("digest", [sha256_hex(text) for text in texts["content"]], dtype=pl.String),
        pl.Series("figures_digest", [sha256_hex(text) for text in texts["said"]], dtype=pl.String),
    ).drop("said", "lines", "lines_said", "waiting", "waiting_said")


def _figures(ledger: LedgerFrame, common: Common) -> pl.DataFrame:
    within = pl.col("document_date").is_between(common.period.start, common.as_of)
    amounts = pl.col("amount").filter(within)
    sides = ledger.items.group_by(ACCOUNT).agg(
        debits=amounts.filter(amounts > 0).sum(), credits=amounts.filter(amounts < 0).sum()
    )
    return account_figures(ledger, common.period.start, common.as_of).join(sides, on=ACCOUNT)


def _lines(ledger: LedgerFrame, common: Common) -> pl.DataFrame:
    """Per account what its open items come to, and their lines as JSON: debits, then what waits to be applied."""
    lines = aged(open_frame(ledger, common.as_of), common.as_of, common.policy)
    is_credit = pl.col("open") < 0
    lines = lines.sort("account", "currency", is_credit, "document_date", "place").with_columns(
        line=pl.int_range(1, pl.len() + 1).over(ACCOUNT)
    )
    lines = _with_currency(lines)
    nothing = pl.concat_str(pl.lit(',"disputed":'), _quoted(_amount(pl.lit(0))))
    before, after = _line()
    lines = lines.with_columns(before=before, after=after, nothing=nothing).with_columns(
        full=pl.concat_str("before", "nothing", "after"), said=pl.concat_str("before", "after")
    )
    open_, bucket = pl.col("open"), pl.col("bucket")
    receipt = pl.col("kind") == Kind.RECEIPT.value
    return lines.group_by(ACCOUNT, maintain_order=True).agg(
        pl.col("full").filter(~is_credit).str.join(",").alias("lines"),
        pl.col("said").filter(~is_credit).str.join(",").alias("lines_said"),
        pl.col("full").filter(is_credit).str.join(",").alias("waiting"),
        pl.col("said").filter(is_credit).str.join(",").alias("waiting_said"),
        open_.filter(is_credit & receipt).sum().alias("receipts"),
        open_.filter(is_credit & ~receipt).sum().alias("applicable"),
        open_.filter(~is_credit & (pl.col("days_overdue") > 0)).sum().alias("overdue"),
        (~is_credit & pl.col("due_date").is_null()).any().alias("missing_due"),
        *(open_.filter(bucket == label).sum().alias(f"bucket_{n}") for n, label in enumerate(common.policy.labels)),
        *((bucket == label).sum().alias(f"items_{n}") for n, label in enumerate(common.policy.labels)),
    )


def _line() -> tuple[pl.Expr, pl.Expr]:
    """A line's JSON before and after what is disputed of it, which two builds of one account may tell differently."""
    due = pl.col("due_date").fill_null(pl.col("document_date"))
    number = pl.when(pl.col("instalment") != 0).then(pl.format("{}#{}", "number", "instalment")).otherwise("number")
    line = {
        "account": _text(pl.col("code")), "amount": _quoted(_amount(pl.col("amount"))), "balance": _json(None),
        "bucket": _text(pl.col("bucket")), "days_overdue": pl.col("days_overdue").cast(pl.String),
        "description": _text(pl.col("description")), "document_date": _day(pl.col("document_date")),
        "due_date": _day(due), "due_date_given": _yes_no(pl.col("due_date").is_not_null()),
        "item_id": _quoted(_uuid(pl.col("item"))), "kind": _text(pl.col("kind")),
        "line": pl.col("line").cast(pl.String),
        "number": _text(number), "open": _quoted(_amount(pl.col("open"))), "section": _json("open"),
    }  # fmt: skip
    before = {key: value for key, value in line.items() if key < "disputed"}
    after = {key: value for key, value in line.items() if key > "disputed"}
    return pl.concat_str(_members(before)), pl.concat_str(*_members(after, opened=True), pl.lit("}"))


def _values(common: Common) -> dict[str, pl.Expr]:
    """Every key of a statement's content as JSON text."""
    period, bounds = common.period, {bucket.label: (bucket.first, bucket.last) for bucket in common.policy.buckets}
    aging = [
        _object(
            {
                "amount": _quoted(_amount(pl.col(f"bucket_{n}"))), "bucket": _json(label),
                "from": _json(bounds.get(label, (None, None))[0]), "items": pl.col(f"items_{n}").cast(pl.String),
                "to": _json(bounds.get(label, (None, None))[1]),
            }
        )
        for n, label in enumerate(common.policy.labels)
    ]  # fmt: skip
    amounts = {name: _quoted(_amount(pl.col(name))) for name in ("opening", "debits", "credits", "closing", "overdue")}
    return amounts | {
        "aging": _array(aging), "aging_policy": _json(policy_content(common.policy)),
        "as_known": _json(common.as_known),
        "as_of": _json(common.as_of.isoformat()),
        "checks": _array([_check(name, left, right) for name, left, right in _EQUATIONS]),
        "company": _json({"code": common.company.code, "name": common.company.name}),
        "currency": _text(pl.col("currency")),
        "customer": _object(
            {
                "code": _text(pl.col("code")), "name": _text(pl.col("name")), "language": _text(pl.col("language")),
                "country": _text(pl.col("country")).fill_null("null"),
            }
        ),
        "decimals": pl.col("decimals").cast(pl.String), "disputes": _json([]), "flags": _flags(),
        "form": _json(Form.OPEN_ITEM.value), "lines": _list("lines"), "number": _text(_number(common)),
        "period": _json({"label": period.label, "start": period.start.isoformat(), "end": period.end.isoformat()}),
        "promises": _json([]), "rounding": _json(None), "schema": _json(SCHEMA), "sections": _json([]),
        "unapplied": _unapplied("waiting"), "version": pl.col("version").cast(pl.String),
    }  # fmt: skip


def _check(name: str, left: str, right: str) -> pl.Expr:
    return _object(
        {
            "currency": _text(pl.col("currency")), "equation": _json(name), "left": _quoted(_amount(pl.col(left))),
            "right": _quoted(_amount(pl.col(right))), "difference": _quoted(_amount(pl.col(left) - pl.col(right))),
            "ties": _yes_no(pl.col(left) == pl.col(right)),
        }
    )  # fmt: skip


def _flags() -> pl.Expr:
    marks = {"credit_balance": pl.col("closing") < 0, "due_date_missing": pl.col("missing_due")}
    found = pl.concat_list(pl.when(holds).then(pl.lit(f'"{flag}"')) for flag, holds in sorted(marks.items()))
    return pl.concat_str(pl.lit("["), found.list.drop_nulls().list.join(","), pl.lit("]"))


def _unapplied(lines: str) -> pl.Expr:
    amounts = {"credits": _quoted(_amount(pl.col("applicable"))), "receipts": _quoted(_amount(pl.col("receipts")))}
    return _object(amounts | {"lines": _list(lines)})


def _number(common: Common) -> pl.Expr:
    return pl.format("{}/{}/{}/v{}", pl.lit(common.period.label), "code", "currency", "version")


def _with_currency(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds `decimals` of the currency."""
    currencies = frame["currency"].unique().to_list()
    places = pl.DataFrame(
        {"currency": currencies, "decimals": [decimals(currency) for currency in currencies]},
        schema={"currency": pl.String, "decimals": pl.Int64},
    )
    return frame.join(places, on="currency", how="left", maintain_order="left")


def _amount(minor: pl.Expr) -> pl.Expr:
    """`ledger.money.decimal_text` without a residue; needs `decimals`."""
    unit, size = pl.lit(10, dtype=pl.Int64).pow(pl.col("decimals")), minor.abs()
    sign = pl.when(minor < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    fraction = pl.when(pl.col("decimals") > 0).then(
        pl.lit(".") + (unit + size % unit).cast(pl.String).str.slice(1)  # 1 and the digits, without the 1
    )
    return pl.concat_str(sign, (size // unit).cast(pl.String), fraction.fill_null(""))


def _uuid(item: pl.Expr) -> pl.Expr:
    digits = item.bin.encode("hex")
    return pl.concat_str(
        [digits.str.slice(*part) for part in ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))], separator="-"
    )


def _day(day: pl.Expr) -> pl.Expr:
    return _quoted(day.dt.to_string("%Y-%m-%d"))


def _yes_no(mask: pl.Expr) -> pl.Expr:
    return pl.when(mask).then(pl.lit("true")).otherwise(pl.lit("false"))


def _text(text: pl.Expr) -> pl.Expr:
    """A JSON string of any text."""
    return _quoted(text.str.replace_many(_ESCAPES))


def _quoted(text: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit('"'), text, pl.lit('"'))


def _json(value: Json) -> pl.Expr:
    return pl.lit(canonical_json(value))


def _list(column: str) -> pl.Expr:
    return pl.concat_str(pl.lit("["), pl.col(column), pl.lit("]"))


def _array(values: list[pl.Expr]) -> pl.Expr:
    return pl.concat_str(pl.lit("["), pl.concat_str(values, separator=","), pl.lit("]"))


def _object(values: Mapping[str, pl.Expr]) -> pl.Expr:
    """A JSON object with its keys sorted."""
    return pl.concat_str([*_members(values), pl.lit("}")])


def _members(values: Mapping[str, pl.Expr], *, opened: bool = False) -> list[pl.Expr]:
    parts: list[pl.Expr] = []
    for key, value in sorted(values.items()):
        parts += [pl.lit(f'{"," if opened or parts else "{"}"{key}":'), value]
    return parts
