"""A profile: how one kind of file becomes ledger records, written as TOML and checked key by key.

`docs/handbook` explains the keys; `examples/profiles` holds worked ones.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.items import Kind
from ledger.money import known_currencies
from words.refusal import Refusal

FIELDS = (
    "customer", "customer_name", "country", "number", "kind", "instalment", "revision", "document_date", "due_date",
    "terms_days", "currency", "amount", "debit", "credit", "quantity", "price", "disputed", "description", "settles",
    "contact_email",
)  # fmt: skip
"""What a column can be. `settles` names the document that a receipt or credit pays."""

AMOUNT_FIELDS = (("amount",), ("debit", "credit"), ("quantity", "price"))
"""The ways in which a file gives a row's amount; of several the first counts."""

SIGN_RULES = ("positive", "negative", "either", "any", "credit_memo")
"""How the file writes amounts of a type: with this sign; with either sign, meaning the same; as the ledger does; or
(invoices only) a negative one is a credit memo."""

DEFAULT_SIGNS = {
    "invoice": "positive", "debit_memo": "positive", "credit_memo": "negative", "receipt": "negative",
    "write_off": "any", "fx_adjustment": "any", "opening": "any",
}  # fmt: skip
"""As a ledger writes them: what the customer owes is positive."""

ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be", "big5", "shift_jis")
"""Never Latin-1 or Windows code pages: they accept any bytes and so turn every mistake into wrong text."""

NO_CURRENCY = {"XXX", "XTS"}
"""ISO 4217 has codes for "none" and "test"; `tieout profile guess` writes the first where a person must choose."""

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
DATE_FORMS = (
    "YYYY-MM-DD", "YYYY/M/D", "YYYY.M.D", "YYYYMMDD", "YYYY年M月D日", "D MMM YYYY", "MMM D, YYYY", "M/D/YYYY",
    "D/M/YYYY", "D.M.YYYY", "D-M-YYYY", "M-D-YYYY",
)  # fmt: skip
ROUNDING = ("line", "document")
ROOT_KEYS = {
    "source", "description", "file", "columns", "constants", "dates", "numbers", "kinds", "prefixes", "signs", "ids",
    "disputed", "customers", "group", "records", "attributes", "key", "terms_days", "terms_for", "control",
}  # fmt: skip


class ProfileInvalid(Refusal):
    """The profile's text is not a profile; names the key."""

    code = "profile_invalid"
    sentence = "The profile is not valid at {key}: {reason}."
    remedy = "Correct that key; examples/profiles holds worked profiles."


@dataclass(frozen=True, slots=True)
class FileForm:
    """How the file itself is written; None means: found out, and said."""

    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that make one document: `columns` are fields or headers, `line` the headers that tell lines apart."""

    columns: tuple[str, ...]
    rounding: str = "document"
    line: tuple[str, ...] = ()
    line_number: str | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """A further record of the same row, for example its settlement."""

    kind: str
    number: str
    date_column: str
    amount_column: str | None
    settles: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything a profile says. `columns` maps a field to the headers that may carry it, the first found counts."""

    source: str
    file: FileForm
    columns: dict[str, tuple[str, ...]]
    constants: dict[str, str]
    dates: tuple[str, ...] = ()
    decimal: str | None = None
    thousands: str | None = None
    keep_finer: bool = False
    kinds: dict[str, str] = field(default_factory=dict)
    prefixes: tuple[tuple[str, str], ...] = ()
    signs: dict[str, str] = field(default_factory=lambda: dict(DEFAULT_SIGNS))
    strip_float_tail: tuple[str, ...] = ()
    widths: dict[str, int] = field(default_factory=dict)
    disputed_values: tuple[str, ...] = ()
    missing_customer: str = "quarantine"
    group: Group | None = None
    extras: tuple[Extra, ...] = ()
    attributes: tuple[str, ...] = ()
    key: tuple[str, ...] = ("kind", "number")
    terms_days: int | None = None
    terms_for: str = "debits"  # or "all": credits, too, wait as long as the debits that they will meet
    total_label: str | None = None

    @property
    def amount_fields(self) -> tuple[str, ...]:
        """The fields that a row's amount is made of."""
        return next(fields for fields in AMOUNT_FIELDS if self.columns.keys() >= set(fields))

    @property
    def headers(self) -> set[str]:
        """Every header that the profile knows of."""
        named = {header for headers in self.columns.values() for header in headers}
        for extra in self.extras:
            named |= {extra.date_column} | ({extra.amount_column} if extra.amount_column else set())
        if self.group is not None:
            named |= set(self.group.line) | ({self.group.line_number} if self.group.line_number else set())
        return named | set(self.attributes)


