"""MT940 and MT942: fields cut here, one by one, so that none is lost; a statement line read by the grammar of `mt-940`.

SWIFT's own rules decide signs and amounts: RC (a credit taken back) is money out, RD is money in.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from mt940 import tags
from mt940.models import Amount, Transactions
from mt940.options import Options
from mt940.processors import transaction_details_post_processor

from connectors.bank.findings import BankFileRefusedError, Finding
from connectors.bank.statement import BOOKED, PENDING, BankFile, Control, Line, Statement, total
from connectors.bank.wording import comma_decimal, nearest_day, short_day

_FIELD = re.compile(r":(20|21|25P?|28C?|13D?|34F|60[FM]?|61|62[FM]?|64|65|86|90[DC]|NS):(.*)")
"""Only fields of these messages: a wrapped text may begin with ":12:11" too."""

_WRAPPER = re.compile(r"^(?:\{[^{}]*\})*\{4:")
_END = re.compile(r"-(?:[A-Z]{3})?|-\}.*")
_BALANCE = re.compile(r"(R?[DC])(\d{6})([A-Z]{3})([\d,]+)", re.IGNORECASE | re.ASCII)
_BARE = re.compile(
    r"(?P<year>\d{2})(?P<month>\d{2})(?P<day>\d{2})(?:(?P<entry_month>\d{2})(?P<entry_day>\d{2})|\s{4})?"
    r"(?P<status>[ER]?[DC])(?P<funds_code>[A-Z])?\s?(?P<amount>[\d,]+)(?P<customer_reference>.*)",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
"""Day, mark and amount of a statement line, whatever follows them; EC and ED are only expected."""

_SUM = re.compile(r"(\d{0,5})([A-Z]{3})([\d,]+)", re.ASCII)
_SLASHED = re.compile(r"/(EREF|KREF|CREF|PREF|ORDP|BENM|NAME|REMI|IBAN|BIC|CNTP|ISDT|MARF|CSID|RTRN|PURP|TRCD|ID)/")
_OTHER_SEPARATOR = re.compile(r"\d{3}([<>~^])\d{2}", re.ASCII)
_NO_REFERENCE = frozenset({"NONREF", "NOTPROVIDED", "NOREF", "N"})
_BEGINNINGS = frozenset({"25", "25P", "28", "28C", "60", "60F", "60M"})
_CLOSINGS = frozenset({"62", "62F", "62M"})
_MONEY_OUT = frozenset({"D", "RC", "ED"})
_OPTIONS = Options.all()
_LINE_TAG, _LONG_LINE_TAG = tags.Statement(), tags.StatementGLS()
_DETAILS_TAG = tags.TransactionDetails()

logging.getLogger("mt940").setLevel(logging.CRITICAL)
"""The library logs every field that it cannot read; here each becomes a finding."""


@dataclass(slots=True)
class _Field:
    """One field: its tag, the line where it begins, its lines of text."""

    tag: str
    row: int
    lines: list[str]
    after_end: bool = False

    @property
    def text(self) -> str:
        """All lines that say something, without the spaces that fill them up."""
        return "\n".join(line.rstrip() for line in self.lines if line.strip())


@dataclass(slots=True)
class _Block:
    """The fields of one message."""

    fields: list[_Field] = field(default_factory=list)
    closed: bool = False

    def first(self, *wanted: str) -> _Field | None:
        """The first field with one of these tags, in the order of the tags."""
        return next((one for tag in wanted for one in self.fields if one.tag == tag), None)

    def text(self, *wanted: str) -> str:
        """First line of that field."""
        found = self.first(*wanted)
        return found.lines[0].strip() if found is not None else ""


def looks_like_swift(text: str) -> bool:
    """Whether some line begins with a field of a statement message."""
    return any(_FIELD.match(_WRAPPER.sub("", line)) for line in text[:20_000].splitlines())


def read_swift(text: str) -> BankFile:
    """The statements of an MT940 or MT942 file. Raises BankFileRefusedError."""
    blocks = [
        block for block in _blocks(text) if block.first("20", "25", "25P", "28", "28C", "60F", "60M", "61", "62F")
    ]
    if not blocks:
        raise BankFileRefusedError("bank_file_without_statement")
    interim = not any(block.first("60F", "60M", "60", "62F", "62M", "62") for block in blocks) and any(
        block.first("13D", "13", "34F", "90D", "90C") for block in blocks
    )
    statements: list[Statement] = []
    findings: list[Finding] = []
    for block in blocks:
        statement, found = _statement(block)
        if statements and _continues(statements[-1], statement):
            place = len(statements) - 1
            found += _page_findings(statements[-1], statement)
            statements[place] = _joined(statements[place], statement)
        else:
            place = len(statements)
            statements.append(statement)
        findings += [replace(one, statement=place) for one in found]
    return BankFile("mt942" if interim else "mt940", tuple(statements), tuple(findings), balanced=not interim)


def _fields(text: str) -> Iterator[_Field]:
    current: _Field | None = None
    after_end = False
    for row, line in _rows(text):
        match = _FIELD.match(line)
        if match is not None:
            if current is not None:
                yield current
            after_end = after_end and match[1] != "20"
            current = _Field(match[1], row, [match[2]], after_end)
        elif current is not None and _END.fullmatch(line.strip()):
            yield current
            current, after_end = None, True
        elif current is not None:
            current.lines.append(line)
    if current is not None:
        yield current


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """Lines by number; a tag that was cut behind its first colon is put together again."""
    colon = False
    for row, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        whole = f":{line}" if colon else _WRAPPER.sub("", line)
        colon = whole.strip() == ":"
        if not colon:
            yield row, whole


def _blocks(text: str) -> Iterator[_Block]:
    """Messages: each begins with :20:, or with an account, number or opening after a closing balance."""
    block = _Block()
    for one in _fields(text):
        begins = one.tag == "20" or (one.tag in _BEGINNINGS and block.closed)
        if begins and block.fields:
            yield block
            block = _Block()
        block.fields.append(one)
        block.closed = block.closed or one.tag in _CLOSINGS
    if block.fields:
        yield block


def _statement(block: _Block) -> tuple[Statement, list[Finding]]:
    findings: list[Finding] = []
    opening = _balance(block.first("60F", "60M", "60"), findings)
    closing = _balance(block.first("62F", "62M", "62"), findings)
    currencies = {balance[2] for balance in (opening, closing) if balance is not None}
    floor = block.text("34F")[:3]
    currency = opening[2] if opening else closing[2] if closing else floor
    if len(currencies) > 1:
        findings.append(Finding("balance_currency", " ≠ ".join(sorted(currencies))))
    lines = tuple(_lines(block, findings))
    number, _, page = block.text("28C", "28").partition("/")
    statement = Statement(
        account=block.text("25", "25P"), currency=currency,
        opening=opening[0] if opening else None, closing=closing[0] if closing else None,
        opening_date=opening[1] if opening else None, closing_date=closing[1] if closing else None,
        opening_is_final=block.first("60M") is None, closing_is_final=block.first("62M") is None,
        lines=lines, number=number.strip().lstrip("0"), page=page.strip().lstrip("0"),
        controls=tuple(_controls(block, lines)), row=block.fields[0].row,
    )  # fmt: skip
    return statement, findings


def _balance(found: _Field | None, findings: list[Finding]) -> tuple[Decimal, date | None, str] | None:
    if found is None:
        return None
    match = _BALANCE.fullmatch(found.lines[0].strip())
    amount = comma_decimal(match[4]) if match else None
    if match is None or amount is None:
        findings.append(Finding("balance_malformed", found.text, found.row, f":{found.tag}:"))
        return None
    sign = -1 if match[1].upper() in _MONEY_OUT else 1
    return sign * amount, short_day(match[2])[0], match[3].upper()


def _controls(block: _Block, lines: tuple[Line, ...]) -> Iterator[Control]:
    """Number and sum of debit (:90D:) and credit (:90C:) entries."""
    for tag, sign in (("90D", -1), ("90C", 1)):
        stated = block.first(tag)
        match = _SUM.fullmatch(stated.lines[0].strip()) if stated else None
        amount = comma_decimal(match[3]) if match else None
        if stated is None or match is None or amount is None:
            continue
        mine = [line for line in lines if line.amount is not None and line.amount * sign > 0]
        yield Control("control_sum", amount, abs(total(line.amount for line in mine)), stated.row)
        if match[1]:
            yield Control("control_count", Decimal(match[1]), Decimal(len(mine)), stated.row)


def _lines(block: _Block, findings: list[Finding]) -> Iterator[Line]:
    entry: _Field | None = None
    details: list[str] = []
    closed = False
    for one in [*block.fields, _Field("", 0, [])]:
        if one.tag == "86" and entry is not None:
            details.append(one.text)
            continue
        if entry is not None:
            yield _line(entry, "\n".join(details), findings)
        entry, details = None, []
        if one.tag == "61":
            entry = one
            if closed or one.after_end:
                findings.append(Finding("line_after_closing", one.text, one.row, ":61:"))
        closed = closed or one.tag in _CLOSINGS


def _line(entry: _Field, details: str, findings: list[Finding]) -> Line:
    read = _read_line(entry.text)
    told = _details(details)
    if read is None:
        findings.append(Finding("line_unreadable", entry.text, entry.row, ":61:"))
        return Line(row=entry.row, booked_on=None, amount=None, text=told.get("text", ""))
    amount, mark = _amount(entry, read, findings)
    booked, value_date = _days(entry, read, findings)
    own = _clean(read.get("customer_reference"))
    return Line(
        row=entry.row, booked_on=booked, value_date=value_date, amount=amount,
        reference=told.get("reference") or own or _clean(read.get("bank_reference")),
        text=told.get("text") or _clean(read.get("extra_details")),
        counterparty=told.get("name", ""), counterparty_account=told.get("account", ""),
        bank_reference=_clean(read.get("bank_reference")), kind=(read.get("id") or "").strip(),
        reversal=mark.startswith("R"), status=PENDING if mark.startswith("E") else BOOKED,
    )  # fmt: skip


def _read_line(text: str) -> dict[str, str | None] | None:
    """The parts of a :61:, by the standard's grammar or by that for references longer than 16 characters.

    Further lines than the standard's two are more of its second; what no grammar takes still has day, mark and amount.
    """
    first, *more = text.split("\n")
    found = None
    for form in (text, "\n".join([first, " ".join(more)])):
        for tag in (_LINE_TAG, _LONG_LINE_TAG):
            read = _parsed(tag, form)
            if read is not None and (read["bank_reference"] is not None or "//" not in first):
                return read
            found = found or read
    bare = _BARE.match(text)
    return found or (bare.groupdict() if bare is not None else None)


def _parsed(tag: tags.Tag, text: str) -> dict[str, str | None] | None:
    try:
        return tag.parse(Transactions(options=_OPTIONS), text)
    except RuntimeError:
        return None


def _amount(entry: _Field, read: dict[str, str | None], findings: list[Finding]) -> tuple[Decimal | None, str]:
    """The signed amount by SWIFT's rule, held against what the library makes of the same line."""
    bare = _BARE.match(entry.text)
    mark = (bare["status"] if bare else read["status"] or "").upper()
    figure = comma_decimal(bare["amount"]) if bare else None
    if figure is None:
        findings.append(Finding("line_amount", entry.text, entry.row, ":61:"))
        return None, mark
    amount = -figure if mark in _MONEY_OUT else figure
    try:
        theirs = Amount(read["amount"] or "", mark.removeprefix("E"), options=_OPTIONS).amount
    except InvalidOperation:
        theirs = None
    if theirs != amount:
        findings.append(Finding("parser_disagrees", entry.text, entry.row, ":61:"))
    return amount, mark


