"""Holds two ledgers of one account against each other: files in, differences by class and the bridge out.

Writes nothing; what both sides accept of it is kept by `accept_bridge.py`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.findings import FileRefusedError, Finding
from connectors.profiles import Profile, parse_profile
from connectors.tables import Table
from connectors.their_cells import UNSTATED_CURRENCY
from connectors.their_columns import ColumnMap, Other, guess_columns, map_of_profile
from connectors.their_ledger import AccountLedger, currency_shown, open_ledger, read_ledger
from matching.two_sided.columnar import reconcile, side_frame
from matching.two_sided.report import LISTED, report
from matching.two_sided.terms import Rules
from services.add_profile import ProfileUnknown
from storage.database import Database, owner_transaction
from storage.profiles import find_shared_profile
from words.catalog import translate
from words.refusal import Refusal

SHOWN_FINDINGS = 100
"""Findings listed with a refusal: whoever has more mends the export, not the cells."""

UNDECIDED = {
    "dates": "Say how the file writes dates, for example dates=D/M/YYYY.",
    "date_ambiguous": "Say how the file writes dates, for example dates=D/M/YYYY.",
    "number_ambiguous": "Say which mark is decimal: decimal=. or decimal=,",
    "header_missing": "Name a header of the file: {headers}.",
}
"""Remedies that differ from an import's, where a profile would answer."""


class LedgerRefused(Refusal):
    """One of the two files cannot be compared; nothing was changed."""

    code = "ledger_refused"
    sentence = "{filename}: {what}"
    remedy = "Correct the file, or say which column is which."

    def __init__(self, filename: str, findings: Sequence[Finding], headers: Sequence[str] = ()) -> None:
        """`findings`: all that stops the file, in the order of rows; the first one gives code, sentence and remedy."""
        self.findings = findings
        self.filename = filename
        self.headers = headers
        super().__init__(filename=filename, what="")
        self.code = findings[0].code

    def text(self, language: str) -> str:
        """The first finding with its place, and how many more there are."""
        first = self.findings[0].as_json(language)
        place = ""
        if first["row"] is not None:
            place = translate("row {row}, column {column}: ", language, row=first["row"], column=first["column"])
        elif first["column"]:
            place = f"{first['column']}: "
        raw = f" [{first['raw']}]" if first["raw"] else ""
        more = len(self.findings) - 1
        rest = " " + translate("{count} more findings follow.", language, count=more) if more else ""
        return f"{self.filename}: {place}{first['message']}{raw}{rest}"

    def remedy_text(self, language: str) -> str:
        """What to do about the first finding."""
        return remedy_of(self.findings[0], language, self.headers)

    def as_json(self, language: str) -> list[dict[str, Any]]:
        """The findings that are listed."""
        return [
            {**one.as_json(language), "remedy": remedy_of(one, language, self.headers)}
            for one in self.findings[:SHOWN_FINDINGS]
        ]


def remedy_of(finding: Finding, language: str, headers: Sequence[str]) -> str:
    """A finding's remedy where no import profile answers it."""
    if finding.code in UNDECIDED:
        return translate(UNDECIDED[finding.code], language, headers=", ".join(header for header in headers if header))
    return str(finding.as_json(language)["remedy"])


class ColumnsUnknown(Refusal):
    """Which column holds the amounts could not be told."""

    code = "columns_invalid"
    sentence = "{filename}: which column holds the amounts cannot be told from {headers}."
    remedy = "Say it: amount=HEADER, or debit=HEADER and credit=HEADER."


class CurrencyNeeded(Refusal):
    """One ledger has several currencies, the other names none."""

    code = "currency_required"
    sentence = "{filename} names no currency, and the other ledger has {currencies}."
    remedy = "Say it for the whole file (currency=CNY), or name its column of currencies."


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """One side: a file's name and bytes, what a person says of its columns, and an import profile that fits it."""

    name: str
    content: bytes
    wish: ColumnMap = field(default_factory=ColumnMap)
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class ReadLedger:
    """One side as it was understood."""

    file: LedgerFile
    ledger: AccountLedger
    currency: str | None

    def as_json(self, language: str) -> dict[str, Any]:
        """What the answer says about the file."""
        ledger = self.ledger
        return {
            "file": self.file.name, "sha256": hashlib.sha256(self.file.content).hexdigest(), "rows": ledger.rows.height,
            "headers": list(ledger.headers), "map": ledger.known.as_json(), "currency": self.currency,
            "left_out": ledger.left_out, "findings": [one.as_json(language) for one in ledger.noticed[:SHOWN_FINDINGS]],
        }  # fmt: skip


async def shared_profile(engine: Database, name: str) -> Profile:
    """The profile for all companies under this name. Raises ProfileUnknown."""
    async with owner_transaction(engine) as session:
        found = await find_shared_profile(session, name)
    if found is None:
        raise ProfileUnknown(name=name)
    return parse_profile(found.body)


