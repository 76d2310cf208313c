"""Two-sided reconciliation: all classes of two ledgers of a million rows, beside the full int join of the same rows."""

import gc
import sys
from collections.abc import Iterator
from datetime import date

import polars as pl

from matching.two_sided.bridge import bridges
from matching.two_sided.columnar import reconcile, side_frame
from matching.two_sided.terms import Rules
from scripts.bench.measure import PEERS_PYTHON, Comparison, Contender, Given, compare, is_there, timed

ROWS = 100_000
"""At 1 ×: a tenth of the size in the design, which 10 × reaches."""

PEER = "datacompy"
SHARE = 100
"""One row in so many differs, for each class."""

YOUNG_OBJECTS = 50_000
"""As in `console.start`, which a peer's Python cannot import."""

PERIOD = (date(2026, 6, 1), 30)
SHIFTED_TO = date(2026, 7, 2)


def bench(given: Given) -> Iterator[Comparison]:
    """Ours: keys to classes and bridge. The limit: one full join of the same keys, amounts and days."""
    there = is_there(PEER)
    for rows in given.sizes(ROWS):
        contenders = [
            Contender("two-sided reconciliation", _command(sys.executable, "ours", rows), "ours", times_itself=True),
            Contender("full int join", _command(sys.executable, "join", rows), "limit", times_itself=True),
        ]
        if there:
            contenders.append(Contender(PEER, _command(PEERS_PYTHON, PEER, rows), "peer", times_itself=True))
        absent = [] if there else [PEER]
        yield compare(
            "two-sided reconciliation", rows, "rows a side", contenders, given, wanted="4.5 × the join", absent=absent
        )


def _command(python: str, name: str, rows: int) -> list[str]:
    return [python, "-m", "scripts.bench.reconcile", name, str(rows)]


def two_sides(rows: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Two ledgers in other orders: amounts, days, missing on each side, doubled rows; signs mirrored."""
    place = pl.int_range(rows, eager=True)
    some = rows // SHARE
    start, days = PERIOD
    book = pl.DataFrame({"n": place, "amount": (place.hash(1) % 50_000_000 + 1).cast(pl.Int64)}).with_columns(
        number=pl.format("INV-{}", 10_000_000 + pl.col("n") * 37), opening=pl.lit(value=False),
        day=pl.lit(start) + pl.duration(days=(pl.col("n").hash(2) % days).cast(pl.Int64)),
        currency=pl.lit("CNY"), text=pl.lit(""),
    )  # fmt: skip
    n = pl.col("n")
    theirs = book.filter(n >= some).with_columns(
        amount=pl.when(n < 2 * some).then(pl.col("amount") + 5).otherwise(pl.col("amount")) * -1,
        day=pl.when((n >= 2 * some) & (n < 3 * some)).then(pl.lit(SHIFTED_TO)).otherwise("day"),
    )
    twice = theirs.slice(5 * some, some)
    ours = book.filter(n < rows - some)
    return _side(ours, 1), _side(pl.concat([theirs, twice]), 2)


def _side(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    shuffled = rows.sample(fraction=1, shuffle=True, seed=seed)
    return side_frame(shuffled.with_columns(row=pl.int_range(2, pl.len() + 2).cast(pl.Int32))).rechunk()


def run(name: str, rows: int) -> None:
    """One contender on its own copy of the ledgers."""
    ours, theirs = two_sides(rows)
    if name == "ours":
        gc.set_threshold(YOUNG_OBJECTS)  # as every command of ours runs
        gc.freeze()
        timed(lambda: _reconciled(ours, theirs))
    elif name == "join":
        keyed = [side.select("key", "day", "currency", "amount") for side in (ours, theirs)]
        timed(lambda: keyed[0].join(keyed[1], on="key", how="full"))
    else:
        _by_datacompy(ours, theirs)


def _reconciled(ours: pl.DataFrame, theirs: pl.DataFrame) -> None:
    bridges(reconcile(ours, theirs, Rules()))


def _by_datacompy(ours: pl.DataFrame, theirs: pl.DataFrame) -> None:
    peer = __import__(PEER)
    columns = ["number", "day", "currency", "amount"]
    timed(lambda: peer.PolarsCompare(ours.select(columns), theirs.select(columns), join_columns="number").report())


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]))
