"""Bulk rows into a temporary table by COPY, which row-level security does not allow into the tables themselves."""

import os
import sys
import time
from array import array
from collections.abc import Iterable
from typing import Any, cast

import polars as pl
import psycopg
from psycopg import sql
from sqlalchemy import text

from storage.database import Session

COPY_CHUNK_ROWS = 50_000
"""Rows turned into CSV text at a time: about 20 MB of memory."""

NULL_TEXT = "\\N"
UUID_BATCH = 1 << 24
"""Ids that one counter of 24 bits can number."""

UUID_BYTES = 16


async def stage(
    session: Session, name: str, columns: dict[str, str], frame: pl.DataFrame | Iterable[pl.DataFrame]
) -> None:
    """Makes the temporary table `name` (column → SQL type), which the commit drops, and fills it from the frames."""
    declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    await session.execute(text(f"create temporary table {name} ({declared}) on commit drop"))
    raw = await session.get_raw_connection()
    connection = cast("psycopg.AsyncConnection[Any]", raw.driver_connection)
    statement = sql.SQL("copy {} ({}) from stdin (format csv, null {})").format(
        sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Literal(NULL_TEXT)
    )
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for one in [frame] if isinstance(frame, pl.DataFrame) else frame:
            for part in one.select(list(columns)).iter_slices(COPY_CHUNK_ROWS):
                await copy.write(part.write_csv(include_header=False, null_value=NULL_TEXT, quote_style="non_numeric"))
    await session.execute(text(f"analyze {name}"))


def new_ids(count: int) -> list[str]:
    """Fresh UUIDv7 in ascending order, as 32 hex digits each: one clock reading, a 24-bit counter, 48 random bits."""
    if count > UUID_BATCH:
        raise ValueError(f"more than {UUID_BATCH} ids at once")
    ids = bytearray(UUID_BYTES * count)
    for place, byte in enumerate((time.time_ns() // 1_000_000).to_bytes(6)):
        ids[place::UUID_BYTES] = bytes([byte]) * count
    counters, noise = _counters(count), os.urandom(6 * count)
    for place in range(4):
        ids[6 + place :: UUID_BYTES] = counters[place::4]
    for place in range(6):
        ids[10 + place :: UUID_BYTES] = noise[place::6]
    digits = ids.hex()
    return [digits[start : start + 2 * UUID_BYTES] for start in range(0, len(digits), 2 * UUID_BYTES)]


def _counters(count: int) -> bytes:
    """Four bytes each: version 7, the number's upper 12 bits, the variant, its lower 12 bits, two bits of nothing."""
    words = array("I")
    for upper in range(0, count, 1 << 12):
        first = 0x70008000 | (upper >> 12) << 16
        words.extend(range(first, first + 4 * min(1 << 12, count - upper), 4))
    if sys.byteorder == "little":
        words.byteswap()
    return words.tobytes()
