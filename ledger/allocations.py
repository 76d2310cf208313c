"""Plans allocations: never more than either side's remainder, never before either document; refusals are typed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.balances import OpenAmount
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


def plan(credit: OpenAmount, debit: OpenAmount, amount: int, effective_on: date) -> Planned:
    """Sets `amount` minor units of the credit against the debit. Raises AllocationRefused.

    Both sides are given with what is open of them now; what later allocations have already claimed is not free.
    """
    if credit.item.currency != debit.item.currency or credit.item.amount >= 0 or debit.item.amount <= 0:
        raise SidesDoNotFit(f"{credit.item.number} against {debit.item.number}")
    if amount <= 0:
        raise AmountNotPositive(str(amount))
    free = min(-credit.remaining, debit.remaining)
    if amount > free:
        raise MoreThanRemains(f"{amount} of {free}")
    earliest = max(credit.item.document_date, debit.item.document_date)
    if effective_on < earliest:
        raise BeforeDocument(f"{effective_on} before {earliest}")
    return Planned(credit.item.id, debit.item.id, amount, effective_on)


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


def spread(
    credit: OpenAmount, debits: Sequence[OpenAmount], effective_on: date, limit: int | None = None
) -> list[Planned]:
    """Sets a credit (an advance, a payment on account) against debits, oldest due first, as far as it goes.

    `limit` is the most that may be taken of it. Debits whose day has not come take effect on their own date.
    """
    left = -credit.remaining if limit is None else min(limit, -credit.remaining)
    plans: list[Planned] = []
    for debit in sorted(debits, key=_oldest_first):
        amount = min(left, debit.remaining)
        if amount > 0:
            day = max(effective_on, debit.item.document_date, credit.item.document_date)
            plans.append(plan(credit, debit, amount, day))
            left -= amount
    return plans


def _oldest_first(line: OpenAmount) -> tuple[date, date, int]:
    due = line.item.due_date if line.item.due_date is not None else line.item.document_date
    return due, line.item.document_date, line.item.instalment


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
