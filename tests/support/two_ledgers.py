"""Two ledgers of one account whose differences are known: every kind of mess that real ones show."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from matching.two_sided.terms import Kind

PERIOD_END = date(2026, 6, 30)
FIRST_DAY = date(2026, 6, 1)
DAYS_BEFORE_END = 24
"""Plain documents are dated well before the period's end, so that only those meant to be shifted cross it."""

CURRENCIES = ("CNY", "USD", "EUR")


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `amount` in minor units as we see it."""

    number: str
    day: date
    currency: str
    amount: int
    text: str = ""


@dataclass(slots=True)
class TwoLedgers:
    """Both sides in the order of their files, and for each row on which side, by its place, what it is."""

    ours: list[Row] = field(default_factory=list)
    theirs: list[Row] = field(default_factory=list)
    truth: list[tuple[Kind, frozenset[int], frozenset[int]]] = field(default_factory=list)


def two_ledgers(documents: int, seed: int) -> TwoLedgers:
    """A book of so many documents, about a third of them with something wrong; no two have the same amount."""
    return _Maker(random.Random(seed)).make(documents)  # noqa: S311 - figures for a test, not secrets


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.amounts: set[int] = set()
        self.serial = 100_000
        self.linked: list[tuple[Kind, list[Row], list[Row]]] = []

    def make(self, documents: int) -> TwoLedgers:
        messes: list[Callable[[], None]] = [
            self.shifted_later, self.shifted_earlier, self.missing_on_theirs, self.missing_on_ours, self.amount,
            self.sign, self.currency, self.twice_on_ours, self.twice_on_theirs, self.grouped_payment,
            self.grouped_by_number, self.grouped_by_names, self.bare_number, self.full_width, self.slip, self.payment,
        ]  # fmt: skip
        for place in range(documents):
            # Every mess at least once where there is room; most documents are plain.
            mess = messes[place] if place < len(messes) else self.chance.choice([*messes, *[self.plain] * 32])
            mess()
        return self._laid_out()

    def _laid_out(self) -> TwoLedgers:
        answer = TwoLedgers()
        ours = [row for _, our, _ in self.linked for row in our]
        theirs = [row for _, _, their in self.linked for row in their]
        self.chance.shuffle(ours)
        self.chance.shuffle(theirs)
        our_places = {id(row): place for place, row in enumerate(ours)}
        their_places = {id(row): place for place, row in enumerate(theirs)}
        answer.ours, answer.theirs = ours, theirs
        answer.truth = [
            (kind, frozenset(our_places[id(row)] for row in our), frozenset(their_places[id(row)] for row in their))
            for kind, our, their in self.linked
        ]
        return answer

    def number(self) -> str:
        # Steps of more than a slip: the next number is never one keystroke away.
        self.serial += 1_111 + self.chance.randrange(9) * 10
        return f"INV-{self.serial:07d}"

    def amount_of(self) -> int:
        while (amount := self.chance.randrange(100_00, 900_000_00)) in self.amounts:
            pass
        self.amounts.add(amount)
        return amount

    def row(self, number: str = "", amount: int = 0, currency: str = "") -> Row:
        day = FIRST_DAY + timedelta(days=self.chance.randrange(DAYS_BEFORE_END))
        chosen = currency or self.chance.choice(CURRENCIES)
        return Row(number or self.number(), day, chosen, amount or self.amount_of())

    def add(self, kind: Kind, ours: list[Row], theirs: list[Row]) -> None:
        self.linked.append((kind, ours, theirs))

    def plain(self) -> None:
        row = self.row()
        self.add(Kind.MATCHED, [row], [_like(row)])

    def shifted_later(self) -> None:
        row = _like(self.row(), day=PERIOD_END - timedelta(days=self.chance.randrange(3)))
        self.add(Kind.TIMING, [row], [_like(row, day=PERIOD_END + timedelta(days=1 + self.chance.randrange(4)))])

    def shifted_earlier(self) -> None:
        row = _like(self.row(), day=PERIOD_END + timedelta(days=1 + self.chance.randrange(4)))
        self.add(Kind.TIMING, [row], [_like(row, day=PERIOD_END - timedelta(days=self.chance.randrange(3)))])

    def missing_on_theirs(self) -> None:
        self.add(Kind.MISSING_ON_THEIRS, [self.row()], [])

    def missing_on_ours(self) -> None:
        self.add(Kind.MISSING_ON_OURS, [], [self.row()])

    def amount(self) -> None:
        row = self.row()
        self.add(Kind.AMOUNT, [row], [_like(row, amount=row.amount + self.chance.randrange(1, 5_000))])

    def sign(self) -> None:
        row = self.row()
        self.add(Kind.SIGN, [row], [_like(row, amount=-row.amount)])

    def currency(self) -> None:
        row = self.row()
        other = self.chance.choice([code for code in CURRENCIES if code != row.currency])
        self.add(Kind.CURRENCY, [row], [_like(row, currency=other)])

    def twice_on_ours(self) -> None:
        row = self.row()
        self.add(Kind.MATCHED, [row], [_like(row)])
        self.add(Kind.DUPLICATED, [_like(row, day=row.day + timedelta(days=3))], [])

    def twice_on_theirs(self) -> None:
        row = self.row()
        self.add(Kind.MATCHED, [row], [_like(row)])
        self.add(Kind.DUPLICATED, [], [_like(row, day=row.day + timedelta(days=3))])

    def payment(self) -> None:
        """A receipt has each side's own number."""
        self.serial += 1
        row = self.row(f"RC-{self.serial}", -self.amount_of())
        self.add(
            Kind.MATCHED, [row], [_like(row, number=f"PAY{self.serial + 77_001}", day=row.day + timedelta(days=2))]
        )

    def grouped_payment(self) -> None:
        """They paid in parts of one day what we booked as one receipt."""
        self.serial += 1
        parts = [-self.amount_of() for _ in range(self.chance.randrange(2, 4))]
        row = self.row(f"RC-{self.serial}", sum(parts))
        self.add(
            Kind.GROUPED,
            [row],
            [_like(row, number=f"PAY{self.serial}{n}9", amount=part) for n, part in enumerate(parts)],
        )

    def grouped_by_number(self) -> None:
        """Two rows of ours are three of theirs under one number."""
        number, total = self.number(), self.amount_of() + 10_000_000
        first, second, third = self.amount_of() % 999_983, self.amount_of() % 999_979, 1_234_567
        row = self.row(number, total - first)
        ours = [row, _like(row, amount=first)]
        theirs = [_like(row, amount=second), _like(row, amount=third), _like(row, amount=total - second - third)]
        self.add(Kind.GROUPED, ours, theirs)

    def grouped_by_names(self) -> None:
        """One row of theirs names two of our documents."""
        first = self.row()
        second = self.row(currency=first.currency)
        together = _like(first, number="", amount=first.amount + second.amount)
        named = Row("", together.day, together.currency, together.amount, f"settling {first.number}, {second.number}")
        self.add(Kind.GROUPED, [first, second], [named])

    def bare_number(self) -> None:
        row = self.row()
        self.add(Kind.MATCHED, [row], [_like(row, number=row.number.removeprefix("INV-").lstrip("0"))])

    def full_width(self) -> None:
        row = self.row()
        wide = "".join(chr(ord(letter) + 0xFEE0) for letter in row.number)
        self.add(Kind.MATCHED, [row], [_like(row, number=wide)])

    def slip(self) -> None:
        """Two digits change places."""
        row = self.row()
        number = row.number
        place = next(n for n in range(len(number) - 1, 5, -1) if number[n] != number[n - 1])
        swapped = number[: place - 1] + number[place] + number[place - 1] + number[place + 1 :]
        self.add(Kind.MATCHED, [row], [_like(row, number=swapped)])


def _like(
    row: Row, *, number: str | None = None, day: date | None = None, currency: str | None = None,
    amount: int | None = None,
) -> Row:  # fmt: skip
    return Row(
        row.number if number is None else number, day or row.day, currency or row.currency,
        row.amount if amount is None else amount, row.text,
    )  # fmt: skip
