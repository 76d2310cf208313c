"""Everything an auditor asks about one request, as one document that can be checked without this house."""

from typing import Any
from uuid import UUID

from approvals.explain import explain
from services.show_approval import show_approval
from services.show_inbox import describe_many
from storage.approval_policies import find_policy
from storage.companies import Company
from storage.database import Session

HOW_TO_CHECK = (
    "hash = SHA-256 of the canonical JSON (keys sorted, no spaces, UTF-8) of an object with actor, assurance, "
    "authority, channel, event, key, number, previous, request; previous of the first act is 64 zeros; "
    "ids of persons are empty texts where the system acted."
)
"""Stands in every export, so that the chain can be recomputed from it alone."""


async def approval_evidence(session: Session, company: Company, request_id: UUID, language: str) -> dict[str, Any]:
    """The request with its figures, policy in words and as data, votes, and every act with what its hash is made of."""
    view = await show_approval(session, company.id, request_id, language)
    described = (await describe_many(session, company.id, [view.stored], language))[request_id]
    policy = await find_policy(session, company.id, view.stored.policy_id)
    assert policy is not None  # noqa: S101 - a foreign key says so
    told = view.as_json()
    acts = [
        {**shown, "actor_id": _id(act.actor_id), "authority_id": _id(act.authority_id), "key": act.key,
         "event": act.event, "previous_hash": act.previous_hash}
        for shown, act in zip(told.pop("acts"), view.acts, strict=True)
    ]  # fmt: skip
    return {
        **told,
        "company": {"code": company.code, "name": company.name, "timezone": company.timezone},
        "figures": [{"label": one.label, "value": one.value} for one in described.figures],
        "checks": list(described.checks),
        "policy": {
            "name": policy.name, "version": policy.version, "sha256": policy.sha256, "document": policy.document(),
            "words": explain(policy.policy(), language), "drafted_by": view.names.get(policy.drafted_by, "")
            if policy.drafted_by else "",
            "published_by": view.names.get(policy.published_by, "") if policy.published_by else "",
        },
        "acts": acts,
        "how_to_check": HOW_TO_CHECK,
    }  # fmt: skip


def _id(person: UUID | None) -> str:
    return "" if person is None else str(person)
