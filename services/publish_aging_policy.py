"""Publishes a version of an aging policy; earlier versions stay, and statements name the one they used."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ledger.aging import DEFAULT_POLICY, AgingPolicy, AgingPolicyError, parse_policy
from ledger.canonical import Json
from storage.aging_policies import find_policy, insert_policy, list_policies
from storage.audit import SYSTEM, Actor, record
from storage.companies import Company
from storage.database import Database, transaction
from words.refusal import Refusal


class AgingPolicyInvalid(Refusal):
    """The data does not describe buckets without gap."""

    code = "aging_policy_invalid"
    sentence = "The aging policy {name} is not usable: {reason}."
    remedy = 'Write {{"basis": "due_date", "credits": "netted", "upper_bounds": [0, 30, 60, 90, 180]}}.'


async def publish_aging_policy(
    engine: Database, company: Company, name: str, body: Mapping[str, Any], published_by: UUID | None = None
) -> AgingPolicy:
    """The policy in force from now on under its name; the same data again is the same version."""
    async with transaction(engine, company.id) as session:
        last = await find_policy(session, company.id, name)
        policy = _parsed(name, last.version + 1 if last is not None else 1, body)
        if last is not None and last.sha256 == policy.sha256:
            return last
        await insert_policy(session, company.id, policy, published_by)
        actor = Actor("user", published_by) if published_by is not None else SYSTEM
        facts: dict[str, Json] = {"version": policy.version, "sha256": policy.sha256, "body": policy.body}
        await record(session, company.id, actor, "aging_policy_published", ("aging_policy", name), facts)
    return policy


async def aging_policies(engine: Database, company: Company) -> list[AgingPolicy]:
    """All versions; the default one first when the company has none of that name."""
    async with transaction(engine, company.id) as session:
        stored = await list_policies(session, company.id)
    own_default = any(policy.name == DEFAULT_POLICY.name for policy in stored)
    return stored if own_default else [DEFAULT_POLICY, *stored]


def _parsed(name: str, version: int, body: Mapping[str, Any]) -> AgingPolicy:
    try:
        return parse_policy(name, version, body)
    except AgingPolicyError as error:
        raise AgingPolicyInvalid(name=name, reason=str(error)) from error
