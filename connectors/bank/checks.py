"""Holds a file against itself: balances, control figures, order of statements, days, currencies, decimals."""

from collections.abc import Iterator
from dataclasses import replace

from connectors.bank.findings import Finding
from connectors.bank.statement import NEUTRAL, PENDING, VOID, BankFile, Line, Statement
from connectors.bank.wording import whole_number
from ledger.money import decimals, known_currencies

_NOTICES = {NEUTRAL: "line_not_counted", VOID: "line_closed", PENDING: "line_pending"}


def checked(file: BankFile) -> BankFile:
    """The file with what its own figures, days and order say against it."""
    found: list[Finding] = list(file.findings)
    dated = {(finding.statement, finding.row) for finding in found if finding.code == "line_date"}
    for place, statement in enumerate(file.statements):
        said = [*_balance(statement, balanced=file.balanced), *_controls(statement), *_currency(statement)]
        for line in statement.lines:
            said += _of_line(line, statement.currency, dated=(place, line.row) in dated)
        found += [replace(one, statement=place) for one in said]
    found += _sequence(file.statements)
    return replace(file, findings=tuple(found))


def _balance(statement: Statement, *, balanced: bool) -> Iterator[Finding]:
    difference = statement.balance_difference
    if difference:
        sides = f"{statement.opening} + {statement.moved} ≠ {statement.closing} ({difference})"
        yield Finding("not_tied", sides, statement.row)
    elif difference is None and balanced:
        missing = "opening" if statement.opening is None else "closing"
        yield Finding("balance_missing", statement.number, statement.row, missing)


def _controls(statement: Statement) -> Iterator[Finding]:
    for control in statement.controls:
        if not control.holds:
            yield Finding(control.code, f"{control.stated} ≠ {control.found}", control.row)


def _currency(statement: Statement) -> Iterator[Finding]:
    if statement.lines and not statement.currency:
        yield Finding("currency_missing", statement.account, statement.row)
    elif statement.currency and statement.currency not in known_currencies():
        yield Finding("currency_strange", statement.currency, statement.row)


def _of_line(line: Line, currency: str, *, dated: bool) -> Iterator[Finding]:
    if line.status in _NOTICES:
        yield Finding(_NOTICES[line.status], line.text or line.kind, line.row)
    if line.booked_on is None and line.amount is not None and not dated:
        yield Finding("line_date", line.reference or line.text, line.row)
    if line.amount is None or currency not in known_currencies():
        return
    exponent = line.amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > decimals(currency):
        yield Finding("line_finer", f"{line.amount} {currency}", line.row)


def _sequence(statements: tuple[Statement, ...]) -> Iterator[Finding]:
    """Consecutive statements of one account: numbers without a gap, each opening on the closing before it."""
    before: dict[tuple[str, str], Statement] = {}
    for place, statement in enumerate(statements):
        key = (statement.account, statement.currency)
        previous = before.get(key)
        before[key] = statement
        if previous is None or not statement.account:
            continue
        if (previous.number, previous.lines, previous.opening) == (
            statement.number,
            statement.lines,
            statement.opening,
        ):
            continue
        first, second = whole_number(previous.number), whole_number(statement.number)
        if first is not None and second is not None and second > first + 1:
            yield Finding("sequence_gap", f"{first} … {second}", statement.row, statement=place)
        both = previous.closing is not None and statement.opening is not None
        if both and previous.closing != statement.opening:
            raw = f"{previous.closing} ≠ {statement.opening}"
            yield Finding("sequence_balance", raw, statement.row, statement=place)
