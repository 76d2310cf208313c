"""Many rows in one statement, handed over as one JSON document: no round trip and no parameter per row.

COPY is faster still, but row-level security does not allow it into the tables themselves (bulk.py).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from json.encoder import encode_basestring
from typing import Any
from uuid import UUID

from sqlalchemy import Table, text

from storage.database import Session


async def insert_many(
    session: Session, table: Table[Any], rows: Sequence[Mapping[str, Any]], *, known: str = ""
) -> int:
    """Inserts the rows, which all have the same columns; those that stand under the key `known` already are left out.

    Answers how many were inserted. Columns that the rows do not name get their defaults.
    """
    if not rows:
        return 0
    columns = ", ".join(f'"{name}"' for name in rows[0])
    query = (
        f"insert into {table.name} ({columns}) "  # noqa: S608 - names of our own schema
        f"select {columns} from json_populate_recordset(null::{table.name}, cast(:rows as json))"
    )
    if known:
        query += f" on conflict ({known}) do nothing"
    done = await session.execute(text(query), {"rows": rows_json(rows)})
    return done.rowcount


class JsonText(str):
    """A value that is JSON already."""

    __slots__ = ()


def rows_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as PostgreSQL reads them from JSON."""
    instants: dict[int, tuple[datetime, str]] = {}
    return "[" + ",".join(_row_json(row, instants) for row in rows) + "]"


def _row_json(row: Mapping[str, Any], instants: dict[int, tuple[datetime, str]]) -> str:
    return "{" + ",".join([f'"{name}":{_value(value, instants)}' for name, value in row.items()]) + "}"


def _value(value: Any, instants: dict[int, tuple[datetime, str]]) -> str:  # noqa: ANN401 - whatever a column holds
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is JsonText:
        return str(value)
    if kind is UUID:
        return f'"{value}"'
    if kind is datetime:
        known = instants.get(id(value))
        if known is None:
            known = instants[id(value)] = (value, f'"{value.isoformat()}"')
        return known[1]
    if value is None:
        return "null"
    return str(value) if kind is int else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
