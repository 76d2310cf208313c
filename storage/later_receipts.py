"""What came in after a date on items that were open then: the evidence of alternative procedures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from storage.database import Session
from storage.schema import allocation, open_item


@dataclass(frozen=True, slots=True)
class LaterReceipt:
    """One amount set against an item after the date; `kind` tells money from a credit."""

    item_id: UUID
    kind: str
    number: str
    document_date: date
    effective_on: date
    amount: int
    description: str


async def later_receipts(
    session: Session, company_id: UUID, items: Sequence[UUID], after: date
) -> dict[UUID, list[LaterReceipt]]:
    """Per debit item what was allocated after the date, undone allocations with their opposite, oldest first."""
    query = (
        select(
            allocation.c.debit_item_id, open_item.c.kind, open_item.c.number, open_item.c.document_date,
            allocation.c.effective_on, allocation.c.amount, open_item.c.description,
        )
        .join(
            open_item,
            (open_item.c.company_id == allocation.c.company_id) & (open_item.c.id == allocation.c.credit_item_id),
        )
        .where(
            allocation.c.company_id == company_id,
            allocation.c.debit_item_id.in_(items),
            allocation.c.effective_on > after,
        )
        .order_by(allocation.c.effective_on, allocation.c.id)
    )  # fmt: skip
    found: dict[UUID, list[LaterReceipt]] = {}
    for row in await session.execute(query):
        one = LaterReceipt(*row)
        found.setdefault(one.item_id, []).append(one)
    return found
