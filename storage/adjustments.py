"""Credits and write-offs that we give: asked for, then posted as open items once they are approved."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from storage.database import Session
from storage.disputes import Dispute
from storage.identifiers import new_id
from storage.schema import adjustment, customer, open_item, source

OWN_SOURCE = "tieout"
"""Where documents come from that were made here: no import of a ledger touches them."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What is asked for: `kind` credit_memo or write_off, `amount` in minor units, `status` asked, posted, refused."""

    id: UUID
    kind: str
    customer_id: UUID
    item_id: UUID
    dispute_id: UUID | None
    currency: str
    amount: int
    effective_on: date
    reason: str
    status: str
    asked_by: UUID | None
    credit_item_id: UUID | None
    number: str


@dataclass(frozen=True, slots=True)
class AdjustedItem:
    """The debit that an adjustment lowers, with the words that people know it by."""

    id: UUID
    customer_id: UUID
    customer: str
    number: str
    currency: str
    document_date: date


_COLUMNS = [adjustment.c[name] for name in Adjustment.__dataclass_fields__]


async def insert_adjustment(session: Session, company_id: UUID, new: Adjustment) -> None:
    """Writes what is asked for."""
    values = {name: getattr(new, name) for name in Adjustment.__dataclass_fields__}
    await session.execute(insert(adjustment).values(company_id=company_id, **values))


async def adjustment_by_id(
    session: Session, company_id: UUID, adjustment_id: UUID, *, lock: bool = False
) -> Adjustment | None:
    """One adjustment; `lock` holds the row until the commit."""
    query = select(*_COLUMNS).where(adjustment.c.company_id == company_id, adjustment.c.id == adjustment_id)
    row = (await session.execute(query.with_for_update() if lock else query)).one_or_none()
    return Adjustment(*row) if row else None


async def adjustments_of_dispute(session: Session, company_id: UUID, dispute_id: UUID) -> list[Adjustment]:
    """Everything asked for in a case, oldest first."""
    query = select(*_COLUMNS).where(adjustment.c.company_id == company_id, adjustment.c.dispute_id == dispute_id)
    return [Adjustment(*row) for row in await session.execute(query.order_by(adjustment.c.id))]


async def asked_on_item(session: Session, company_id: UUID, item_id: UUID) -> int:
    """Minor units that wait for approval on an item."""
    query = select(func.coalesce(func.sum(adjustment.c.amount), 0)).where(
        adjustment.c.company_id == company_id, adjustment.c.item_id == item_id, adjustment.c.status == "asked"
    )
    return int((await session.execute(query)).scalar_one())


async def adjusted_item(session: Session, company_id: UUID, item_id: UUID) -> AdjustedItem | None:
    """The debit, locked, so that two askers see each other."""
    query = (
        select(
            open_item.c.id, open_item.c.customer_id, customer.c.name, open_item.c.number, open_item.c.currency,
            open_item.c.document_date,
        )
        .join(customer, (customer.c.company_id == open_item.c.company_id) & (customer.c.id == open_item.c.customer_id))
        .where(open_item.c.company_id == company_id, open_item.c.id == item_id)
        .with_for_update(of=open_item)
    )  # fmt: skip
    row: Any = (await session.execute(query)).one_or_none()
    return AdjustedItem(*row) if row else None


async def close_adjustment(session: Session, company_id: UUID, adjustment_id: UUID, **values: object) -> bool:
    """Posted or refused; False when it was closed before."""
    done = await session.execute(
        update(adjustment)
        .where(
            adjustment.c.company_id == company_id, adjustment.c.id == adjustment_id, adjustment.c.status == "asked"
        )
        .values(closed_at=func.clock_timestamp(), **values)
    )  # fmt: skip
    return done.rowcount == 1


async def reopen_adjustment(session: Session, company_id: UUID, adjustment_id: UUID) -> None:
    """What was refused waits for approval again."""
    await session.execute(
        update(adjustment)
        .where(
            adjustment.c.company_id == company_id, adjustment.c.id == adjustment_id, adjustment.c.status == "refused"
        )
        .values(status="asked", closed_at=None)
    )  # fmt: skip


async def post_credit(session: Session, company_id: UUID, found: Adjustment, item: AdjustedItem) -> tuple[UUID, str]:
    """The credit as an open item of our own source; answers its id and number."""
    await session.execute(
        upsert(source).values(company_id=company_id, id=new_id(), name=OWN_SOURCE).on_conflict_do_nothing()
    )
    own = await session.execute(
        select(source.c.id).where(source.c.company_id == company_id, source.c.name == OWN_SOURCE)
    )
    posted = select(func.count()).where(
        adjustment.c.company_id == company_id, adjustment.c.item_id == item.id, adjustment.c.status == "posted"
    )
    count = int((await session.execute(posted)).scalar_one())
    row_id = new_id()
    number = f"{'CM' if found.kind == 'credit_memo' else 'WO'}-{item.number}-{count + 1}"
    await session.execute(
        insert(open_item).values(
            company_id=company_id, id=row_id, customer_id=item.customer_id, kind=found.kind, number=number,
            source_id=own.scalar_one(), source_ref=str(found.id), document_date=found.effective_on,
            currency=found.currency, amount=-found.amount, description=found.reason,
            attributes={"adjustment_id": str(found.id)},
        )
    )  # fmt: skip
    return row_id, number


async def credit_with_number(
    session: Session, company_id: UUID, customer_id: UUID, item_id: UUID, number: str
) -> UUID | None:
    """A credit that the ledger holds under the number: of the statement's customer, or of the account of the item."""
    of_item = select(open_item.c.customer_id).where(open_item.c.company_id == company_id, open_item.c.id == item_id)
    query = select(open_item.c.id).where(
        open_item.c.company_id == company_id, open_item.c.number == number,
        (open_item.c.customer_id == customer_id) | open_item.c.customer_id.in_(of_item),
        open_item.c.amount < 0, open_item.c.kind.in_(("credit_memo", "write_off")),
    ).limit(1)  # fmt: skip
    found: UUID | None = (await session.execute(query)).scalar_one_or_none()
    return found


async def correction_since(
    session: Session, company_id: UUID, customer_id: UUID, disputed: Dispute, number: str
) -> UUID | None:
    """A document that came after the case was opened: the one with the number, or without one a newer revision.

    Of the statement's customer or of the account of the disputed document; reversals are none.
    """
    old = open_item.alias("old")
    is_newer = (
        (open_item.c.source_id == old.c.source_id) & (open_item.c.source_ref == old.c.source_ref)
        & (open_item.c.instalment == old.c.instalment) & (open_item.c.revision > old.c.revision)
    )  # fmt: skip
    query = (
        select(open_item.c.id)
        .join(old, (old.c.company_id == open_item.c.company_id) & (old.c.id == disputed.item_id))
        .where(
            open_item.c.company_id == company_id, open_item.c.id != disputed.item_id,
            open_item.c.customer_id.in_((customer_id, old.c.customer_id)), open_item.c.reverses_id.is_(None),
            open_item.c.recorded_at > disputed.opened_at, open_item.c.number == number if number else is_newer,
        )
        .limit(1)
    )  # fmt: skip
    found: UUID | None = (await session.execute(query)).scalar_one_or_none()
    return found
