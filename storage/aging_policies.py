"""Aging policies: versions that never change; the newest of a name is in force."""

from uuid import UUID

from sqlalchemy import insert, select

from ledger.aging import AgingPolicy, parse_policy
from storage.database import Session
from storage.identifiers import new_id
from storage.schema import aging_policy


async def find_policy(session: Session, company_id: UUID, name: str) -> AgingPolicy | None:
    """The newest version of the policy with this name."""
    query = (
        select(aging_policy.c.version, aging_policy.c.body)
        .where(aging_policy.c.company_id == company_id, aging_policy.c.name == name)
        .order_by(aging_policy.c.version.desc())
        .limit(1)
    )
    row = (await session.execute(query)).one_or_none()
    return parse_policy(name, row.version, row.body) if row else None


async def list_policies(session: Session, company_id: UUID) -> list[AgingPolicy]:
    """All versions of all policies, by name and version."""
    query = (
        select(aging_policy.c.name, aging_policy.c.version, aging_policy.c.body)
        .where(aging_policy.c.company_id == company_id)
        .order_by(aging_policy.c.name, aging_policy.c.version)
    )
    return [parse_policy(*row) for row in await session.execute(query)]


async def insert_policy(session: Session, company_id: UUID, policy: AgingPolicy, published_by: UUID | None) -> None:
    """Adds one version."""
    await session.execute(
        insert(aging_policy).values(
            company_id=company_id, id=new_id(), name=policy.name, version=policy.version, body=policy.body,
            sha256=policy.sha256, published_by=published_by,
        )
    )  # fmt: skip
