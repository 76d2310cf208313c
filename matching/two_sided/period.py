"""The end of the period in a reconciliation: over which day bookings were shifted, and what lies behind it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from matching.two_sided.terms import Kind

SPILL_SHARE = 2
"""At least one of so many rows of a month must be a late booking of the month before: then it is a mere spill."""

ALONE = frozenset({Kind.MISSING_ON_OURS, Kind.MISSING_ON_THEIRS, Kind.DUPLICATED})
"""Rows without a partner: behind a stated end of the period they are the next period's business."""


@dataclass(frozen=True, slots=True)
class Period:
    """`end` is None when nothing shows one; `given` when a person said it, else it was found in the dates."""

    end: date | None = None
    given: bool = False

    def late(self, day: date | None) -> bool:
        """Whether a row of that day lies behind the end; a row without a date never does."""
        return self.end is not None and day is not None and day > self.end


@dataclass(frozen=True, slots=True)
class Crossing:
    """The days of one matched pair, in two months."""

    ours: date
    theirs: date

    def straddles(self, end: date) -> bool:
        """Whether the pair lies on both sides of `end`."""
        return (self.ours <= end) != (self.theirs <= end)


def find_period(
    our_last: date | None, their_last: date | None, crossings: Sequence[Crossing], rows_in_last_month: int
) -> Period:
    """The month end over which documents were shifted, when the two ledgers show one.

    `rows_in_last_month` counts both sides' rows in the last month of all.
    """
    if our_last is None or their_last is None or not crossings:
        return Period()
    first, last = sorted((month_end(our_last), month_end(their_last)))
    if first != last:
        return Period(first) if any(one.straddles(first) for one in crossings) else Period()
    before = previous_month_end(last)
    late = sum(one.straddles(before) for one in crossings)
    return Period(before) if late * SPILL_SHARE >= rows_in_last_month else Period()


def month_end(day: date) -> date:
    """The last day of its month."""
    first_of_next = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return date.fromordinal(first_of_next.toordinal() - 1)


def previous_month_end(day: date) -> date:
    """The last day of the month before."""
    return date.fromordinal(day.replace(day=1).toordinal() - 1)


def crossing(our_day: date | None, their_day: date | None) -> Crossing | None:
    """The two days when they lie in two months."""
    if our_day is None or their_day is None or (our_day.year, our_day.month) == (their_day.year, their_day.month):
        return None
    return Crossing(our_day, their_day)


def timed(kind: Kind, late: Iterable[bool], *, given: bool) -> Kind:
    """The kind as the end of the period makes it, from which of its rows lie behind that end."""
    some = list(late)
    if kind is Kind.MATCHED and any(some) and not all(some):
        return Kind.TIMING
    if kind in ALONE and given and all(some):
        return Kind.LATER
    return kind
