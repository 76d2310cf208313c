"""A backup restores to the same figures, a damaged one does not, and a drill leaves everything as it is."""

import json
from pathlib import Path

import pytest

from services.add_company import add_company
from services.back_up import FileExists, back_up, manifest_path
from services.restore import BackupDamaged, DatabaseNotEmpty, restore
from storage.audit import SYSTEM, record, verify_chain
from storage.backups import last_backup, totals
from storage.clusters import database_name, drop_database
from storage.companies import list_companies
from storage.database import Database, engine_for, owner_transaction, transaction


async def _company_with_history(engine: Database) -> None:
    company_id = await add_company(engine, "ACME", "Acme", "CNY", "Asia/Shanghai")
    for number in range(5):
        async with transaction(engine, company_id) as session:
            await record(session, company_id, SYSTEM, "noted", ("note", str(number)), {"number": number})


async def test_backup_restores_to_the_same_figures(engine: Database, database: str, tmp_path: Path) -> None:
    """What happened after the backup is gone, what stood before is there, and the chain holds."""
    await _company_with_history(engine)
    async with owner_transaction(engine) as session:
        before = await totals(session)
    made = await back_up(engine, database, tmp_path / "one.dump")
    await add_company(engine, "LATER", "Later", "EUR", "Europe/Berlin")
    with pytest.raises(DatabaseNotEmpty):
        await restore(engine, database, tmp_path / "one.dump", replace=False)
    answer = await restore(engine, database, tmp_path / "one.dump", replace=True)
    assert answer["chains"] == {"ACME": 6}
    assert answer["totals_compared"]
    fresh = engine_for(database)
    try:
        async with owner_transaction(fresh) as session:
            companies = await list_companies(session)
            after = await totals(session)
        assert [company.code for company in companies] == ["ACME"]
        assert after["items"] == before["items"]
        assert after["rows"] == before["rows"]
        async with transaction(fresh, companies[0].id) as session:
            assert await verify_chain(session, companies[0].id) == (7, None)
            noted = await last_backup(session, companies[0].id)
        assert noted is not None
        assert noted.sha256 == made["sha256"]
        assert noted.verified_at is not None
    finally:
        await fresh.dispose()
        drop_database(database, answer["kept"])


async def test_drill_changes_nothing(engine: Database, database: str, tmp_path: Path) -> None:
    """The drill restores beside, verifies, drops, and notes that the file was proved."""
    await _company_with_history(engine)
    await back_up(engine, database, tmp_path / "one.dump")
    answer = await restore(engine, database, tmp_path / "one.dump", replace=False, drill=True)
    assert answer["drill"]
    async with owner_transaction(engine) as session:
        company = (await list_companies(session))[0]
    async with transaction(engine, company.id) as session:
        noted = await last_backup(session, company.id)
    assert noted is not None
    assert noted.verified_at is not None
    assert database_name(database).startswith("test_")


async def test_damaged_backup_is_refused(engine: Database, database: str, tmp_path: Path) -> None:
    """One changed byte shows by the hash; without the manifest PostgreSQL's own check or the figures must show it."""
    await _company_with_history(engine)
    path = tmp_path / "one.dump"
    await back_up(engine, database, path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(BackupDamaged):
        await restore(engine, database, path, replace=True)
    manifest_path(path).unlink()
    path.write_bytes(bytes(content[: len(content) // 2]))
    with pytest.raises(BackupDamaged):
        await restore(engine, database, path, replace=True)


async def test_figures_that_differ_are_refused(engine: Database, database: str, tmp_path: Path) -> None:
    """A dump that loads but does not hold what was saved is no backup."""
    await _company_with_history(engine)
    path = tmp_path / "one.dump"
    await back_up(engine, database, path)
    manifest = json.loads(manifest_path(path).read_text())
    manifest["totals"]["rows"]["company"] += 1
    manifest_path(path).write_text(json.dumps(manifest))
    with pytest.raises(BackupDamaged, match="rows"):
        await restore(engine, database, path, replace=True)


async def test_backup_never_writes_over_a_file(engine: Database, database: str, tmp_path: Path) -> None:
    """The file that is there may be the only good one."""
    await _company_with_history(engine)
    (tmp_path / "one.dump").write_text("mine")
    with pytest.raises(FileExists):
        await back_up(engine, database, tmp_path / "one.dump")
    assert (tmp_path / "one.dump").read_text() == "mine"
