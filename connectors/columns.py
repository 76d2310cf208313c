"""The fields of a table as typed columns: a vectorised pattern takes the clean cells, `values.py` the few others."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from connectors.findings import FileRefusedError, Finding
from connectors.limits import MAX_ID_DIGITS
from connectors.profiles import Profile
from connectors.tables import FORMULA_MARK, Table, locate
from connectors.values import FULL_WIDTH, SYMBOLS, parse_amount, parse_currency, parse_date

SCALE = 12
"""Amounts are whole 10^-12 parts (Int128) until they are rounded once: a price times a quantity fits exactly."""

AMOUNTS_IN_PARTS = pl.Int128

DECIMAL_DIGITS = 38
"""All that 128 bits hold: 12 before and 12 behind the point is what a clean cell may have."""

_BIDI = "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
_ERRORS = r"^#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|N/V|BEZUG!|WERT!)$"
_CLEAN_AMOUNT = r"^-?[0-9]{1,12}(\.[0-9]{1,12})?$"
_CLEAN_UNDECLARED = r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$"
_EXPONENT = r"^[0-9](\.[0-9]+)?[eE]\+?[0-9]+$"
ID_FIELDS = ("customer", "number", "settles")


@dataclass(slots=True)
class Columns:
    """The working frame: raw texts of some of the table's rows beside typed columns, and what was found so far.

    The parts of one table (`of_rows`) share what they found and what they parsed.
    """

    table: Table
    profile: Profile
    frame: pl.DataFrame
    places: dict[str, int]
    issues: list[pl.DataFrame] = field(default_factory=list)
    counts: dict[tuple[str, str, str], int] = field(default_factory=dict)
    answers: dict[str, dict[str, tuple[Any, ...]]] = field(default_factory=dict)

    def of_rows(self, rows: pl.DataFrame) -> "Columns":
        """The columns over these rows of the table, with the raw texts of the profile's fields."""
        texts = (pl.col(f"c{place}").str.strip_chars().alias(f"t_{name}") for name, place in self.places.items())
        return replace(self, frame=rows.with_columns(texts))

    def header(self, name: str) -> str:
        """The header that a field was read from, for findings."""
        return self.table.headers[self.places[name]] if name in self.places else name

    def text(self, name: str) -> pl.Expr:
        """The raw text of a field: its column, else its constant, else empty."""
        if name in self.places:
            return pl.col(f"t_{name}")
        return pl.lit(self.profile.constants.get(name, ""), dtype=pl.String)

    def has(self, name: str) -> bool:
        """Whether the file or the profile gives this field at all."""
        return name in self.places or name in self.profile.constants

    def flag(self, mask: pl.Expr, name: str, code: str, raw: pl.Expr | None = None) -> None:
        """Adds a finding for each row where `mask` holds."""
        rows = self.frame.filter(mask)
        if not rows.height:
            return
        if raw is None and name in self.places and f"t_{name}" not in rows.columns:
            text = pl.col(f"c{self.places[name]}").str.strip_chars().alias(f"t_{name}")
            rows = rows.join(self.table.frame.select("row", text), on="row", how="left", maintain_order="left")
        shown = raw if raw is not None else (pl.col(f"t_{name}") if name in self.places else pl.lit(""))
        self.issues.append(
            rows.select(
                "row", pl.lit(self.header(name)).alias("column"), shown.cast(pl.String).alias("raw"),
                pl.lit(code).alias("code"),
            )
        )  # fmt: skip

    def count(self, name: str, code: str, number: int, what: str = "") -> None:
        """Counts rows towards a finding of the whole file; `what` is shown behind the number."""
        if number:
            key = (self.header(name), code, what)
            self.counts[key] = self.counts.get(key, 0) + number

    def mark(self, name: str, code: str, what: str = "") -> None:
        """A finding of the whole file without a number of rows."""
        self.counts.setdefault((self.header(name), code, what), 0)

    @property
    def file_findings(self) -> list[Finding]:
        """What was counted and marked."""
        return [
            Finding(None, column, f"{number} × {what}".strip() if number else what, code)
            for (column, code, what), number in self.counts.items()
        ]

    def parsed(self, name: str, source: pl.Expr, parse: Callable[[str], tuple[Any, ...]], kinds: list[Any]) -> None:
        """Adds `v_{name}` (and more columns) by calling `parse` once per different text; its last value is a code."""
        keyed = self.frame.with_columns(source.alias("k"))
        distinct = keyed["k"].unique().drop_nulls().to_list()
        known = self.answers.setdefault(name, {})
        for text in distinct:
            if text not in known:
                known[text] = parse(text)
        answers = [known[text] for text in distinct]
        names = [f"v_{name}", *(f"x{i}_{name}" for i in range(1, len(kinds))), f"e_{name}"]
        found = pl.DataFrame(
            {"k": pl.Series(distinct, dtype=pl.String)}
            | {
                column: pl.Series([answer[i] for answer in answers], dtype=kind)
                for i, (column, kind) in enumerate(zip(names, [*kinds, pl.String], strict=True))
            }
        )
        self.frame = keyed.join(found, on="k", how="left", maintain_order="left").drop("k")


