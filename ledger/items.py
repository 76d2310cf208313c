"""Open items and allocations: the two kinds of fact from which every balance is computed."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """What an open item is; debits raise what the customer owes."""

    INVOICE = "invoice"
    DEBIT_MEMO = "debit_memo"
    CREDIT_MEMO = "credit_memo"
    RECEIPT = "receipt"
    WRITE_OFF = "write_off"
    FX_ADJUSTMENT = "fx_adjustment"
    OPENING = "opening"


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One receivable document or instalment. Signed minor units: what the customer owes is positive.

    `instalment` is 0 for an undivided document, 1… for its parts. `disputed` is minor units under dispute
    (same sign as `amount`). `recorded_at` is when the house first knew it. Append-only.
    """

    id: UUID
    customer_id: UUID
    kind: Kind
    number: str
    currency: str
    amount: int
    document_date: date
    recorded_at: datetime
    residue: int = 0
    due_date: date | None = None
    instalment: int = 0
    disputed: int = 0


@dataclass(frozen=True, slots=True)
class Allocation:
    """`amount` (> 0) of one credit item set against one debit item; negative amounts undo an earlier one.

    `effective_on` is never before either document's date, so open amounts and balances agree on every day.
    """

    id: UUID
    credit_item_id: UUID
    debit_item_id: UUID
    amount: int
    effective_on: date
    recorded_at: datetime
