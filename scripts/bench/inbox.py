"""What waits among 50,000 open requests: a page of an inbox, and a poll of timers that finds nothing due."""

import asyncio
from collections.abc import Iterator

from scripts.bench.decide import compared, contender
from scripts.bench.decide_work import PAGES, POLLS, fill_drafts, open_run
from scripts.bench.house import Bench, bench_house
from scripts.bench.measure import Comparison, Given

STANDING = 50_000
"""Open requests among which an inbox is shown: a large company's month. Less only where every scale is below 1."""


def bench(given: Given) -> Iterator[Comparison]:
    """Two comparisons, on copies of one database that was filled a moment ago."""
    with bench_house() as house:
        yield from _standing(house, round(STANDING * min(1, *given.scales)), given)


def _standing(house: Bench, count: int, given: Given) -> Iterator[Comparison]:
    asyncio.run(fill_drafts(house.fresh_database("standing"), count))
    asyncio.run(open_run(house.server.get_uri(database="standing")))
    among = f"among {count:,} open"
    yield compared(house, given, f"Inbox page of 50 {among}", (PAGES, "pages"), "p95 ≤ 30 ms", [
        contender(house, "route, queries and template", "inbox", "standing"),
        contender(house, "the query alone", "inbox-query", "standing", role="limit"),
    ])  # fmt: skip
    yield compared(house, given, f"Idle poll of timers {among}", (POLLS, "polls"), "≤ 1 ms", [
        contender(house, "with its transaction", "poll", "standing"),
    ])  # fmt: skip
