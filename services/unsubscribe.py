"""A customer's contact wants no reminders any more: by the header's one click, by the page, or by mail."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from ledger.canonical import Json
from services.open_statement_page import LinkInvalid
from storage.audit import Actor, record
from storage.companies import Company, own_company
from storage.database import Database, Session, transaction
from storage.deliveries import find_contact
from storage.outbox import cancel_for_person
from storage.preferences import opt_out, preference_of
from storage.tokens import mint, resolve

PURPOSE = "unsubscribe"

OPTIONAL_FOR_CUSTOMERS = frozenset({"reminder", "promise_due"})
"""What a customer may do without. Statements, and answers to what they asked, the contract or the law asks for."""

LINK_DAYS = 365
"""Mail programs offer the button as long as the mail is kept; a year covers every reminder worth stopping."""


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """What the page behind the link shows."""

    company: Company
    address: str
    language: str
    done: bool


async def mint_unsubscribe(session: Session, company_id: UUID, contact_id: UUID) -> str:
    """The token of one contact's link."""
    subject = ("contact", str(contact_id))
    return await mint(session, company_id, PURPOSE, subject, contact_id, {}, timedelta(days=LINK_DAYS))


async def unsubscribe_contact(session: Session, company_id: UUID, contact_id: UUID, how: str) -> bool:
    """Writes it down and calls off what waits; False when it was so already."""
    if not await opt_out(session, company_id, contact_id, OPTIONAL_FOR_CUSTOMERS):
        return False
    called_off = await cancel_for_person(session, company_id, contact_id, sorted(OPTIONAL_FOR_CUSTOMERS))
    actor = Actor("contact", contact_id)
    facts: dict[str, Json] = {"how": how, "called_off": called_off}
    await record(session, company_id, actor, "contact_unsubscribed", ("contact", str(contact_id)), facts)
    return True


async def show_unsubscription(engine: Database, token: str) -> Unsubscription:
    """What the link is about; changes nothing. Raises LinkInvalid."""
    access = await resolve(engine, token, PURPOSE)
    if access is None:
        raise LinkInvalid
    async with transaction(engine, access.company_id) as session:
        company = await own_company(session, access.company_id)
        person = await find_contact(session, access.company_id, access.person_id)
        chosen = await preference_of(session, access.company_id, access.person_id)
    if person is None:
        raise LinkInvalid
    done = chosen.opted_out >= OPTIONAL_FOR_CUSTOMERS
    return Unsubscription(company, person.email or "", person.language, done)


async def unsubscribe(engine: Database, token: str) -> bool:
    """Does it; False when it was done already. Raises LinkInvalid."""
    access = await resolve(engine, token, PURPOSE)
    if access is None:
        raise LinkInvalid
    async with transaction(engine, access.company_id) as session:
        return await unsubscribe_contact(session, access.company_id, access.person_id, "link")
