"""Drafts policies and publishes them through an approval of their own: it takes a second person."""

from typing import Any
from uuid import UUID

from approvals.policy import PolicyInvalidError, parse_policy
from services.decide_approval import decide
from services.open_approvals import open_approval
from services.policies_in_force import policies_or_defaults
from services.policy_subjects import POLICY, policy_digest, policy_facts
from services.second_person import SecondPersonNeeded
from storage.approval_policies import find_policy, insert_draft
from storage.approvals import read_request
from storage.audit import Actor, record
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


class NotADraft(Refusal):
    """It is in force or retired already."""

    code = "not_a_draft"
    sentence = "Version {version} of policy {name} is not a draft any more."
    remedy = "Draft a new version."


async def draft_policy(engine: Database, company_id: UUID, document: dict[str, Any], drafted_by: UUID) -> UUID:
    """Keeps a new version that is not in force yet, and asks those who may publish it. Answers the version's id."""
    _check(document)
    async with transaction(engine, company_id) as session:
        await policies_or_defaults(session, company_id)  # what decides on this draft is in force before it
        policy_id = await insert_draft(session, company_id, document, drafted_by)
        await record(
            session, company_id, Actor("user", drafted_by), "policy_drafted", ("policy", str(policy_id)),
            {"name": document["name"]},
        )  # fmt: skip
        await _ask(session, company_id, policy_id)
    return policy_id


async def publish_policy(engine: Database, company_id: UUID, policy_id: UUID, published_by: UUID) -> str:
    """Approves a colleague's draft, which puts it in force once all are heard whom the company's policy asks.

    Answers where the request stands: consumed when the draft is in force, open while others are asked. Requests that
    are open keep the version they opened with.
    """
    async with transaction(engine, company_id) as session:
        policy = await find_policy(session, company_id, policy_id)
        if policy is None:
            raise PolicyUnknown(id=policy_id)
        if policy.drafted_by == published_by:
            raise SecondPersonNeeded
        if policy.state != "draft":
            raise NotADraft(name=policy.name, version=policy.version)
        stored = await read_request(session, company_id, await _ask(session, company_id, policy_id))
    assert stored is not None  # noqa: S101 - asked in this transaction
    shown = stored.request
    await decide(
        engine, company_id, shown.id, "approve", actor_id=published_by, round=shown.round, stage=shown.stage,
        digest=shown.digest, key=f"publish/{shown.id}/{stored.act_count}/{published_by}",
    )  # fmt: skip
    async with transaction(engine, company_id) as session:
        after = await read_request(session, company_id, shown.id)
    assert after is not None  # noqa: S101 - never deleted
    return after.request.state


async def _ask(session: Session, company_id: UUID, policy_id: UUID) -> UUID:
    policy = await find_policy(session, company_id, policy_id)
    assert policy is not None  # noqa: S101 - read or written in this transaction
    digest, facts = await policy_digest(session, company_id, policy), policy_facts(policy)
    return await open_approval(session, company_id, POLICY, str(policy_id), digest, facts, policy.drafted_by)


def _check(document: dict[str, Any]) -> None:
    try:
        parse_policy(document)
    except PolicyInvalidError as error:
        raise PolicyInvalid(problem=str(error)) from error
