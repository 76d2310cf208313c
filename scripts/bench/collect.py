"""Collect: a CSV of ledger lines, validated, into PostgreSQL; beside psql's bare copy of the same file."""

import os
import sys

import psycopg

from scripts.bench.house import COMPANY, Bench
from scripts.bench.ledger_file import HEADER, write_ledger
from scripts.bench.measure import Contender, measure, show


def bench_collect(bench: Bench, lines: int, rounds: int) -> None:
    """Ours is the whole command: read, validate, find, group, allocate, one transaction, durable."""
    file = bench.folder / "ledger.csv"
    write_ledger(file, lines)
    ours = bench.server.get_uri(database="collect")
    bare = bench.server.get_uri()

    def fresh() -> None:
        bench.company_on(bench.fresh_database("collect"))

    def empty_table() -> None:
        columns = ", ".join(f"{name} text" for name in HEADER.strip().split(","))
        with psycopg.connect(bare, autocommit=True) as connection:
            connection.execute("drop table if exists bare_copy")
            connection.execute(f"create table bare_copy ({columns})".encode())

    command = [
        "env", f"DATABASE_URL={ours}", f"PATH={os.environ['PATH']}", sys.executable, "-m", "console",
        "import", str(file), "--company", COMPANY, "--profile", "standard", "--json",
    ]  # fmt: skip
    contenders = [
        Contender("tieout import", command, "ours", fresh),
        Contender("tieout import, known file", command, "peer"),
        Contender(
            "psql \\copy, bare", [bench.psql, bare, "-c", f"\\copy bare_copy from '{file}' csv header"], "limit",
            empty_table,
        ),
    ]  # fmt: skip
    results = measure(contenders, rounds, bench.server_pid)
    show(f"collect: {lines:,} lines, CSV to PostgreSQL", contenders, results, lines)
