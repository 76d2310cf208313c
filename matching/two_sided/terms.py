"""Two ledgers of one account held against each other: the words of the comparison.

Amounts are whole minor units as we see them: what the customer owes is positive, also in their rows.
`plain.py` says what is meant; `columnar.py` computes the same over a million rows a side.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a pair, a group or a lone row is; the order is that of the report."""

    MATCHED = "matched"
    TIMING = "timing"
    MISSING_ON_OURS = "missing_on_ours"
    MISSING_ON_THEIRS = "missing_on_theirs"
    AMOUNT = "amount_differs"
    SIGN = "sign_differs"
    CURRENCY = "currency_differs"
    DUPLICATED = "duplicated"
    GROUPED = "grouped"
    LATER = "later"


class Why(StrEnum):
    """How rows were brought together, or why they were not."""

    NUMBER = "number"
    ALIKE = "alike"
    SLIP = "slip"
    NAMED = "named"
    SAME_DAY = "same_day"
    NEAR_DAY = "near_day"
    SUM_OF_NUMBER = "sum_of_number"
    SUM_OF_NAMED = "sum_of_named"
    SUM_OF_DAY = "sum_of_day"
    SUM = "sum"
    TWIN = "twin"
    ALONE = "alone"


class Entry(NamedTuple):
    """One row of a ledger. `place` is its position in the frame, `row` what a person counts in the file."""

    place: int
    row: int
    number: str
    key: str
    day: date | None
    currency: str
    amount: int
    text: str = ""


class Link(NamedTuple):
    """Rows that belong together, by their places; one side is empty when rows stand alone."""

    kind: Kind
    ours: tuple[int, ...]
    theirs: tuple[int, ...]
    why: Why


OPENING_KEY = "OPENING BALANCE"
"""Key of a balance brought forward: the two openings are compared with each other. No other key holds a space."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is decided beforehand. None: found out, and said.

    `period_end`: rows after it belong to the next period. `mirrored`: their ledger shows what they owe us as negative.
    """

    period_end: date | None = None
    mirrored: bool | None = None


def compare(our: Entry, their: Entry) -> Kind | None:
    """What two rows with one document's number are to each other; None when they cannot be the same document."""
    if our.currency != their.currency:
        return Kind.CURRENCY
    if our.amount == their.amount:
        return Kind.MATCHED
    if our.amount == -their.amount:
        return Kind.SIGN
    if (our.amount < 0) != (their.amount < 0):
        return None
    return Kind.AMOUNT


class Votes(NamedTuple):
    """How many documents have the same sign on both sides, and how many the opposite one."""

    same: int
    opposite: int


FEW_VOTES = 20
"""With fewer common numbers one mistaken sign could turn a whole ledger: equal amounts are asked as well."""


def is_mirrored(by_number: Votes, by_size: Callable[[], Votes]) -> bool:
    """Whether their signs are the other way round: what we have to get is what they have to pay."""
    votes = by_number
    if sum(votes) < FEW_VOTES:
        more = by_size()
        votes = Votes(votes.same + more.same, votes.opposite + more.opposite)
    return votes.opposite > votes.same
