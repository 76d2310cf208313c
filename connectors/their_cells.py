"""The cells of an account's ledger as values: each different text is read once, and what is wrong becomes a finding."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from connectors.findings import FileRefusedError, Finding
from connectors.limits import MAX_ID_DIGITS
from connectors.tables import FORMULA_MARK, Table, locate
from connectors.values import MAX_FRACTION_DIGITS, SYMBOLS, parse_amount, parse_currency, parse_date, tidy

SCALE = MAX_FRACTION_DIGITS
"""Amounts are whole 10^-12 parts (Int128) until they become minor units: nothing that a cell holds is lost."""

PARTS = pl.Int128
_BIDI = "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
_ERRORS = r"^#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|N/V|BEZUG!|WERT!)$"
_EXPONENT = r"^[0-9](\.[0-9]+)?[eE]\+?[0-9]+$"
_PLAIN_AMOUNT = {
    ".": r"^-?([0-9]{1,12}|[0-9]{1,3}(,[0-9]{3}){1,3})(\.[0-9]{1,12})?$",
    ",": r"^-?([0-9]{1,12}|[0-9]{1,3}(\.[0-9]{3}){1,3})(,[0-9]{1,12})?$",
    None: r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$",
}
"""Amounts that need no second look, by the mark that is decimal: whole columns of them are read at once."""

_THOUSANDS = {".": ",", ",": "."}


@dataclass(slots=True)
class Cells:
    """`frame` has the table's `row` and columns; values are added as `v_{field}`. `columns`: field to header."""

    table: Table
    columns: dict[str, str]
    frame: pl.DataFrame
    findings: list[Finding] = field(default_factory=list)

    def raw(self, name: str) -> pl.Expr:
        """The text of a field's cells without edges; raises FileRefusedError when there is no such column."""
        return pl.col(f"c{locate(self.table.headers, (self.columns[name],))}").str.strip_chars()

    def flag(self, mask: pl.Expr, name: str, code: str) -> None:
        """A finding for each row where `mask` holds."""
        found = self.frame.filter(mask).select("row", raw=self.raw(name))
        self.findings += [
            Finding(row, self.columns[name], text.replace(FORMULA_MARK, ""), code) for row, text in found.iter_rows()
        ]

    def read(self, name: str, parse: Callable[[str], tuple[Any, str | None]], kind: Any, when: pl.Expr) -> pl.Expr:  # noqa: ANN401 - a Polars type
        """The values of a field where `when` holds, each different text parsed once; its findings are added."""
        texts = self.frame.filter(when)[0:].select(text=self.raw(name))["text"].unique().to_list()
        read = {text: parse(text) for text in texts}
        for code in dict.fromkeys(code for _, code in read.values() if code is not None):
            wrong = [text for text, (_, said) in read.items() if said == code]
            self.flag(self.raw(name).is_in(wrong) & when, name, code)
        values = {text: value for text, (value, _) in read.items() if value is not None}
        if not values:
            return pl.lit(None, dtype=kind)
        return pl.when(when).then(
            self.raw(name).replace_strict(list(values), pl.Series(list(values.values()), dtype=kind), default=None)
        )


def check_cells(cells: Cells) -> None:
    """Formulas without a value, error values, and characters that turn the direction of text."""
    for name in cells.columns:
        text = cells.raw(name)
        if not cells.frame.filter(text.str.contains(f"{_BIDI}|^[#\x00]")).height:
            continue
        cells.flag(text.str.contains(_BIDI), name, "bidi_control")
        cells.flag(text == FORMULA_MARK, name, "formula_without_value")
        cells.flag(text.str.contains(_ERRORS), name, "cell_error")