class _Reader:
    """A table of the TOML that knows its own name, so that a refusal can name the key."""

    def __init__(self, table: Mapping[str, Any], path: str) -> None:
        self.table = table
        self.path = path

    def wrong(self, key: str, reason: str) -> ProfileInvalid:
        return ProfileInvalid(key=f"{self.path}.{key}" if self.path else key, reason=reason)

    def only(self, keys: set[str]) -> None:
        for key in self.table:
            if key not in keys:
                raise self.wrong(key, f"unknown key; known are {', '.join(sorted(keys))}")

    def text(self, key: str, default: str | None = None) -> str | None:
        value = self.table.get(key, default)
        if value is not None and (not isinstance(value, str) or (not value and key != "thousands")):
            raise self.wrong(key, "a text is needed")
        return value

    def needed(self, key: str) -> str:
        value = self.text(key)
        if value is None:
            raise self.wrong(key, "is missing")
        return value

    def one_of(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str | None:
        value = self.text(key, default)
        if value is not None and value not in allowed:
            raise self.wrong(key, f"{value!r} is not one of {', '.join(allowed)}")
        return value

    def number(self, key: str) -> int | None:
        value = self.table.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise self.wrong(key, "a whole number, 0 or more, is needed")
        return value

    def truth(self, key: str) -> bool:
        value = self.table.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false is needed")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.table.get(key, [])
        several = [value] if isinstance(value, str) else value
        if not isinstance(several, list) or not all(isinstance(part, str) and part for part in several):
            raise self.wrong(key, "a text or a list of texts is needed")
        return tuple(several)

    def section(self, key: str) -> "_Reader":
        value = self.table.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, "a table is needed")
        return _Reader(value, f"{self.path}.{key}" if self.path else key)


def parse_profile(body: str) -> Profile:
    """The profile in a TOML text. Raises ProfileInvalid, which names the key."""
    try:
        table = tomllib.loads(body)
    except tomllib.TOMLDecodeError as error:
        raise ProfileInvalid(key="TOML", reason=str(error)) from error
    root = _Reader(table, "")
    root.only(ROOT_KEYS)
    columns = _columns(root.section("columns"))
    numbers, ids = root.section("numbers"), root.section("ids")
    numbers.only({"decimal", "thousands", "finer"})
    ids.only({"strip_float_tail", "width"})
    dates = root.section("dates")
    dates.only({"forms"})
    profile = Profile(
        source=root.needed("source"),
        file=_file_form(root.section("file")),
        columns=columns,
        constants=_constants(root.section("constants")),
        dates=_date_forms(dates),
        decimal=numbers.one_of("decimal", (".", ",")),
        thousands=numbers.one_of("thousands", (",", ".", " ", "'", "")),
        keep_finer=numbers.one_of("finer", ("quarantine", "keep"), "quarantine") == "keep",
        kinds=_kinds(root.section("kinds")),
        prefixes=tuple(_kinds(root.section("prefixes")).items()),
        signs=_signs(root.section("signs")),
        strip_float_tail=ids.texts("strip_float_tail"),
        widths=_widths(ids.section("width")),
        disputed_values=root.section("disputed").texts("values"),
        missing_customer=_missing_customer(root.section("customers")),
        group=_group(root) if "group" in root.table else None,
        extras=_extras(root),
        attributes=root.texts("attributes"),
        key=root.texts("key") or ("kind", "number"),
        terms_days=root.number("terms_days"),
        terms_for=root.one_of("terms_for", ("debits", "all"), "debits") or "debits",
        total_label=_total_label(root.section("control")),
    )
    _check_whole(root, profile)
    return profile


def _columns(reader: _Reader) -> dict[str, tuple[str, ...]]:
    reader.only(set(FIELDS))
    return {key: reader.texts(key) for key in reader.table}


