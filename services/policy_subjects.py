"""Approval policies as subjects of an approval: a draft comes into force by the last vote on it."""

from typing import Any
from uuid import UUID

from approvals.explain import explain
from approvals.request import Request
from ledger.canonical import canonical_json, sha256_hex
from services.second_person import need_second_person
from services.subject_kinds import Description, Facts, Figure, SubjectKind, SubjectUnknown
from storage.approval_policies import StoredPolicy, find_policy, policies_in_force, put_in_force
from storage.audit import Actor, record
from storage.database import Session
from words.catalog import translate

POLICY = "policy"


async def policy_digest(session: Session, company_id: UUID, draft: StoredPolicy) -> str:
    """What an approver signs: this document in place of the one in force; "" when it is no draft any more."""
    if draft.state != "draft":
        return ""
    before = [one.sha256 for one in await policies_in_force(session, company_id) if one.name == draft.name]
    return sha256_hex(canonical_json([draft.name, draft.version, draft.sha256, before]))


def policy_facts(draft: StoredPolicy) -> dict[str, Any]:
    """The facts that a policy may ask of a policy; documented in the handbook."""
    parsed = draft.policy()
    return {
        "name": draft.name, "version": draft.version, "stages": len(parsed.stages), "auto": parsed.auto is not None,
        "covers": sorted(parsed.subjects),
    }  # fmt: skip


async def _digest_now(session: Session, company_id: UUID, subject_id: str, _facts: Facts) -> str:
    found = await find_policy(session, company_id, UUID(subject_id))
    return "" if found is None else await policy_digest(session, company_id, found)


async def _describe(session: Session, company_id: UUID, subject_id: str, _facts: Facts, language: str) -> Description:
    found = await find_policy(session, company_id, UUID(subject_id))
    if found is None:
        raise SubjectUnknown(kind=POLICY, id=subject_id)
    title = translate("Policy {name}, version {version}", language, name=found.name, version=found.version)
    says = " ".join(explain(found.policy(), language))
    return Description(title, (Figure("What it says", says),), (), f"/policies?edit={found.id}")


async def _put_in_force(session: Session, company_id: UUID, request: Request) -> None:
    """Retires the version in force and publishes this one; requests that are open keep theirs."""
    found = await find_policy(session, company_id, UUID(request.subject_id))
    assert found is not None  # noqa: S101 - the digest was compared in this transaction
    by = need_second_person(request, found.drafted_by)
    await put_in_force(session, company_id, found, by)
    await record(
        session, company_id, Actor("user", by), "policy_published", ("policy", str(found.id)),
        {"name": found.name, "version": found.version, "sha256": found.sha256, "request": str(request.id)},
    )  # fmt: skip


POLICY_SUBJECTS = {POLICY: SubjectKind(_digest_now, _describe, effect=_put_in_force)}
