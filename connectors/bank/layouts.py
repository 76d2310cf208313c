"""Which column of a bank's or wallet's table is which, as data: the layouts that are known, and those users save.

A saved map is TOML: `name`, `currency`, `account`, `sign`, `[columns]` field = header or list of headers,
`[numbers] decimal, thousands`, `[dates] forms`, `[directions] in, out, neutral`, `[status] void`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from connectors.bank.grid import plain_header
from connectors.values import CLEAR_FORMS
from words.refusal import Refusal

FIELDS = (
    "date", "time", "value_date", "amount", "income", "expense", "direction", "balance", "currency", "text",
    "counterparty", "counterparty_account", "payer", "payer_account", "payee", "payee_account", "reference",
    "bank_reference", "status", "kind", "account",
)  # fmt: skip
"""What a column can be. `text` may be several columns; of the others the first that is there counts."""

SIGNS = ("bank", "card")
"""bank: money in is positive. card: what was spent is positive, as credit card bills print it."""

ROOT_KEYS = frozenset(
    {"name", "currency", "account", "sign", "columns", "numbers", "dates", "directions", "status", "marks"}
)
MAX_MAP_BYTES = 64 * 1024
"""A map of twenty columns takes one kilobyte."""

_FOLDER = Path(__file__).parent / "layouts"


class MapInvalid(Refusal):
    """The map cannot be used."""

    code = "bank_map_invalid"
    sentence = "The map cannot be used: {problem}"
    remedy = "See the handbook's page on bank files for an example."


@dataclass(frozen=True, slots=True)
class Layout:
    """`columns`: field to plain headers, the first that is there counts. `needs`: headers that must all be there.

    `marks` are words above the table that name the bank; `forms` are the forms of dates; `decimal` and `thousands`
    the marks in amounts.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    currency: str = ""
    account: str = ""
    sign: str = "bank"
    decimal: str | None = "."
    thousands: str | None = ","
    forms: tuple[str, ...] = ()
    money_in: frozenset[str] = frozenset()
    money_out: frozenset[str] = frozenset()
    neutral: frozenset[str] = frozenset()
    void: tuple[str, ...] = ()
    is_saved: bool = field(default=False)


@cache
def common() -> Layout:
    """Headers and words that banks and wallets use; every known layout is this one with its own differences."""
    return _layout("table", tomllib.loads((_FOLDER / "common.toml").read_text(encoding="utf-8")), None)


@cache
def known_layouts() -> tuple[Layout, ...]:
    """The layouts of banks and wallets, the more particular ones first."""
    body = tomllib.loads((_FOLDER / "known.toml").read_text(encoding="utf-8"))
    return tuple(_layout(name, values, common()) for name, values in body.items())


def parse_map(text: str) -> Layout:
    """A map that a user saved. Raises MapInvalid."""
    if len(text.encode()) > MAX_MAP_BYTES:
        raise MapInvalid(problem=f"> {MAX_MAP_BYTES} bytes")
    try:
        body = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MapInvalid(problem=str(error)) from error
    unknown = sorted(set(body) - ROOT_KEYS)
    columns = body.get("columns")
    if unknown or not isinstance(columns, dict) or not isinstance(body.get("name"), str):
        raise MapInvalid(problem=", ".join(unknown) or "name, [columns]")
    if set(columns) - set(FIELDS) or not ({"amount", "income", "expense"} & set(columns)) or "date" not in columns:
        raise MapInvalid(problem=f"[columns] {', '.join(sorted(set(columns) - set(FIELDS))) or 'date, amount'}")
    try:
        layout = _layout(body["name"], body, replace(common(), columns={}, currency=""))
    except (TypeError, AttributeError, ValueError) as error:
        raise MapInvalid(problem=str(error)) from error
    if layout.sign not in SIGNS or set(layout.forms) - _date_forms():
        raise MapInvalid(problem=f"sign, [dates] forms: {', '.join(sorted(_date_forms()))}")
    return replace(layout, is_saved=True)


def _date_forms() -> set[str]:
    return {*CLEAR_FORMS, "M/D/YYYY", "D/M/YYYY", "D.M.YYYY", "D-M-YYYY", "M-D-YYYY"}


def _layout(name: str, body: Mapping[str, Any], base: Layout | None) -> Layout:
    columns = dict(base.columns) if base is not None else {}
    columns |= {key: _headers(value) for key, value in body.get("columns", {}).items()}
    directions, numbers = body.get("directions", {}), body.get("numbers", {})
    return Layout(
        name=name, columns=columns, needs=_headers(body.get("needs", [])), marks=tuple(body.get("marks", [])),
        currency=str(body.get("currency", base.currency if base else "")), account=str(body.get("account", "")),
        sign=str(body.get("sign", "bank")),
        decimal=numbers.get("decimal", "."), thousands=numbers.get("thousands", ","),
        forms=tuple(body.get("dates", {}).get("forms", [])),
        money_in=_words(directions.get("in"), base.money_in if base else frozenset()),
        money_out=_words(directions.get("out"), base.money_out if base else frozenset()),
        neutral=_words(directions.get("neutral"), base.neutral if base else frozenset()),
        void=tuple(body.get("status", {}).get("void", base.void if base else ())),
    )  # fmt: skip


def _headers(value: str | list[str]) -> tuple[str, ...]:
    return tuple(plain_header(header) for header in ([value] if isinstance(value, str) else value))


def _words(given: list[str] | None, default: frozenset[str]) -> frozenset[str]:
    return default if given is None else frozenset(plain_header(word) for word in given)
