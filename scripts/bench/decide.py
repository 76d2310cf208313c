"""Approvals: opening a run's, deciding on them at sixteen connections, and many at once; beside the same work bare.

The peer of deciding is pgbench sending the very same SQL statements over sixteen connections, recorded from decisions
that came one after another, a transaction each. Ours come sixteen at once, and those that meet share a transaction.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import event

from scripts.bench.house import Bench, bench_house
from scripts.bench.measure import Comparison, Contender, Given, compare, timed
from services.add_company import add_company, company_by_code
from services.add_user import add_user
from services.decide_alone import Decision, Press
from services.decide_approval import decide
from services.decide_many import decide_many
from services.open_approvals import open_approvals_for_run
from services.show_inbox import inbox
from storage.database import Database, engine_for, transaction

REQUESTS = 500
"""At 1 ×: what one person approves at a press."""

CONNECTIONS = 16
"""More are slower on two cores."""

PAGES = 40
"""Inbox pages of one run: enough for a mean."""

COPIED = ("approval_request", "approval_act", "approval_task", "approval_timer")
"""The tables that opening fills."""

_DRAFTS = """
    with c as (insert into customer(company_id, id, code, name)
               select %(company)s, gen_random_uuid(), 'C' || n, 'Customer ' || n from generate_series(1, %(count)s) n
               returning id, code)
    insert into statement(company_id, id, number, run_id, customer_id, currency, period, form, version, status, content,
                          digest, opening, debits, credits, closing, overdue, ties)
    select %(company)s, gen_random_uuid(), '2026-06/' || code || '/CNY/v1', %(run)s, id, 'CNY', '2026-06', 'OPEN_ITEM',
           1, 'draft', '{"checks":[],"closing":"80000.00","disputes":[],"lines":[' ||
           (select string_agg('{"amount":"10.00","disputed":"0.00","line":' || l || '}', ',')
              from generate_series(1, 20) l) || '],"number":"' || code || '"}',
           encode(sha256(code::bytea), 'hex'), 0, 8000000, 0, 8000000, 0, true
      from c"""
_RUN = """insert into statement_run(company_id, id, period, form, as_of, as_known, stage)
          values (%s, gen_random_uuid(), '2026-06', 'OPEN_ITEM', '2026-06-30', now(), 'review') returning id"""


def bench(given: Given) -> Iterator[Comparison]:
    """Four comparisons per size, on databases copied from the same two."""
    with bench_house() as house:
        for count in given.sizes(REQUESTS):
            yield from _compare(house, count, given)


def _compare(house: Bench, count: int, given: Given) -> Iterator[Comparison]:
    asyncio.run(_with_drafts(house.fresh_database("drafts"), count))
    _copy(house, "drafts", "opened")
    asyncio.run(_open(house.server.get_uri(database="opened")))

    def contender(name: str, what: str, role: str, template: str, *more: str) -> Contender:
        command = [sys.executable, "-m", "scripts.bench.decide", what, house.server.get_uri(database="raced"), *more]
        return Contender(name, command, role, lambda: _copy(house, template, "raced"), times_itself=True)

    def compared(title: str, work: int, unit: str, contenders: Sequence[Contender], wanted: str) -> Comparison:
        return compare(title, work, unit, contenders, given, server_pid=house.server_pid, wanted=wanted)

    ours = contender("a run's approvals", "open", "ours", "drafts")
    bare = contender("insert … select of the same rows", "copy-rows", "limit", "opened")
    yield compared("Opening approvals", count, "statements", [ours, bare], "10,000 a second")
    scripts = _record(house)
    ours = contender("sixteen clicks at once", "decide", "ours", "opened")
    replayed = contender(
        "pgbench, the same statements", "replay", "limit", "opened", str(house.server.bin_path / "pgbench"), scripts
    )
    yield compared("Decisions, 16 connections", count, "decisions", [ours, replayed], "≥ 0.25 of pgbench")
    ours = contender("together", "bulk", "ours", "opened")
    yield compared("Bulk approval", count, "decisions", [ours], "500 in 3 s")
    ours = contender("inbox", "inbox", "ours", "opened")
    yield compared(f"Inbox page of 50 among {count:,} open", PAGES, "pages", [ours], "50,000 open: 30 ms a page")


def _copy(house: Bench, template: str, name: str) -> None:
    with psycopg.connect(house.server.get_uri(), autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)".encode())
        connection.execute(f"create database {name} template {template}".encode())


async def _with_drafts(url: str, count: int) -> None:
    engine = engine_for(url)
    company_id = await add_company(engine, "BENCH", "Bench", "CNY", "UTC")
    for name, role in (("alice", "reviewer"), ("bob", "reviewer"), ("mona", "manager"), ("root", "administrator")):
        await add_user(engine, company_id, f"{name}@bench.example", name, frozenset({role}))
    await engine.dispose()
    with psycopg.connect(url, autocommit=True) as connection:
        (run,) = connection.execute(_RUN, (company_id,)).fetchall()
        connection.execute(_DRAFTS, {"company": company_id, "count": count, "run": run[0]})
        connection.execute("analyze")


async def _open(url: str) -> None:
    engine = engine_for(url)
    company = await company_by_code(engine, "BENCH")
    async with transaction(engine, company.id) as session:
        run = (await session.exec_driver_sql("select id from statement_run")).scalar_one()
    await open_approvals_for_run(engine, company, run)
    await engine.dispose()


def _record(house: Bench) -> str:
    """Decides on everything once, one after another, and writes its statements as scripts for pgbench."""
    _copy(house, "opened", "recorded")
    folder = house.folder / "scripts"
    folder.mkdir(exist_ok=True)
    transactions: list[list[str]] = []
    url = house.server.get_uri(database="recorded")
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor) as connection:

        def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:  # noqa: ANN401, FBT001 - SQLAlchemy's event
            written = psycopg.ClientCursor(connection).mogrify(statement.encode(), parameters or None)
            transactions[-1].append(written)

        asyncio.run(_decide_all(url, 1, note, lambda: transactions.append([])))
    for number in range(CONNECTIONS):
        own = transactions[number::CONNECTIONS]
        text = "".join(f"begin;\n{''.join(f'{one};{chr(10)}' for one in each)}commit;\n" for each in own)
        (folder / f"{number}.sql").write_text(text)
    return str(folder)


async def _decide_all(
    url: str, together: int, note: Callable[..., None] | None = None, begun: Callable[[], None] = lambda: None
) -> None:
    engine = engine_for(url)
    company_id, alice, waiting = await _waiting(engine)
    if note is not None:
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    gate = asyncio.Semaphore(together)

    async def one(request_id: UUID, digest: str) -> None:
        async with gate:
            begun()
            await decide(
                engine, company_id, request_id, "approve", actor_id=alice, authority_id=alice, round=1, stage=1,
                digest=digest, key=f"bench/{request_id}",
            )  # fmt: skip

    await asyncio.gather(*(one(*each) for each in waiting))
    await engine.dispose()


async def _waiting(engine: Database) -> tuple[UUID, UUID, list[tuple[UUID, str]]]:
    company = await company_by_code(engine, "BENCH")
    async with transaction(engine, company.id) as session:
        alice = (await session.exec_driver_sql("select id from app_user where name = 'alice'")).scalar_one()
        rows = await session.exec_driver_sql("select id, digest from approval_request where state = 'open' order by id")
        return company.id, alice, [(row.id, row.digest) for row in rows]


async def _bulk(url: str) -> None:
    engine = engine_for(url)
    company_id, alice, waiting = await _waiting(engine)
    chosen = [Decision(request, alice, 1, 1, digest, f"bench/{request}") for request, digest in waiting]
    await decide_many(engine, company_id, Press("approve", alice), chosen)
    await engine.dispose()


async def _inbox(url: str) -> None:
    engine = engine_for(url)
    company = await company_by_code(engine, "BENCH")
    _, alice, _ = await _waiting(engine)
    after = None
    for _ in range(PAGES):
        async with transaction(engine, company.id) as session:
            after = (await inbox(session, company, alice, after=after)).after
    await engine.dispose()


async def _copy_rows(url: str) -> None:
    engine = engine_for(url)
    async with engine.begin() as session:
        for table in COPIED:
            await session.exec_driver_sql(f"create table bare_{table} (like {table} including all)")
            await session.exec_driver_sql(f"insert into bare_{table} select * from {table}")  # noqa: S608 - our own table names
    await engine.dispose()


async def _replay(url: str, pgbench: str, folder: str) -> None:
    scripts = [f"{folder}/{number}.sql" for number in range(CONNECTIONS)]
    command = (pgbench, "-n", "-c", "1", "-t", "1", "-f")
    running = [
        await asyncio.create_subprocess_exec(
            *command, script, url, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        for script in scripts
    ]
    for process in running:
        _, errors = await process.communicate()
        if process.returncode or b"ERROR" in errors:
            raise RuntimeError(errors.decode()[-2_000:])


WORK: dict[str, Callable[..., Awaitable[None]]] = {
    "open": _open, "decide": lambda url: _decide_all(url, CONNECTIONS), "bulk": _bulk, "inbox": _inbox,
    "copy-rows": _copy_rows, "replay": _replay,
}  # fmt: skip


def main() -> None:
    """One contender in this process."""
    what, *given = sys.argv[1:]

    async def work() -> None:
        await WORK[what](*given)

    timed(lambda: asyncio.run(work()))


if __name__ == "__main__":
    main()
