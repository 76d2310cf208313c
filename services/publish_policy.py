"""Drafts and publishes approval policies; publishing needs a second person."""

from typing import Any
from uuid import UUID

from approvals.default_policy import default_policies
from approvals.policy import PolicyInvalidError, parse_policy
from storage.approval_policies import (
    StoredPolicy,
    all_policies,
    find_policy,
    insert_draft,
    lock_policies,
    policies_in_force,
    put_in_force,
)
from storage.audit import SYSTEM, Actor, record
from storage.database import Database, Session, transaction
from words.refusal import Refusal


class PolicyInvalid(Refusal):
    """The document is no policy."""

    code = "policy_invalid"
    sentence = "This is not a valid policy: {problem}."
    remedy = "The handbook describes the document; tieout approvals simulate shows what it would do."


EDITORS = ("manager", "compliance", "administrator")
"""Two of them together change a policy: one drafts, another publishes."""


class EditorNeeded(Refusal):
    """Policies are not everybody's to change."""

    code = "editor_needed"
    sentence = "Your role does not allow this."
    remedy = "It needs one of: {roles}. An administrator gives roles."


class PolicyUnknown(Refusal):
    """No such policy version."""

    code = "policy_unknown"
    sentence = "There is no policy {id}."
    remedy = "Look at the list of policies in the settings."


class SecondPersonNeeded(Refusal):
    """Who drafted a policy does not publish it."""

    code = "second_person_needed"
    sentence = "Another person than the one who drafted the policy has to publish it."
    remedy = "Ask a colleague who may change policies."


class NotADraft(Refusal):
    """It is in force or retired already."""

    code = "not_a_draft"
    sentence = "Version {version} of policy {name} is not a draft any more."
    remedy = "Draft a new version."


async def draft_policy(engine: Database, company_id: UUID, document: dict[str, Any], drafted_by: UUID) -> UUID:
    """Keeps a new version that is not in force yet."""
    _check(document)
    async with transaction(engine, company_id) as session:
        policy_id = await insert_draft(session, company_id, document, drafted_by)
        await record(
            session, company_id, Actor("user", drafted_by), "policy_drafted", ("policy", str(policy_id)),
            {"name": document["name"]},
        )  # fmt: skip
    return policy_id


async def publish_policy(engine: Database, company_id: UUID, policy_id: UUID, published_by: UUID) -> None:
    """Puts a draft in force; requests that are open keep the version they opened with."""
    async with transaction(engine, company_id) as session:
        policy = await find_policy(session, company_id, policy_id)
        if policy is None:
            raise PolicyUnknown(id=policy_id)
        if policy.drafted_by == published_by:
            raise SecondPersonNeeded
        if not await put_in_force(session, company_id, policy, published_by):
            raise NotADraft(name=policy.name, version=policy.version)
        await record(
            session, company_id, Actor("user", published_by), "policy_published", ("policy", str(policy_id)),
            {"name": policy.name, "version": policy.version, "sha256": policy.sha256},
        )  # fmt: skip


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


def _check(document: dict[str, Any]) -> None:
    try:
        parse_policy(document)
    except PolicyInvalidError as error:
        raise PolicyInvalid(problem=str(error)) from error