def open_columns(table: Table, profile: Profile) -> Columns:
    """Finds the profile's columns in the table; no row is read yet. Raises FileRefusedError when one is missing."""
    needed = {"customer", "number", "document_date", "currency"} - set(profile.constants)
    needed |= set(profile.amount_fields)
    places = {}
    for name, headers in profile.columns.items():
        place = locate(table.headers, headers, needed=name in needed)
        if place is not None:
            places[name] = place
    for index, extra in enumerate(profile.extras):
        places[f"extra{index}_date"] = locate(table.headers, (extra.date_column,)) or 0
        if extra.amount_column is not None:
            places[f"extra{index}_amount"] = locate(table.headers, (extra.amount_column,)) or 0
    return Columns(table, profile, table.frame.clear(), places)


def check_cells(work: Columns) -> None:
    """Takes out what no field may hold: direction marks, cell errors, formulas without a value."""
    for name in work.places:
        text = pl.col(f"t_{name}")
        unusual = (
            (text.str.len_bytes() != text.str.len_chars()) | text.str.starts_with("#") | text.str.starts_with("\0")
        )
        if not work.frame.select(unusual.any()).item():
            continue
        work.flag(text.str.contains(_BIDI), name, "bidi_control", text.str.replace_all(_BIDI, "▯"))
        work.flag(text == FORMULA_MARK, name, "formula_without_value", pl.lit(""))
        work.flag(text.str.contains(_ERRORS), name, "cell_error")
        unusable = (text == FORMULA_MARK) | text.str.contains(_ERRORS)
        work.frame = work.frame.with_columns(pl.when(unusable).then(pl.lit("")).otherwise(text).alias(f"t_{name}"))


def read_ids(work: Columns) -> None:
    """Adds `v_customer`, `v_number`, `v_settles`: texts with float tails and lost zeros treated as the profile says."""
    for name in ID_FIELDS:
        text = work.text(name)
        if name in work.places:
            _refuse_lost_digits(work, name)
            text = _cleaned_id(work, name)
        work.frame = work.frame.with_columns(text.alias(f"v_{name}"))
    work.flag(pl.col("v_number") == "", "number", "value_missing")
    missing = pl.col("v_customer") == ""
    count = work.frame.filter(missing).height
    if work.profile.missing_customer == "quarantine":
        work.flag(missing, "customer", "customer_missing")
    elif count:
        account = work.profile.missing_customer
        work.frame = work.frame.with_columns(
            pl.when(missing).then(pl.lit(account)).otherwise(pl.col("v_customer")).alias("v_customer")
        )
        work.count("customer", "customer_named_account", count, account)


def _refuse_lost_digits(work: Columns, name: str) -> None:
    text = pl.col(f"t_{name}")
    lost = text.str.contains(_EXPONENT)
    if work.places[name] in work.table.numeric:
        lost = lost | (text.str.contains(r"^[0-9]+$") & (text.str.len_chars() > MAX_ID_DIGITS))
    bad = work.frame.filter(lost).head(1)
    if bad.height:
        row, raw = bad.select("row", text).row(0)
        raise FileRefusedError("ids_as_numbers", raw, row=row, column=work.header(name))


