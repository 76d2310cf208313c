"""A close by one process, by two that share its batches, and by two of which one is killed on the way."""

import sys
from collections.abc import Iterator

from scripts.bench.house import COMPANY, ROOT, Bench, bench_house
from scripts.bench.ledger_file import write_ledger
from scripts.bench.measure import Comparison, Contender, Given, compare

LINES = 100_000
"""At 1 ×: 5,000 customers, which are ten batches of a stage."""

WAYS = {"one process": ("1",), "two processes": ("2",), "two, one of them killed": ("2", "--kill")}
"""What a contender is called, and what workers_work.py is told."""


def bench(given: Given) -> Iterator[Comparison]:
    """Import once, close on a fresh copy each time; the wall says what a second process is worth."""
    with bench_house() as house:
        for lines in given.sizes(LINES):
            yield _compare(house, lines, given)


def _compare(house: Bench, lines: int, given: Given) -> Comparison:
    file = house.folder / "ledger.csv"
    write_ledger(file, lines)
    url = house.fresh_database("imported")
    house.company_on(url)
    house.tieout(url, "import", str(file), "--company", COMPANY, "--profile", "standard")
    contenders = [
        Contender(
            name, [sys.executable, "-m", "scripts.bench.workers_work", *told], "ours",
            lambda: house.copy_database("imported", "closed"), times_itself=True,
            environment={"DATABASE_URL": house.server.get_uri(database="closed"), "PYTHONPATH": str(ROOT)},
        )
        for name, told in WAYS.items()
    ]  # fmt: skip
    return compare(
        "close up to approvals asked for, shared", lines, "lines", contenders, given, server_pid=house.server_pid,
        wanted="nothing lost by the kill: the same statements each time",
    )  # fmt: skip
