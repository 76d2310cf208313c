"""A visitor of the portal corrects their own data, and says what they want to hear and how."""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from ledger.canonical import Json
from services.change_contact import change_contact
from services.edit_contact import ContactUnknown
from services.unsubscribe import OPTIONAL_FOR_CUSTOMERS
from storage.audit import Actor, record
from storage.database import Database, transaction
from storage.outbox import cancel_for_person
from storage.portal import OwnContact, Visitor
from storage.preferences import BY_LINK, preference_of, put_preference


async def change_own_contact(
    engine: Database, visitor: Visitor, contact_id: UUID, values: dict[str, str]
) -> UUID | None:
    """The request's id when the company's policy lets others decide, None when it is done. Raises ContactUnknown."""
    own = _own(visitor, contact_id)
    wanted = {**values, "purpose": own.purpose}
    actor = Actor("customer", own.id)
    return await change_contact(engine, visitor.company, (own.customer_id, own.customer_code), own.id, wanted, actor)


async def choose_own_messages(
    engine: Database, visitor: Visitor, contact_id: UUID, wanted: Collection[str], *, by_link: bool
) -> None:
    """Keeps which optional messages the contact wants, and whether mails bring files; calls off what waits unwanted."""
    own, company_id = _own(visitor, contact_id), visitor.company.id
    unwanted = OPTIONAL_FOR_CUSTOMERS - set(wanted)
    async with transaction(engine, company_id) as session:
        now = await preference_of(session, company_id, own.id)
        opted_out = (now.opted_out - OPTIONAL_FOR_CUSTOMERS) | unwanted
        channels = (BY_LINK,) if by_link else ()
        await put_preference(session, company_id, own.id, replace(now, opted_out=opted_out, channels=channels))
        called_off = await cancel_for_person(session, company_id, own.id, sorted(unwanted))
        facts: dict[str, Json] = {"not_wanted": sorted(unwanted), "by_link": by_link, "called_off": called_off}
        await record(session, company_id, Actor("customer", own.id), "messages_chosen", ("contact", str(own.id)), facts)


def _own(visitor: Visitor, contact_id: UUID) -> OwnContact:
    found = next((one for one in visitor.contacts if one.id == contact_id), None)
    if found is None:
        raise ContactUnknown
    return found
