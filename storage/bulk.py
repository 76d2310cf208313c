"""Bulk rows into a temporary table by COPY, which row-level security does not allow into the tables themselves."""

import os
import sys
import time
from array import array
from collections.abc import Iterable, Iterator
from typing import Any, cast
from uuid import UUID

import polars as pl
import psycopg
from psycopg import sql
from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, literal

from storage.database import Session

COPY_CHUNK_ROWS = 50_000
"""Rows turned into CSV text at a time: about 20 MB of memory."""

NULL_TEXT = "\\N"
QUOTE = "\x01"
"""Hardly a text has it, while JSON is full of the usual one, each of which would be doubled and halved again."""

UUID_BATCH = 1 << 24
"""Ids that one counter of 24 bits can number."""

UUID_BYTES = 16


async def stage(
    session: Session,
    name: str,
    columns: dict[str, str],
    frame: pl.DataFrame | Iterable[pl.DataFrame],
    order: pl.Series | None = None,
) -> None:
    """Makes the temporary table `name` (column → SQL type), which the commit drops, and fills it from the frames.

    `order` are the places of the frame's rows as they shall stand in the table. A column of one frame that says the
    same in all rows is sent once, as the column's default: of a ledger's columns that is every other one.
    """
    same = _said_once(frame, columns) if isinstance(frame, pl.DataFrame) else {}
    declared = [
        sql.SQL("{} {}{}").format(sql.Identifier(column), sql.SQL(kind), same.get(column, sql.SQL("")))
        for column, kind in columns.items()
    ]
    sent = [column for column in columns if column not in same]
    connection = await driver_connection(session)
    async with connection.cursor() as cursor:
        await cursor.execute(
            sql.SQL("create temporary table {} ({}) on commit drop").format(
                sql.Identifier(name), sql.SQL(", ").join(declared)
            )
        )
        statement = sql.SQL("copy {} ({}) from stdin (format csv, null {}, quote {})").format(
            sql.Identifier(name),
            sql.SQL(", ").join(map(sql.Identifier, sent)),
            sql.Literal(NULL_TEXT),
            sql.Literal(QUOTE),
        )
        async with cursor.copy(statement) as copy:
            for one in [frame] if isinstance(frame, pl.DataFrame) else frame:
                for part in _parts(one.select(sent), order):
                    await copy.write(
                        part.write_csv(
                            include_header=False, null_value=NULL_TEXT, quote_char=QUOTE, quote_style="non_numeric"
                        )
                    )
        await cursor.execute(sql.SQL("analyze {}").format(sql.Identifier(name)))


def among(column: ColumnElement[Any], ids: Iterable[UUID]) -> ColumnElement[bool]:
    """Whether the column is one of the ids, handed over as one array: a thousand parameters take longer than a read."""
    return column == any_(literal(list(ids), ARRAY(Uuid)))


async def driver_connection(session: Session) -> psycopg.AsyncConnection[Any]:
    """The driver's own connection, which can COPY."""
    raw = await session.get_raw_connection()
    return cast("psycopg.AsyncConnection[Any]", raw.driver_connection)


def _parts(frame: pl.DataFrame, order: pl.Series | None) -> Iterator[pl.DataFrame]:
    if order is None:
        yield from frame.iter_slices(COPY_CHUNK_ROWS)
        return
    for start in range(0, frame.height, COPY_CHUNK_ROWS):
        yield frame[order[start : start + COPY_CHUNK_ROWS]]


def _said_once(frame: pl.DataFrame, columns: dict[str, str]) -> dict[str, sql.Composable]:
    """The default clause of each column that says one thing in all rows; one column is always sent."""
    others = list(columns)[1:]
    found: dict[str, sql.Composable] = {}
    for column in others if frame.height else ():
        values = frame[column]
        if values.null_count() == frame.height:
            found[column] = sql.SQL("")
        elif values.null_count() == 0 and (values == values[0]).all():
            found[column] = sql.SQL(" default {}").format(sql.Literal(str(values[0])))
    return found


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
