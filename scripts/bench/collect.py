"""Collect: a CSV of ledger lines, validated, into PostgreSQL; beside psql's bare copy of the same file."""

import csv
import os
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg
from pydantic import BaseModel
from sqlalchemy import Column, Table, Text, create_engine
from sqlalchemy.orm import Session, registry

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

    def empty_table(*, indexed: bool = False) -> None:
        columns = ", ".join(f"{name} text" for name in HEADER.strip().split(","))
        with psycopg.connect(bare, autocommit=True) as connection:
            connection.execute("drop table if exists bare_copy")
            connection.execute(f"create table bare_copy ({columns})".encode())
            if indexed:
                connection.execute("create unique index on bare_copy (document_kind, document_number)")
                connection.execute("create index on bare_copy (customer_code, document_date)")
                connection.execute("create index on bare_copy (document_date)")

    command = [
        "env", f"DATABASE_URL={ours}", f"PATH={os.environ['PATH']}", sys.executable, "-m", "console",
        "import", str(file), "--company", COMPANY, "--profile", "standard", "--json",
    ]  # fmt: skip
    copy = [house.psql, bare, "-c", f"\\copy bare_copy from '{file}' csv header"]
    peer = [sys.executable, "-m", "scripts.bench.collect"]
    contenders = [
        Contender("tieout import", command, "ours", fresh),
        Contender("tieout import, known file", command, "ours"),
        Contender("ORM unit of work", [*peer, "orm", str(file), bare], "peer", empty_table),
        Contender("pydantic per row, then COPY", [*peer, "pydantic", str(file), bare], "peer", empty_table),
        Contender("psql \\copy, bare", copy, "limit", empty_table),
        Contender("psql \\copy, unique + 2 indexes", copy, "limit", lambda: empty_table(indexed=True)),
    ]
    return compare(
        "CSV to PostgreSQL", lines, "lines", contenders, given, server_pid=house.server_pid,
        wanted="2.7 × \\copy with unique and 2 indexes; known file 1.3 ×",
    )  # fmt: skip


class _Line(BaseModel):
    """What a validating import would declare."""

    customer_code: str
    customer_name: str
    document_kind: str
    document_number: str
    document_date: date
    due_date: date | None
    currency: str
    amount: Decimal
    reference: str


def _rows(file: str) -> Iterator[dict[str, str | None]]:
    with Path(file).open(newline="") as lines:
        for row in csv.DictReader(lines):
            yield row | {"due_date": row["due_date"] or None}


def _by_pydantic(file: str, url: str) -> None:
    names = HEADER.strip().split(",")
    with psycopg.connect(url) as connection, connection.cursor().copy("copy bare_copy from stdin") as copy:
        for row in _rows(file):
            line = _Line.model_validate(row)
            copy.write_row([getattr(line, name) for name in names])


def _by_orm(file: str, url: str) -> None:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    columns = [Column(name, Text, primary_key=name == "document_number") for name in HEADER.strip().split(",")]
    registry_ = registry()
    mapped = type("Line", (), {})
    registry_.map_imperatively(mapped, Table("bare_copy", registry_.metadata, *columns))
    with Session(engine) as session:
        for row in _rows(file):
            line = mapped()
            for name, value in row.items():
                setattr(line, name, value)
            session.add(line)
        session.commit()


if __name__ == "__main__":
    {"orm": _by_orm, "pydantic": _by_pydantic}[sys.argv[1]](*sys.argv[2:])
