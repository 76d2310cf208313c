"""Repairs a held row: the edited cells go through the profile again, alone or with the other lines of its document."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import polars as pl

from connectors.collect import QUARANTINE_RANK, RANK_OF_CODE, Collected, collect
from connectors.delimited import cut_line
from connectors.findings import FileRefusedError, in_words
from connectors.profiles import Profile, parse_profile
from connectors.read import read_table
from connectors.tables import Table, plain_header
from ledger.canonical import Json
from services.allocate_by_reference import apply_references
from services.import_ledger import unpacked
from services.post_records import NEVER_CUT, Target, post_records
from storage.audit import Actor, record
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.imports import (
    ImportFile,
    RawRecord,
    change_raw_record,
    import_by_id,
    import_content,
    lock_raw_record,
    lock_source,
    open_siblings,
)
from storage.profiles import profile_by_digest
from words.refusal import Refusal

BROKEN = ""
"""The one header of a row that could not be cut into cells: its text stands under it."""


class RowUnknown(Refusal):
    """No such held row."""

    code = "row_unknown"
    sentence = "There is no such row."
    remedy = "Reload the list of exceptions."


class RowNotOpen(Refusal):
    """The row was repaired or discarded already."""

    code = "row_not_open"
    sentence = "This row is not open any more: it was repaired or discarded."
    remedy = "Reload the list of exceptions."


class RowUnreadable(Refusal):
    """The text of a broken row still cannot be cut into the columns of its file."""

    code = "row_unreadable"
    sentence = "This text does not give {count} cells: {text}"
    remedy = "Put cells that contain the delimiter into quotation marks; the file's columns are {headers}."


@dataclass(frozen=True, slots=True)
class _Case:
    """The row to repair, its edited cells, and the file that it came in."""

    record: RawRecord
    cells: dict[str, str]
    file: ImportFile
    profile: Profile


async def repair_row(
    engine: Database,
    company: Company,
    raw_record_id: UUID,
    cells: dict[str, str],
    actor: Actor,
    *,
    language: str = "en",
    today: date | None = None,
) -> dict[str, Any]:
    """Imports the row with `cells` (header to text) put in; answers its state and the findings that still stand.

    The row stays open with its edited cells when something is still wrong. Raises RowUnknown, RowNotOpen.
    """
    day = today or datetime.now(ZoneInfo(company.timezone)).date()
    async with transaction(engine, company.id) as session:
        case = await _case(session, company, raw_record_id, cells)
        await lock_source(session, company.id, case.profile.source)
        group = await _group(session, company, case)
        collected = _collected(case, group, day, company.timezone)
        codes = _codes_of(collected, case.record.row_number)
        if not _waits(codes):
            target = Target(company.id, case.file.source_id, case.file.id, company.language)
            posted = await post_records(session, target, collected.items, NEVER_CUT)
            codes = [{"column": "", "raw": "", "code": code} for _, code in posted.refused]
        if _waits(codes):
            values = {"repaired_cells": case.cells, "findings": codes}
            await change_raw_record(session, company.id, case.record.id, values)
            state = "open"
        else:
            await apply_references(session, company.id)
            await _close(session, company, group, actor)
            state = "repaired"
        facts: dict[str, Json] = {
            "row": case.record.row_number, "before": case.record.cells, "after": case.cells, "state": state,
            "rows": len(group),
        }  # fmt: skip
        await record(session, company.id, actor, "row_repaired", ("raw_record", str(raw_record_id)), facts)
    return {"state": state, "rows": len(group), "findings": [in_words(one, language) for one in codes]}


async def _case(session: Session, company: Company, record_id: UUID, edited: dict[str, str]) -> _Case:
    record_ = await lock_raw_record(session, company.id, record_id)
    if record_ is None or record_.outcome == "noticed":
        raise RowUnknown
    if record_.state != "open":
        raise RowNotOpen
    file = await import_by_id(session, company.id, record_.import_id)
    stored = await profile_by_digest(session, company.id, file.profile, file.profile_sha256) if file else None
    if file is None or stored is None:
        raise RowUnknown
    profile = parse_profile(stored.body)
    here = record_.repaired_cells or record_.cells
    cells = here | {name: text for name, text in edited.items() if name in here}
    if set(cells) == {BROKEN}:
        cells = await _cut(session, company, file, profile, cells[BROKEN])
    return _Case(record_, cells, file, profile)


async def _cut(session: Session, company: Company, file: ImportFile, profile: Profile, text: str) -> dict[str, str]:
    content = await import_content(session, company.id, file.id)
    headers = read_table(file.filename, unpacked(content or b""), profile).headers
    cells = cut_line(text, len(headers))
    if cells is None:
        raise RowUnreadable(count=len(headers), text=text, headers=", ".join(headers))
    return dict(zip(headers, cells, strict=True))


async def _group(session: Session, company: Company, case: _Case) -> list[tuple[RawRecord, dict[str, str]]]:
    """The row and, when lines make documents, the other lines of its document that wait, each with its cells."""
    own = (case.record, case.cells)
    if case.profile.group is None:
        return [own]
    wanted = [plain_header(name) for field in case.profile.group.columns for name in case.profile.columns[field]]
    keys = {name: text for name, text in case.cells.items() if plain_header(name) in wanted}
    others = await open_siblings(session, company.id, case.record.import_id, keys)
    lines = [(one, one.repaired_cells or one.cells) for one in others if one.id != case.record.id]
    return sorted([own, *lines], key=lambda line: line[0].row_number)


def _collected(case: _Case, group: Sequence[tuple[RawRecord, dict[str, str]]], today: date, timezone: str) -> Collected:
    headers = tuple(case.cells)
    rows = [(one.row_number, *(cells.get(name, "") for name in headers)) for one, cells in group]
    schema = {"row": pl.Int32} | {f"c{i}": pl.String for i in range(len(headers))}
    table = Table(headers, pl.DataFrame(rows, schema=schema, orient="row"))
    try:
        return collect(table, case.profile, today, timezone)
    except FileRefusedError as error:
        raise RowUnreadable(count=len(headers), text=error.finding.raw, headers=", ".join(headers)) from error


def _codes_of(collected: Collected, row: int) -> list[dict[str, str]]:
    found = collected.findings.filter(pl.col("row") == row).select("column", "raw", "code")
    return [dict(one) for one in found.iter_rows(named=True)]


def _waits(codes: list[dict[str, str]]) -> bool:
    return any(RANK_OF_CODE[one["code"]] >= QUARANTINE_RANK for one in codes)


async def _close(
    session: Session, company: Company, group: Sequence[tuple[RawRecord, dict[str, str]]], actor: Actor
) -> None:
    for one, cells in group:
        values = {"state": "repaired", "repaired_cells": cells, "repaired_by": actor.id, "repaired_at": None}
        await change_raw_record(session, company.id, one.id, values)
