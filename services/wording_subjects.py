"""A company's own wording as the subject of an approval: what a second person agrees to is told from then on."""

from uuid import UUID

from approvals.request import Request
from ledger.canonical import Json, canonical_json, sha256_hex
from notifications.labels import MESSAGES
from services.second_person import need_second_person
from services.subject_kinds import Description, Facts, Figure, SubjectKind, SubjectUnknown
from storage.audit import Actor, record
from storage.database import Session
from storage.wordings import StoredWording, find_wording, put_wording_in_force, wording_told_now
from words.catalog import translate

TEMPLATE = "template"


async def wording_digest(session: Session, company_id: UUID, one: StoredWording) -> str:
    """What an approver signs: these words in place of those; "" once they are in force."""
    before = await wording_told_now(session, company_id, one.kind, one.language)
    if before is not None and before.id == one.id:
        return ""
    signed = [one.kind, one.language, one.sha256, "" if before is None else str(before.id)]
    return sha256_hex(canonical_json(signed))


async def _digest_now(session: Session, company_id: UUID, subject_id: str, _facts: Facts) -> str:
    found = await find_wording(session, company_id, UUID(subject_id))
    return "" if found is None else await wording_digest(session, company_id, found)


async def _describe(session: Session, company_id: UUID, subject_id: str, _facts: Facts, language: str) -> Description:
    found = await find_wording(session, company_id, UUID(subject_id))
    if found is None:
        raise SubjectUnknown(kind=TEMPLATE, id=subject_id)
    variants = found.document()["variants"]
    figures = [
        Figure("Message", translate(MESSAGES.get(found.kind, found.kind), language)),
        Figure("Language", {"zh": "中文", "en": "English"}[found.language]),
        Figure("Version", str(found.version)),
        *(Figure(f"{one['name']} · {one['weight']}", one["subject"] or one["text"][:80]) for one in variants),
    ]
    title = translate("Wording of a message: {kind}", language, kind=figures[0].value)
    path = f"/settings/wording/{found.kind}/{found.language}?version={found.version}"
    return Description(title, tuple(figures), (), path)


async def _put_in_force(session: Session, company_id: UUID, request: Request) -> None:
    found = await find_wording(session, company_id, UUID(request.subject_id))
    assert found is not None  # noqa: S101 - the digest was compared in this transaction
    by = need_second_person(request, found.drafted_by)
    await put_wording_in_force(session, company_id, found, request.id)
    facts: dict[str, Json] = {
        "kind": found.kind, "language": found.language, "version": found.version, "sha256": found.sha256,
        "request": str(request.id),
    }  # fmt: skip
    await record(session, company_id, Actor("user", by), "wording_published", (TEMPLATE, str(found.id)), facts)


WORDING_SUBJECTS = {TEMPLATE: SubjectKind(_digest_now, _describe, effect=_put_in_force)}