def _cleaned_id(work: Columns, name: str) -> pl.Expr:
    text = pl.col(f"t_{name}")
    tail = text.str.contains(r"^[0-9]+\.0$")
    tails = work.frame.filter(tail).height
    if tails and name in work.profile.strip_float_tail:
        text = pl.when(tail).then(text.str.strip_suffix(".0")).otherwise(text)
        work.count(name, "ids_cleaned", tails)
    elif tails:
        work.flag(tail, name, "id_float_tail")
    width = work.profile.widths.get(name, 0)
    short = text.str.contains(r"^[0-9]+$") & (text.str.len_chars() < width)
    padded = work.frame.filter(short).height if width else 0
    if padded:
        text = pl.when(short).then(text.str.zfill(width)).otherwise(text)
        work.count(name, "ids_padded", padded)
    elif not width and work.places[name] in work.table.numeric:
        work.count(name, "id_from_number", work.frame.filter(text != "").height)
    return text


def read_kinds(work: Columns) -> None:
    """Adds `v_kind` from its column by the profile's words, from the number's prefix, or from the constant."""
    profile = work.profile
    if "kind" in work.places:
        words = {word.casefold(): kind for word, kind in profile.kinds.items()}
        names = {kind: kind for kind in profile.signs}

        def parse(text: str) -> tuple[str | None, str | None]:
            kind = words.get(text.casefold()) or names.get(text.casefold().replace(" ", "_"))
            kind = kind or (profile.constants.get("kind") if not text else None)
            return kind, None if kind else "kind_unknown"

        work.parsed("kind", pl.col("t_kind"), parse, [pl.String])
        work.flag(pl.col("e_kind").is_not_null(), "kind", "kind_unknown")
        return
    kind: Any = pl.lit(profile.constants.get("kind"), dtype=pl.String)
    for prefix, name in sorted(profile.prefixes, key=lambda pair: len(pair[0])):
        kind = pl.when(pl.col("v_number").str.starts_with(prefix)).then(pl.lit(name)).otherwise(kind)
    work.frame = work.frame.with_columns(kind.alias("v_kind"))
    work.flag(pl.col("v_kind").is_null(), "number", "kind_unknown")


def read_currencies(work: Columns) -> None:
    """Adds `v_currency`."""
    if "currency" not in work.places:
        work.frame = work.frame.with_columns(work.text("currency").alias("v_currency"))
        return
    constant = work.profile.constants.get("currency")

    def parse(text: str) -> tuple[str | None, str | None]:
        if not text:
            return constant, None if constant else "value_missing"
        return parse_currency(text)

    work.parsed("currency", pl.col("t_currency"), parse, [pl.String])
    flag_codes(work, "currency", ("value_missing", "currency_ambiguous", "currency_unknown", "currency_tidied"))


def flag_codes(work: Columns, name: str, codes: Iterable[str], raw: pl.Expr | None = None) -> None:
    """Turns the codes that parsing left in `e_{name}` into findings."""
    present = set(work.frame[f"e_{name}"].drop_nulls().unique().to_list())
    for code in codes:
        if code in present:
            work.flag(pl.col(f"e_{name}") == code, name, code, raw)


DATE_CODES = ("date_serial", "date_number", "date_malformed", "date_impossible", "date_ambiguous")
_DAY_OF_TIMESTAMP = r"^(.*?\d日?)[T ]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$"


def read_date(work: Columns, name: str, timezone: str) -> None:
    """Adds `v_{name}`, a date or null; an empty cell is null and no finding."""
    forms = work.profile.dates

    def parse(text: str) -> tuple[date | None, str | None]:
        return parse_date(text, forms, timezone) if text else (None, None)

    text = work.text(name)
    day = pl.coalesce(text.str.extract(_DAY_OF_TIMESTAMP, 1), text)
    work.parsed(name, day, parse, [pl.Date])
    flag_codes(work, name, DATE_CODES)
    if "date_ambiguous" in work.frame[f"e_{name}"].drop_nulls().unique().to_list():
        work.mark(name, "dates_undecided")


