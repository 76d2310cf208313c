"""Changes a contact, or asks for the change where a policy of the company puts it under four eyes."""

from typing import Any
from uuid import UUID

from services.contact_subjects import CONTACT_CHANGE, contact_digest
from services.edit_contact import checked_contact, edit_contact
from services.open_approvals import open_approval
from services.other_proposal import need_no_other_proposal
from services.policies_in_force import policies_or_defaults
from storage.audit import Actor
from storage.companies import Company
from storage.contact_values import contact_now
from storage.database import Database, transaction
from storage.identifiers import new_id


async def change_contact(
    engine: Database, company: Company, customer: tuple[UUID, str], contact_id: UUID | None, values: dict[str, str],
    by: Actor,
) -> UUID | None:  # fmt: skip
    """The request's id when others must decide, None when it is done. `customer` is (id, code).

    `by` is one of the staff, or the contact in the portal: who is no user is nobody's preparer.
    """
    after = checked_contact(values)
    user = by.id if by.kind == "user" else None
    async with transaction(engine, company.id) as session:
        asked = any(
            CONTACT_CHANGE in one.policy().subjects for one in await policies_or_defaults(session, company.id)
        )  # fmt: skip
        if asked:
            kept = contact_id or new_id()
            before = await contact_now(session, company.id, kept)
            facts: dict[str, Any] = {
                "customer": customer[1], "customer_id": str(customer[0]), "before": before, "after": after,
                "new": not before, "address_changed": before.get("email") != after["email"],
                "asked_by": by.kind,
            }  # fmt: skip
            digest = contact_digest(before, after)
            await need_no_other_proposal(session, company.id, (CONTACT_CHANGE, str(kept)), digest, user)
            return await open_approval(session, company.id, CONTACT_CHANGE, str(kept), digest, facts, user)
    await edit_contact(engine, company.id, customer[0], contact_id, values, by)
    return None
