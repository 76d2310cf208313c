"""Who is alive: a worker holds an advisory lock on its token, and the database lets go of it when the worker dies."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Text, cast, func, or_, select
from sqlalchemy.exc import DBAPIError

from storage.database import Database, Session
from storage.identifiers import new_id

DEAD_AFTER_SECONDS = 60
"""Without a heartbeat for this long a claim is free again, even if its connection seems to live (a paused machine)."""

HEARTBEAT_SECONDS = 10
"""Six beats may be lost before a claim counts as dead."""


@asynccontextmanager
async def alone(engine: Database, what: str) -> AsyncIterator[None]:
    """Waits until no other process is in a block of the same name, and keeps the others out until it is left."""
    key = func.hashtextextended(what, 0)
    async with engine.connect() as connection:
        held = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await held.execute(select(func.pg_advisory_lock(key)))
        try:
            yield
        finally:
            with suppress(DBAPIError):
                await held.execute(select(func.pg_advisory_unlock(key)))


@asynccontextmanager
async def presence(engine: Database) -> AsyncIterator[UUID]:
    """A token whose lock is held on a connection of its own until the block is left or the process dies."""
    token = new_id()
    async with alone(engine, str(token)):
        yield token


async def somebody_in(session: Session, what: str) -> bool:
    """Whether a process is in a block `alone` of this name."""
    free: bool = (
        await session.execute(select(func.pg_try_advisory_xact_lock(func.hashtextextended(what, 0))))
    ).scalar_one()
    return not free


def holder_is_dead(claim_token: Column[Any], heartbeat_at: Column[Any]) -> ColumnElement[bool]:
    """Whether a claim's worker is gone: its lock is free, or it has been silent for too long."""
    silent = heartbeat_at < func.statement_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, DEAD_AFTER_SECONDS)
    free = func.pg_try_advisory_xact_lock(func.hashtextextended(cast(claim_token, Text), 0))
    return or_(silent, free)


async def database_now(session: Session) -> datetime:
    """This moment by the database's clock, the only one that all processes share."""
    now: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return now
