"""Whether a database is what the house needs: reachable, new enough, migrated, bound to one company at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from alembic.script import ScriptDirectory

from storage.clusters import plain_url
from storage.database import APPLICATION_ROLE
from storage.schema import UNOWNED_TABLES, metadata
from storage.upgrade import alembic_config

CONNECT_SECONDS = 5
"""A server that does not answer within this is not there for a person who waits."""


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """What was found. `schema` and `newest` are revisions of our migrations."""

    version: int
    now: datetime
    schema: str | None
    newest: str
    unprotected: list[str]
    role_bound: bool
    size: int
    failed_jobs: int
    dead_messages: int


def examine_database(url: str) -> DatabaseHealth | str:
    """The health, or the server's words when it cannot be reached."""
    newest = ScriptDirectory.from_config(alembic_config(url)).get_current_head() or ""
    try:
        with psycopg.connect(plain_url(url), connect_timeout=CONNECT_SECONDS) as connection:
            return _examine(connection, newest)
    except psycopg.OperationalError as error:
        return str(error).strip()


def _examine(connection: psycopg.Connection[Any], newest: str) -> DatabaseHealth:
    version = connection.info.server_version // 10_000
    now = _one(connection, "select clock_timestamp()")
    size = _one(connection, "select pg_database_size(current_database())")
    if _one(connection, "select to_regclass('public.alembic_version')") is None:
        return DatabaseHealth(
            version, now, None, newest, [], role_bound=False, size=size, failed_jobs=0, dead_messages=0
        )
    return DatabaseHealth(
        version=version,
        now=now,
        schema=_one(connection, "select version_num from alembic_version"),
        newest=newest,
        unprotected=_unprotected(connection),
        role_bound=_role_is_bound(connection),
        size=size,
        failed_jobs=_one(connection, "select count(*) from job where state = 'failed'"),
        dead_messages=_one(connection, "select count(*) from outbox where state = 'dead'"),
    )


def _unprotected(connection: psycopg.Connection[Any]) -> list[str]:
    query = "select relname from pg_class where relnamespace = 'public'::regnamespace and relrowsecurity"
    protected = {row[0] for row in connection.execute(query)}
    return sorted({table.name for table in metadata.sorted_tables} - (UNOWNED_TABLES - {"company"}) - protected)


def _role_is_bound(connection: psycopg.Connection[Any]) -> bool:
    query = "select not (rolsuper or rolbypassrls) from pg_roles where rolname = %s"
    row = connection.execute(query, [APPLICATION_ROLE]).fetchone()
    return row is not None and row[0] is True


def _one(connection: psycopg.Connection[Any], query: str) -> Any:  # noqa: ANN401 - the query says what it gives
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None
