"""What cash application reads and answers: open documents, receipts, the lines of their advices, applications."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from matching.reasons import Reason


class Band(StrEnum):
    """How sure an application is: `auto` posts by itself, `review` waits for a person."""

    AUTO = "auto"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Document:
    """An open invoice (positive) or credit memo (negative); `open` in minor units of `currency`."""

    id: str
    number: str
    customer: str
    customer_name: str
    currency: str
    open: int
    issued: date | None = None
    due: date | None = None


@dataclass(frozen=True, slots=True)
class AdviceLine:
    """One line of a remittance advice; `amount` is None when the line names a document only."""

    reference: str
    amount: int | None
    memo: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that came in (negative: that was paid back); `customer` only when it is known whose it is."""

    id: str
    payer: str
    currency: str
    amount: int
    day: date | None = None
    text: str = ""
    lines: tuple[AdviceLine, ...] = ()
    customer: str = ""
    also: tuple[str, ...] = ()
    """Other customers whose documents this payer was seen to pay."""


@dataclass(frozen=True, slots=True)
class Application:
    """`amount` of a receipt set against a document, how sure that is, and why."""

    receipt: str
    document: str
    amount: int
    band: Band
    reason: Reason
