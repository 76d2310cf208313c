"""Approvals: opening, deciding at sixteen connections, and many at once; `inbox.py` looks at those that wait.

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
    fill_drafts,
    open_run,
    record_scripts,
    write_one_statement,
)
from scripts.bench.house import Bench, bench_house
from scripts.bench.measure import Comparison, Contender, Given, compare

REQUESTS = 500
"""At 1 ×: what one person approves at a press."""


def bench(given: Given) -> Iterator[Comparison]:
    """Three comparisons per size, on databases copied from a few."""
    with bench_house() as house:
        for count in given.sizes(REQUESTS):
            yield from _decided(house, count, given)


def _decided(house: Bench, count: int, given: Given) -> Iterator[Comparison]:
    asyncio.run(fill_drafts(house.fresh_database("drafts"), count))
    house.copy_database("drafts", "opened")
    asyncio.run(open_run(house.server.get_uri(database="opened")))
    pgbench = str(house.server.bin_path / "pgbench")
    yield compared(house, given, "Opening approvals", (count, "requests"), "10,000 a second", [
        contender(house, "requests alone", "requests", "drafts"),
        contender(house, "a whole run", "open", "drafts"),
        contender(house, "the rows copied", "copy-rows", "opened", role="limit"),
    ])  # fmt: skip
    house.copy_database("opened", "recorded")
    recorded = record_scripts(house.server.get_uri(database="recorded"), house.folder)
    bare = write_one_statement(house.server.get_uri(database="opened"), house.folder)
    wanted = "≥ 0.25 of the same statements, ≥ 0.24 of one statement; p99 ≤ 60 ms"
    yield compared(house, given, f"Decisions, {CONNECTIONS} connections", (count, "decisions"), wanted, [
        contender(house, "clicks at once", "decide", "opened"),
        contender(house, "pgbench, the same statements", "replay", "opened", pgbench, recorded, role="limit"),
        contender(house, "pgbench, one bare statement each", "replay", "opened", pgbench, bare, role="limit"),
    ])  # fmt: skip
    yield compared(house, given, "Bulk approval", (count, "decisions"), "500 in 3 s", [
        contender(house, "together", "bulk", "opened"),
    ])  # fmt: skip


def contender(house: Bench, name: str, what: str, template: str, *more: str, role: str = "ours") -> Contender:
    """One way to do `what` of decide_work.py on a copy of the template."""
    command = [sys.executable, "-m", "scripts.bench.decide_work", what, house.server.get_uri(database="raced"), *more]
    return Contender(name, command, role, lambda: house.copy_database(template, "raced"), times_itself=True)


def compared(
    house: Bench, given: Given, title: str, work: tuple[int, str], wanted: str, contenders: Sequence[Contender]
) -> Comparison:
    """The contenders on one server."""
    return compare(title, *work, contenders, given, server_pid=house.server_pid, wanted=wanted)
