"""Balances of the general ledger's receivable account, one row per loading: the newest counts."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import insert, select

from storage.database import Session
from storage.identifiers import new_id
from storage.schema import control_balance


@dataclass(frozen=True, slots=True)
class ControlBalance:
    """What the general ledger says is owed, in minor units."""

    currency: str
    as_of: date
    amount: int
    account: str


async def newest_control_balance(session: Session, company_id: UUID, like: ControlBalance) -> int | None:
    """The amount last loaded for the same currency, day and account."""
    amount: int | None = (
        await session.execute(
            select(control_balance.c.amount)
            .where(
                control_balance.c.company_id == company_id,
                control_balance.c.currency == like.currency,
                control_balance.c.as_of == like.as_of,
                control_balance.c.account == like.account,
            )
            .order_by(control_balance.c.recorded_at.desc(), control_balance.c.id.desc())
            .limit(1)
        )
    ).scalar_one_or_none()
    return amount


async def insert_control_balance(session: Session, company_id: UUID, new: ControlBalance) -> None:
    """Adds a loading."""
    await session.execute(
        insert(control_balance).values(
            company_id=company_id, id=new_id(), currency=new.currency, as_of=new.as_of, amount=new.amount,
            account=new.account,
        )
    )  # fmt: skip
