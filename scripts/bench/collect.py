"""Collect: a CSV of ledger lines, validated, into PostgreSQL; beside psql's bare copy of the same file."""

import os
import sys
from collections.abc import Iterator

import psycopg

from scripts.bench.house import COMPANY, Bench, bench_house
from scripts.bench.ledger_file import HEADER, write_ledger
from scripts.bench.measure import Comparison, Contender, Given, compare

LINES = 10_000
"""At 1 ×: seconds. The design's figures are at 100 ×."""


def bench(given: Given) -> Iterator[Comparison]:
    """Ours is the whole command: read, validate, find, group, allocate, one transaction, durable."""
    with bench_house() as house:
        for lines in given.sizes(LINES):
            yield _compare(house, lines, given)


def _compare(house: Bench, lines: int, given: Given) -> Comparison:
    file = house.folder / "ledger.csv"
    write_ledger(file, lines)
    ours, bare = house.server.get_uri(database="collect"), house.server.get_uri()

    def fresh() -> None:
        house.company_on(house.fresh_database("collect"))

    def empty_table() -> None:
        columns = ", ".join(f"{name} text" for name in HEADER.strip().split(","))
        with psycopg.connect(bare, autocommit=True) as connection:
            connection.execute("drop table if exists bare_copy")
            connection.execute(f"create table bare_copy ({columns})".encode())

    command = [
        "env", f"DATABASE_URL={ours}", f"PATH={os.environ['PATH']}", sys.executable, "-m", "console",
        "import", str(file), "--company", COMPANY, "--profile", "standard", "--json",
    ]  # fmt: skip
    copy = [house.psql, bare, "-c", f"\\copy bare_copy from '{file}' csv header"]
    contenders = [
        Contender("tieout import", command, "ours", fresh),
        Contender("tieout import, known file", command, "ours"),
        Contender("psql \\copy, bare", copy, "limit", empty_table),
    ]
    return compare("CSV to PostgreSQL", lines, "lines", contenders, given, server_pid=house.server_pid)
