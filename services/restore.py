"""Restores a backup beside the database in use, proves that it holds, and only then puts it in its place."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from services.back_up import hash_file, manifest_path
from storage.audit import SYSTEM, record, verify_chain
from storage.backups import has_tables, insert_backup, mark_verified, totals
from storage.clusters import (
    ProgramFailedError,
    create_database,
    database_name,
    drop_database,
    make_roles,
    rename_database,
    restore_into,
    sessions_in,
    url_with_database,
)
from storage.companies import list_companies
from storage.database import Database, engine_for, owner_transaction, transaction
from storage.migrate import migrate
from storage.presence import database_now
from storage.row_security import security_statements
from words.refusal import Refusal

ROLE_STATEMENTS = 2
"""The first two of the security statements make the application's role; the rest needs the tables."""


class BackupMissing(Refusal):
    """No such file."""

    code = "backup_missing"
    sentence = "There is no file {path}."
    remedy = "Check the path; backups made here are listed by: tieout doctor"


class BackupDamaged(Refusal):
    """The file is not what was saved."""

    code = "backup_damaged"
    sentence = "{path} cannot be restored: {reason}."
    remedy = "Take another backup; nothing was changed."


class DatabaseNotEmpty(Refusal):
    """A restore over companies that exist needs a plain word."""

    code = "database_not_empty"
    sentence = "The database holds {count} companies."
    remedy = "Add --replace to put the backup in its place; the present database is kept under another name."


class DatabaseInUse(Refusal):
    """Renaming a database under running processes would break their work."""

    code = "database_in_use"
    sentence = "{count} sessions are connected to the database."
    remedy = "Stop tieout up and its workers first."


async def restore(engine: Database, url: str, path: Path, *, replace: bool, drill: bool = False) -> dict[str, Any]:
    """Restores and verifies; `drill` proves the file and leaves everything as it is.

    Answers the file's hash, the events verified per company, and, unless it was a drill, the name under which the
    former database is kept.
    """
    saved = await _checked(path)
    at = await _guard(engine, replace=replace or drill)
    scratch = f"{database_name(url)}_restored_{at:%Y%m%d%H%M%S}"
    await asyncio.to_thread(create_database, url, scratch)
    try:
        answer = await _restore_and_verify(url, scratch, path, saved)
        if drill:
            await _note_drill(engine, saved[0])
            return {**answer, "drill": True}
        kept = await _swap(engine, url, scratch, f"{database_name(url)}_before_{at:%Y%m%d%H%M%S}")
        return {**answer, "drill": False, "kept": kept}
    finally:
        await asyncio.to_thread(drop_database, url, scratch)


async def _checked(path: Path) -> tuple[str, int]:
    digest, size = await asyncio.to_thread(_hash_of, path)
    manifest = await asyncio.to_thread(_manifest, path)
    if manifest and manifest["sha256"] != digest:
        raise BackupDamaged(path=path, reason="its SHA-256 differs from the one written beside it")
    return digest, size


def _hash_of(path: Path) -> tuple[str, int]:
    if not path.is_file():
        raise BackupMissing(path=path)
    return hash_file(path)


def _manifest(path: Path) -> dict[str, Any]:
    beside = manifest_path(path)
    if not beside.is_file():
        return {}
    content: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
    return content


async def _guard(engine: Database, *, replace: bool) -> datetime:
    async with owner_transaction(engine) as session:
        companies = len(await list_companies(session)) if await has_tables(session) else 0
        if companies and not replace:
            raise DatabaseNotEmpty(count=companies)
        return await database_now(session)


async def _restore_and_verify(url: str, scratch: str, path: Path, saved: tuple[str, int]) -> dict[str, Any]:
    target = url_with_database(url, scratch)
    roles = list(security_statements())[:ROLE_STATEMENTS]
    try:
        await asyncio.to_thread(make_roles, url, scratch, roles)
        await asyncio.to_thread(restore_into, url, scratch, path)
    except ProgramFailedError as error:
        raise BackupDamaged(path=path, reason=str(error)) from error
    engine = engine_for(target)
    try:
        expected = (await asyncio.to_thread(_manifest, path)).get("totals")
        await _compare(engine, path, expected)
        await asyncio.to_thread(migrate, target)
        chains = await _verify_chains(engine, path)
        await _note_restore(engine, path, *saved)
        return {"sha256": saved[0], "chains": chains, "totals_compared": expected is not None}
    finally:
        await engine.dispose()


async def _compare(engine: Database, path: Path, expected: dict[str, Any] | None) -> None:
    if expected is None:
        return
    async with owner_transaction(engine) as session:
        found = json.loads(json.dumps(await totals(session, expected["rows"]), default=str))
    for name, value in expected.items():
        if found.get(name) != value:
            raise BackupDamaged(path=path, reason=f"the figures of {name} differ from those saved")


async def _verify_chains(engine: Database, path: Path) -> dict[str, int]:
    verified = {}
    async with owner_transaction(engine) as session:
        companies = await list_companies(session)
    for company in companies:
        async with transaction(engine, company.id) as session:
            count, broken = await verify_chain(session, company.id)
        if broken is not None:
            raise BackupDamaged(path=path, reason=f"audit event {broken.number} of {company.code}: {broken.reason}")
        verified[company.code] = count
    return verified


async def _note_restore(engine: Database, path: Path, digest: str, size: int) -> None:
    async with owner_transaction(engine) as session:
        companies = await list_companies(session)
    for company in companies:
        async with transaction(engine, company.id) as session:
            await insert_backup(session, company.id, str(path), digest, size)
            await mark_verified(session, company.id, digest)
            await record(session, company.id, SYSTEM, "backup_restored", ("backup", digest), {})


async def _note_drill(engine: Database, digest: str) -> None:
    async with owner_transaction(engine) as session:
        companies = await list_companies(session)
    for company in companies:
        async with transaction(engine, company.id) as session:
            if await mark_verified(session, company.id, digest):
                await record(session, company.id, SYSTEM, "backup_verified", ("backup", digest), {})


async def _swap(engine: Database, url: str, scratch: str, kept: str) -> str:
    await engine.dispose()
    name = database_name(url)
    others = await asyncio.to_thread(sessions_in, url, name)
    if others:
        raise DatabaseInUse(count=others)
    await asyncio.to_thread(rename_database, url, name, kept)
    await asyncio.to_thread(rename_database, url, scratch, name)
    return kept
