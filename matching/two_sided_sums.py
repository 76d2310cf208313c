"""Groups that only their sum shows: all of one day, or a few rows about the day of another."""

from collections.abc import Sequence
from itertools import product
from math import comb

from matching.two_sided import OPENING_KEY, Entry, Kind, Why
from matching.two_sided_board import Board, by_key, days_apart, total

MAX_ROWS_OF_SUM = 6
"""Of more rows some always add up to anything."""

MAX_ROWS_SEARCHED = 2_000
"""Unexplained rows among which sums are looked for at all: beyond that the ledgers are not of one account."""

MAX_CANDIDATES = 40
"""Rows about a day among which a sum is looked for; more need a person, or numbers that say what belongs together."""

MAX_SUMS_TRIED = 2_000_000
"""Steps in one reconciliation: some seconds. What is left then stays missing, and is said to be so."""

FEW = 12
"""Among so few rows a single sum that fits is meant, also when all amounts are round."""

CHANCE_HITS = 0.01
"""Among more rows, a sum counts only when chance alone would give fewer hits than this."""


def days_of_equal_sum(board: Board) -> None:
    """All that is left of one day, currency and direction adds up to the same on both sides."""
    for ours, theirs in board.shared(_day_of):
        if len(ours) + len(theirs) > 2 and total(ours) == total(theirs):  # noqa: PLR2004 - a pair is no group
            board.close(Kind.GROUPED, ours, theirs, Why.SUM_OF_DAY)


def _day_of(entry: Entry) -> tuple[object, ...] | None:
    if entry.day is None or entry.key == OPENING_KEY:
        return None
    return entry.day, entry.currency, entry.amount < 0


def rows_that_add_up(board: Board, near: Sequence[int]) -> None:
    """One row is the sum of a few of the other side, when only one choice of them adds up.

    `near`: how many days around it they may lie, the nearest first: what a day explains is not left to a week.
    """
    if len(board.ours) + len(board.theirs) > MAX_ROWS_SEARCHED:
        return
    budget = _Budget()
    for near_days, ours in product(near, (True, False)):
        side, other = (board.ours, board.theirs) if ours else (board.theirs, board.ours)
        by_direction = by_key((one for one in other.values() if one.key != OPENING_KEY), _direction)
        targets = [entry for entry in side.values() if entry.key != OPENING_KEY]
        for target in sorted(targets, key=lambda entry: -abs(entry.amount)):
            alike = [one for one in by_direction.get(_direction(target), ()) if one.place in other]
            candidates = [one for one in alike if _fits(one, target, near_days)]
            parts = _only_sum(candidates, target.amount, budget)
            if parts:
                board.close_sum(target, parts, Kind.GROUPED, Why.SUM, ours=ours)


def _direction(entry: Entry) -> tuple[str, bool]:
    return entry.currency, entry.amount < 0


def _fits(one: Entry, target: Entry, near_days: int) -> bool:
    apart = days_apart(one, target)
    return abs(one.amount) < abs(target.amount) and (apart is None or apart <= near_days)


class _Budget:
    """How many sums may still be tried."""

    def __init__(self) -> None:
        self.left = MAX_SUMS_TRIED


def _only_sum(candidates: Sequence[Entry], wanted: int, budget: _Budget) -> list[Entry]:
    """The one choice of candidates that adds up to `wanted`; empty when there is none, or a second one."""
    longest = _longest(candidates, wanted)
    if longest < 2:  # noqa: PLR2004 - one row is no sum
        return []
    ordered = sorted(candidates, key=lambda entry: -abs(entry.amount))
    amounts = [abs(entry.amount) for entry in ordered]
    behind = [sum(amounts[place:]) for place in range(len(amounts) + 1)]
    found: list[list[int]] = []
    waiting: list[tuple[int, int, list[int]]] = [(0, abs(wanted), [])]
    while waiting and len(found) < 2:  # noqa: PLR2004 - a second one is enough to doubt
        budget.left -= 1
        if budget.left < 0:
            return []
        start, left, chosen = waiting.pop()
        if left == 0:
            found.append(chosen)
            continue
        if len(chosen) == longest or start == len(amounts) or behind[start] < left:
            continue
        waiting.append((start + 1, left, chosen))
        if amounts[start] <= left:
            waiting.append((start + 1, left - amounts[start], [*chosen, start]))
    return [ordered[place] for place in found[0]] if len(found) == 1 else []


def _longest(candidates: Sequence[Entry], wanted: int) -> int:
    """How many rows a sum may have so that a hit by chance is unlikely; 0 when none may be looked for."""
    count = len(candidates)
    if count > MAX_CANDIDATES:
        return 0
    if count <= FEW:
        return min(MAX_ROWS_OF_SUM, count)
    # As if sums were spread evenly up to the wanted amount: enough to see where chance begins.
    sums, longest = 0, 1
    while longest < MAX_ROWS_OF_SUM:
        sums += comb(count, longest + 1)
        if sums > CHANCE_HITS * abs(wanted):
            break
        longest += 1
    return longest
