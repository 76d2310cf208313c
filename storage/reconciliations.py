"""Reconciliations of a statement and their acceptances: rows that only grow."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select

from storage.database import Session
from storage.schema import bridge_acceptance, reconciliation


@dataclass(frozen=True, slots=True)
class NewReconciliation:
    """A comparison about to be kept; `sealed` holds nonce and ciphertext of the file."""

    id: UUID
    statement_id: UUID
    digest: str
    author_kind: str
    author_id: UUID
    filename: str
    file_sha256: str
    size: int
    key_id: str
    sealed: bytes
    wish: dict[str, Any]
    reports: dict[str, Any]
    bridge_sha256: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who accepted a bridge for one side."""

    side: str
    name: str
    position: str
    bridge_sha256: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredReconciliation:
    """A comparison as it was kept, without the file."""

    id: UUID
    statement_id: UUID
    digest: str
    author_kind: str
    author_id: UUID
    filename: str
    file_sha256: str
    wish: dict[str, Any]
    reports: dict[str, Any]
    bridge_sha256: str
    recorded_at: datetime


_COLUMNS = [reconciliation.c[name] for name in StoredReconciliation.__dataclass_fields__]


async def insert_reconciliation(session: Session, company_id: UUID, new: NewReconciliation) -> None:
    """Keeps one comparison."""
    values = {name: getattr(new, name) for name in NewReconciliation.__dataclass_fields__}
    await session.execute(insert(reconciliation).values(company_id=company_id, **values))


async def count_reconciliations(session: Session, company_id: UUID, statement_id: UUID) -> int:
    """How many a statement has."""
    query = select(func.count()).where(
        reconciliation.c.company_id == company_id, reconciliation.c.statement_id == statement_id
    )
    found: int = (await session.execute(query)).scalar_one()
    return found


async def newest_reconciliation(session: Session, company_id: UUID, statement_id: UUID) -> StoredReconciliation | None:
    """The last one of a statement's version."""
    query = (
        select(*_COLUMNS)
        .where(reconciliation.c.company_id == company_id, reconciliation.c.statement_id == statement_id)
        .order_by(reconciliation.c.id.desc()).limit(1)
    )  # fmt: skip
    row: Any = (await session.execute(query)).one_or_none()
    return StoredReconciliation(*row) if row else None


async def sealed_file(session: Session, company_id: UUID, reconciliation_id: UUID) -> tuple[str, bytes]:
    """The key's name and the sealed bytes of a comparison's file."""
    query = select(reconciliation.c.key_id, reconciliation.c.sealed).where(
        reconciliation.c.company_id == company_id, reconciliation.c.id == reconciliation_id
    )
    row = (await session.execute(query)).one()
    return row[0], row[1]


async def acceptances_of(session: Session, company_id: UUID, reconciliation_id: UUID) -> dict[str, Acceptance]:
    """Side to acceptance."""
    columns = [bridge_acceptance.c[name] for name in Acceptance.__dataclass_fields__]
    query = select(*columns).where(
        bridge_acceptance.c.company_id == company_id, bridge_acceptance.c.reconciliation_id == reconciliation_id
    )
    return {row[0]: Acceptance(*row) for row in await session.execute(query)}


async def insert_acceptance(
    session: Session, company_id: UUID, acceptance_id: UUID, reconciliation_id: UUID, author_id: UUID, new: Acceptance,
    address_prefix: str,
) -> None:  # fmt: skip
    """Keeps one side's acceptance; the other side's is a row of its own."""
    await session.execute(
        insert(bridge_acceptance).values(
            company_id=company_id, id=acceptance_id, reconciliation_id=reconciliation_id, side=new.side,
            author_id=author_id, name=new.name, position=new.position, bridge_sha256=new.bridge_sha256,
            address_prefix=address_prefix, at=new.at,
        )
    )  # fmt: skip
