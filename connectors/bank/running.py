"""The balance printed on each line: both ends of the statement come from it, and every step is checked."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from connectors.bank.findings import Finding
from connectors.bank.statement import BOOKED, Line, Statement

SHOWN_BREAKS = 50
"""Steps that do not fit, listed one by one; a table sorted by something else than time has hundreds."""


def with_balances(statement: Statement) -> tuple[Statement, list[Finding]]:
    """The statement with opening and closing balance where every booked line prints one, and what does not fit."""
    lines = [line for line in statement.lines if line.status == BOOKED]
    if not lines or any(line.balance is None or line.amount is None for line in lines):
        return statement, []
    ordered = _oldest_first(lines)
    first, last = ordered[0], ordered[-1]
    opening = (first.balance or Decimal(0)) - (first.amount or Decimal(0))
    found = replace(
        statement, opening=opening, closing=last.balance, opening_date=first.booked_on, closing_date=last.booked_on
    )
    if found.balance_difference == 0:
        return found, []
    return found, list(_breaks(ordered))


def _oldest_first(lines: Sequence[Line]) -> list[Line]:
    """Lines as they were booked: in the direction in which more balances follow from the one before."""
    backwards = list(reversed(lines))
    forward_fits, backward_fits = _fits(lines), _fits(backwards)
    if forward_fits == backward_fits:
        first, last = lines[0].booked_on, lines[-1].booked_on
        return backwards if first is not None and last is not None and first > last else list(lines)
    return list(lines) if forward_fits > backward_fits else backwards


def _fits(lines: Sequence[Line]) -> int:
    return sum(_expected(before, line) == line.balance for before, line in pairwise(lines))


def _expected(before: Line, line: Line) -> Decimal:
    return (before.balance or Decimal(0)) + (line.amount or Decimal(0))


def _breaks(lines: Sequence[Line]) -> Iterator[Finding]:
    shown = 0
    for before, line in pairwise(lines):
        if _expected(before, line) != line.balance and shown < SHOWN_BREAKS:
            shown += 1
            yield Finding("running_balance", f"{before.balance} + {line.amount} ≠ {line.balance}", line.row, "balance")
