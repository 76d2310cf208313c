"""Approval policies: immutable documents by name and version."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update

from approvals.policy import Policy, parse_policy, policy_sha256
from ledger.canonical import canonical_json
from storage.database import Session
from storage.identifiers import new_id
from storage.schema import approval_policy


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """One version of a policy."""

    id: UUID
    name: str
    version: int
    body: str
    sha256: str
    state: str
    drafted_by: UUID | None
    published_by: UUID | None
    published_at: datetime | None

    def document(self) -> dict[str, Any]:
        """The document as data."""
        document: dict[str, Any] = json.loads(self.body)
        return document

    def policy(self) -> Policy:
        """The document, parsed."""
        return parse_policy(self.document())


_COLUMNS = select(
    approval_policy.c.id, approval_policy.c.name, approval_policy.c.version, approval_policy.c.body,
    approval_policy.c.sha256, approval_policy.c.state, approval_policy.c.drafted_by, approval_policy.c.published_by,
    approval_policy.c.published_at,
)  # fmt: skip

_parsed: dict[tuple[UUID, UUID], Policy] = {}
"""Versions never change, so a process parses each once."""


async def insert_draft(session: Session, company_id: UUID, document: dict[str, Any], drafted_by: UUID | None) -> UUID:
    """A new version of the policy's name, not yet in force."""
    policy_id = new_id()
    name = document["name"]
    newest = (
        await session.execute(
            select(func.coalesce(func.max(approval_policy.c.version), 0)).where(
                approval_policy.c.company_id == company_id, approval_policy.c.name == name
            )
        )
    ).scalar_one()
    await session.execute(
        insert(approval_policy).values(
            company_id=company_id, id=policy_id, name=name, version=newest + 1, body=canonical_json(document),
            sha256=policy_sha256(document), state="draft", drafted_by=drafted_by,
        )
    )  # fmt: skip
    return policy_id


async def put_in_force(session: Session, company_id: UUID, policy: StoredPolicy, published_by: UUID | None) -> bool:
    """Retires the version in force and publishes this draft; False when it is no draft any more."""
    await session.execute(
        update(approval_policy)
        .where(
            approval_policy.c.company_id == company_id,
            approval_policy.c.name == policy.name,
            approval_policy.c.state == "published",
        )
        .values(state="retired")
    )
    published = await session.execute(
        update(approval_policy)
        .where(
            approval_policy.c.company_id == company_id,
            approval_policy.c.id == policy.id,
            approval_policy.c.state == "draft",
        )
        .values(state="published", published_by=published_by, published_at=func.clock_timestamp())
    )
    return published.rowcount == 1


async def lock_policies(session: Session, company_id: UUID) -> None:
    """Holds back other writers of this company's policies until the commit."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"approval_policy/{company_id}", 0))))


async def policies_in_force(session: Session, company_id: UUID) -> list[StoredPolicy]:
    """Published policies by name."""
    rows = await session.execute(
        _COLUMNS.where(approval_policy.c.company_id == company_id, approval_policy.c.state == "published").order_by(
            approval_policy.c.name
        )
    )
    return [StoredPolicy(*row) for row in rows]


async def all_policies(session: Session, company_id: UUID) -> list[StoredPolicy]:
    """Every version of every policy, newest first within a name."""
    rows = await session.execute(
        _COLUMNS.where(approval_policy.c.company_id == company_id).order_by(
            approval_policy.c.name, approval_policy.c.version.desc()
        )
    )
    return [StoredPolicy(*row) for row in rows]


async def find_policy(session: Session, company_id: UUID, policy_id: UUID) -> StoredPolicy | None:
    """One version by its id."""
    row = (
        await session.execute(
            _COLUMNS.where(approval_policy.c.company_id == company_id, approval_policy.c.id == policy_id)
        )
    ).one_or_none()
    return StoredPolicy(*row) if row else None


async def policy_of(session: Session, company_id: UUID, policy_id: UUID) -> Policy:
    """The parsed policy of a request."""
    key = (company_id, policy_id)
    if key not in _parsed:
        stored = await find_policy(session, company_id, policy_id)
        assert stored is not None  # noqa: S101 - a foreign key says so
        _parsed[key] = stored.policy()
    return _parsed[key]
