"""Backs the whole database up into one file, with the figures that a restore must reach, and records it."""

import asyncio
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from storage.audit import SYSTEM, record
from storage.backups import export_snapshot, insert_backup, totals
from storage.clusters import dump
from storage.companies import list_companies
from storage.database import Database, owner_transaction, transaction
from storage.presence import database_now
from words.refusal import Refusal

READ_CHUNK = 1 << 20
"""A dump may be larger than memory."""

MANIFEST_SCHEMA = "tieout.backup/1"


class FileExists(Refusal):
    """A backup never writes over a file: it may be the only good one."""

    code = "file_exists"
    sentence = "There is already a file {path}."
    remedy = "Choose another name, or move that file away."


class FolderMissing(Refusal):
    """The folder for the file is not there."""

    code = "folder_missing"
    sentence = "There is no folder {path}."
    remedy = "Make it first, or choose another place."


def manifest_path(path: Path) -> Path:
    """Where the figures of a backup stand: beside it, in JSON that people can read."""
    return path.with_name(path.name + ".json")


async def back_up(engine: Database, url: str, path: Path) -> dict[str, Any]:
    """Dumps the database at one instant; answers path, size, SHA-256 and totals."""
    await asyncio.to_thread(_refuse_bad_place, path)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    async with owner_transaction(engine) as session:
        snapshot = await export_snapshot(session)
        figures = await totals(session)
        at = await database_now(session)
        companies = await list_companies(session)
        await asyncio.to_thread(dump, url, partial, snapshot)
    digest, size = await asyncio.to_thread(hash_file, partial)
    manifest = {
        "schema": MANIFEST_SCHEMA, "at": at.isoformat(), "sha256": digest, "bytes": size, "totals": figures,
    }  # fmt: skip
    await asyncio.to_thread(
        _write, manifest_path(path), json.dumps(manifest, indent=1, ensure_ascii=False, default=str)
    )
    await asyncio.to_thread(partial.rename, path)
    for company in companies:
        async with transaction(engine, company.id) as session:
            await insert_backup(session, company.id, str(path), digest, size)
            await record(session, company.id, SYSTEM, "backup_made", ("backup", digest), {"bytes": size})
    return {"path": str(path), **manifest}


def _refuse_bad_place(path: Path) -> None:
    if path.exists():
        raise FileExists(path=path)
    if not path.parent.is_dir():
        raise FolderMissing(path=path.parent)


def hash_file(path: Path) -> tuple[str, int]:
    """SHA-256 in hex and the size in bytes."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(READ_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def _write(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")
