"""The policies that decide now: the company's own, and the house's where a company never had one of that name."""

from typing import Any
from uuid import UUID

from approvals.default_policy import default_policies
from storage.approval_policies import (
    StoredPolicy,
    all_policies,
    find_policy,
    insert_draft,
    lock_policies,
    policies_in_force,
    put_in_force,
)
from storage.audit import SYSTEM, record
from storage.database import Session


async def policies_or_defaults(session: Session, company_id: UUID) -> list[StoredPolicy]:
    """The policies in force; where a company never had one of a default's name, the house's own is in force."""
    found = await policies_in_force(session, company_id)
    if {document["name"] for document in default_policies()} <= {policy.name for policy in found}:
        return found
    await lock_policies(session, company_id)
    known = {policy.name for policy in await all_policies(session, company_id)}
    for document in default_policies():
        if document["name"] not in known:
            await _publish_default(session, company_id, document)
    return await policies_in_force(session, company_id)


async def _publish_default(session: Session, company_id: UUID, document: dict[str, Any]) -> None:
    policy_id = await insert_draft(session, company_id, document, None)
    draft = await find_policy(session, company_id, policy_id)
    assert draft is not None  # noqa: S101 - written in this transaction
    await put_in_force(session, company_id, draft, None)
    await record(
        session, company_id, SYSTEM, "policy_published", ("policy", str(policy_id)),
        {"name": draft.name, "version": draft.version, "sha256": draft.sha256},
    )  # fmt: skip
