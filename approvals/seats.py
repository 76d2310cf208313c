"""Seats and who can fill them: a stage is satisfied iff each seat has a person of its own.

Matching, not greedy filling: a vote keeps every capacity that it carried, so the order of votes never matters.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Seat = frozenset[str]
"""Candidates of one seat, each "user:<id>" or "role:<name>"."""

Person = TypeVar("Person", bound=Hashable)


def match_seats(seats: Sequence[Seat], people: Mapping[Person, frozenset[str]]) -> dict[int, Person]:
    """The largest assignment of people (with their capacities) to seats; keys are seat numbers from 0."""
    holder: dict[int, Person] = {}
    for person in people:
        _place(person, seats, people, holder, set())
    return holder


def _place(
    person: Person,
    seats: Sequence[Seat],
    people: Mapping[Person, frozenset[str]],
    holder: dict[int, Person],
    tried: set[int],
) -> bool:
    """Seats the person, moving others to further seats of theirs where needed (an augmenting path)."""
    for number, seat in enumerate(seats):
        if number in tried or not seat & people[person]:
            continue
        tried.add(number)
        if number not in holder or _place(holder[number], seats, people, holder, tried):
            holder[number] = person
            return True
    return False


def all_filled(seats: Sequence[Seat], people: Mapping[Person, frozenset[str]]) -> bool:
    """Whether every seat gets a person of its own."""
    return len(match_seats(seats, people)) == len(seats)


def covers(capacities: frozenset[str], seats: Sequence[Seat]) -> bool:
    """Whether these capacities fit at least one seat."""
    return any(seat & capacities for seat in seats)
