"""Presses in Slack: how soon each is acknowledged, by Socket Mode and by HTTP, when sixteen come at once.

Our own small Slack sends them and holds the watch; every press decides on a request of its own, in PostgreSQL.
"""

import asyncio
import sys
from collections.abc import Iterator

from scripts.bench.decide_work import fill_drafts, open_run
from scripts.bench.house import Bench, bench_house
from scripts.bench.measure import Comparison, Contender, Given, compare

PRESSES = 200
"""At 1 ×: more than a company's people press in an hour."""

WANTED = "p99 ≤ 500 ms, all < 3 s"


def bench(given: Given) -> Iterator[Comparison]:
    """One comparison a size."""
    with bench_house() as house:
        for count in given.sizes(PRESSES):
            asyncio.run(fill_drafts(house.fresh_database("waiting"), count))
            asyncio.run(open_run(house.server.get_uri(database="waiting")))
            ways = [_contender(house, "Socket Mode", "socket"), _contender(house, "HTTP", "http")]
            yield compare(
                "Presses in Slack acknowledged", count, "presses", ways, given, server_pid=house.server_pid,
                wanted=WANTED,
            )  # fmt: skip


def _contender(house: Bench, name: str, way: str) -> Contender:
    command = [sys.executable, "-m", "scripts.bench.chat_work", way, house.server.get_uri(database="pressed")]
    return Contender(name, command, "ours", lambda: house.copy_database("waiting", "pressed"), times_itself=True)
