"""Match: a company's receipts to its documents, beside one hash join of the same strings and first-in-first-out."""

import math
import random
import sys
import tempfile
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from matching.cash_application import apply_cash
from matching.columnar import cascade
from matching.facts import Document, Receipt
from scripts.bench.measure import Comparison, Contender, Given, compare, timed

DOCUMENTS = 100_000
"""At 1 ×: 90,000 receipts of 5,000 customers. The design's figures are at 10 ×."""

ITEMS_PER_CUSTOMER = 20
UNNAMED_SHARE = 0.1
"""Receipts that say nothing: their amount alone has to tell."""

LEAST_FOUND = 0.95
"""Share of the receipts; of one customer's 20,000 documents too many share an amount to tell the unnamed."""

ONE_CUSTOMER = 20_000
"""Open invoices of the one big customer, whatever the scale of the rest."""


def bench(given: Given) -> Iterator[Comparison]:
    """Each contender reads the same two files and times its own work; precision is checked, not shown."""
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder:
        for documents in given.sizes(DOCUMENTS):
            write_problem(Path(folder), documents)
            yield compare(
                "match a company", documents, "documents",
                [
                    _contender("cascade", "ours", folder), _contender("one string join", "limit", folder),
                    _contender("first in, first out", "peer", folder),
                ],
                given, wanted="≤ 2 × one string join",
            )  # fmt: skip
        big = [
            _contender("one big customer", "ours", folder),
            _contender("one big customer, plain rules", "limit", folder),
        ]
        yield compare("one customer", ONE_CUSTOMER, "open invoices", big, given, wanted="≤ 1 s")


def _contender(name: str, role: str, folder: str) -> Contender:
    command = [sys.executable, "-m", "scripts.bench.match", name, folder]
    return Contender(name, command, role, times_itself=True)


def write_problem(folder: Path, documents: int, customers: int = 0) -> None:
    """Documents and receipts as columns; each receipt's own document stands beside it as `truth`."""
    chance = random.Random(documents)  # noqa: S311 - repeatable, not secret
    accounts = customers or max(documents // ITEMS_PER_CUSTOMER, 1)
    owner = [chance.randrange(accounts) for _ in range(documents)]
    amount = [int(math.exp(chance.gauss(11, 1.5))) + 100 for _ in range(documents)]
    paid = chance.sample(range(documents), documents * 9 // 10)
    number = [f"INV{place:09d}" for place in range(documents)]
    pl.DataFrame({
        "document": range(documents), "account": owner, "currency": ["CNY"] * documents, "number": number,
        "open": amount, "issued": [20_000] * documents,
    }).write_parquet(folder / "documents.parquet")  # fmt: skip
    pl.DataFrame({
        "receipt": range(len(paid)), "account": [owner[place] for place in paid], "currency": ["CNY"] * len(paid),
        "number": [None if chance.random() < UNNAMED_SHARE else number[place] for place in paid],
        "left": [amount[place] for place in paid], "day": [20_030] * len(paid), "truth": paid,
    }).write_parquet(folder / "receipts.parquet")  # fmt: skip


def _cascade(documents: pl.DataFrame, receipts: pl.DataFrame) -> None:
    found = cascade(documents, receipts).applications
    wrong = found.join(receipts, on="receipt").filter(pl.col("truth") != pl.col("document")).height
    enough = documents["account"].n_unique() == 1 or found.height > receipts.height * LEAST_FOUND
    if wrong or not enough:
        raise RuntimeError(f"{wrong} wrong of {found.height}, {receipts.height} receipts")


def _string_join(documents: pl.DataFrame, receipts: pl.DataFrame) -> None:
    receipts.join(documents, on="number", how="inner")


def _oldest_first(documents: pl.DataFrame, receipts: pl.DataFrame) -> None:
    """What is done where references are not read: each receipt pays its customer's oldest documents."""
    owed: dict[int, deque[list[int]]] = defaultdict(deque)
    for account, open_ in documents.select("account", "open").iter_rows():
        owed[account].append([open_])
    for account, left in receipts.select("account", "left").iter_rows():
        rest = left
        while rest and owed[account]:
            part = min(rest, owed[account][0][0])
            rest -= part
            owed[account][0][0] -= part
            if not owed[account][0][0]:
                owed[account].popleft()


def _plain(documents: pl.DataFrame, receipts: pl.DataFrame) -> None:
    """Only the receipts that the columns leave over, by the rules that weigh each one."""
    rest = cascade(documents, receipts).rest.head(500)
    apply_cash(
        [Document(str(key), number, "B", "B", "CNY", open_) for key, number, open_ in
         documents.select("document", "number", "open").iter_rows()],
        [Receipt(str(key), "B", "CNY", left, customer="B") for key, left in rest.select("receipt", "left").iter_rows()],
    )  # fmt: skip


WORK: dict[str, Callable[[pl.DataFrame, pl.DataFrame], None]] = {
    "cascade": _cascade,
    "one string join": _string_join,
    "first in, first out": _oldest_first,
    "one big customer": _cascade,
    "one big customer, plain rules": _plain,
}


def main(name: str, folder: Path) -> None:
    """One contender's run."""
    if name.startswith("one big customer"):
        write_problem(folder, ONE_CUSTOMER, customers=1)
    documents, receipts = (pl.read_parquet(folder / f"{kind}.parquet") for kind in ("documents", "receipts"))
    timed(lambda: WORK[name](documents, receipts))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
