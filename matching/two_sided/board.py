"""The board on which two ledgers are laid out: rows that wait for an explanation, and what explained the others."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from matching.subset_sums import PAIR
from matching.two_sided.terms import Entry, Kind, Link, Why

Key = TypeVar("Key", bound=Hashable)


class Board:
    """The rows of both sides that are still to be explained, and what was found."""

    def __init__(self, ours: Iterable[Entry], theirs: Iterable[Entry]) -> None:
        """Places must be unique within a side."""
        self.ours = {entry.place: entry for entry in ours}
        self.theirs = {entry.place: entry for entry in theirs}
        self.links: list[Link] = []
        self._partnered: tuple[set[tuple[str, str, int]], set[tuple[str, str, int]]] = (set(), set())

    def close(self, kind: Kind, ours: Iterable[Entry], theirs: Iterable[Entry], why: Why) -> None:
        """Takes rows off the board as one finding."""
        our, their = tuple(ours), tuple(theirs)
        for side, rows, partnered in ((self.ours, our, self._partnered[0]), (self.theirs, their, self._partnered[1])):
            for entry in rows:
                del side[entry.place]
                if our and their:
                    partnered.add(_likeness(entry))
        self.links.append(Link(kind, tuple(one.place for one in our), tuple(one.place for one in their), why))

    def close_sum(self, one: Entry, parts: Sequence[Entry], kind: Kind, why: Why, *, ours: bool) -> None:
        """Closes one row of our side, or of theirs, with its parts on the other."""
        if ours:
            self.close(kind, (one,), parts, why)
        else:
            self.close(kind, parts, (one,), why)

    def close_alone(self, entry: Entry, *, ours: bool, kind: Kind, why: Why) -> None:
        """Takes one row off the board that has no partner."""
        self.close(kind, (entry,) if ours else (), () if ours else (entry,), why)

    def shared(self, key: Callable[[Entry], Key | None]) -> Iterator[tuple[list[Entry], list[Entry]]]:
        """The rows of both sides that have one key, for every key that both sides have; None is no key."""
        # Few keys are shared when much is left over: only those are gathered.
        keyed = [(value, entry) for entry in self.ours.values() if (value := key(entry)) is not None]
        wanted = {value for value, _ in keyed}
        theirs = by_key(self.theirs.values(), lambda entry: value if (value := key(entry)) in wanted else None)
        ours: dict[Key, list[Entry]] = defaultdict(list)
        for value, entry in keyed:
            if value in theirs:
                ours[value].append(entry)
        for value, rows in ours.items():
            yield rows, theirs[value]

    def close_twins(self, *, alone_too: bool) -> None:
        """Rows whose number and amount stand on their own side already, with a partner or (`alone_too`) without one."""
        for side, partnered, ours in ((self.ours, self._partnered[0], True), (self.theirs, self._partnered[1], False)):
            seen = set(partnered)
            for entry in [one for one in side.values() if one.key]:
                if _likeness(entry) in seen:
                    self.close_alone(entry, ours=ours, kind=Kind.DUPLICATED, why=Why.TWIN)
                elif alone_too:
                    seen.add(_likeness(entry))

    def close_missing(self) -> None:
        """What nothing explained is missing on the other side."""
        for entry in list(self.ours.values()):
            self.close_alone(entry, ours=True, kind=Kind.MISSING_ON_THEIRS, why=Why.ALONE)
        for entry in list(self.theirs.values()):
            self.close_alone(entry, ours=False, kind=Kind.MISSING_ON_OURS, why=Why.ALONE)


def by_key(entries: Iterable[Entry], key: Callable[[Entry], Key | None]) -> dict[Key, list[Entry]]:
    """The entries under their keys, in their order; those without a key are left out."""
    found: defaultdict[Key, list[Entry]] = defaultdict(list)
    for entry in entries:
        value = key(entry)
        if value is not None:
            found[value].append(entry)
    found.default_factory = None
    return found


def money_of(entry: Entry) -> tuple[str, int]:
    """Currency and amount, which equal rows share."""
    return entry.currency, entry.amount


def days_apart(our: Entry, their: Entry) -> int | None:
    """How many days lie between two rows; None when one has no date."""
    return abs((our.day - their.day).days) if our.day is not None and their.day is not None else None


def total(entries: Iterable[Entry]) -> int:
    """The sum of amounts, which the caller knows to be of one currency."""
    return sum(entry.amount for entry in entries)


def is_group(ours: Sequence[Entry], theirs: Sequence[Entry]) -> bool:
    """Whether rows of one currency weigh the same on both sides; one row beside one other is a pair, not a group."""
    return len(ours) + len(theirs) > PAIR and total(ours) == total(theirs)


def _likeness(entry: Entry) -> tuple[str, str, int]:
    return entry.key, entry.currency, entry.amount
