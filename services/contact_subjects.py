"""Changes of customers' contacts as subjects of an approval: four eyes on where statements are sent."""

from typing import Any
from uuid import UUID

from approvals.request import Request
from ledger.canonical import canonical_json, sha256_hex
from services.subject_kinds import Description, Facts, Figure, SubjectKind
from storage.audit import SYSTEM, Actor, record
from storage.contact_values import contact_now
from storage.database import Session
from storage.page_edits import put_contact, revoke_links_of
from words.catalog import translate

CONTACT_CHANGE = "contact_change"

_LABELS = {"name": "Name", "email": "E-mail address", "language": "Language", "purpose": "Purpose"}


def contact_digest(before: dict[str, Any], after: dict[str, Any]) -> str:
    """What an approver signs: the contact as it is, and as it would be."""
    return sha256_hex(canonical_json({"before": before, "after": after}))


async def _digest_now(session: Session, company_id: UUID, subject_id: str, facts: Facts) -> str:
    """Another one as soon as somebody changed the contact meanwhile."""
    return contact_digest(await contact_now(session, company_id, UUID(subject_id)), dict(facts["after"]))


async def _describe(_session: Session, _company_id: UUID, _subject_id: str, facts: Facts, language: str) -> Description:
    before, after = facts["before"], facts["after"]
    figures = tuple(
        Figure(label, f"{before.get(name) or '–'} → {after[name]}" if before.get(name) != after[name] else after[name])
        for name, label in _LABELS.items()
        if after.get(name)
    )
    title = translate("Contact of customer {customer}", language, customer=facts["customer"])
    return Description(title, figures, (), f"/customers/{facts['customer_id']}")


async def _change(session: Session, company_id: UUID, request: Request) -> None:
    """Writes the contact as approved; a changed address takes its open links back."""
    facts: Any = request.facts
    contact_id, customer_id = UUID(request.subject_id), UUID(facts["customer_id"])
    is_new = not facts["before"]
    before = await put_contact(session, company_id, customer_id, contact_id, dict(facts["after"]), is_new=is_new)
    changed = before != facts["after"]["email"]
    if changed:
        await revoke_links_of(session, company_id, contact_id)
    actor = SYSTEM if request.submitted_by is None else Actor("user", request.submitted_by)
    told = {"contact_id": str(contact_id), "address_changed": changed, "new": is_new, "request": str(request.id)}
    await record(session, company_id, actor, "contact_edited", ("customer", str(customer_id)), told)


CONTACT_SUBJECTS = {CONTACT_CHANGE: SubjectKind(_digest_now, _describe, effect=_change)}
