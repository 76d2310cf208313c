"""Sources, imported files and the rows that were held back."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from storage.database import Session
from storage.identifiers import new_id
from storage.schema import import_file, raw_record, source

STAGED_RAW = {"id": "uuid", "row_number": "integer", "cells": "jsonb", "outcome": "text", "findings": "jsonb"}
STAGED_TAKEN = {"cells": "jsonb"}
PAGE_ROWS = 100
"""Rows of one page of held records."""


@dataclass(frozen=True, slots=True)
class ImportFile:
    """One file as it was taken in."""

    id: UUID
    source_id: UUID
    sha256: str
    filename: str
    profile: str
    profile_sha256: str
    rows: int
    accepted: int
    noticed: int
    quarantined: int
    rejected: int
    skipped: int
    items: int
    totals: dict[str, Any]
    imported_by: UUID | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A row as the file gave it, and what was said about it."""

    id: UUID
    import_id: UUID
    row_number: int
    cells: dict[str, str]
    outcome: str
    findings: list[dict[str, Any]]
    state: str
    repaired_cells: dict[str, str] | None


_FILE_COLUMNS = [
    import_file.c.id, import_file.c.source_id, import_file.c.sha256, import_file.c.filename, import_file.c.profile,
    import_file.c.profile_sha256, import_file.c.rows, import_file.c.accepted, import_file.c.noticed,
    import_file.c.quarantined, import_file.c.rejected, import_file.c.skipped, import_file.c["items"],
    import_file.c.totals, import_file.c.imported_by, import_file.c.recorded_at,
]  # fmt: skip
_RAW_COLUMNS = [
    raw_record.c.id, raw_record.c.import_id, raw_record.c.row_number, raw_record.c.cells, raw_record.c.outcome,
    raw_record.c.findings, raw_record.c.state, raw_record.c.repaired_cells,
]  # fmt: skip


async def lock_source(session: Session, company_id: UUID, name: str) -> UUID:
    """The source of this name, made when new, locked until the commit: imports of one source queue up."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"{company_id}/source/{name}"}
    )
    await session.execute(
        upsert(source)
        .values(company_id=company_id, id=new_id(), name=name)
        .on_conflict_do_nothing(index_elements=["company_id", "name"])
    )
    found: UUID = (
        await session.execute(select(source.c.id).where(source.c.company_id == company_id, source.c.name == name))
    ).scalar_one()
    return found


async def find_import(
    session: Session, company_id: UUID, source_name: str, sha256: str, profile_sha256: str
) -> ImportFile | None:
    """The earlier import of the very same bytes with the very same profile."""
    row = (
        await session.execute(
            select(*_FILE_COLUMNS)
            .join(source, (source.c.company_id == import_file.c.company_id) & (source.c.id == import_file.c.source_id))
            .where(
                import_file.c.company_id == company_id,
                source.c.name == source_name,
                import_file.c.sha256 == sha256,
                import_file.c.profile_sha256 == profile_sha256,
            )
        )
    ).one_or_none()
    return ImportFile(*row) if row else None


async def import_by_id(session: Session, company_id: UUID, import_id: UUID) -> ImportFile | None:
    """One import."""
    row = (
        await session.execute(
            select(*_FILE_COLUMNS).where(import_file.c.company_id == company_id, import_file.c.id == import_id)
        )
    ).one_or_none()
    return ImportFile(*row) if row else None


async def list_imports(session: Session, company_id: UUID, limit: int = PAGE_ROWS) -> list[ImportFile]:
    """The latest imports first."""
    rows = await session.execute(
        select(*_FILE_COLUMNS)
        .where(import_file.c.company_id == company_id)
        .order_by(import_file.c.recorded_at.desc())
        .limit(limit)
    )
    return [ImportFile(*row) for row in rows]


async def import_content(session: Session, company_id: UUID, import_id: UUID) -> bytes | None:
    """The file as it came, packed with zstd."""
    content: bytes | None = (
        await session.execute(
            select(import_file.c.content).where(import_file.c.company_id == company_id, import_file.c.id == import_id)
        )
    ).scalar_one_or_none()
    return content


async def insert_import(session: Session, company_id: UUID, values: dict[str, Any]) -> None:
    """Adds the file's row; `values` are its columns."""
    await session.execute(insert(import_file).values(company_id=company_id, **values))


async def update_import_counts(session: Session, company_id: UUID, import_id: UUID, values: dict[str, Any]) -> None:
    """Sets the counts once they are known, in the import's own transaction."""
    await session.execute(
        update(import_file)
        .where(import_file.c.company_id == company_id, import_file.c.id == import_id)
        .values(**values)
    )


