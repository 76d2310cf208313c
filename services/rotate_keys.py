"""Seals every file of customers under a fresh key; killed midway, all of them still open and the next call goes on."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from ledger.canonical import Json
from storage.audit import SYSTEM, record
from storage.database import Database, owner_transaction
from storage.sealed_files import SealedRow, seal_again, sealed_otherwise
from storage.sealing import Keyring, Sealed, add_key, read_keyring

BATCH = 20
"""Files in memory at once: two hundred megabytes at the most."""


async def rotate_keys(engine: Database, key_file: Path, *, fresh: bool = True) -> dict[str, int | str]:
    """The name of the key that seals now and how many files were sealed again; without `fresh` goes on with the newest.

    Other processes read the file at each use, so they seal with the fresh key from now on too.
    """
    keyring = add_key(key_file) if fresh else read_keyring(key_file)
    resealed = 0
    while True:
        async with owner_transaction(engine) as session:
            rows = await sealed_otherwise(session, keyring.newest, BATCH)
            for row in rows:
                await seal_again(session, _under_newest(keyring, row))
            for company_id, count in Counter(row.company_id for row in rows).items():
                facts: dict[str, Json] = {"key": keyring.newest, "count": count}
                await record(session, company_id, SYSTEM, "attachments_resealed", ("company", str(company_id)), facts)
        resealed += len(rows)
        if len(rows) < BATCH:
            return {"key": keyring.newest, "keys": len(keyring.keys), "resealed": resealed}


def _under_newest(keyring: Keyring, row: SealedRow) -> SealedRow:
    sealed = keyring.seal(keyring.unseal(Sealed(row.key_id, row.sealed), row.bound_to), row.bound_to)
    return replace(row, key_id=sealed.key_id, sealed=sealed.data)