def _constants(reader: _Reader) -> dict[str, str]:
    reader.only({"currency", "kind", "credit_kind", "customer", "country", "document_date"})
    constants = {key: reader.needed(key) for key in reader.table}
    if constants.get("currency") not in {None, *known_currencies()} - NO_CURRENCY:
        raise reader.wrong("currency", f"{constants['currency']!r} is not an ISO 4217 code")
    for key in ("kind", "credit_kind"):
        if constants.get(key) not in {None, *Kind}:
            raise reader.wrong(key, f"{constants[key]!r} is not one of {', '.join(Kind)}")
    return constants


def _file_form(reader: _Reader) -> FileForm:
    reader.only({"encoding", "delimiter", "header_row", "sheet"})
    delimiter = reader.text("delimiter")
    if delimiter is not None:
        delimiter = DELIMITERS.get(delimiter, delimiter)
        if delimiter not in DELIMITERS.values():
            raise reader.wrong("delimiter", f"{delimiter!r} is not one of {', '.join(DELIMITERS)}")
    header_row = reader.number("header_row")
    if header_row == 0:
        raise reader.wrong("header_row", "rows are counted from 1")
    return FileForm(reader.one_of("encoding", ENCODINGS), delimiter, header_row, reader.text("sheet"))


def _date_forms(reader: _Reader) -> tuple[str, ...]:
    forms = reader.texts("forms")
    for form in forms:
        if form not in DATE_FORMS:
            raise reader.wrong("forms", f"{form!r} is not one of {', '.join(DATE_FORMS)}")
    return forms


def _kinds(reader: _Reader) -> dict[str, str]:
    for key in reader.table:
        reader.one_of(key, tuple(Kind))
    return {key: reader.needed(key) for key in reader.table}


def _signs(reader: _Reader) -> dict[str, str]:
    reader.only(set(Kind))
    for key in reader.table:
        reader.one_of(key, SIGN_RULES)
    return DEFAULT_SIGNS | {key: reader.needed(key) for key in reader.table}


def _widths(reader: _Reader) -> dict[str, int]:
    reader.only({"customer", "number"})
    return {key: reader.number(key) or 0 for key in reader.table}


def _missing_customer(reader: _Reader) -> str:
    reader.only({"missing"})
    return reader.text("missing", "quarantine") or "quarantine"


def _total_label(reader: _Reader) -> str | None:
    reader.only({"total_label"})
    return reader.text("total_label")


def _group(root: _Reader) -> Group:
    reader = root.section("group")
    reader.only({"columns", "rounding", "line", "line_number"})
    columns = reader.texts("columns")
    if not columns:
        raise reader.wrong("columns", "the columns that make one document are needed")
    rounding = reader.one_of("rounding", ROUNDING, "document") or "document"
    return Group(columns, rounding, reader.texts("line"), reader.text("line_number"))


def _extras(root: _Reader) -> tuple[Extra, ...]:
    tables = root.table.get("records", [])
    if not isinstance(tables, list):
        raise root.wrong("records", "is written as [[records]]")
    extras = []
    for index, table in enumerate(tables, start=1):
        reader = _Reader(table, f"records[{index}]")
        reader.only({"kind", "number", "date_column", "amount_column", "settles"})
        kind = reader.one_of("kind", tuple(Kind))
        if kind is None:
            raise reader.wrong("kind", "is missing")
        number = reader.needed("number")
        if "{number}" not in number:
            raise reader.wrong("number", "must hold {number}, so that each record has its own")
        extras.append(
            Extra(kind, number, reader.needed("date_column"), reader.text("amount_column"), reader.truth("settles"))
        )
    return tuple(extras)


def _check_whole(root: _Reader, profile: Profile) -> None:
    given = set(profile.columns) | set(profile.constants)
    for needed in ("number", "document_date", "currency"):
        if needed not in given:
            raise root.wrong(f"columns.{needed}", "is missing (or give it under constants)")
    if "customer" not in given:
        raise root.wrong("columns.customer", "is missing (or give it under constants)")
    if "kind" not in given and not profile.prefixes:
        raise root.wrong("columns.kind", "is missing (or give it under constants or prefixes)")
    if not any(given.issuperset(fields) for fields in AMOUNT_FIELDS):
        raise root.wrong("columns.amount", "is missing (or give debit and credit, or quantity and price)")
    for part in profile.key:
        if part not in {"kind", "number", "customer", "currency", "document_date"}:
            raise root.wrong("key", f"{part!r} is not a field that can identify a document")
    if profile.decimal is not None and profile.decimal == profile.thousands:
        raise root.wrong("numbers.thousands", "is the same mark as decimal")
