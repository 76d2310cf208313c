"""The nightly backup: one file a day under the home folder, the oldest ones deleted."""

import asyncio
from pathlib import Path
from typing import Any

from services.back_up import FileExists, back_up, manifest_path
from storage.clusters import url_of
from storage.database import Database

KEPT_BACKUPS = 14
"""Two weeks: a wrong import is noticed at the next close at the latest."""


async def back_up_nightly(engine: Database, home: Path, day: str) -> dict[str, Any]:
    """The day's backup, made unless it is there: the database is one for all companies, and so is the file."""
    folder = home / "backups"
    path = folder / f"tieout-{day}.dump"
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    try:
        made = await back_up(engine, url_of(engine), path)
    except FileExists:
        return {"path": str(path), "made": False}
    deleted = await asyncio.to_thread(_delete_oldest, folder)
    return {"path": str(path), "made": True, "bytes": made["bytes"], "sha256": made["sha256"], "deleted": deleted}


def _delete_oldest(folder: Path) -> list[str]:
    old = sorted(folder.glob("tieout-*.dump"))[:-KEPT_BACKUPS]
    for path in old:
        path.unlink()
        manifest_path(path).unlink(missing_ok=True)
    return [path.name for path in old]
