"""Tables of banks and wallets: the header row found among preambles, each row to a line, money in or out by the layout.

What decides the sign is looked up over the whole file: a column of debits may be printed with or without a minus.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from connectors.bank.findings import BankFileRefusedError, Finding
from connectors.bank.grid import Grid, meaningful, plain_header
from connectors.bank.layouts import Layout, common, known_layouts
from connectors.bank.running import with_balances
from connectors.bank.stated import Stated, controls_of, stated_totals
from connectors.bank.statement import BOOKED, NEUTRAL, VOID, BankFile, Line, Statement
from connectors.bank.wording import nearest_day
from connectors.values import parse_amount, parse_currency, parse_date

HEADER_ROWS = 80
"""The longest preamble seen above a header has 25 lines."""

EVERYWHERE = "UTC"
"""Tables print wall-clock days; only a stated offset would be turned, and none states one."""

TRAILER_SHARE = 3
"""A row without day and amount that fills less than a third of the header's cells is text around the table."""

_UNDECIDED_FORMS = (("D/M/YYYY", "D.M.YYYY", "D-M-YYYY"), ("M/D/YYYY", "M-D-YYYY"))
_SHORT_DAY = re.compile(r"(\d{1,2})[/-](\d{1,2})", re.ASCII)
_STAMP = re.compile(r"(\d{8})\s?\d{2}:?\d{2}:?\d{2}", re.ASCII)
_MONTH = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月", re.ASCII)
_ACCOUNT = re.compile(
    r"(?:支付宝账户|账户名|账号|帐号|卡号|账户|京东账号名|微信昵称|account(?: number)?)"
    r"\s*[:：]\s*\[?\s*([^\]\s,，;；]+)",
    re.IGNORECASE,
)
_CODED_AMOUNT = re.compile(r"([A-Z]{3})\s*(-?[\d,.]+)")
_SUMMARY = re.compile(r"合计|总计|小计|总交易单数|^total", re.IGNORECASE)
_REFUND_WORDS = ("退货", "退款", "还款", "refund", "payment received")


