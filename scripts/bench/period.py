"""A whole period by commands, as users type them: import, drafts, tie-out. There is no peer that does all of it."""

import shlex
import sys
from collections.abc import Iterator

from scripts.bench.house import COMPANY, ROOT, Bench, bench_house
from scripts.bench.ledger_file import write_ledger
from scripts.bench.measure import Comparison, Contender, Given, compare

LINES = 10_000
"""At 1 ×: 500 customers. The figure to reach is at 100 ×."""


def bench(given: Given) -> Iterator[Comparison]:
    """One command after the other, each a process of its own; peak is the largest of them, the server's not counted."""
    with bench_house() as house:
        for lines in given.sizes(LINES):
            yield _compare(house, lines, given)


def _compare(house: Bench, lines: int, given: Given) -> Comparison:
    file = house.folder / "ledger.csv"
    write_ledger(file, lines)

    def fresh() -> None:
        house.company_on(house.fresh_database("period"))

    def contender(name: str, *commands: list[str]) -> Contender:
        typed = " && ".join(shlex.join([sys.executable, "-m", "console", *command]) for command in commands)
        environment = {"DATABASE_URL": house.server.get_uri(database="period"), "PYTHONPATH": str(ROOT)}
        prepare = fresh if name == "import → tied drafts" else lambda: None
        return Contender(name, ["sh", "-c", typed], "ours", prepare, environment=environment)

    period = ["--company", COMPANY, "--period", "2026-05", "--json"]
    bring = ["import", str(file), "--company", COMPANY, "--profile", "standard", "--json"]
    contenders = [
        contender("import → tied drafts", bring, ["statements", "build", *period], ["tie", *period]),
        contender("drafts and tie-out again", ["statements", "build", *period], ["tie", *period]),
    ]
    return compare(
        "whole period up to tied drafts", lines, "lines", contenders, given, server_pid=house.server_pid,
        wanted="45 s for 1,000,000 lines of 50,000 customers, at most 3 GB",
    )  # fmt: skip
