"""Imports a ledger file: read, checked, posted in one transaction; the same file twice does nothing."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import zstandard

from connectors.collect import QUARANTINE_RANK, RANK_OF_CODE, Collected, Control, collect
from connectors.container import read_file
from connectors.findings import FileRefusedError, Finding
from connectors.limits import NOTICED_ROWS_KEPT, PRINTED_FINDINGS
from connectors.profiles import Profile, parse_profile
from connectors.read import read_table
from ledger.canonical import Json
from services.add_profile import keep_used_version, profile_in_use
from services.allocate_by_reference import apply_references
from services.post_records import Posted, Target, post_records, totals_of
from storage.audit import SYSTEM, Actor, record
from storage.bulk import COPY_CHUNK_ROWS, new_ids, stage
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.identifiers import new_id
from storage.imports import (
    STAGED_RAW,
    STAGED_TAKEN,
    ImportFile,
    close_taken,
    find_import,
    insert_import,
    json_text,
    keep_staged_raw,
    lock_source,
    update_import_counts,
    waits_under_other_profile,
)
from storage.items import unsettled_staged
from storage.profiles import StoredProfile
from words.refusal import Refusal

Progress = Callable[[str, int, int], None]
"""Called with the step, rows done, rows in all."""

COMPRESSION_LEVEL = 3
"""zstd's default: a 48 MB ledger takes 0.2 s and shrinks to a tenth."""

OUTCOMES = {1: "noticed", 2: "quarantined", 3: "rejected"}


class FileRefused(Refusal):
    """The whole file is refused; nothing was written."""

    code = "file_refused"
    sentence = "The file {filename} was not imported."
    remedy = "See the finding."

    def __init__(self, filename: str, finding: Finding, answer: dict[str, Any]) -> None:
        """`answer` is what `tieout import --json` prints beside the error."""
        self.finding = finding
        self.answer = answer
        self.filename = filename
        super().__init__(filename=filename)
        self.code = finding.code

    def text(self, language: str) -> str:
        """The finding's sentence, with the file and what was found."""
        told = self.finding.as_json(language)
        where = f" [{told['column'] or ''}{' ' if told['column'] else ''}{told['raw']}]" if told["raw"] else ""
        return f"{self.filename}: {told['message']}{where}"

    def remedy_text(self, language: str) -> str:
        """The finding's remedy."""
        return str(self.finding.as_json(language)["remedy"])


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is imported. `today` is the company's business date unless a test says otherwise."""

    dry_run: bool = False
    actor: Actor = SYSTEM
    language: str = "en"
    progress: Progress | None = None
    control: Control | None = None
    today: date | None = None

    def step(self, name: str, done: int, whole: int) -> None:
        """Tells the progress, when anybody listens."""
        if self.progress is not None:
            self.progress(name, done, whole)


@dataclass(frozen=True, slots=True)
class Order:
    """A file's name and bytes, and the profile that it is read with."""

    filename: str
    content: bytes
    profile_name: str
    options: Options = Options()