AMOUNT_CODES = ("number_malformed", "number_ambiguous", "number_too_large", "number_tidied")


def read_amount(work: Columns, name: str) -> None:
    """Adds `v_{name}` in 10^-12 parts (null when empty or wrong), and findings; symbols must fit `v_currency`."""
    profile = work.profile
    text = pl.col(f"t_{name}")
    clean_form = {".": _CLEAN_AMOUNT, None: _CLEAN_UNDECLARED, ",": "^-?[0-9]{1,12}$"}[profile.decimal]
    clean = text.str.contains(clean_form)
    if work.places[name] in work.table.numeric:
        clean = text.str.contains(_CLEAN_AMOUNT)

    def parse(raw: str) -> tuple[int | None, str | None, str | None]:
        if not raw:
            return None, None, None
        amount = parse_amount(raw, profile.decimal, profile.thousands)
        return in_parts(amount.value) if amount.value is not None else None, amount.symbol, amount.code

    work.parsed(name, pl.when(clean).then(None).otherwise(text), parse, [AMOUNTS_IN_PARTS, pl.String])
    value = pl.when(clean).then(text).cast(pl.Decimal(DECIMAL_DIGITS, SCALE), strict=False)
    parts = pl.coalesce(value.to_physical(), pl.col(f"v_{name}"))
    work.frame = work.frame.with_columns(parts.alias(f"v_{name}"))
    flag_codes(work, name, AMOUNT_CODES)
    if "number_ambiguous" in work.frame[f"e_{name}"].drop_nulls().unique().to_list():
        work.mark(name, "numbers_undecided")
    symbol = pl.col(f"x1_{name}")
    for sign in work.frame[f"x1_{name}"].drop_nulls().unique().to_list():
        work.flag((symbol == sign) & ~pl.col("v_currency").is_in(SYMBOLS[sign]), name, "symbol_contradicts")


def in_parts(value: Decimal) -> int:
    """A decimal amount as whole 10^-12 parts."""
    return int(value.scaleb(SCALE))


def read_whole_number(work: Columns, name: str, default: int | None) -> None:
    """Adds `v_{name}`: an instalment, a revision, terms in days."""
    if name not in work.places:
        work.frame = work.frame.with_columns(pl.lit(default, dtype=pl.Int32).alias(f"v_{name}"))
        return

    def parse(text: str) -> tuple[int | None, str | None]:
        folded = text.translate(FULL_WIDTH).removesuffix(".0")
        if not folded:
            return default, None
        if not (folded.isascii() and folded.isdigit() and len(folded) <= 4):  # noqa: PLR2004 - SMALLINT and sense
            return None, "instalment_malformed"
        return int(folded), None

    work.parsed(name, pl.col(f"t_{name}"), parse, [pl.Int32])
    flag_codes(work, name, ("instalment_malformed",))


_ADDRESS = r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+$"


def read_address(work: Columns, name: str) -> None:
    """Adds `v_{name}`: an e-mail address, or empty with a notice when it is none."""
    text = work.text(name)
    good = text.str.contains(_ADDRESS)
    if name in work.places:
        work.flag((text != "") & ~good, name, "address_invalid")
    work.frame = work.frame.with_columns(pl.when(good).then(text).otherwise(pl.lit("")).alias(f"v_{name}"))


_UNTIDY = r"[^\x21-\x7e ]|  "
_WHITE_SPACE = r"[\s\x1c-\x1f]+"


def read_text(work: Columns, name: str) -> None:
    """Adds `v_{name}`: a name, a country, a description, as `values.tidy` closes its white space."""
    text = work.text(name)
    if name in work.places and work.frame.select(text.str.contains(_UNTIDY).any()).item():
        text = text.str.normalize("NFC").str.replace_all(_WHITE_SPACE, " ").str.strip_chars(" ")
    work.frame = work.frame.with_columns(text.alias(f"v_{name}"))
