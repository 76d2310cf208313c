"""BAI2 (cash management): records put together from their continuations, every control total and count recomputed.

Amounts have as many implied decimals as their currency; the type code, not a sign, says whether money came in.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from connectors.bank.findings import BankFileRefusedError, Finding
from connectors.bank.statement import NEUTRAL, BankFile, Control, Line, Statement, total
from connectors.bank.wording import plain_decimal, short_day, whole_number
from ledger.money import decimals, known_currencies

DEFAULT_CURRENCY = "USD"
"""The standard's own, when neither group nor account names one."""

_HEADER, _GROUP, _ACCOUNT, _DETAIL, _ACCOUNT_END, _MORE, _GROUP_END, _FILE_END = (
    "01", "02", "03", "16", "49", "88", "98", "99",
)  # fmt: skip
_OPENING_LEDGER, _CLOSING_LEDGER, _CREDITS, _DEBITS, _NOT_MONEY = "010", "015", "100", "400", "890"
_CUT = "\x1f"
"""Stands where one physical record ended and its continuation begins."""

_JOINED = re.compile(r"/\s+(?=(?:01|02|03|16|49|88|98|99),)")
"""Some gateways put several records on one line: each ends with a slash, and the next begins with its code."""


@dataclass(slots=True)
class _Record:
    """One logical record: its code, where it begins, its fields and how many physical records it took."""

    code: str
    row: int
    pieces: list[str]

    @property
    def physical(self) -> int:
        """Lines of the file that it takes."""
        return len(self.pieces)

    @property
    def body(self) -> str:
        """Everything behind the code, continuations marked."""
        return f"{_CUT},".join(self.pieces)

    @property
    def shown(self) -> str:
        """The same for a person."""
        return ",".join(self.pieces)

    @property
    def fields(self) -> list[str]:
        """Cells behind the code."""
        return [cell.strip(f"{_CUT} ") for cell in self.body.split(",")]


@dataclass(slots=True)
class _Account:
    """One 03 record with its details."""

    record: _Record
    currency: str
    summaries: list[tuple[str, Decimal | None, str]] = field(default_factory=list)
    details: list[_Record] = field(default_factory=list)
    end: _Record | None = None


@dataclass(slots=True)
class _Reading:
    """What is counted while records go by."""

    findings: list[Finding] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    group: _Record | None = None
    account: _Account | None = None
    account_totals: list[Decimal] = field(default_factory=list)
    group_totals: list[Decimal] = field(default_factory=list)
    group_records: int = 0
    file_records: int = 0


def looks_like_bai2(text: str) -> bool:
    """Whether the first record is a BAI2 file header followed by a group."""
    lines = [part for _, part in _parts(text[:4_000])]
    return len(lines) > 1 and lines[0].startswith("01,") and lines[0].count(",") >= 5 and lines[1][:3] in {"02,", "88,"}  # noqa: PLR2004 - sender, receiver, date, time, id


def read_bai2(text: str) -> BankFile:
    """The accounts of a BAI2 file. Raises BankFileRefusedError."""
    reading = _Reading()
    last = ""
    for record in _records(text, reading):
        reading.file_records += record.physical
        reading.group_records += record.physical
        _take(record, reading)
        last = record.code
    if not reading.statements and reading.account is None:
        raise BankFileRefusedError("bank_file_without_statement")
    if reading.account is not None:
        _close_account(reading)
    if last != _FILE_END:
        reading.findings.append(Finding("control_missing", last))
    return BankFile("bai2", tuple(reading.statements), tuple(reading.findings), balanced=False)


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """Every physical record with the row that it stands in."""
    for row, line in enumerate(text.splitlines(), start=1):
        yield from ((row, part.strip()) for part in _JOINED.split(line) if part.strip())


def _records(text: str, reading: _Reading) -> Iterator[_Record]:
    current: _Record | None = None
    is_open_text = False
    for row, part in _parts(text):
        code, comma, rest = part.partition(",")
        body = rest.rstrip().removesuffix("/")
        if code == _MORE and comma and current is not None:
            current.pieces.append(body)
        elif comma and code in {_HEADER, _GROUP, _ACCOUNT, _DETAIL, _ACCOUNT_END, _GROUP_END, _FILE_END}:
            if current is not None:
                yield current
            current = _Record(code, row, [body])
        elif current is not None and is_open_text:
            current.pieces[-1] += f" {part.removesuffix('/')}"
        else:
            reading.findings.append(Finding("line_unreadable", part, row))
        is_open_text = current is not None and current.code == _DETAIL and not part.endswith("/")
    if current is not None:
        yield current


