"""Imports a bank file into receipts: read, held against itself, posted in one transaction, once.

A file that does not tie is kept and shown, and posts nothing until a person accepts it.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import zstandard

from connectors.bank.findings import SEVERITY_RANK, Finding, from_stored
from connectors.bank.layouts import Layout, parse_map
from connectors.bank.read import amount_text
from connectors.bank.statement import BOOKED, BankFile
from connectors.container import read_file
from connectors.findings import FileRefusedError
from ledger.canonical import Json
from services.post_bank_lines import BANK_SOURCE, BankTarget, PostedLines, post_bank_lines
from services.read_bank_file import BankFileRefused, bank_file_of
from storage.audit import SYSTEM, Actor, record
from storage.bank_statements import StoredFile, change_file, find_file, insert_file, layout_body
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.identifiers import new_id
from storage.imports import lock_source
from storage.tasks import NewTask, open_task
from words.refusal import Refusal

COMPRESSION_LEVEL = 3
"""zstd's default: a month of bookings as camt.053 shrinks to a twentieth."""

FINDINGS_KEPT = 2_000
"""Findings kept with a file, gravest first; all are counted, and the file itself can be read again."""

HELD, POSTED, DISCARDED = "held", "posted", "discarded"
HELD_TASK = "bank_file_held"


class BankLayoutUnknown(Refusal):
    """No saved map of this name."""

    code = "bank_layout_unknown"
    sentence = "There is no map {name}."
    remedy = "Add it with: tieout bank add-map {name} FILE.toml --company …"


@dataclass(frozen=True, slots=True)
class BankOrder:
    """A file's name and bytes, the saved map that it is read with ("" for the known ones), who brings it."""

    filename: str
    content: bytes
    layout: str = ""
    actor: Actor = SYSTEM
    language: str = "en"
    dry_run: bool = False


async def import_bank_path(engine: Database, company: Company, path: Path, order: BankOrder) -> dict[str, Any]:
    """Imports a file from disk; `order` says how. Raises BankFileRefused, BankLayoutUnknown."""
    try:
        content = await asyncio.to_thread(read_file, path)
    except FileRefusedError as error:
        raise BankFileRefused(path.name, Finding("bank_file_large", path.name)) from error
    whole = BankOrder(path.name, content, order.layout, order.actor, order.language, order.dry_run)
    return await import_bank_content(engine, company, whole)


async def import_bank_content(engine: Database, company: Company, order: BankOrder) -> dict[str, Any]:
    """The answer of `tieout bank import --json`. Raises BankFileRefused, BankLayoutUnknown."""
    sha256 = hashlib.sha256(order.content).hexdigest()
    async with transaction(engine, company.id) as session:
        saved = await saved_layout(session, company.id, order.layout)
        earlier = await find_file(session, company.id, sha256, order.layout)
    if earlier is not None and earlier.state != DISCARDED:
        return _same_file(earlier, order.language)
    file = await asyncio.to_thread(bank_file_of, order.filename, order.content, saved)
    async with transaction(engine, company.id) as session:
        answer = await _write(session, company, order, sha256, file)
        if order.dry_run:
            await session.rollback()
            answer["file_id"] = None
    return answer


async def saved_layout(session: Session, company_id: UUID, name: str) -> Layout | None:
    """The saved map of this name, None for no name. Raises BankLayoutUnknown."""
    if not name:
        return None
    body = await layout_body(session, company_id, name)
    if body is None:
        raise BankLayoutUnknown(name=name)
    return parse_map(body)