def reconcile_files(
    ours: LedgerFile, theirs: LedgerFile, rules: Rules, language: str, listed: int = LISTED
) -> dict[str, Any]:
    """The answer of `tieout reconcile`. Raises LedgerRefused, ColumnsUnknown and CurrencyNeeded."""
    our_table, their_table = _table(ours), _table(theirs)
    our_map, their_map = _maps(ours, our_table, theirs, their_table)
    our_side, their_side = _read_both(ours, our_table, our_map, theirs, their_table, their_map)
    found = reconcile(side_frame(our_side.ledger.rows), side_frame(their_side.ledger.rows), rules)
    return {
        "ours": our_side.as_json(language), "theirs": their_side.as_json(language), **report(found, language, listed)
    }  # fmt: skip


def read_one(file: LedgerFile, other: Other, currency: str) -> ReadLedger:
    """One file beside rows that are known already; `currency` is theirs as well. Raises LedgerRefused and others."""
    table = _table(file)
    known = _guess(file, table, other)
    own = _own_currency(table, known)
    return _read(file, table, known, currency if own is None else own)


def _table(file: LedgerFile) -> Table:
    try:
        return open_ledger(file.name, file.content, _with_profile_form(file))
    except FileRefusedError as error:
        raise LedgerRefused(file.name, [error.finding]) from error


def _with_profile_form(file: LedgerFile) -> ColumnMap:
    form = file.profile.file if file.profile is not None else None
    if form is None:
        return file.wish
    return replace(file.wish, sheet=file.wish.sheet or form.sheet, header_row=file.wish.header_row or form.header_row)


def _maps(ours: LedgerFile, our_table: Table, theirs: LedgerFile, their_table: Table) -> tuple[ColumnMap, ColumnMap]:
    """Each ledger's columns, told by the other ledger where headers and cells leave a doubt."""
    our_first = _guess(ours, our_table, None)
    their_map = _guess(theirs, their_table, Other(our_table, our_first))
    our_map = _guess(ours, our_table, Other(their_table, their_map))
    if our_map.columns.get("number") != our_first.columns.get("number"):
        their_map = _guess(theirs, their_table, Other(our_table, our_map))
    return our_map, their_map


def _guess(file: LedgerFile, table: Table, other: Other | None) -> ColumnMap:
    wish = file.wish
    if file.profile is not None:
        base = map_of_profile(file.profile, table.headers)
        wish = replace(
            base, columns=base.columns | wish.columns, dates=wish.dates or base.dates,
            decimal=wish.decimal or base.decimal, currency=wish.currency or base.currency,
        )  # fmt: skip
    try:
        known = guess_columns(table, wish, other)
    except FileRefusedError as error:
        raise LedgerRefused(file.name, [error.finding], table.headers) from error
    if "amount" in known.undecided:
        raise ColumnsUnknown(filename=file.name, headers=", ".join(header for header in table.headers if header))
    return known


def _read_both(
    ours: LedgerFile, our_table: Table, our_map: ColumnMap, theirs: LedgerFile, their_table: Table, their_map: ColumnMap
) -> tuple[ReadLedger, ReadLedger]:
    our_own, their_own = _own_currency(our_table, our_map), _own_currency(their_table, their_map)
    # A file that names its currencies is read first: where there is only one, the silent file is in it as well.
    if our_own is not None or their_own is None:
        our_side = _read(ours, our_table, our_map, UNSTATED_CURRENCY if our_own is None else our_own)
        their_currency = _currency_of(our_side, theirs) if their_own is None else their_own
        their_side = _read(theirs, their_table, their_map, their_currency)
    else:
        their_side = _read(theirs, their_table, their_map, their_own)
        our_side = _read(ours, our_table, our_map, _currency_of(their_side, ours))
    return our_side, their_side


def _own_currency(table: Table, known: ColumnMap) -> str | None:
    """What the file itself says; "" when it says it row by row."""
    if known.currency:
        return known.currency
    return "" if "currency" in known.columns else currency_shown(table, known)


def _currency_of(other: ReadLedger, file: LedgerFile) -> str:
    found = other.ledger.rows["currency"].unique().sort().to_list()
    if len(found) > 1:
        raise CurrencyNeeded(filename=file.name, currencies=", ".join(found))
    return found[0] if found else UNSTATED_CURRENCY


def _read(file: LedgerFile, table: Table, known: ColumnMap, currency: str) -> ReadLedger:
    try:
        ledger = read_ledger(table, known, currency)
    except FileRefusedError as error:
        raise LedgerRefused(file.name, [error.finding], table.headers) from error
    if ledger.refused:
        raise LedgerRefused(file.name, ledger.refused, table.headers)
    return ReadLedger(file, ledger, currency or None)