def _take(record: _Record, reading: _Reading) -> None:
    if record.code in {_GROUP, _ACCOUNT, _GROUP_END, _FILE_END} and reading.account is not None:
        _close_account(reading)
    if record.code == _GROUP:
        reading.group, reading.group_records, reading.account_totals = record, record.physical, []
    elif record.code == _ACCOUNT:
        reading.account = _opened(record, reading)
    elif record.code == _DETAIL and reading.account is not None:
        reading.account.details.append(record)
    elif record.code == _ACCOUNT_END and reading.account is not None:
        reading.account.end = record
        _close_account(reading)
    elif record.code == _GROUP_END:
        total_of_group = sum(reading.account_totals, Decimal(0))
        _ended(record, reading, "control_group", total_of_group, (len(reading.account_totals), reading.group_records))
        reading.group_totals.append(total_of_group)
    elif record.code == _FILE_END:
        total_of_file = sum(reading.group_totals, Decimal(0))
        _ended(record, reading, "control_file", total_of_file, (len(reading.group_totals), reading.file_records))
    elif record.code in {_DETAIL, _ACCOUNT_END}:
        reading.findings.append(Finding("line_unreadable", record.shown, record.row))


def _ended(record: _Record, reading: _Reading, code: str, found: Decimal, counts: tuple[int, int]) -> None:
    """Holds a 98 or 99 record against what went before it: sum, number of parts, number of records."""
    stated = [plain_decimal(cell) for cell in (*record.fields, "", "", "")[:3]]
    for name, one, other in (
        (code, stated[0], found),
        ("control_count", stated[1], counts[0]),
        ("control_records", stated[2], counts[1]),
    ):
        if one != other:
            shown = "?" if one is None else f"{one:f}"
            reading.findings.append(Finding(name, f"{shown} ≠ {other}", record.row, record.code))


def _opened(record: _Record, reading: _Reading) -> _Account:
    cells = record.fields
    group = reading.group.fields if reading.group is not None else []
    currency = (cells[1] if len(cells) > 1 else "") or (group[5] if len(group) > 5 else "") or DEFAULT_CURRENCY  # noqa: PLR2004 - the group's sixth field
    if currency not in known_currencies():
        reading.findings.append(Finding("currency_strange", currency, record.row, statement=len(reading.statements)))
        currency = ""
    account = _Account(record, currency)
    place = 2
    while place < len(cells):
        kind, amount, count, funds, pairs = (*cells[place : place + 5], "", "", "", "", "")[:5]
        place += 4 + _funds_width(funds, pairs)
        if kind:
            account.summaries.append((kind, plain_decimal(amount) if amount else None, count))
    return account


def _funds_width(funds: str, pairs: str) -> int:
    """How many cells the funds type takes: V has day and time, S three amounts, D a number of pairs."""
    if funds == "D":
        return 1 + 2 * (whole_number(pairs) or 0)
    return {"V": 2, "S": 3}.get(funds, 0)


def _close_account(reading: _Reading) -> None:
    account = reading.account
    if account is None:
        return
    reading.account = None
    place = len(reading.statements)
    found: list[Finding] = []
    as_of = _group_day(reading.group)
    lines = tuple(_line(record, account, as_of, found) for record in account.details)
    raw = sum((amount for _, amount, _ in account.summaries if amount is not None), Decimal(0))
    raw += sum((_raw_amount(record) or Decimal(0) for record in account.details), Decimal(0))
    by_kind = {kind: amount for kind, amount, _ in account.summaries}
    statement = Statement(
        account=account.record.fields[0], currency=account.currency,
        opening=_major(by_kind.get(_OPENING_LEDGER), account), closing=_major(by_kind.get(_CLOSING_LEDGER), account),
        lines=lines, closing_date=as_of, opening_date=as_of,
        controls=tuple(_controls(account, lines, raw)), row=account.record.row,
    )  # fmt: skip
    if account.end is None:
        found.append(Finding("control_missing", "49", account.record.row))
    else:
        records = account.record.physical + account.end.physical + sum(record.physical for record in account.details)
        stated = plain_decimal((*account.end.fields, "", "")[1])
        if stated != records:
            found.append(Finding("control_records", f"{stated} ≠ {records}", account.end.row, "49"))
        reading.account_totals.append(plain_decimal(account.end.fields[0]) or Decimal(0))
    reading.statements.append(statement)
    reading.findings += [replace(one, statement=place) for one in found]