async def _write(session: Session, company: Company, order: BankOrder, sha256: str, file: BankFile) -> dict[str, Any]:
    source_id = await lock_source(session, company.id, BANK_SOURCE)
    earlier = await find_file(session, company.id, sha256, order.layout)
    if earlier is not None and earlier.state != DISCARDED:
        return _same_file(earlier, order.language)
    file_id = earlier.id if earlier is not None else new_id()
    state = HELD if file.held else POSTED
    packed = zstandard.ZstdCompressor(COMPRESSION_LEVEL).compress(order.content)
    await insert_file(
        session, company.id,
        {
            "id": file_id, "sha256": sha256, "filename": order.filename, "format": file.format, "layout": order.layout,
            "content": packed, "state": state, "ties": file.ties, "counts": {}, "findings": [],
            "imported_by": order.actor.id,
        },
    )  # fmt: skip
    posted = PostedLines()
    if state == HELD:
        await _ask(session, company.id, file_id, order.filename)
    else:
        posted = await post_bank_lines(session, BankTarget(company.id, source_id, file_id), file)
    counts = await keep_outcome(session, company.id, file_id, file, posted)
    facts: Json = {
        "filename": order.filename,
        "sha256": sha256,
        "format": file.format,
        "state": state,
        **posted.counts(),
    }
    await record(session, company.id, order.actor, "bank_file_imported", ("bank_file", str(file_id)), facts)
    kept = StoredFile(file_id, sha256, order.filename, file.format, order.layout, state, file.ties, counts, [])
    return _answer(kept, [*file.findings, *posted.findings], order.language)


async def _ask(session: Session, company_id: UUID, file_id: UUID, filename: str) -> None:
    """A held file waits for a person's word; one that was discarded and comes again is a new question."""
    await open_task(
        session, company_id,
        NewTask(HELD_TASK, "bank_file", str(file_id), f"{HELD_TASK}/{new_id()}", facts={"filename": filename}),
    )  # fmt: skip


async def keep_outcome(
    session: Session, company_id: UUID, file_id: UUID, file: BankFile, posted: PostedLines
) -> dict[str, Any]:
    """Keeps the counts and findings of a file, in the caller's transaction; answers the counts."""
    findings = sorted(
        [*file.findings, *posted.findings],
        key=lambda one: (-SEVERITY_RANK[one.severity], one.statement or 0, one.row or 0),
    )
    counts = file_figures(file) | posted.counts() | {"findings": len(findings)}
    stored = [
        {"statement": one.statement, "row": one.row, "column": one.column, "raw": one.raw[:200], "code": one.code}
        for one in findings[:FINDINGS_KEPT]
    ]
    await change_file(session, company_id, file_id, {"counts": counts, "findings": stored})
    return counts


def file_figures(file: BankFile) -> dict[str, Any]:
    """How many statements and lines, per currency what came in and went out, and each statement that does not tie."""
    totals: dict[str, dict[str, Decimal]] = {}
    for statement in file.statements:
        sums = totals.setdefault(statement.currency or "?", {"in": Decimal(0), "out": Decimal(0)})
        for line in statement.lines:
            if line.amount is not None and line.status == BOOKED:
                sums["in" if line.amount > 0 else "out"] += line.amount
    return {
        "statements": len(file.statements), "lines": sum(len(one.lines) for one in file.statements),
        "totals": {
            currency: {name: amount_text(value, currency) for name, value in sums.items()}
            for currency, sums in totals.items()
        },
        "untied": [
            {
                "account": one.account, "currency": one.currency, "number": one.number,
                "opening": amount_text(one.opening, one.currency), "moved": amount_text(one.moved, one.currency),
                "closing": amount_text(one.closing, one.currency),
                "difference": amount_text(one.difference, one.currency),
            }
            for one in file.statements if one.ties is False
        ],
    }  # fmt: skip


def _same_file(earlier: StoredFile, language: str) -> dict[str, Any]:
    """The very same bytes were taken in before: nothing is done, and the first import is named."""
    known = Finding("bank_file_known", f"{earlier.filename} ({earlier.id})")
    nothing = dict.fromkeys(PostedLines().counts(), 0) | {"known": earlier.counts.get("lines", 0)}
    told = StoredFile(
        earlier.id, earlier.sha256, earlier.filename, earlier.format, earlier.layout, earlier.state, earlier.ties,
        earlier.counts | nothing, [],
    )  # fmt: skip
    kept = [from_stored(one) for one in earlier.findings] if earlier.state == HELD else []
    return _answer(told, [known, *kept], language)


def _answer(file: StoredFile, findings: list[Finding], language: str) -> dict[str, Any]:
    return {
        "sha256": file.sha256, "file_id": str(file.id), "format": file.format, "state": file.state, "ties": file.ties,
        **{name: value for name, value in file.counts.items() if name != "findings"},
        "findings": [one.as_json(language) for one in findings],
    }  # fmt: skip