async def import_ledger(
    engine: Database,
    company: Company,
    path: Path,
    profile_name: str,
    *,
    dry_run: bool = False,
    actor: Actor = SYSTEM,
    language: str = "en",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Imports a file from disk; the answer of `tieout import --json`. Raises FileRefused."""
    return await import_path(engine, company, path, profile_name, Options(dry_run, actor, language, progress))


async def import_path(
    engine: Database, company: Company, path: Path, profile_name: str, options: Options
) -> dict[str, Any]:
    """The same with all options."""
    try:
        content = await asyncio.to_thread(read_file, path)
    except FileRefusedError as error:
        raise refused_file(path.name, error.finding, options.language) from error
    return await import_content(engine, company, Order(path.name, content, profile_name, options))


async def import_content(engine: Database, company: Company, order: Order) -> dict[str, Any]:
    """Imports bytes that came by form or from disk: one transaction with its audit row. Raises FileRefused."""
    options = order.options
    stored = await profile_in_use(engine, company.id, order.profile_name)
    profile = parse_profile(stored.body)
    sha256 = hashlib.sha256(order.content).hexdigest()
    earlier = await _earlier(engine, company, profile, sha256, stored.sha256)
    if earlier is not None:
        return _same_file(earlier, order.options.language)
    today = options.today or datetime.now(ZoneInfo(company.timezone)).date()
    options.step("read", 0, 0)
    try:
        table = await asyncio.to_thread(read_table, order.filename, order.content, profile)
        options.step("check", 0, table.rows)
        collected = await asyncio.to_thread(collect, table, profile, today, company.timezone, options.control)
    except FileRefusedError as error:
        answer = _refused(sha256, error.finding, order.options.language)
        raise FileRefused(order.filename, error.finding, answer) from error
    options.step("post", 0, collected.table.rows)
    async with transaction(engine, company.id) as session:
        answer = await _write(session, company, order, (profile, stored, sha256), collected)
        if options.dry_run:
            await session.rollback()
            answer["import_id"] = None
    options.step("done", collected.table.rows, collected.table.rows)
    return answer


async def _earlier(
    engine: Database, company: Company, profile: Profile, sha256: str, profile_sha256: str
) -> ImportFile | None:
    async with transaction(engine, company.id) as session:
        return await find_import(session, company.id, profile.source, sha256, profile_sha256)


async def _write(
    session: Session,
    company: Company,
    order: Order,
    how: tuple[Profile, StoredProfile, str],
    collected: Collected,
) -> dict[str, Any]:
    profile, stored, sha256 = how
    source_id = await lock_source(session, company.id, profile.source)
    earlier = await find_import(session, company.id, profile.source, sha256, stored.sha256)
    if earlier is not None:
        return _same_file(earlier, order.options.language)
    await keep_used_version(session, company.id, stored, order.options.actor)
    target = Target(company.id, source_id, new_id(), company.language)
    await insert_import(
        session, company.id,
        {
            "id": target.import_id, "source_id": source_id, "sha256": sha256, "filename": order.filename,
            "profile": stored.name, "profile_sha256": stored.sha256, "imported_by": order.options.actor.id,
            "content": zstandard.ZstdCompressor(COMPRESSION_LEVEL).compress(order.content),
            "rows": 0, "accepted": 0, "noticed": 0, "quarantined": 0, "rejected": 0, "skipped": 0, "items": 0,
            "totals": {},
        },
    )  # fmt: skip
    posted = await post_records(session, target, collected.items, _edges(collected))
    posted.allocations += (await apply_references(session, company.id))["allocations"]
    posted.noticed += await unsettled_staged(session, company.id)
    findings = _with_posting(collected, posted)
    outcomes = _outcomes(collected, findings, posted)
    counts = _counts(collected, outcomes)
    totals = totals_of(_written(collected, posted))
    await _keep_raw(session, target, collected, findings, outcomes)
    await _close_taken(session, target, collected, outcomes, stored.sha256)
    values = counts | {"items": posted.items, "totals": totals}
    await update_import_counts(session, company.id, target.import_id, values)
    facts: Json = {
        "filename": order.filename,
        "sha256": sha256,
        "profile": stored.name,
        **counts,
        "items": posted.items,
    }
    await record(
        session, company.id, order.options.actor, "ledger_imported", ("import_file", str(target.import_id)), facts
    )
    answer = {"sha256": sha256, "import_id": str(target.import_id), **counts, "items": posted.items}
    return answer | {
        "allocations": posted.allocations,
        **_told(findings, collected, order.options.language),
        "totals": totals,
    }


def refused_file(filename: str, finding: Finding, language: str) -> FileRefused:
    """The refusal of a whole file, with the answer that `--json` prints beside it."""
    return FileRefused(filename, finding, _refused("", finding, language))


def unpacked(content: bytes) -> bytes:
    """The file of an import as it came."""
    return zstandard.ZstdDecompressor().decompress(content)


def _edges(collected: Collected) -> tuple[int, int]:
    rows = [collected.rows["row"].min(), collected.rows["row"].max()]
    first, last = (value if isinstance(value, int) else 0 for value in rows)
    return first, last


def _with_posting(collected: Collected, posted: Posted) -> pl.DataFrame:
    """The findings of reading and those of posting: each on the first row of its record, the rest of it waits."""
    told = posted.refused + posted.noticed
    if not told:
        return collected.findings
    numbered = collected.items.with_row_index("n").select("n", "rid", "number")
    codes = pl.DataFrame(told, schema={"n": pl.UInt32, "code": pl.String}, orient="row")
    records = codes.join(numbered, on="n").unique("rid", keep="first", maintain_order=True)
    rows = records.join(collected.rows, on="rid")
    waits = pl.col("code").replace_strict(RANK_OF_CODE) >= QUARANTINE_RANK
    rows = rows.filter((pl.col("row") == pl.col("rid")) | waits).with_columns(
        pl.when(pl.col("row") == pl.col("rid")).then(pl.col("code")).otherwise(pl.lit("document_held")).alias("code")
    )
    found = rows.select("row", pl.lit("").alias("column"), pl.col("number").alias("raw"), "code")
    return pl.concat([collected.findings, found]).sort("row", maintain_order=True)


def _outcomes(collected: Collected, findings: pl.DataFrame, posted: Posted) -> pl.DataFrame:
    """`row`, `outcome`: held or noticed by the gravest finding, skipped when all its records were here."""
    ranks = findings.group_by("row").agg(
        pl.col("code").replace_strict(RANK_OF_CODE, return_dtype=pl.Int32).max().alias("rank")
    )
    skipped = set(posted.skipped)
    status = collected.items.with_row_index("n").select("rid", pl.col("n").is_in(list(skipped)).alias("here"))
    here = status.group_by("rid").agg(pl.col("here").all())
    rows = collected.rows.join(here, on="rid", how="left")
    rows = rows.with_columns(pl.col("here").fill_null(value=False) | pl.col("row").is_in(collected.repeated))
    broken = pl.DataFrame({"row": pl.Series([f.row for f in collected.table.broken], dtype=pl.Int32)})
    rows = pl.concat([rows.select("row", "here"), broken.with_columns(pl.lit(value=False).alias("here"))])
    rank = pl.col("rank").fill_null(0)
    outcome = (
        pl.when(rank >= QUARANTINE_RANK).then(rank.replace_strict(OUTCOMES, default=None, return_dtype=pl.String))
        .when(pl.col("here")).then(pl.lit("skipped"))
        .when(rank > 0).then(pl.lit("noticed"))
        .otherwise(pl.lit("accepted"))
    )  # fmt: skip
    return rows.join(ranks, on="row", how="left").select("row", outcome.alias("outcome")).sort("row")


def _counts(collected: Collected, outcomes: pl.DataFrame) -> dict[str, int]:
    found = dict(outcomes.group_by("outcome").len().rows())
    names = ("accepted", "noticed", "quarantined", "rejected", "skipped")
    return {"rows": collected.table.rows} | {name: int(found.get(name, 0)) for name in names}


def _written(collected: Collected, posted: Posted) -> pl.DataFrame:
    left_out = [*posted.skipped, *(number for number, _ in posted.refused)]
    return collected.items.with_row_index("n").filter(~pl.col("n").is_in(left_out))


async def _keep_raw(
    session: Session,
    target: Target,
    collected: Collected,
    findings: pl.DataFrame,
    outcomes: pl.DataFrame,
) -> None:
    """Keeps every held row with its cells, and the first rows taken with a notice."""
    held = outcomes.filter(pl.col("outcome").is_in(["quarantined", "rejected"]))
    noticed = outcomes.filter(pl.col("outcome") == "noticed").head(NOTICED_ROWS_KEPT)
    kept = pl.concat([held, noticed])
    if not kept.height:
        return
    parts = (_raw_rows(collected, findings, part) for part in kept.sort("row").iter_slices(COPY_CHUNK_ROWS))
    await stage(session, "staged_raw", STAGED_RAW, parts)
    await keep_staged_raw(session, target.company_id, target.import_id, target.source_id)


def _raw_rows(collected: Collected, findings: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """These rows (`row`, `outcome`) as they are kept: with their cells and with what was said about them."""
    codes = findings.join(kept, on="row", how="semi").with_columns(
        pl.struct("column", "raw", "code").struct.json_encode().alias("finding")
    )
    codes = codes.group_by("row", maintain_order=True).agg(pl.col("finding").str.join(",").alias("findings"))
    rows = kept.join(codes, on="row").join(raw_cells(collected, kept), on="row").sort("row")
    return rows.select(
        pl.Series("id", new_ids(rows.height), dtype=pl.String), pl.col("row").alias("row_number"), "cells", "outcome",
        ("[" + pl.col("findings") + "]").alias("findings"),
    )  # fmt: skip


async def _close_taken(
    session: Session, target: Target, collected: Collected, outcomes: pl.DataFrame, profile_sha256: str
) -> None:
    """Rows that waited since they were read with another profile, and are taken now, wait no more."""
    if not await waits_under_other_profile(session, target.company_id, target.source_id, profile_sha256):
        return
    taken = outcomes.filter(pl.col("outcome").is_in(["accepted", "noticed", "skipped"]))
    await stage(session, "staged_taken", STAGED_TAKEN, raw_cells(collected, taken).select("cells"))
    await close_taken(session, target.company_id, target.source_id)


def raw_cells(collected: Collected, wanted: pl.DataFrame) -> pl.DataFrame:
    """`row` and `cells` of these rows: JSON of header and text as it came; broken rows under one empty header."""
    table = collected.table
    names: dict[str, str] = {}
    for index, header in enumerate(table.headers):
        names[f"c{index}"] = header if header and header not in names.values() else f"{header} ({index + 1})"
    whole = table.frame.join(wanted, on="row", how="semi").select(
        "row", pl.struct(pl.col(c).alias(name) for c, name in names.items()).alias("s")
    )
    cells = whole.select(
        "row", pl.col("s").struct.json_encode().str.replace_all("\\u0000", "", literal=True).alias("cells")
    )
    broken = [(finding.row, json_text({"": finding.raw})) for finding in table.broken]
    uncut = pl.DataFrame(broken, schema={"row": pl.Int32, "cells": pl.String}, orient="row")
    return pl.concat([cells, uncut.join(wanted, on="row", how="semi")])


def _told(findings: pl.DataFrame, collected: Collected, language: str) -> dict[str, Any]:
    """The findings for people: those of the file, then the gravest rows, up to a limit; all counted by code."""
    counts = dict(findings.group_by("code").len().sort("len", descending=True).rows())
    for finding in collected.file_findings:
        counts[finding.code] = counts.get(finding.code, 0) + 1
    rank = pl.col("code").replace_strict(RANK_OF_CODE, return_dtype=pl.Int32)
    first = findings.sort(rank, descending=True, maintain_order=True).head(PRINTED_FINDINGS)
    listed = [finding.as_json(language) for finding in collected.file_findings]
    listed += [Finding(*row).as_json(language) for row in first.iter_rows()]
    return {"finding_counts": counts, "findings_limit": PRINTED_FINDINGS, "findings": listed}


def _same_file(earlier: ImportFile, language: str) -> dict[str, Any]:
    raw = f"{earlier.filename} · {earlier.recorded_at.isoformat(timespec='seconds')} · {earlier.id}"
    finding = Finding(None, "", raw, "same_file")
    return {
        "sha256": earlier.sha256, "import_id": str(earlier.id), "first_import": str(earlier.id), "rows": earlier.rows,
        "accepted": 0, "noticed": 0, "quarantined": 0, "rejected": 0, "skipped": earlier.rows, "items": 0,
        "allocations": 0, "finding_counts": {"same_file": 1}, "findings_limit": PRINTED_FINDINGS,
        "findings": [finding.as_json(language)], "totals": {},
    }  # fmt: skip


def _refused(sha256: str, finding: Finding, language: str) -> dict[str, Any]:
    return {
        "sha256": sha256, "import_id": None, "rows": 0, "accepted": 0, "noticed": 0, "quarantined": 0, "rejected": 0,
        "skipped": 0, "items": 0, "allocations": 0, "finding_counts": {finding.code: 1},
        "findings_limit": PRINTED_FINDINGS, "findings": [finding.as_json(language)], "totals": {},
    }  # fmt: skip
