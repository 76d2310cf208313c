"""Approvals: opening, deciding at sixteen connections, many at once, and what waits among 50,000 open requests.

Opening is measured twice: requests alone, whose facts are at hand, are decided, hashed and written with their acts,
tasks and timers; a whole run reads and moves its statements besides, writes the audit trail and asks people.

Two limits of deciding: pgbench sending the very same SQL statements over sixteen connections, recorded from decisions
that came one after another, a transaction each; and pgbench sending one bare statement a decision that does all of the
writing and none of the checking. Ours come sixteen at once, and those that meet share a transaction.
"""

import asyncio
import sys
from collections.abc import Iterator, Sequence

from scripts.bench.decide_work import (
    CONNECTIONS,
    PAGES,
    POLLS,
    fill_drafts,
    open_run,
    record_scripts,
    write_one_statement,
)
from scripts.bench.house import Bench, bench_house
from scripts.bench.measure import Comparison, Contender, Given, compare

REQUESTS = 500
"""At 1 ×: what one person approves at a press."""

STANDING = 50_000
"""Open requests among which an inbox is shown: a large company's month. Less only where every scale is below 1."""


def bench(given: Given) -> Iterator[Comparison]:
    """Four comparisons per size and two among many, on databases copied from a few."""
    with bench_house() as house:
        for count in given.sizes(REQUESTS):
            yield from _decided(house, count, given)
        yield from _standing(house, round(STANDING * min(1, *given.scales)), given)


def _decided(house: Bench, count: int, given: Given) -> Iterator[Comparison]:
    asyncio.run(fill_drafts(house.fresh_database("drafts"), count))
    house.copy_database("drafts", "opened")
    asyncio.run(open_run(house.server.get_uri(database="opened")))
    pgbench = str(house.server.bin_path / "pgbench")
    yield _compared(house, given, "Opening approvals", (count, "requests"), "10,000 a second", [
        _contender(house, "requests alone", "requests", "drafts"),
        _contender(house, "a whole run", "open", "drafts"),
        _contender(house, "the rows copied", "copy-rows", "opened", role="limit"),
    ])  # fmt: skip
    house.copy_database("opened", "recorded")
    recorded = record_scripts(house.server.get_uri(database="recorded"), house.folder)
    bare = write_one_statement(house.server.get_uri(database="opened"), house.folder)
    wanted = "≥ 0.25 of the same statements, ≥ 0.24 of one statement; p99 ≤ 60 ms"
    yield _compared(house, given, f"Decisions, {CONNECTIONS} connections", (count, "decisions"), wanted, [
        _contender(house, "clicks at once", "decide", "opened"),
        _contender(house, "pgbench, the same statements", "replay", "opened", pgbench, recorded, role="limit"),
        _contender(house, "pgbench, one bare statement each", "replay", "opened", pgbench, bare, role="limit"),
    ])  # fmt: skip
    yield _compared(house, given, "Bulk approval", (count, "decisions"), "500 in 3 s", [
        _contender(house, "together", "bulk", "opened"),
    ])  # fmt: skip


def _standing(house: Bench, count: int, given: Given) -> Iterator[Comparison]:
    asyncio.run(fill_drafts(house.fresh_database("standing"), count))
    asyncio.run(open_run(house.server.get_uri(database="standing")))
    among = f"among {count:,} open"
    yield _compared(house, given, f"Inbox page of 50 {among}", (PAGES, "pages"), "p95 ≤ 30 ms", [
        _contender(house, "route, queries and template", "inbox", "standing"),
        _contender(house, "the query alone", "inbox-query", "standing", role="limit"),
    ])  # fmt: skip
    yield _compared(house, given, f"Idle poll of timers {among}", (POLLS, "polls"), "≤ 1 ms", [
        _contender(house, "with its transaction", "poll", "standing"),
    ])  # fmt: skip


def _contender(house: Bench, name: str, what: str, template: str, *more: str, role: str = "ours") -> Contender:
    command = [sys.executable, "-m", "scripts.bench.decide_work", what, house.server.get_uri(database="raced"), *more]
    return Contender(name, command, role, lambda: house.copy_database(template, "raced"), times_itself=True)


def _compared(
    house: Bench, given: Given, title: str, work: tuple[int, str], wanted: str, contenders: Sequence[Contender]
) -> Comparison:
    return compare(title, *work, contenders, given, server_pid=house.server_pid, wanted=wanted)
