"""Open items and allocations: the two kinds of fact from which every balance is computed."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ledger.money import RESIDUE_PER_MINOR


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
    (same sign as `amount`). `recorded_at` is when the house first knew it. `reverses_id` names the item that this
    one takes back. Append-only.
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
    reverses_id: UUID | None = None
    description: str = ""

    @property
    def parts(self) -> int:
        """The exact amount in ten-thousandths of a minor unit."""
        return self.amount * RESIDUE_PER_MINOR + self.residue


@dataclass(frozen=True, slots=True)
class Allocation:
    """`amount` (> 0) of one credit item set against one debit item; negative amounts undo an earlier one.

    `effective_on` is never before either document's date, so open amounts and balances agree on every day.
    The two items may belong to two accounts: a head office pays for a shop. The documents' numbers are for people.
    """

    id: UUID
    credit_item_id: UUID
    debit_item_id: UUID
    amount: int
    effective_on: date
    recorded_at: datetime
    undoes_id: UUID | None = None
    credit_number: str = ""
    debit_number: str = ""
