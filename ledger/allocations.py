"""Plans allocations: never more than either side's remainder, never before either document; refusals are typed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ledger.items import Allocation, OpenItem
from ledger.money import split_by_largest_remainder


class AllocationRefused(ValueError):
    """Base of what `plan` and `undo` refuse; `code` names the reason for the caller's own refusal."""

    code = "allocation_refused"


class SidesDoNotFit(AllocationRefused):
    """An allocation sets a credit against a debit of the same currency."""

    code = "allocation_sides"


class AmountNotPositive(AllocationRefused):
    """An allocation takes more than nothing; what was taken is given back by `undo`."""

    code = "allocation_amount"


class MoreThanRemains(AllocationRefused):
    """One of the sides has less left than the allocation would take."""

    code = "allocation_exceeds"


class BeforeDocument(AllocationRefused):
    """An allocation cannot take effect before either document exists."""

    code = "allocation_too_early"


class AlreadyUndone(AllocationRefused):
    """An allocation is given back once."""

    code = "allocation_undone"


@dataclass(frozen=True, slots=True)
class Planned:
    """An allocation without id and instant: `amount` > 0, or < 0 when it undoes one."""

    credit_item_id: UUID
    debit_item_id: UUID
    amount: int
    effective_on: date
    undoes_id: UUID | None = None


def free(item: OpenItem, allocations: Iterable[Allocation], from_day: date) -> int:
    """The most of an item (≥ 0) that can be taken from a day on: the least open on any day from then."""
    steps: dict[date, int] = {}
    for allocation in allocations:
        if item.id in {allocation.credit_item_id, allocation.debit_item_id}:
            day = max(allocation.effective_on, from_day)
            steps[day] = steps.get(day, 0) + allocation.amount
    open_now = abs(item.amount) - steps.pop(from_day, 0)
    least = open_now
    for day in sorted(steps):
        open_now -= steps[day]
        least = min(least, open_now)
    return max(0, least)


def plan(
    credit: OpenItem, debit: OpenItem, amount: int, effective_on: date, allocations: Iterable[Allocation]
) -> Planned:
    """Sets `amount` minor units of the credit against the debit. Raises AllocationRefused.

    `allocations` are all that touch either side; what those dated later have already claimed is not free.
    """
    if credit.currency != debit.currency or credit.amount >= 0 or debit.amount <= 0:
        raise SidesDoNotFit(f"{credit.number} against {debit.number}")
    if amount <= 0:
        raise AmountNotPositive(str(amount))
    earliest = max(credit.document_date, debit.document_date)
    if effective_on < earliest:
        raise BeforeDocument(f"{effective_on} before {earliest}")
    given = list(allocations)
    most = min(free(credit, given, effective_on), free(debit, given, effective_on))
    if amount > most:
        raise MoreThanRemains(f"{amount} of {most}")
    return Planned(credit.id, debit.id, amount, effective_on)


def undo(allocation: Allocation, others: Iterable[Allocation], effective_on: date) -> Planned:
    """The counter-allocation that gives the whole amount back, from `effective_on` on. Raises AllocationRefused.

    `others` are the allocations of either side: one of them may have undone this one already.
    """
    pair = (allocation.credit_item_id, allocation.debit_item_id)
    if allocation.undoes_id is not None or any(one.undoes_id == allocation.id for one in others):
        raise AlreadyUndone(str(allocation.id))
    if effective_on < allocation.effective_on:
        raise BeforeDocument(f"{effective_on} before {allocation.effective_on}")
    return Planned(*pair, -allocation.amount, effective_on, allocation.id)


class Order(StrEnum):
    """How an advance is laid over several debits: the oldest due first, or each by its share."""

    OLDEST_FIRST = "oldest_first"
    BY_SHARE = "by_share"


def spread(
    credit: OpenItem,
    debits: Sequence[OpenItem],
    effective_on: date,
    allocations: Sequence[Allocation],
    order: Order = Order.OLDEST_FIRST,
) -> list[Planned]:
    """Sets a credit (an advance, a payment on account) against debits as far as it goes.

    A debit dated later is taken from its own date on.
    """
    oldest = sorted(debits, key=_oldest_first)
    days = [max(effective_on, debit.document_date, credit.document_date) for debit in oldest]
    room = [free(debit, allocations, day) for debit, day in zip(oldest, days, strict=True)]
    left = min(free(credit, allocations, effective_on), sum(room))
    shares = split_by_largest_remainder(left, room) if order is Order.BY_SHARE and left else room
    plans: list[Planned] = []
    for debit, day, share in zip(oldest, days, shares, strict=True):
        amount = min(left, share)
        if amount > 0:
            plans.append(plan(credit, debit, amount, day, allocations))
            left -= amount
    return plans


def _oldest_first(item: OpenItem) -> tuple[date, date, int]:
    due = item.due_date if item.due_date is not None else item.document_date
    return due, item.document_date, item.instalment


@dataclass(frozen=True, slots=True)
class Term:
    """One instalment of a payment plan: its due date and its share of the document, in any unit."""

    due_date: date
    share: int


def instalments(document: OpenItem, terms: Sequence[Term], ids: Sequence[UUID]) -> list[OpenItem]:
    """The document as items of their own, numbered 1…; the parts add up to it exactly, residue with the last."""
    amounts = split_by_largest_remainder(document.amount, [term.share for term in terms])
    last = len(terms)
    return [
        OpenItem(
            id=item_id, customer_id=document.customer_id, kind=document.kind, number=document.number,
            currency=document.currency, amount=amount, residue=document.residue if position == last else 0,
            document_date=document.document_date, due_date=term.due_date, instalment=position,
            recorded_at=document.recorded_at, description=document.description,
        )
        for position, (term, amount, item_id) in enumerate(zip(terms, amounts, ids, strict=True), start=1)
    ]  # fmt: skip


def recorded(planned: Planned, allocation_id: UUID, recorded_at: datetime) -> Allocation:
    """The plan as a fact."""
    return Allocation(
        allocation_id,
        planned.credit_item_id,
        planned.debit_item_id,
        planned.amount,
        planned.effective_on,
        recorded_at,
        planned.undoes_id,
    )
