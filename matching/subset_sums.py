"""Which amounts together make another: exact, within stated bounds, and only when no other choice makes it too.

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


PAIR = 2
"""The fewest amounts that are a sum."""


@dataclass(frozen=True, slots=True)
class Found:
    """The places of the only choice, or none: there is none, there are several, or the steps were used up."""

    places: tuple[int, ...]
    steps: int


@dataclass(slots=True)
class _Search:
    amounts: list[int]
    reach: list[list[int]]
    most_items: int
    most_steps: int
    steps: int = 0
    found: tuple[int, ...] = ()
    several: bool = False

    def down(self, start: int, wanted: int, chosen: tuple[int, ...]) -> None:
        if wanted == 0:
            self.several = bool(self.found)
            self.found = self.found or chosen
            return
        left = self.most_items - len(chosen)
        for place in range(start, len(self.amounts)):
            self.steps += 1
            if self.steps > self.most_steps or self.several or not left or self.reach[place][left] < wanted:
                return
            if self.amounts[place] <= wanted:
                self.down(place + 1, wanted - self.amounts[place], (*chosen, place))


def find_subset(
    amounts: Sequence[int], wanted: int, most_items: int = MOST_ITEMS, most_steps: int = MOST_STEPS
) -> Found:
    """The only choice of at most `most_items` positive `amounts` that makes `wanted`, and the steps that it took."""
    order = sorted(range(len(amounts)), key=lambda place: -amounts[place])
    falling = [amounts[place] for place in order]
    search = _Search(falling, _reach(falling, most_items), most_items, most_steps)
    search.down(0, wanted, ())
    sure = not search.several and search.steps <= most_steps
    return Found(tuple(sorted(order[place] for place in search.found)) if sure else (), search.steps)


def only_subset(amounts: Sequence[int], wanted: int) -> Choice | None:
    """The only choice of two to six positive `amounts` that makes `wanted`; None without one, or with another."""
    found = find_subset(amounts, wanted)
    if len(found.places) < PAIR:
        return None
    small_enough = sum(amount <= wanted for amount in amounts)
    choices = sum(comb(small_enough, size) for size in range(PAIR, MOST_ITEMS + 1))
    return _choice(found.places, amounts, wanted, choices)


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
    return _choice(range(*found[0]), amounts, wanted, comb(len(amounts), PAIR))


def _reach(falling: list[int], most_items: int) -> list[list[int]]:
    """For each place, the most that so many of the amounts from there on add up to."""
    return [[sum(falling[place : place + count]) for count in range(most_items + 1)] for place in range(len(falling))]


def _choice(places: Iterable[int], amounts: Sequence[int], wanted: int, choices: int) -> Choice:
    """With how many of the choices would make exactly `wanted` if sums were spread over the steps up to it."""
    step = gcd(wanted, *(amount for amount in amounts if amount <= wanted))
    return Choice(tuple(places), choices * step / wanted, step)
