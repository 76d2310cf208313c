"""Match with its database: documents and receipts read, matched, applications appended; beside reading and writing."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import psycopg
from adbc_driver_postgresql import dbapi  # type: ignore[import-untyped]  # ships no types

from matching.columnar import cascade
from scripts.bench.house import Bench, bench_house
from scripts.bench.match import DOCUMENTS, write_problem
from scripts.bench.measure import Comparison, Contender, Given, compare, timed

TABLES = ("documents", "receipts")


def bench(given: Given) -> Iterator[Comparison]:
    """Both read the same two tables and append as many rows; only ours decides which."""
    with bench_house() as house, tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder:
        for documents in given.sizes(DOCUMENTS):
            write_problem(Path(folder), documents)
            _fill(house, Path(folder))
            contenders = [
                _contender(house, "read, match, append", "ours"), _contender(house, "read and append", "limit"),
            ]  # fmt: skip
            yield compare(
                "match a company in its database", documents, "documents", contenders, given,
                server_pid=house.server_pid, wanted="1.5 × reading and appending alone; at most 1 GB",
            )  # fmt: skip


def _contender(house: Bench, name: str, role: str) -> Contender:
    url = house.server.get_uri()
    command = [sys.executable, "-m", "scripts.bench.match_stored", name, url]
    return Contender(name, command, role, lambda: _empty(url), times_itself=True)


def _fill(house: Bench, folder: Path) -> None:
    with dbapi.connect(house.server.get_uri()) as connection, connection.cursor() as cursor:
        for table in TABLES:
            rows = pl.read_parquet(folder / f"{table}.parquet").drop("truth", strict=False)
            cursor.adbc_ingest(table, rows.to_arrow(), mode="replace")
        connection.commit()


def _empty(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop table if exists application")
        connection.execute(
            "create table application (receipt bigint, document bigint, amount bigint, named boolean,"
            " primary key (receipt, document))"
        )


def _read(url: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    frames = []
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"select * from {table}")  # noqa: S608 - our own names
            frames.append(pl.DataFrame(cursor.fetch_arrow_table()))
    return frames[0], frames[1]


def _append(url: str, rows: pl.DataFrame) -> None:
    with (
        psycopg.connect(url) as connection,
        connection.cursor().copy("copy application from stdin (format csv)") as copy,
    ):
        copy.write(rows.write_csv(include_header=False))


def _matched(url: str) -> None:
    found = cascade(*_read(url)).applications
    _append(url, found.select("receipt", "document", "amount", "named").sort("receipt"))  # in the order of the key


def _alone(url: str) -> None:
    """Rows of the same kind and nearly as many, without asking which receipt pays what."""
    documents, receipts = _read(url)
    _append(
        url,
        receipts.select(
            "receipt", documents["document"].head(receipts.height), pl.col("left").alias("amount"),
            named=pl.lit(value=True),
        ),
    )  # fmt: skip


WORK: dict[str, Callable[[str], None]] = {"read, match, append": _matched, "read and append": _alone}

if __name__ == "__main__":
    timed(lambda: WORK[sys.argv[1]](sys.argv[2]))