def _group_day(group: _Record | None) -> date | None:
    cells = group.fields if group is not None else []
    return short_day(cells[3])[0] if len(cells) > 3 else None  # noqa: PLR2004 - the group's fourth field


def _major(amount: Decimal | None, account: _Account) -> Decimal | None:
    places = decimals(account.currency) if account.currency else 2
    return amount.scaleb(-places) if amount is not None else None


def _raw_amount(record: _Record) -> Decimal | None:
    cells = record.fields
    return plain_decimal(cells[1]) if len(cells) > 1 else None


def _controls(account: _Account, lines: tuple[Line, ...], raw: Decimal) -> Iterator[Control]:
    """The account's control total over raw amounts, and the summaries of credits and debits over the details."""
    if account.end is not None:
        stated = plain_decimal(account.end.fields[0])
        if stated is not None:
            yield Control("control_account", _shown(stated, account), _shown(raw, account), account.end.row)
    for kind, amount, count in account.summaries:
        sign = {_CREDITS: 1, _DEBITS: -1}.get(kind, 0)
        mine = [line for line in lines if (line.amount or 0) * sign > 0]
        if not mine:
            continue
        if amount is not None:
            yield Control("control_sum", _shown(abs(amount), account), abs(total(line.amount for line in mine)))
        if whole_number(count):
            yield Control("control_count", Decimal(count), Decimal(len(mine)))


def _shown(amount: Decimal, account: _Account) -> Decimal:
    return _major(amount, account) or Decimal(0)


def _line(record: _Record, account: _Account, as_of: date | None, findings: list[Finding]) -> Line:
    cells = record.fields
    kind = cells[0]
    rest = cells[3:]
    funds = cells[2] if len(cells) > 2 else ""  # noqa: PLR2004 - the third field
    width = _funds_width(funds, rest[0] if rest else "")
    value_date = short_day(rest[0])[0] if funds == "V" and rest else None
    before_text = 3 + width + 2
    pieces = record.body.split(",", before_text)
    text = pieces[before_text].replace(f"{_CUT},", " ") if len(pieces) > before_text else ""
    references = [cell for cell in cells[3 + width : before_text] if cell]
    amount, status = _signed(record, account, findings)
    return Line(
        row=record.row, booked_on=as_of or value_date, value_date=value_date, amount=amount, kind=kind,
        reference=cells[4 + width] if len(cells) > 4 + width else "", text=" ".join(text.rstrip("/ ").split()),
        bank_reference=references[0] if references else "", status=status,
    )  # fmt: skip


def _signed(record: _Record, account: _Account, findings: list[Finding]) -> tuple[Decimal | None, str]:
    kind = record.fields[0]
    sign = _sign(kind)
    if kind == _NOT_MONEY:
        return Decimal(0), NEUTRAL
    amount = _major(_raw_amount(record), account)
    if not sign or amount is None:
        code = "line_direction" if amount is not None else "line_amount"
        findings.append(Finding(code, record.shown, record.row, _DETAIL))
        return None, "booked"
    return sign * amount, "booked"


def _sign(kind: str) -> int:
    """+1 for type codes of credits, −1 for those of debits, 0 when the code says neither."""
    if not (kind.isascii() and kind.isdigit()):
        return 0
    code = int(kind)
    if 100 <= code <= 399 or 920 <= code <= 959:  # noqa: PLR2004 - BAI2's ranges: credits, customised credits
        return 1
    if 400 <= code <= 699 or 960 <= code <= 999:  # noqa: PLR2004 - debits, customised debits
        return -1
    return 0
