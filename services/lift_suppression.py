"""Lets messages go to a suppressed address again, because a person knows that it takes mail now."""

from uuid import UUID

from storage.audit import SYSTEM, Actor, record
from storage.database import Database, transaction
from storage.deliveries import lift_suppression, suppression_reason
from words.refusal import Refusal


class AddressNotSuppressed(Refusal):
    """Nothing holds mail to it back."""

    code = "address_not_suppressed"
    sentence = "{address} is not suppressed."
    remedy = "List the suppressed addresses with: tieout outbox suppressed"


async def lift_address(engine: Database, company_id: UUID, address: str, actor: Actor = SYSTEM) -> str:
    """Lifts it; answers why it was suppressed. Messages that were given up for it stay so until they are retried."""
    async with transaction(engine, company_id) as session:
        reason = await suppression_reason(session, company_id, address)
        if reason is None or not await lift_suppression(session, company_id, address):
            raise AddressNotSuppressed(address=address)
        facts = {"address": address.lower(), "reason": reason}
        await record(session, company_id, actor, "suppression_lifted", ("address", address.lower()), facts)
    return reason
