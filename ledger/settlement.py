"""Small rules for one receipt: does it settle an amount, and which open items does it pay."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from ledger.balances import OpenAmount


@dataclass(frozen=True, slots=True)
class Settlement:
    """A receipt that settles an amount: what of it is written off, and what of the receipt is left over."""

    write_off: int = 0
    surplus: int = 0


def settles(open_minor: int, receipt: int, tolerance_percent: Decimal = Decimal(0)) -> Settlement | None:
    """Whether `receipt` pays `open_minor` (both > 0); a shortfall within the tolerance becomes a write-off.

    A surplus is kept on the customer's account; it never argues against the match.
    """
    if receipt >= open_minor:
        return Settlement(surplus=receipt - open_minor)
    allowed = int((open_minor * tolerance_percent / 100).to_integral_value(rounding=ROUND_DOWN))
    short = open_minor - receipt
    return Settlement(write_off=short) if short <= allowed else None


def choose_items(receipt: int, candidates: Sequence[OpenAmount]) -> list[OpenAmount]:
    """The open items that a receipt without reference pays exactly: one alone, else a run from the oldest; else none.

    Two items alone of the same amount are not a choice: nothing is chosen.
    """
    alone = [line for line in candidates if line.open == receipt]
    if len(alone) == 1:
        return alone
    total = 0
    for position, line in enumerate(candidates if not alone else (), start=1):
        total += line.open
        if total == receipt:
            return list(candidates[:position])
    return []


class Rule(StrEnum):
    """Which of several receipts settles first."""

    OLDEST = "oldest"
    NEWEST = "newest"


def choose_receipt(invoice: OpenAmount, receipts: Sequence[OpenAmount], rule: Rule) -> OpenAmount | None:
    """The receipt that settles the invoice exactly: the oldest or the newest; the others stay open."""
    exact = [line for line in receipts if line.open == -invoice.open]
    exact.sort(key=lambda line: line.item.document_date, reverse=rule is Rule.NEWEST)
    return exact[0] if exact else None
