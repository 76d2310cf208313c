"""Which documents together make an amount: exact, within stated bounds, and only when no other choice makes it too.

Beyond the bounds the answer is that a person is needed, never a guess.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import comb, gcd

MOST_ITEMS = 6
"""More documents paid at once come with an advice; seven of forty make every amount by chance."""

MOST_STEPS = 50_000
"""Sums that are tried for one receipt: some hundredths of a second."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Places in the given amounts, how many such choices chance alone would offer, and the step of the amounts."""

    places: tuple[int, ...]
    chance: float
    step: int


@dataclass(slots=True)
class _Search:
    amounts: list[int]
    reach: list[list[int]]
    steps: int = 0
    found: tuple[int, ...] = ()
    several: bool = False

    def down(self, start: int, wanted: int, chosen: tuple[int, ...]) -> None:
        if wanted == 0:
            self.several = bool(self.found)
            self.found = self.found or chosen
            return
        left = MOST_ITEMS - len(chosen)
        for place in range(start, len(self.amounts)):
            self.steps += 1
            if self.steps > MOST_STEPS or self.several or not left or self.reach[place][left] < wanted:
                return
            if self.amounts[place] <= wanted:
                self.down(place + 1, wanted - self.amounts[place], (*chosen, place))


def only_subset(amounts: Sequence[int], wanted: int) -> Choice | None:
    """The only choice of two to six positive `amounts` that makes `wanted`; None without one, or with another."""
    order = sorted(range(len(amounts)), key=lambda place: -amounts[place])
    falling = [amounts[place] for place in order]
    search = _Search(falling, _reach(falling))
    search.down(0, wanted, ())
    if search.several or search.steps > MOST_STEPS or len(search.found) < 2:  # noqa: PLR2004 - one alone is no subset
        return None
    small_enough = sum(amount <= wanted for amount in amounts)
    choices = sum(comb(small_enough, size) for size in range(2, MOST_ITEMS + 1))
    return _choice(sorted(order[place] for place in search.found), amounts, wanted, choices)


def only_run(amounts: Sequence[int], wanted: int) -> Choice | None:
    """The only run of two or more neighbours that makes `wanted`: documents that fell due one after the other."""
    before = {0: 0}
    total, found = 0, []
    for end, amount in enumerate(amounts, start=1):
        total += amount
        start = before.get(total - wanted)
        if start is not None and end - start > 1:
            found.append((start, end))
        before[total] = end
    if len(found) != 1:
        return None
    return _choice(range(*found[0]), amounts, wanted, comb(len(amounts), 2))


def _reach(falling: list[int]) -> list[list[int]]:
    """For each place, the most that so many of the amounts from there on add up to."""
    return [[sum(falling[place : place + count]) for count in range(MOST_ITEMS + 1)] for place in range(len(falling))]


def _choice(places: Iterable[int], amounts: Sequence[int], wanted: int, choices: int) -> Choice:
    """With how many of the choices would make exactly `wanted` if sums were spread over the steps up to it."""
    step = gcd(wanted, *(amount for amount in amounts if amount <= wanted))
    return Choice(tuple(places), choices * step / wanted, step)
