"""Fees and interest of reminders as documents of our own source."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from storage.adjustments import OWN_SOURCE
from storage.database import Session
from storage.identifiers import new_id
from storage.schema import open_item, source


@dataclass(frozen=True, slots=True)
class NewCharge:
    """A debit memo about to be posted; `kind` fee or interest, `amount` in minor units."""

    customer_id: UUID
    number: str
    kind: str
    currency: str
    amount: int
    document_date: date
    due_date: date


async def insert_charge(session: Session, company_id: UUID, new: NewCharge) -> UUID | None:
    """Posts it; None when its number was posted before."""
    await session.execute(
        insert(source).values(company_id=company_id, id=new_id(), name=OWN_SOURCE).on_conflict_do_nothing()
    )
    own = select(source.c.id).where(source.c.company_id == company_id, source.c.name == OWN_SOURCE).scalar_subquery()
    posted = (
        insert(open_item)
        .values(
            company_id=company_id, id=new_id(), customer_id=new.customer_id, kind="debit_memo", number=new.number,
            source_id=own, source_ref=f"charge/{new.number}", document_date=new.document_date, due_date=new.due_date,
            currency=new.currency, amount=new.amount, attributes={"charge": new.kind},
        )
        .on_conflict_do_nothing()
        .returning(open_item.c.id)
    )  # fmt: skip
    made: UUID | None = (await session.execute(posted)).scalar_one_or_none()
    return made
