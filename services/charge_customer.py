"""Posts the fee and the interest of a reminder as open items of their own."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from ledger.canonical import Json
from ledger.money import decimal_text
from statements.chasing import Charge
from storage.audit import SYSTEM, record
from storage.charges import NewCharge, insert_charge
from storage.database import Session

DAYS_TO_PAY = 14
"""A charge is due two weeks after it is made: the reminder that tells of it must have arrived."""

NUMBERS = {"fee": "FEE", "interest": "INT"}


async def charge_customer(
    session: Session, company_id: UUID, customer_id: UUID, code: str, charges: Sequence[Charge], today: date
) -> None:
    """One document per charge, in the transaction of the reminder; the same day never charges twice."""
    for one in charges:
        number = f"{NUMBERS[one.kind]}-{code}-{today:%Y%m%d}-{one.currency}"
        new = NewCharge(
            customer_id, number, one.kind, one.currency, one.amount, today, today + timedelta(days=DAYS_TO_PAY)
        )
        if await insert_charge(session, company_id, new) is None:
            continue
        facts: dict[str, Json] = {
            "number": number, "kind": one.kind, "amount": decimal_text(one.amount, 0, one.currency),
            "currency": one.currency,
        }  # fmt: skip
        await record(session, company_id, SYSTEM, "customer_charged", ("customer", str(customer_id)), facts)