def read_numbers(cells: Cells) -> None:
    """Adds `v_number`. Raises FileRefusedError where a spreadsheet has eaten digits."""
    if "number" not in cells.columns:
        cells.frame = cells.frame.with_columns(v_number=pl.lit(""))
        return
    text = cells.raw("number")
    lost = text.str.contains(_EXPONENT)
    if locate(cells.table.headers, (cells.columns["number"],)) in cells.table.numeric:
        lost = lost | (text.str.contains(r"^[0-9]+$") & (text.str.len_chars() > MAX_ID_DIGITS))
    bad = cells.frame.filter(lost).head(1).select("row", raw=text)
    if bad.height:
        row, raw = bad.row(0)
        raise FileRefusedError("ids_as_numbers", raw, row=row, column=cells.columns["number"])
    cells.frame = cells.frame.with_columns(v_number=text)


def read_currencies(cells: Cells, constant: str) -> None:
    """Adds `v_currency`: the cell's, or `constant` where the file has no column of them."""
    if "currency" not in cells.columns:
        cells.frame = cells.frame.with_columns(v_currency=pl.lit(constant))
        return

    def parse(text: str) -> tuple[str | None, str | None]:
        return parse_currency(text) if text else (constant or None, None if constant else "value_missing")

    currency = cells.read("currency", parse, pl.String, pl.lit(value=True))
    cells.frame = cells.frame.with_columns(v_currency=currency)


def read_dates(cells: Cells, forms: tuple[str, ...], spelled_out: Callable[[str], str]) -> None:
    """Adds `v_date`; a row without a date is no finding, it only cannot be timed."""
    if "date" not in cells.columns:
        cells.frame = cells.frame.with_columns(v_date=pl.lit(None, dtype=pl.Date))
        return
    filled = cells.raw("date") != ""
    day = cells.read("date", lambda text: parse_date(spelled_out(text), forms, "UTC"), pl.Date, filled)
    cells.frame = cells.frame.with_columns(v_date=day)


def read_amounts(cells: Cells, name: str, decimal: str | None, blank: list[str]) -> None:
    """Adds `v_{name}` in 10^-12 parts, null when empty; a sign of another currency than the row's is a finding."""
    text = cells.raw(name)
    numeric = locate(cells.table.headers, (cells.columns[name],)) in cells.table.numeric
    mark = "." if numeric else decimal
    clean = text.str.contains(_PLAIN_AMOUNT[mark])
    thousands = _THOUSANDS.get(decimal or "")
    signs: dict[str, list[str]] = {}

    def parse(raw: str) -> tuple[int | None, str | None]:
        amount = parse_amount(raw, decimal, thousands)
        if amount.symbol is not None:
            signs.setdefault(amount.symbol, []).append(raw)
        return int(amount.value.scaleb(SCALE)) if amount.value is not None else None, amount.code

    unusual = cells.read(name, parse, PARTS, ~clean & ~text.is_in(["", *blank]))
    digits = text.str.strip_prefix("-").str.replace_all(_THOUSANDS[mark or "."], "", literal=True)
    whole = digits.str.extract(r"^([0-9]+)", 1)
    fraction = digits.str.extract(r"[.,]([0-9]+)$", 1).fill_null("")
    parts = (whole + fraction.str.pad_end(SCALE, "0")).cast(PARTS, strict=False)
    signed = pl.when(text.str.starts_with("-")).then(parts * -1).otherwise(parts)
    cells.frame = cells.frame.with_columns(pl.when(clean).then(signed).otherwise(unusual).alias(f"v_{name}"))
    for symbol, texts in signs.items():
        known = pl.col("v_currency").is_in([*SYMBOLS[symbol], UNSTATED_CURRENCY])
        cells.flag(text.is_in(texts) & ~known, name, "symbol_contradicts")


UNSTATED_CURRENCY = "XXX"
"""ISO 4217's "no currency": two ledgers that name none are compared as they stand, and that is said."""


def read_texts(cells: Cells) -> None:
    """Adds `v_description`, white space closed."""
    text = pl.lit("")
    if "description" in cells.columns:
        text = cells.read("description", lambda raw: (tidy(raw), None), pl.String, pl.lit(value=True))
    cells.frame = cells.frame.with_columns(v_description=text)