def _days(entry: _Field, read: dict[str, str | None], findings: list[Finding]) -> tuple[date | None, date | None]:
    value_date, moved = short_day(f"{read['year']}{read['month']}{read['day']}")
    if value_date is None:
        findings.append(Finding("line_date", entry.text, entry.row, ":61:"))
        return None, None
    if moved:
        findings.append(Finding("line_date_moved", entry.text, entry.row, ":61:"))
    month, day = (read.get("entry_month") or "").strip(), (read.get("entry_day") or "").strip()
    booked = nearest_day(int(month), int(day), value_date) if month.isdigit() and day.isdigit() else None
    return booked or value_date, value_date


def _details(text: str) -> dict[str, str]:
    """What a :86: says: purpose, payer, account and reference where it is structured, else its whole text."""
    text = text.strip()
    if not text:
        return {}
    separator = _OTHER_SEPARATOR.match(text)
    if separator is not None:
        text = text.replace(separator[1], "?")
    given: dict[str, Any] = {"transaction_details": text}
    told = transaction_details_post_processor(
        Transactions(options=_OPTIONS), _DETAILS_TAG, {"transaction_details": text}, dict(given)
    )
    if "transaction_details" not in told:
        return {
            "text": _joined_text(told.get("purpose") or told.get("posting_text")),
            "name": _joined_text(told.get("applicant_name") or told.get("deviate_applicant")),
            "account": _joined_text(told.get("applicant_iban") or told.get("gvc_applicant_iban")),
            "reference": _clean(told.get("end_to_end_reference") or told.get("customer_reference")),
        }
    flat = "".join(text.splitlines())
    marks = list(_SLASHED.finditer(flat))
    if not marks:
        return {"text": _joined_text(text.replace("\n", " "))}
    ends = [mark.start() for mark in marks[1:]] + [len(flat)]
    parts: dict[str, str] = {}
    for mark, end in zip(marks, ends, strict=True):
        parts.setdefault(mark[1], flat[mark.end() : end].strip("/ "))
    account, *counterparty = parts.get("CNTP", "").split("/")
    return {
        "text": _joined_text(parts.get("REMI") or text.replace("\n", " ")),
        "name": parts.get("NAME") or (counterparty[1] if len(counterparty) > 1 else ""),
        "account": parts.get("IBAN") or account,
        "reference": _clean(parts.get("EREF") or parts.get("KREF")),
    }


def _joined_text(text: object) -> str:
    return " ".join(text.split()) if isinstance(text, str) else ""


def _clean(text: object) -> str:
    plain = _joined_text(text)
    return "" if plain.upper() in _NO_REFERENCE else plain


def _continues(before: Statement, after: Statement) -> bool:
    """Pages of one statement: the first ends on :62M:, the next opens with :60M:, account and number are the same."""
    return (
        not before.closing_is_final and not after.opening_is_final
        and before.account == after.account and before.number == after.number
    )  # fmt: skip


def _page_findings(before: Statement, after: Statement) -> list[Finding]:
    if before.closing is None or after.opening is None or before.closing == after.opening:
        return []
    return [Finding("page_balance", f"{before.closing} ≠ {after.opening}", after.row, ":60M:")]


def _joined(before: Statement, after: Statement) -> Statement:
    return replace(
        before, closing=after.closing, closing_date=after.closing_date, closing_is_final=after.closing_is_final,
        lines=before.lines + after.lines, controls=before.controls + after.controls, page=after.page,
        currency=before.currency or after.currency,
    )  # fmt: skip
