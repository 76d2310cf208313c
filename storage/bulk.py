"""Bulk rows into a temporary table by COPY, which row-level security does not allow into the tables themselves."""

import os
import time
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


async def stage(session: Session, name: str, columns: dict[str, str], frame: pl.DataFrame) -> None:
    """Makes the temporary table `name` (column → SQL type), which the commit drops, and fills it from the frame."""
    declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    await session.execute(text(f"create temporary table {name} ({declared}) on commit drop"))
    raw = await session.get_raw_connection()
    connection = cast("psycopg.AsyncConnection[Any]", raw.driver_connection)
    statement = sql.SQL("copy {} ({}) from stdin (format csv, null {})").format(
        sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Literal(NULL_TEXT)
    )
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for part in frame.select(list(columns)).iter_slices(COPY_CHUNK_ROWS):
            await copy.write(part.write_csv(include_header=False, null_value=NULL_TEXT, quote_style="non_numeric"))
    await session.execute(text(f"analyze {name}"))


def new_ids(count: int) -> list[str]:
    """Fresh UUIDv7 in ascending order, as texts: one clock reading, a 24-bit counter, 50 random bits each."""
    if count > UUID_BATCH:
        raise ValueError(f"more than {UUID_BATCH} ids at once")
    head = f"{time.time_ns() // 1_000_000:012x}"
    prefix = f"{head[:8]}-{head[8:]}-7"
    noise = os.urandom(7 * count).hex()
    return [
        f"{prefix}{number >> 12:03x}-{0x8000 | (number & 0xFFF) << 2 | int(noise[14 * number], 16) & 3:04x}"
        f"-{noise[14 * number + 1 : 14 * number + 13]}"
        for number in range(count)
    ]
