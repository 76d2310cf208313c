"""A close that is killed again and again ends like one that nobody disturbed, and sends nothing twice."""

import asyncio
import json
import multiprocessing
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg import sql

from services import run_batches
from services.add_company import company_by_code
from services.carriers import open_carriers
from services.close_period import Closing, close_period
from services.relay_outbox import relay_once
from services.settings import Settings
from services.start_run import period_of
from storage.clusters import MAINTENANCE_DATABASE, url_with_database
from storage.database import Database, engine_for
from tests.support.books import Item, new_book

KILLS = 12
CUSTOMERS = 20
CLOSING = Closing(period_of("2026-06"), today=date(2026, 7, 3))


async def _close(url: str) -> dict[str, Any]:
    run_batches.BATCH_CUSTOMERS = 3
    engine = engine_for(url)
    try:
        return await close_period(engine, await company_by_code(engine, "ACME"), CLOSING)
    finally:
        await engine.dispose()


def _closing_process(url: str) -> None:
    asyncio.run(_close(url))


async def _fill(engine: Database) -> None:
    book = await new_book(engine)
    for number in range(CUSTOMERS):
        customer_id = await book.add_customer(f"C{number:03}")
        if number % 5:
            await book.add_contact(customer_id, f"accounts@c{number:03}.example")
        items = [
            Item(f"INV-{number}-{one}", 10_000 + 100 * one, date(2026, 6, 1 + one), date(2026, 6, 20))
            for one in range(4)
        ]
        if number == 7:
            items.append(Item("INV-LARGE", 900_000_000, date(2026, 6, 2)))  # needs people, whatever the policy
        await book.add_items(customer_id, items)


@contextmanager
def _copies(url: str, *names: str) -> Iterator[list[str]]:
    """Copies of a database that nobody is connected to."""
    original = url.partition("?")[0].rsplit("/", 1)[1]
    with psycopg.connect(url_with_database(url, MAINTENANCE_DATABASE), autocommit=True) as connection:
        for name in names:
            made = sql.SQL("create database {} template {} strategy file_copy")
            connection.execute(made.format(sql.Identifier(name), sql.Identifier(original)))
    yield [url_with_database(url, name) for name in names]
    with psycopg.connect(url_with_database(url, MAINTENANCE_DATABASE), autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _end_state(url: str) -> dict[str, Any]:
    """All that counts, without ids and instants: statements, requests, mails, tasks, the run and its batches."""
    with psycopg.connect(url) as connection:

        def rows(query: str) -> list[tuple[Any, ...]]:
            return sorted(connection.execute(query.encode()).fetchall())

        contents = {}
        for number, status, content in connection.execute("select number, status, content from statement"):
            said = json.loads(content)
            said.pop("as_known")
            contents[number] = (status, said)
        return {
            "statements": contents,
            "run": rows("select period, stage from statement_run"),
            "batches": rows("select stage, number, state, cardinality(customer_ids) from run_batch"),
            "requests": rows("select subject_kind, state, count(*) from approval_request group by 1, 2"),
            "mails": rows("select kind, dedup_key from outbox where kind = 'statement_to_customer'"),
            "tasks": rows("select kind, count(*) from task group by 1"),
        }


async def _deliver(url: str) -> Counter[str]:
    """Relays everything to a catcher and answers how many mails each customer got."""
    engine = engine_for(url)
    try:
        company = await company_by_code(engine, "ACME")
        async with open_carriers(engine, Settings()) as carriers:
            while await relay_once(engine, company.id, Settings(), carriers):
                pass
    finally:
        await engine.dispose()
    with psycopg.connect(url) as connection:
        caught = connection.execute("select recipient from caught_message where channel = 'email'").fetchall()
    return Counter(row[0] for row in caught if row[0].startswith("accounts@c"))


async def _refill(url: str) -> None:
    engine = engine_for(url)
    try:
        await _fill(engine)
    finally:
        await engine.dispose()


def _killed_close(url: str, chance: random.Random) -> int:
    """Starts the close again and again and kills it at random moments; answers how often it was still running."""
    processes = multiprocessing.get_context("forkserver")
    killed = 0
    for _ in range(KILLS):
        process = processes.Process(target=_closing_process, args=(url,))
        process.start()
        process.join(chance.uniform(0.05, 1.2))
        killed += process.is_alive()
        process.kill()
        process.join()
        process.close()
    return killed


def test_killed_close_ends_like_an_undisturbed_one(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL at random moments of the whole close; then it is run to its end once, and relayed."""
    monkeypatch.delenv("TIEOUT_SMTP_URL", raising=False)
    asyncio.run(_refill(database))
    multiprocessing.set_forkserver_preload([__name__])
    with _copies(database, "undisturbed", "killed") as (calm, stormy):
        asyncio.run(_close(calm))
        assert _killed_close(stormy, random.Random(5)) >= KILLS // 3  # noqa: S311 - moments, not secrets
        asyncio.run(_close(stormy))
        assert _end_state(stormy) == _end_state(calm)
        again = asyncio.run(_close(stormy))
        assert again["continued"]
        assert again["new"] == {"statements": 0, "sent": 0, "stages": 0}
        end = _end_state(calm)
        assert 0 < sum(status == "sent" for status, _ in end["statements"].values()) < CUSTOMERS
        mails = asyncio.run(_deliver(stormy))
        assert set(mails.values()) == {1}
        assert len(mails) == len(end["mails"])


def _batches_begun(url: str) -> int:
    with psycopg.connect(url) as connection:
        begun = connection.execute("select count(*) from run_batch where state <> 'pending'").fetchone()
    return begun[0] if begun is not None else 0


def test_two_workers_share_a_run_and_one_is_killed(database: str) -> None:
    """Two processes close the same period on one database; one dies while batches are under way, the other ends it."""
    asyncio.run(_refill(database))
    multiprocessing.set_forkserver_preload([__name__])
    processes = multiprocessing.get_context("forkserver")
    with _copies(database, "alone", "shared") as (calm, shared):
        asyncio.run(_close(calm))
        workers = [processes.Process(target=_closing_process, args=(shared,)) for _ in range(2)]
        for worker in workers:
            worker.start()
        first, second = workers
        while first.is_alive() and not _batches_begun(shared):
            first.join(0.01)
        assert first.is_alive()
        first.kill()
        first.join()
        second.join()
        assert second.exitcode == 0
        assert _end_state(shared) == _end_state(calm)
