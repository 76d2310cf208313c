"""What is open and what is owed, as of a date and as known at an instant: the one function under every statement.

Amounts are minor units; `parts` are exact amounts in ten-thousandths of a minor unit, for sums that keep residues.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from ledger.items import Allocation, OpenItem
from ledger.money import RESIDUE_PER_MINOR


@dataclass(frozen=True, slots=True)
class OpenAmount:
    """An item with what is open of it on a day, and what allocations dated later will take (same sign as `open`)."""

    item: OpenItem
    open: int
    future: int = 0

    @property
    def parts(self) -> int:
        """What is open, exactly: the residue of an item stays with it."""
        return self.open * RESIDUE_PER_MINOR + self.item.residue

    @property
    def remaining(self) -> int:
        """What will be open once the allocations already known for later days have taken effect."""
        return self.open - self.future


@dataclass(frozen=True, slots=True)
class Movement:
    """One line that changes an account's balance: a document, or an allocation to or from another account."""

    day: date
    item: OpenItem
    parts: int
    transfer: Allocation | None = None


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account in one currency over one period; `opening` and `closing` in parts, each from the facts by itself."""

    opening: int
    movements: tuple[Movement, ...]
    closing: int
    prior: tuple[OpenAmount, ...]
    ending: tuple[OpenAmount, ...]

    @property
    def debits(self) -> int:
        """What movements add, in parts."""
        return sum(line.parts for line in self.movements if line.parts > 0)

    @property
    def credits(self) -> int:
        """What movements take away, in parts (≤ 0)."""
        return sum(line.parts for line in self.movements if line.parts < 0)


def known(recorded_at: datetime, as_known: datetime | None) -> bool:
    """Whether a fact recorded then was known at `as_known`; None means now."""
    return as_known is None or recorded_at <= as_known


def counted(items: Iterable[OpenItem], as_of: date, as_known: datetime | None = None) -> Iterator[OpenItem]:
    """The items that exist as of the date and were known at the instant."""
    return (item for item in items if item.document_date <= as_of and known(item.recorded_at, as_known))


def open_amounts(
    items: Sequence[OpenItem], allocations: Iterable[Allocation], as_of: date, as_known: datetime | None = None
) -> list[OpenAmount]:
    """Every counted item with its open amount, in the order given; settled ones are among them with 0."""
    taken: dict[UUID, int] = {}
    later: dict[UUID, int] = {}
    for allocation in allocations:
        if known(allocation.recorded_at, as_known):
            into = taken if allocation.effective_on <= as_of else later
            into[allocation.debit_item_id] = into.get(allocation.debit_item_id, 0) + allocation.amount
            into[allocation.credit_item_id] = into.get(allocation.credit_item_id, 0) - allocation.amount
    return [
        OpenAmount(item, item.amount - taken.get(item.id, 0), later.get(item.id, 0))
        for item in counted(items, as_of, as_known)
    ]


def still_open(amounts: Sequence[OpenAmount]) -> list[OpenAmount]:
    """What a person calls open: not settled, and no document together with the one that takes it back."""
    void = _taken_back(amounts)
    return [line for line in amounts if line.parts != 0 and line.item.id not in void]


def _taken_back(amounts: Sequence[OpenAmount]) -> set[UUID]:
    """Both sides of each pair of document and reversal that add up to nothing."""
    if all(line.item.reverses_id is None for line in amounts):
        return set()
    by_id = {line.item.id: line for line in amounts}
    void: set[UUID] = set()
    for line in amounts:
        original = by_id.get(line.item.reverses_id) if line.item.reverses_id is not None else None
        if original is not None and original.parts + line.parts == 0:
            void |= {line.item.id, original.item.id}
    return void


def transfers(items: Iterable[OpenItem], allocations: Iterable[Allocation]) -> Iterator[tuple[Allocation, OpenItem]]:
    """The allocations with only one side in this account, with that side's item."""
    own = {item.id: item for item in items}
    for allocation in allocations:
        credit, debit = own.get(allocation.credit_item_id), own.get(allocation.debit_item_id)
        if credit is not None and debit is None:
            yield allocation, credit
        elif debit is not None and credit is None:
            yield allocation, debit


def account_view(
    items: Sequence[OpenItem],
    allocations: Sequence[Allocation],
    start: date,
    end: date,
    as_known: datetime | None = None,
) -> AccountView:
    """One account's period.

    `items` are all of one account and currency in entry order; `allocations` all that touch them, those with another
    account's item too: they move the balance from account to account.
    """
    before = start - timedelta(days=1)
    prior = open_amounts(items, allocations, before, as_known)
    ending = open_amounts(items, allocations, end, as_known)
    return AccountView(
        opening=balance(items, allocations, before, as_known),
        movements=tuple(movements(items, allocations, start, end, as_known)),
        closing=balance(items, allocations, end, as_known),
        prior=tuple(in_order(still_open(prior))),
        ending=tuple(in_order(still_open(ending))),
    )


def balance(
    items: Sequence[OpenItem], allocations: Sequence[Allocation], as_of: date, as_known: datetime | None = None
) -> int:
    """What the account owes as of the date, in parts: its documents and its transfers, whatever is open of each."""
    documents = sum(item.parts for item in counted(items, as_of, as_known))
    moved = sum(
        _transfer_parts(allocation, item)
        for allocation, item in transfers(items, allocations)
        if allocation.effective_on <= as_of and known(allocation.recorded_at, as_known)
    )
    return documents + moved


def movements(
    items: Sequence[OpenItem], allocations: Sequence[Allocation], start: date, end: date, as_known: datetime | None
) -> list[Movement]:
    """Documents and transfers dated within the period, by date and within a date by entry order.

    A document that was taken back within the period shows neither itself nor its reversal.
    """
    within = [item for item in counted(items, end, as_known) if item.document_date >= start]
    void = _taken_back([OpenAmount(item, item.amount) for item in within])
    lines = [Movement(item.document_date, item, item.parts) for item in within if item.id not in void]
    lines += [
        Movement(allocation.effective_on, item, _transfer_parts(allocation, item), allocation)
        for allocation, item in transfers(items, allocations)
        if start <= allocation.effective_on <= end and known(allocation.recorded_at, as_known)
    ]
    return sorted(lines, key=lambda line: line.day)


def _transfer_parts(allocation: Allocation, own: OpenItem) -> int:
    given = own.id == allocation.credit_item_id
    return (allocation.amount if given else -allocation.amount) * RESIDUE_PER_MINOR


def in_order(amounts: Iterable[OpenAmount]) -> list[OpenAmount]:
    """By document date; within a date in the order given, which is the order of entry."""
    return sorted(amounts, key=lambda line: line.item.document_date)


def running(opening: int, lines: Iterable[Movement]) -> list[int]:
    """The balance after each movement, in parts."""
    balances: list[int] = []
    for line in lines:
        opening += line.parts
        balances.append(opening)
    return balances
