"""One engine and one way to open a transaction for one company under the application's role."""

import select
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from psycopg.pq import Format
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

APPLICATION_ROLE = "tieout_app"
"""Not the owner of the tables, so that row-level security binds it."""

P = ParamSpec("P")
T = TypeVar("T")

Database = AsyncEngine
"""What services are given: the rooms above need not know the library."""

Session = AsyncConnection
"""A running transaction."""

UNAVAILABLE = (OperationalError, InterfaceError, NoFreeConnection)
"""Away, full, or without a free connection: errors that pass without anybody changing the request."""

POOL_SIZE = 8
"""64 connections were slower than 16 on two cores; a process needs fewer still, and `up` runs four."""


def engine_for(url: str) -> Database:
    """An engine on psycopg 3 for a `postgresql://` URL."""
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1).replace("postgres://", "postgresql://", 1)
    engine = create_async_engine(
        plain.replace("postgresql://", "postgresql+psycopg://", 1), pool_size=POOL_SIZE, max_overflow=POOL_SIZE
    )
    event.listen(engine.sync_engine, "checkout", _replace_when_dead)
    event.listen(engine.sync_engine, "before_cursor_execute", _choose_format)
    return engine


_USED = "tieout.used"


def _replace_when_dead(adapted: Any, record: Any, _fairy: object) -> None:  # noqa: ANN401 - SQLAlchemy's event
    """Has the pool open another connection in place of one that the server has ended.

    Nobody speaks on an idle connection but a server that takes its leave, so a look at the socket tells what asking
    would, without the round trip that every transaction would wait for.
    """
    connection = adapted.driver_connection
    if record.info.setdefault(_USED, False) and (connection.closed or _has_something_to_read(connection.fileno())):
        raise DisconnectionError
    record.info[_USED] = True


def _has_something_to_read(socket: int) -> bool:
    look = select.poll()
    look.register(socket, select.POLLIN)
    return bool(look.poll(0))


BINARY = "binary"
"""Option of a statement that answers files or mails: as text each byte would take two, written and read again."""


def _choose_format(
    _connection: object,
    cursor: Any,  # noqa: ANN401 - the adapter's
    _statement: object,
    _parameters: object,
    context: Any,  # noqa: ANN401 - the same
    _many: object,
) -> None:
    """Lets PostgreSQL answer in its binary format where a statement asks for it."""
    if context is not None and context.execution_options.get(BINARY):
        cursor._cursor.format = Format.BINARY  # noqa: SLF001 - the adapter gives psycopg's own setting no name


_reader: ContextVar[str] = ContextVar("reader", default="")
"""Who reads letters and replies of an audit that is not released; nobody, unless somebody says so."""

RELAY = "relay"
"""The outbox relay and the mailbox's reader: they carry letters of an audit, and still see no reply."""


@contextmanager
def reading_as(reader: str) -> Iterator[None]:
    """Transactions within speak for this reader: RELAY, `auditor:<user id>` or `letter:<letter id>`.

    The policies of migration 0011 decide what that opens; an auditor must be the round's own, in office.
    """
    before = _reader.set(reader)
    try:
        yield
    finally:
        _reader.reset(before)


def as_reader(reader: str) -> Callable[[Callable[P, Coroutine[Any, Any, T]]], Callable[P, Coroutine[Any, Any, T]]]:
    """Makes a coroutine function, and every task that it starts, read as this reader."""

    def speaking(work: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        @wraps(work)
        async def spoken(*args: P.args, **kwargs: P.kwargs) -> T:
            with reading_as(reader):
                return await work(*args, **kwargs)

        return spoken

    return speaking


_SPEAK_FOR = (
    "select set_config('role', %s, true), set_config('tieout.company', %s, true), set_config('tieout.reader', %s, true)"
)


@asynccontextmanager
async def transaction(engine: Database, company_id: UUID) -> AsyncIterator[Session]:
    """A transaction that sees and writes one company's rows only; commits on leaving, rolls back on error."""
    async with engine.begin() as session:
        await session.exec_driver_sql(_SPEAK_FOR, (APPLICATION_ROLE, str(company_id), _reader.get()))
        yield session


@asynccontextmanager
async def owner_transaction(engine: Database) -> AsyncIterator[Session]:
    """A transaction over all companies: migrations, the list of companies, the catcher; never a request's work."""
    async with engine.begin() as session:
        yield session
