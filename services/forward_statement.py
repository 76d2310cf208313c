"""Sends a statement to the colleague that its reader named; only the sender's own people decide that."""

from uuid import UUID

from services.add_contact import is_address
from storage.answers import Answer, answer_by_id, answerable_statement, newest_sent_version
from storage.audit import Actor, record
from storage.companies import Company
from storage.customers import add_contact, customer_by_id, find_contact, new_contact
from storage.database import Database, transaction
from storage.outbox import Message, enqueue
from storage.page_edits import disable_contact, revoke_links_of
from storage.tasks import close_task_by_key
from words.refusal import Refusal


class ForwardUnknown(Refusal):
    """No such hint at another person."""

    code = "forward_unknown"
    sentence = "Nobody asked to pass this statement on."
    remedy = "Choose one from the list of answers."


class ForwardDone(Refusal):
    """Somebody decided it before."""

    code = "forward_done"
    sentence = "Somebody has decided this already."
    remedy = "Reload the page to see how."


class ForwardAddressInvalid(Refusal):
    """There is no address to send to."""

    code = "forward_address_invalid"
    sentence = "{email} is not an e-mail address that the statement could go to."
    remedy = "Ask the customer for the right address and enter it."


async def forward_statement(
    engine: Database, company: Company, answer_id: UUID, actor: Actor, *, name: str, email: str, replaces: bool
) -> UUID:
    """Makes the person a contact and queues the newest version to them; answers the contact's id.

    `replaces` ends the contact who said that it was not for them, and their links.
    """
    if not is_address(email):
        raise ForwardAddressInvalid(email=email or "–")
    async with transaction(engine, company.id) as session:
        answer = await answer_by_id(session, company.id, answer_id)
        if answer is None or answer.kind != "wrong_person":
            raise ForwardUnknown
        found = await answerable_statement(session, company.id, answer.statement_id, lock=True)
        newest = await newest_sent_version(session, company.id, answer.statement_id)
        customer = await customer_by_id(session, company.id, found.customer_id) if found is not None else None
        if newest is None or customer is None:
            raise ForwardUnknown
        if not await close_task_by_key(session, company.id, f"wrong_person/{answer_id}"):
            raise ForwardDone
        known = await find_contact(session, company.id, customer.id, email, "statement")
        contact_id = known.id if known is not None else await add_contact(
            session, company.id, new_contact(customer.id, name.strip() or email, email, None, "statement")
        )  # fmt: skip
        if replaces and answer.contact_id is not None and answer.contact_id != contact_id:
            await disable_contact(session, company.id, customer.id, answer.contact_id)
            await revoke_links_of(session, company.id, answer.contact_id)
        await enqueue(
            session, company.id,
            Message(
                kind="statement_to_customer", channel="email", recipient=email,
                dedup_key=f"statement/{newest.number}/{contact_id}", subject_kind="statement",
                subject_id=str(newest.id), payload={"statement_id": str(newest.id)}, customer_id=customer.id,
                person_id=contact_id,
            ),
        )  # fmt: skip
        await record(
            session, company.id, actor, "statement_forwarded", ("statement", str(newest.id)),
            {"answer_id": str(answer_id), "contact_id": str(contact_id), "replaces": replaces},
        )  # fmt: skip
    return contact_id


async def decline_forward(engine: Database, company: Company, answer_id: UUID, actor: Actor) -> Answer:
    """Leaves the statement with whom it was sent to."""
    async with transaction(engine, company.id) as session:
        answer = await answer_by_id(session, company.id, answer_id)
        if answer is None or answer.kind != "wrong_person":
            raise ForwardUnknown
        if not await close_task_by_key(session, company.id, f"wrong_person/{answer_id}"):
            raise ForwardDone
        await record(
            session, company.id, actor, "forward_declined", ("statement", str(answer.statement_id)),
            {"answer_id": str(answer_id)},
        )  # fmt: skip
    return answer
