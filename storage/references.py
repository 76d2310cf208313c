"""Credits that name what they pay, and the open debits of the same customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from storage.database import Session


@dataclass(frozen=True, slots=True)
class OpenCredit:
    """A receipt or credit memo with something left; `settles` is its reference field, `description` free text."""

    id: UUID
    customer_id: UUID
    currency: str
    open: int
    settles: str
    description: str


@dataclass(frozen=True, slots=True)
class OpenDebit:
    """A debit document with something open."""

    id: UUID
    customer_id: UUID
    currency: str
    number: str
    open: int


async def referring_credits(session: Session, company_id: UUID, limit: int) -> list[OpenCredit]:
    """Credits that are not used up and say something that may name a document, oldest first."""
    rows = await session.execute(
        text(
            "select o.id, o.customer_id, o.currency, -o.amount - coalesce(a.used, 0) as open, "
            "coalesce(o.attributes ->> 'settles', '') as settles, o.description from open_item o "
            "left join lateral (select sum(x.amount) as used from allocation x "
            "  where x.company_id = o.company_id and x.credit_item_id = o.id) a on true "
            "where o.company_id = :company and o.amount < 0 and o.kind in ('receipt', 'credit_memo') "
            "and o.reverses_id is null and (o.attributes ? 'settles' or (o.kind = 'receipt' and o.description <> '')) "
            "and -o.amount > coalesce(a.used, 0) order by o.document_date, o.id limit :limit"
        ),
        {"company": company_id, "limit": limit},
    )
    return [OpenCredit(row.id, row.customer_id, row.currency, int(row.open), row.settles, row[5]) for row in rows]


async def open_debits(session: Session, company_id: UUID, customer_ids: Sequence[UUID]) -> list[OpenDebit]:
    """Debit documents of these customers with something open, oldest first."""
    rows = await session.execute(
        text(
            "select o.id, o.customer_id, o.currency, o.number, o.amount - coalesce(a.used, 0) as open "
            "from open_item o left join lateral (select sum(x.amount) as used from allocation x "
            "  where x.company_id = o.company_id and x.debit_item_id = o.id) a on true "
            "where o.company_id = :company and o.customer_id = any(:customers) and o.amount > 0 "
            "and o.reverses_id is null and o.amount > coalesce(a.used, 0) "
            "order by o.document_date, o.instalment, o.id"
        ),
        {"company": company_id, "customers": list(customer_ids)},
    )
    return [OpenDebit(row.id, row.customer_id, row.currency, row.number, int(row.open)) for row in rows]