async def keep_staged_raw(session: Session, company_id: UUID, import_id: UUID, source_id: UUID) -> int:
    """Adds the rows of `staged_raw`, without those that an earlier file of this source left here already.

    Equal rows may stand in one file more than once (two equal lines of a bill): each of them is kept once.
    """
    result = await session.execute(
        text(
            "with known as ("
            "  select md5(r.cells::text) as key, count(*) as n from raw_record r"
            "  join import_file f on f.company_id = r.company_id and f.id = r.import_id"
            "  where r.company_id = :company and f.source_id = :source group by 1),"
            " ranked as ("
            "  select s.*, k.key, row_number() over (partition by k.key order by s.row_number) as place"
            "  from staged_raw s, lateral (select md5(s.cells::text) as key) k)"
            " insert into raw_record (company_id, id, import_id, row_number, cells, outcome, findings)"
            " select :company, s.id, :import, s.row_number, s.cells, s.outcome, s.findings"
            " from ranked s left join known k on k.key = s.key"
            " where s.place > coalesce(k.n, 0) order by s.row_number"
        ),
        {"company": company_id, "import": import_id, "source": source_id},
    )
    return result.rowcount


async def waits_under_other_profile(session: Session, company_id: UUID, source_id: UUID, profile_sha256: str) -> bool:
    """Whether rows of this source wait that were read with another profile than this one."""
    found = await session.execute(
        select(raw_record.c.id)
        .join(
            import_file,
            (import_file.c.company_id == raw_record.c.company_id) & (import_file.c.id == raw_record.c.import_id),
        )
        .where(
            raw_record.c.company_id == company_id,
            raw_record.c.state == "open",
            raw_record.c.outcome.in_(["quarantined", "rejected"]),
            import_file.c.source_id == source_id,
            import_file.c.profile_sha256 != profile_sha256,
        )
        .limit(1)
    )
    return found.first() is not None


async def close_taken(session: Session, company_id: UUID, source_id: UUID) -> int:
    """Marks waiting rows of the source as repaired whose cells stand in `staged_taken`."""
    result = await session.execute(
        text(
            "update raw_record r set state = 'repaired', repaired_cells = r.cells, repaired_at = clock_timestamp() "
            "from import_file f where r.company_id = :company and f.company_id = r.company_id and f.id = r.import_id "
            "and f.source_id = :source and r.state = 'open' and r.outcome in ('quarantined', 'rejected') "
            "and r.cells in (select cells from staged_taken)"
        ),
        {"company": company_id, "source": source_id},
    )
    return result.rowcount


async def held_records(
    session: Session, company_id: UUID, *, state: str = "open", after: UUID | None = None, limit: int = PAGE_ROWS
) -> list[RawRecord]:
    """Quarantined and rejected rows in one state, by id."""
    query = select(*_RAW_COLUMNS).where(
        raw_record.c.company_id == company_id,
        raw_record.c.state == state,
        raw_record.c.outcome.in_(["quarantined", "rejected"]),
    )
    if after is not None:
        query = query.where(raw_record.c.id > after)
    rows = await session.execute(query.order_by(raw_record.c.id).limit(limit))
    return [RawRecord(*row) for row in rows]


async def count_held(session: Session, company_id: UUID) -> dict[str, int]:
    """Rows that wait, by outcome."""
    rows = await session.execute(
        select(raw_record.c.outcome, func.count())
        .where(raw_record.c.company_id == company_id, raw_record.c.state == "open")
        .where(raw_record.c.outcome.in_(["quarantined", "rejected"]))
        .group_by(raw_record.c.outcome)
    )
    return {row[0]: row[1] for row in rows}


async def lock_raw_record(session: Session, company_id: UUID, record_id: UUID) -> RawRecord | None:
    """One row, locked until the commit."""
    row = (
        await session.execute(
            select(*_RAW_COLUMNS)
            .where(raw_record.c.company_id == company_id, raw_record.c.id == record_id)
            .with_for_update()
        )
    ).one_or_none()
    return RawRecord(*row) if row else None


async def open_siblings(session: Session, company_id: UUID, import_id: UUID, cells: dict[str, str]) -> list[RawRecord]:
    """Rows of the same import that wait and hold these cells too: the other lines of one document. Locked."""
    rows = await session.execute(
        select(*_RAW_COLUMNS)
        .where(
            raw_record.c.company_id == company_id,
            raw_record.c.import_id == import_id,
            raw_record.c.state == "open",
            raw_record.c.outcome.in_(["quarantined", "rejected"]),
            func.coalesce(raw_record.c.repaired_cells, raw_record.c.cells).contains(cells),
        )
        .order_by(raw_record.c.row_number)
        .with_for_update()
    )
    return [RawRecord(*row) for row in rows]


async def change_raw_record(session: Session, company_id: UUID, record_id: UUID, values: dict[str, Any]) -> None:
    """Sets state, repaired cells, outcome or findings of one row."""
    if "repaired_at" in values:
        values = values | {"repaired_at": func.clock_timestamp()}
    await session.execute(
        update(raw_record).where(raw_record.c.company_id == company_id, raw_record.c.id == record_id).values(**values)
    )


def json_text(value: object) -> str:
    """JSON for a staged column."""
    return json.dumps(value, ensure_ascii=False)