@dataclass(slots=True)
class _Table:
    """The header's columns and what was found while rows were read."""

    layout: Layout
    headers: list[str]
    month: tuple[int, int] | None
    forms: tuple[str, ...]
    findings: list[Finding] = field(default_factory=list)
    lines: list[tuple[str, Line]] = field(default_factory=list)
    directions: list[str] = field(default_factory=list)
    places: dict[str, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        """Looks up once which columns each field has."""
        self.places = {
            name: [self.headers.index(header) for header in headers if header in self.headers]
            for name, headers in self.layout.columns.items()
        }

    def columns(self, name: str) -> list[int]:
        """Places of the headers that the layout takes for this field, its first choice first."""
        return self.places.get(name, [])

    @property
    def used(self) -> dict[str, str]:
        """Which header is read as income, expense or amount."""
        return {
            self.headers[self.columns(name)[0]]: name for name in ("income", "expense", "amount") if self.columns(name)
        }

    def cell(self, cells: Sequence[str], name: str) -> str:
        """The first filled cell among the field's columns."""
        found = (meaningful(cells[place]) for place in self.columns(name) if place < len(cells))
        return next((text for text in found if text), "")


def read_table_file(grid: Grid, saved: Layout | None) -> BankFile:
    """The statements of a table, one per currency. Raises BankFileRefusedError."""
    at = _header_row(grid.rows, saved)
    before = [cells for _, cells in grid.rows[:at]]
    headers = [plain_header(cell) for cell in grid.rows[at][1]]
    layout = saved or _known(headers, before)
    preamble = " ".join(word for cells in before for cell in cells for word in cell.split())
    months = _MONTH.search(preamble)
    body = [(row, cells) for row, cells in grid.rows[at + 1 :] if any(cells)]
    table = _Table(layout, headers, (int(months[1]), int(months[2])) if months else None, layout.forms)
    table.forms = _forms(table, body)
    rows, trailer = _cut(table, body)
    signed = _signs(table, [cells for _, cells in rows])
    for row, cells in rows:
        _take(table, row, cells, signed=signed)
    stated = stated_totals(preamble, headers, trailer)
    if not table.lines and not stated.figures:
        raise BankFileRefusedError("bank_file_without_statement", row=grid.rows[at][0])
    return _file(table, stated, preamble, grid.findings)


def _header_row(rows: list[tuple[int, list[str]]], saved: Layout | None) -> int:
    """The row with most of the layout's headers, among those that have a date and an amount."""
    best, score = -1, 0
    for at, (_, cells) in enumerate(rows[:HEADER_ROWS]):
        headers = {plain_header(cell) for cell in cells if cell}
        layout = saved or next(
            (one for one in known_layouts() if one.needs and headers.issuperset(one.needs)), common()
        )
        found = {name for name, names in layout.columns.items() if headers.intersection(names)}
        if "date" in found and found & {"amount", "income", "expense"} and len(found) > score:
            best, score = at, len(found)
    if best < 0:
        shown = next((" ".join(filter(None, cells)) for _, cells in rows if any(cells)), "")
        raise BankFileRefusedError("bank_columns_unclear", shown)
    return best


def _known(headers: list[str], before: list[list[str]]) -> Layout:
    above = " ".join(cell for cells in before for cell in cells)
    for layout in known_layouts():
        named = not layout.marks or any(mark in above for mark in layout.marks)
        if named and set(layout.needs) <= set(headers):
            return layout
    return common() if re.search(r"[\u4e00-\u9fff]", "".join(headers)) else replace(common(), currency="")


def _cut(
    table: _Table, body: list[tuple[int, list[str]]]
) -> tuple[list[tuple[int, list[str]]], list[tuple[int, list[str]]]]:
    """Rows of the table, and those below or between it that are titles, rules, sums and remarks."""
    rows: list[tuple[int, list[str]]] = []
    trailer: list[tuple[int, list[str]]] = []
    for row, cells in body:
        day, amount = _day(table, cells), _figure(table, cells)
        filled = sum(bool(meaningful(cell)) for cell in cells)
        first = next((cell for cell in cells if cell), "")
        is_text = (
            day is None
            and (amount is None or _SUMMARY.search(first))
            and (first.startswith("#") or _SUMMARY.search(first) or filled * TRAILER_SHARE < len(table.headers))
        )
        after_second_header = bool(trailer) and _SUMMARY.search(" ".join(trailer[-1][1])) and day is None
        (trailer if is_text or after_second_header else rows).append((row, cells))
    return rows, trailer


def _forms(table: _Table, body: list[tuple[int, list[str]]]) -> tuple[str, ...]:
    """The forms of dates: the map's, or day first or month first when just one of them fits every row."""
    if table.layout.forms:
        return table.layout.forms
    texts = [text for text in (table.cell(cells, "date") for _, cells in body) if text]
    if not any(parse_date(text, (), EVERYWHERE)[1] == "date_ambiguous" for text in texts):
        return ()
    fitting = [forms for forms in _UNDECIDED_FORMS if all(parse_date(text, forms, EVERYWHERE)[0] for text in texts)]
    return fitting[0] if len(fitting) == 1 else ()


def _day(table: _Table, cells: Sequence[str], name: str = "date") -> date | None:
    text = table.cell(cells, name)
    stamp = _STAMP.fullmatch(text)
    found = parse_date(stamp[1] if stamp else text, table.forms, EVERYWHERE)[0] if text else None
    short = _SHORT_DAY.fullmatch(text)
    if found is None and short is not None and table.month is not None:
        return nearest_day(int(short[1]), int(short[2]), date(table.month[0], min(max(table.month[1], 1), 12), 15))
    return found


def _number(table: _Table, text: str) -> Decimal | None:
    coded = _CODED_AMOUNT.fullmatch(text)
    cut = text.partition("(")[0] if text.endswith(")") and not text.startswith("(") else text
    return parse_amount(coded[2] if coded else cut, table.layout.decimal, table.layout.thousands).value


def _figure(table: _Table, cells: Sequence[str]) -> Decimal | None:
    texts = [table.cell(cells, name) for name in ("amount", "income", "expense")]
    return next((figure for text in texts if text and (figure := _number(table, text)) is not None), None)


def _signs(table: _Table, rows: Iterable[Sequence[str]]) -> bool:
    """Whether money out already carries a minus: every amount that is said to go out is negative."""
    seen: Counter[bool] = Counter()
    for cells in rows:
        out = table.cell(cells, "expense")
        if not out and plain_header(_direction_text(table, cells)) in table.layout.money_out:
            out = table.cell(cells, "amount")
        figure = _number(table, out) if out else None
        if figure:
            seen[figure < 0] += 1
    return seen[True] > 0 and seen[False] == 0


def _direction_text(table: _Table, cells: Sequence[str]) -> str:
    places = table.columns("direction")
    return cells[places[0]] if places and places[0] < len(cells) else ""


def _take(table: _Table, row: int, cells: list[str], *, signed: bool) -> None:
    width = len(table.headers)
    extra = [cell for cell in cells[width:] if cell]
    if len(cells) < width:
        table.findings.append(Finding("line_ragged", " | ".join(cells), row))
    if extra:
        table.findings.append(Finding("line_too_wide", " | ".join(cells), row))
    amount, stated = _money(table, row, cells, signed=signed)
    status = NEUTRAL if stated is not None else _status(table, cells)
    day = _day(table, cells)
    if day is None:
        table.findings.append(Finding("line_date", table.cell(cells, "date"), row, "date"))
    name, account = _other_side(table, cells, amount)
    texts = dict.fromkeys(meaningful(cells[place]) for place in table.columns("text") if place < len(cells))
    line = Line(
        row=row, booked_on=day, value_date=_day(table, cells, "value_date") or day, amount=amount, stated=stated,
        reference=table.cell(cells, "reference"), bank_reference=table.cell(cells, "bank_reference"),
        text=" ".join(text for text in texts if text), counterparty=name, counterparty_account=account,
        kind=table.cell(cells, "kind"), status=status, balance=_balance(table, cells),
    )  # fmt: skip
    table.lines.append((_currency(table, row, cells), line))
    table.directions.append(_direction_text(table, cells) if table.columns("direction") else "")


def _balance(table: _Table, cells: Sequence[str]) -> Decimal | None:
    text = table.cell(cells, "balance")
    return _number(table, text) if text else None


def _money(table: _Table, row: int, cells: Sequence[str], *, signed: bool) -> tuple[Decimal | None, Decimal | None]:
    """The signed amount, and what a neutral line states without counting it; None and a finding when unreadable."""
    income, expense = table.cell(cells, "income"), table.cell(cells, "expense")
    in_columns = (income or expense) or not table.cell(cells, "amount")
    if not in_columns or not (table.columns("income") or table.columns("expense")):
        return _directed(table, row, cells, signed=signed)
    came, went = (_number(table, text) if text else Decimal(0) for text in (income, expense))
    if came is None or went is None or not (income or expense):
        table.findings.append(Finding("line_amount", f"{income} {expense}".strip(), row, "amount"))
        return None, None
    if came and went:
        table.findings.append(Finding("line_direction", f"{income} | {expense}", row, "amount"))
        return None, None
    return came + (went if signed else -went), None


def _directed(table: _Table, row: int, cells: Sequence[str], *, signed: bool) -> tuple[Decimal | None, Decimal | None]:
    """The same where one column has the amount, and its sign, a word or the kind of account the direction."""
    text = table.cell(cells, "amount")
    figure = _number(table, text)
    if figure is None:
        table.findings.append(Finding("line_amount", text, row, "amount"))
        return None, None
    if table.layout.sign == "card":
        return _spent(table, figure, cells), None
    word = plain_header(_direction_text(table, cells))
    if table.columns("direction") and word in table.layout.neutral:
        return Decimal(0), figure
    if not table.columns("direction") or word in table.layout.money_in or (signed and not word):
        return figure, None
    if word in table.layout.money_out:
        return figure if signed else -figure, None
    table.findings.append(Finding("line_direction", f"{text} {word}", row, "direction"))
    return None, None


def _spent(table: _Table, figure: Decimal, cells: Sequence[str]) -> Decimal:
    """A card's amount from the holder's side; a bill that prints no minus names refunds and payments in words."""
    words = " ".join(cells).casefold()
    came_in = table.layout.name == "bocom-card" and any(word in words for word in _REFUND_WORDS)
    return figure if came_in else -figure


def _status(table: _Table, cells: Sequence[str]) -> str:
    word = plain_header(table.cell(cells, "status"))
    return VOID if word and any(word == plain_header(void) for void in table.layout.void) else BOOKED


def _other_side(table: _Table, cells: Sequence[str], amount: Decimal | None) -> tuple[str, str]:
    name, account = table.cell(cells, "counterparty"), table.cell(cells, "counterparty_account")
    if not name and (table.columns("payer") or table.columns("payee")):
        side = "payer" if (amount or 0) > 0 else "payee"
        name, account = table.cell(cells, side), table.cell(cells, f"{side}_account")
    return name, account


def _currency(table: _Table, row: int, cells: Sequence[str]) -> str:
    text = table.cell(cells, "currency")
    coded = _CODED_AMOUNT.fullmatch(table.cell(cells, "amount"))
    if not text:
        return coded[1] if coded else table.layout.currency
    found, _ = parse_currency(text)
    if found is None:
        table.findings.append(Finding("currency_strange", text, row, "currency"))
    return found or ""


def _file(table: _Table, stated: Stated, preamble: str, findings: list[Finding]) -> BankFile:
    """One statement per currency, in the order in which they appear."""
    currencies = list(dict.fromkeys(currency for currency, _ in table.lines)) or [table.layout.currency]
    where = {line.row: currencies.index(currency) for currency, line in table.lines}
    found = [replace(one, statement=where.get(one.row, 0)) for one in table.findings]
    account = table.layout.account or _account(preamble)
    if (
        not table.columns("currency")
        and table.layout.currency
        and not any(cur != table.layout.currency for cur in currencies)
    ):
        found.append(Finding("currency_assumed", table.layout.currency))
    statements = []
    for place, currency in enumerate(currencies):
        pairs = [
            (word, line) for (cur, line), word in zip(table.lines, table.directions, strict=True) if cur == currency
        ]
        lines = tuple(line for _, line in pairs)
        statement = Statement(account=account, currency=currency, lines=lines, bank=table.layout.name)
        if place == 0:
            statement = replace(statement, controls=controls_of(stated, pairs, table.used))
        statement, said = with_balances(statement)
        statements.append(statement)
        found += [replace(one, statement=place) for one in said]
    return BankFile(table.layout.name, tuple(statements), (*findings, *found), layout=table.layout.name, balanced=False)


def _account(preamble: str) -> str:
    """The account that is named above the table."""
    match = _ACCOUNT.search(preamble)
    return match[1] if match else ""
