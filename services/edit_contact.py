"""Changes or disables the address to which a customer's statements go."""

from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from ledger.canonical import Json
from services.send_statement import send_to_late_address
from storage.audit import Actor, record
from storage.database import Database, transaction
from storage.identifiers import new_id
from storage.page_edits import disable_contact, put_contact, revoke_links_of
from words.catalog import LANGUAGES
from words.refusal import Refusal

PURPOSES = ("statement", "reminder")


class ContactUnknown(Refusal):
    """No such contact at this customer."""

    code = "contact_unknown"
    sentence = "There is no such contact."
    remedy = "Reload the customer's page."


class ContactInvalid(Refusal):
    """An address that no mail server takes, or no name."""

    code = "contact_invalid"
    sentence = "“{value}” cannot be used as {field}."
    remedy = "Write a name, and an e-mail address like accounts@example.com."


def checked_contact(values: dict[str, str]) -> dict[str, str | None]:
    """Name, address, language and purpose as they are kept, or ContactInvalid."""
    name, email = values.get("name", "").strip(), values.get("email", "").strip()
    if not name:
        raise ContactInvalid(value=name, field="name")
    try:
        address = validate_email(email, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise ContactInvalid(value=email, field="e-mail address") from None
    language = values.get("language") if values.get("language") in LANGUAGES else None
    purpose = values.get("purpose") if values.get("purpose") in PURPOSES else PURPOSES[0]
    return {"name": name, "email": address, "language": language, "purpose": purpose}


async def edit_contact(
    engine: Database, company_id: UUID, customer_id: UUID, contact_id: UUID | None, values: dict[str, str], actor: Actor
) -> UUID:
    """Writes name, address, language and purpose; a changed address takes the contact's open links back."""
    checked = checked_contact(values)
    address = checked["email"]
    kept = contact_id or new_id()
    async with transaction(engine, company_id) as session:
        before = await put_contact(
            session, company_id, customer_id, kept, checked, is_new=contact_id is None
        )  # fmt: skip
        if before is None:
            raise ContactUnknown
        if before != address:
            await revoke_links_of(session, company_id, kept)
        mailed = await send_to_late_address(session, company_id, customer_id)
        facts: dict[str, Json] = {
            "contact_id": str(kept),
            "address_changed": before != address,
            "new": contact_id is None,
            "mails_queued": mailed,
        }
        await record(session, company_id, actor, "contact_edited", ("customer", str(customer_id)), facts)
    return kept


async def remove_contact(engine: Database, company_id: UUID, customer_id: UUID, contact_id: UUID, actor: Actor) -> None:
    """Nothing goes to this contact any more, and their links end."""
    async with transaction(engine, company_id) as session:
        if not await disable_contact(session, company_id, customer_id, contact_id):
            raise ContactUnknown
        await revoke_links_of(session, company_id, contact_id)
        facts: dict[str, Json] = {"contact_id": str(contact_id)}
        await record(session, company_id, actor, "contact_disabled", ("customer", str(customer_id)), facts)
