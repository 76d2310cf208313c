"""Groups that only their sum shows: all of one day, or a few rows about the day of another."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date
from itertools import product
from math import comb

from matching.subset_sums import MOST_ITEMS, PAIR, find_subset
from matching.two_sided.board import Board, by_key, is_group
from matching.two_sided.terms import OPENING_KEY, Entry, Kind, Why

MAX_ROWS_SEARCHED = 2_000
"""Unexplained rows among which sums are looked for at all: beyond that the ledgers are not of one account."""

MAX_CANDIDATES = 40
"""Rows about a day among which a sum is looked for; more need a person, or numbers that say what belongs together."""

CROWD = 10 * MAX_CANDIDATES
"""Rows about a day of which most may be too large, or explained by now; among more there is no use in looking."""

MAX_SUMS_TRIED = 2_000_000
"""Steps in one reconciliation: some seconds. What is left then stays missing, and is said to be so."""

FEW = 12
"""Among so few rows a single sum that fits is meant, also when all amounts are round."""

CHANCE_HITS = 0.01
"""Among more rows, a sum counts only when chance alone would give fewer hits than this in the whole comparison."""


def days_of_equal_sum(board: Board) -> None:
    """All that is left of one day, currency and direction adds up to the same on both sides."""
    for ours, theirs in board.shared(_day_of):
        if is_group(ours, theirs):
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
        calendars = {way: _Calendar(rows) for way, rows in by_key(other.values(), _direction).items()}
        targets = [entry for entry in side.values() if entry.key != OPENING_KEY]
        for target in sorted(targets, key=lambda entry: -abs(entry.amount)):
            calendar = calendars.get(_direction(target))
            about = calendar.about(target.day, near_days) if calendar is not None else []
            candidates = [one for one in about if one.place in other and abs(one.amount) < abs(target.amount)]
            parts = _only_sum(candidates, abs(target.amount), len(targets), budget)
            if parts:
                board.close_sum(target, parts, Kind.GROUPED, Why.SUM, ours=ours)


def _direction(entry: Entry) -> tuple[str, bool]:
    return entry.currency, entry.amount < 0


class _Calendar:
    """Rows by their days; those without a day are about every day."""

    def __init__(self, rows: Sequence[Entry]) -> None:
        known = [one for one in rows if one.key != OPENING_KEY]
        self._dated = sorted((one for one in known if one.day is not None), key=_ordinal)
        self._undated = [one for one in known if one.day is None]
        self._days = [_ordinal(one) for one in self._dated]

    def about(self, day: date | None, near_days: int) -> Sequence[Entry]:
        """The rows so near to a day; none when they are far too many to choose from."""
        first, last = 0, len(self._days)
        if day is not None:
            first = bisect_left(self._days, day.toordinal() - near_days)
            last = bisect_right(self._days, day.toordinal() + near_days)
        crowd = last - first + len(self._undated)
        return [*self._dated[first:last], *self._undated] if crowd <= CROWD else []


def _ordinal(entry: Entry) -> int:
    return entry.day.toordinal() if entry.day is not None else 0


class _Budget:
    """How many sums may still be tried."""

    def __init__(self) -> None:
        self.left = MAX_SUMS_TRIED


def _only_sum(candidates: Sequence[Entry], wanted: int, targets: int, budget: _Budget) -> list[Entry]:
    """The one choice of candidates that adds up to `wanted`; empty when there is none, or a second one."""
    longest = _longest(len(candidates), wanted, targets)
    if longest < PAIR or budget.left <= 0:
        return []
    found = find_subset([abs(entry.amount) for entry in candidates], wanted, longest, budget.left)
    budget.left -= found.steps
    return [candidates[place] for place in found.places]


def _longest(count: int, wanted: int, targets: int) -> int:
    """How many rows a sum may have so that none of all targets is likely to be hit by chance; 0 or 1: none at all."""
    if count > MAX_CANDIDATES:
        return 0
    if count <= FEW:
        return min(MOST_ITEMS, count)
    # As if sums were spread evenly up to the wanted amount: enough to see where chance begins.
    sums, longest = 0, 1
    while longest < MOST_ITEMS:
        sums += comb(count, longest + 1)
        if sums * targets > CHANCE_HITS * wanted:
            break
        longest += 1
    return longest
