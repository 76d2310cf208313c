"""What the policy page shows: every policy with its versions, and what a text under edit means and would change."""

import json
import tomllib
from collections.abc import Container
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from approvals.default_policy import default_policies
from approvals.explain import explain
from approvals.lint import Fault, lint
from approvals.policy import Policy, PolicyInvalidError, parse_policy
from approvals.simulate import Changed, Simulated, compare, simulate
from services.policies_in_force import policies_or_defaults
from services.publish_policy import PolicyInvalid
from storage.approval_policies import StoredPolicy, all_policies
from storage.approvals import past_subjects
from storage.database import Session
from storage.people import people_of

HISTORY_DAYS = 92
"""The last quarter: what a changed policy is tried on."""

SHOWN = 100
"""Requests that would have gone another way, listed on the page; the count says how many there are."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A policy as people must understand it before they publish it."""

    policy: Policy
    words: list[str]
    faults: list[Fault]
    simulated: Simulated | None
    """What it would do with the given facts."""
    history: int
    """Requests of the last quarter that it was tried on."""
    changed: list[Changed]


def read_document(text: str) -> dict[str, Any]:
    """The document of a text in JSON or TOML, or PolicyInvalid."""
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except ValueError as error:
        raise PolicyInvalid(problem=str(error)) from error
    if not isinstance(document, dict):
        raise PolicyInvalid(problem="an object is expected")
    return document


def parsed(document: dict[str, Any]) -> Policy:
    """The policy of a document, or PolicyInvalid."""
    try:
        return parse_policy(document)
    except PolicyInvalidError as error:
        raise PolicyInvalid(problem=str(error)) from error


async def try_policy(
    session: Session, company_id: UUID, policy: Policy, facts: dict[str, Any] | None, language: str
) -> Tried:
    """What the policy means, what is wrong with it, and which requests of the last quarter it would treat otherwise."""
    people = {one.id: one.capacities() for one in (await people_of(session, company_id)).values()}
    history = await past_subjects(session, company_id, sorted(policy.subjects), HISTORY_DAYS)
    in_force = [one for one in await policies_or_defaults(session, company_id) if one.name == policy.name]
    return Tried(
        policy=policy,
        words=explain(policy, language),
        faults=lint(policy, people),
        simulated=None if facts is None else simulate(policy, min(policy.subjects), facts, people),
        history=len(history),
        changed=compare(in_force[0].policy(), policy, history, people) if in_force else [],
    )


async def policy_versions(session: Session, company_id: UUID) -> dict[str, list[StoredPolicy]]:
    """Versions by name, the newest first. Looking puts nothing in force: see `resting_defaults`."""
    versions: dict[str, list[StoredPolicy]] = {}
    for one in await all_policies(session, company_id):
        versions.setdefault(one.name, []).append(one)
    return versions


def resting_defaults(known: Container[str]) -> list[dict[str, Any]]:
    """The house's own policies that come into force with the first request, because the company has none so named."""
    return [document for document in default_policies() if document["name"] not in known]
