"""Keys of attachments: a fresh one takes over every file, online, and a kill in between loses none."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from services import rotate_keys as rotation
from services.keep_attachment import open_attachment
from services.record_answer import GivenFile, record_answer
from services.rotate_keys import rotate_keys
from statements.answers import GivenAnswer
from storage.audit import SYSTEM
from storage.database import Database
from storage.schema import attachment, audit_event, metadata
from storage.sealed_files import TABLES, seal_again
from storage.sealing import KeyUnknownError, read_keyring
from tests.answers.desk import PDF, Desk, new_desk

FILES = 3


async def with_files(engine: Database, key_file: Path) -> Desk:
    """A desk whose customer sent three files, sealed by the file's first key."""
    desk = await new_desk(engine)
    page = await desk.page()
    files = tuple(GivenFile(f"{place}.pdf", PDF + bytes([65 + place])) for place in range(FILES))
    given = replace(GivenAnswer("agree", "Wang", page.digest, page.nonce), files=files)
    await record_answer(engine, desk.link, given, keyring=read_keyring(key_file))
    return desk


async def contents(desk: Desk, key_file: Path) -> list[bytes]:
    """Every file, opened."""
    ids = [row.id for row in await desk.rows(select(attachment.c.id).order_by(attachment.c.filename))]
    keyring, company_id = read_keyring(key_file), desk.book.company.id
    return [(await open_attachment(desk.book.engine, company_id, keyring, one, SYSTEM))[1] for one in ids]


async def test_a_fresh_key_takes_over_every_file(engine: Database, tmp_path: Path) -> None:
    key_file = tmp_path / "attachments.keys"
    desk = await with_files(engine, key_file)
    before = await contents(desk, key_file)
    first = key_file.read_text()
    assert await rotate_keys(engine, key_file) == {"key": "key-2", "keys": 2, "resealed": FILES}
    assert key_file.read_text().startswith(first)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert {row.key_id for row in await desk.rows(select(attachment.c.key_id))} == {"key-2"}
    assert await contents(desk, key_file) == before
    key_file.write_text(first)
    with pytest.raises(KeyUnknownError):
        await contents(desk, key_file)
    verbs = [row.verb for row in await desk.rows(select(audit_event.c.verb))]
    assert verbs.count("attachments_resealed") == 1


async def test_a_kill_in_between_loses_nothing_and_the_next_call_goes_on(
    engine: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file = tmp_path / "attachments.keys"
    desk = await with_files(engine, key_file)
    before = await contents(desk, key_file)
    monkeypatch.setattr(rotation, "BATCH", 1)
    sealed = 0

    async def dies(*given: object) -> None:
        nonlocal sealed
        sealed += 1
        if sealed == FILES:
            raise KeyboardInterrupt
        await seal_again(*given)  # type: ignore[arg-type] # handed on as they came

    monkeypatch.setattr(rotation, "seal_again", dies)
    with pytest.raises(KeyboardInterrupt):
        await rotate_keys(engine, key_file)
    monkeypatch.setattr(rotation, "seal_again", seal_again)
    assert await contents(desk, key_file) == before
    assert await rotate_keys(engine, key_file, fresh=False) == {"key": "key-2", "keys": 2, "resealed": 1}
    assert await contents(desk, key_file) == before


def test_no_table_with_sealed_files_is_left_out() -> None:
    """A table that gains a sealed column must be rotated too."""
    sealed = {name for name, table in metadata.tables.items() if "sealed" in table.c}
    assert sealed == set(TABLES)
