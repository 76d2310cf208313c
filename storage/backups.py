"""Backups: the record of each, and the figures by which a restored database is compared with the one saved."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, text, update

from storage.database import Session
from storage.identifiers import new_id
from storage.schema import backup, metadata


@dataclass(frozen=True, slots=True)
class BackupRow:
    """One backup file of this company's database."""

    path: str
    sha256: str
    bytes: int
    at: datetime
    verified_at: datetime | None


async def insert_backup(session: Session, company_id: UUID, path: str, sha256: str, size: int) -> UUID:
    """Records a backup, in one company's transaction."""
    row_id = new_id()
    await session.execute(insert(backup).values(company_id=company_id, id=row_id, path=path, sha256=sha256, bytes=size))
    return row_id


async def mark_verified(session: Session, company_id: UUID, sha256: str) -> int:
    """Notes that the file with this hash was restored and held; answers how many records say so now."""
    result = await session.execute(
        update(backup)
        .where(backup.c.company_id == company_id, backup.c.sha256 == sha256)
        .values(verified_at=func.clock_timestamp())
    )
    return int(result.rowcount)


async def last_backup(session: Session, company_id: UUID) -> BackupRow | None:
    """The newest backup."""
    query = (
        select(backup.c.path, backup.c.sha256, backup.c.bytes, backup.c.at, backup.c.verified_at)
        .where(backup.c.company_id == company_id)
        .order_by(backup.c.at.desc())
        .limit(1)
    )
    row = (await session.execute(query)).one_or_none()
    return BackupRow(*row) if row else None


_SUMS = """
    select c.code, i.currency, count(*) as items, coalesce(sum(i.amount), 0)::text as amount
    from open_item i join company c on c.id = i.company_id
    group by c.code, i.currency order by c.code, i.currency
"""

_ALLOCATED = """
    select c.code, count(*) as allocations, coalesce(sum(a.amount), 0)::text as amount
    from allocation a join company c on c.id = a.company_id group by c.code order by c.code
"""

_STATEMENTS = """
    select c.code, count(*) as statements, coalesce(sum(s.closing), 0)::text as closing
    from statement s join company c on c.id = s.company_id group by c.code order by c.code
"""

_HEADS = "select c.code, h.number, h.hash from audit_head h join company c on c.id = h.company_id order by c.code"

BOOKKEEPING = frozenset({"backup", "audit_event", "audit_head"})
"""Tables that the record of a backup itself adds to: the audit chain is compared by its heads instead."""


async def totals(session: Session, tables: Collection[str] | None = None) -> dict[str, Any]:
    """What must be the same after a restore, in an owner's transaction: rows per table, sums, and chain heads.

    `tables` are those that an older schema had; all of them unless given.
    """
    rows = {}
    for table in metadata.sorted_tables:
        if table.name not in BOOKKEEPING and (tables is None or table.name in tables):
            rows[table.name] = int((await session.execute(select(func.count()).select_from(table))).scalar_one())
    return {
        "rows": rows,
        "items": await _listed(session, _SUMS),
        "allocations": await _listed(session, _ALLOCATED),
        "statements": await _listed(session, _STATEMENTS),
        "audit_heads": await _listed(session, _HEADS),
    }


async def _listed(session: Session, query: str) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in await session.execute(text(query))]  # noqa: SLF001 - SQLAlchemy's documented name


async def has_tables(session: Session) -> bool:
    """Whether the database holds the house's tables, in an owner's transaction."""
    return (await session.execute(text("select to_regclass('public.company') is not null"))).scalar_one() is True


async def export_snapshot(session: Session) -> str:
    """A name under which pg_dump sees exactly what this transaction sees; make it the transaction's first statement."""
    await session.execute(text("set transaction isolation level repeatable read"))
    name: str = (await session.execute(text("select pg_export_snapshot()"))).scalar_one()
    return name
