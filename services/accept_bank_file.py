"""Accepts or discards a bank file that was held because it does not tie: a person decides, and says why."""

import asyncio
from typing import Any
from uuid import UUID

import zstandard

from ledger.canonical import Json
from services.import_bank_file import DISCARDED, HELD, HELD_TASK, POSTED, keep_outcome, saved_layout
from services.post_bank_lines import BANK_SOURCE, BankTarget, PostedLines, post_bank_lines
from services.read_bank_file import bank_file_of
from storage.audit import Actor, record
from storage.bank_statements import StoredFile, change_file, lock_file
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.imports import lock_source
from storage.tasks import close_tasks_about
from words.refusal import Refusal

MAX_REASON = 500
"""A sentence or two for the auditor."""


class BankFileUnknown(Refusal):
    """No such file in this company."""

    code = "bank_file_not_found"
    sentence = "There is no bank file {id}."
    remedy = "Open the page of bank files."


class BankFileNotHeld(Refusal):
    """It was posted or discarded already."""

    code = "bank_file_not_held"
    sentence = "The bank file {filename} does not wait for a decision."
    remedy = "Only a file that was held can be accepted or discarded."


class PersonRequired(Refusal):
    """A machine cannot answer for a file that does not add up."""

    code = "person_required"
    sentence = "A person has to decide this, with a reason."
    remedy = "Name the user and write why."


async def accept_bank_file(
    engine: Database, company: Company, file_id: UUID, actor: Actor, reason: str
) -> dict[str, Any]:
    """Posts a held file as it is; answers its counts. Raises BankFileUnknown, BankFileNotHeld, PersonRequired."""
    async with transaction(engine, company.id) as session:
        source_id = await lock_source(session, company.id, BANK_SOURCE)
        stored, packed = await _held(session, company.id, file_id, actor, reason)
        saved = await saved_layout(session, company.id, stored.layout)
        content = zstandard.ZstdDecompressor().decompress(packed)
        file = await asyncio.to_thread(bank_file_of, stored.filename, content, saved)
        posted = await post_bank_lines(session, BankTarget(company.id, source_id, file_id), file)
        counts = await keep_outcome(session, company.id, file_id, file, posted)
        await _decide(session, company.id, stored, POSTED, actor, reason, posted)
    return counts


async def discard_bank_file(engine: Database, company: Company, file_id: UUID, actor: Actor, reason: str) -> None:
    """Leaves a held file out; it can be imported again. Raises BankFileUnknown, BankFileNotHeld, PersonRequired."""
    async with transaction(engine, company.id) as session:
        stored, _ = await _held(session, company.id, file_id, actor, reason)
        await _decide(session, company.id, stored, DISCARDED, actor, reason, PostedLines())


async def _held(
    session: Session, company_id: UUID, file_id: UUID, actor: Actor, reason: str
) -> tuple[StoredFile, bytes]:
    if actor.kind != "user" or not reason.strip():
        raise PersonRequired
    found = await lock_file(session, company_id, file_id)
    if found is None:
        raise BankFileUnknown(id=file_id)
    if found[0].state != HELD:
        raise BankFileNotHeld(filename=found[0].filename)
    return found


async def _decide(
    session: Session, company_id: UUID, file: StoredFile, state: str, actor: Actor, reason: str, posted: PostedLines
) -> None:
    why = reason.strip()[:MAX_REASON]
    await close_tasks_about(session, company_id, HELD_TASK, str(file.id))
    await change_file(session, company_id, file.id, {"state": state, "decided_by": actor.id, "reason": why})
    verb = "bank_file_accepted" if state == POSTED else "bank_file_discarded"
    facts: Json = {"filename": file.filename, "sha256": file.sha256, "reason": why, **posted.counts()}
    await record(session, company_id, actor, verb, ("bank_file", str(file.id)), facts)
