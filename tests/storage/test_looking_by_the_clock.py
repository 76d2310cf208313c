"""What is due is found by an index, not by asking each row after the other for the time."""

import re
from pathlib import Path

STORAGE = Path(__file__).resolve().parents[2] / "storage"

_RUNNING_CLOCK = r"(?:func\.|sql\.|text\(\")?clock_timestamp\(\)"
COMPARED = re.compile(rf"[<>]=? *{_RUNNING_CLOCK}|{_RUNNING_CLOCK}\)? *[<>]")

HELD_BY_KEY = "lease_until"
"""A lease is judged at the very moment of its use, on a row that its key has found."""


def test_no_row_is_looked_for_by_a_clock_that_runs() -> None:
    """`clock_timestamp()` may differ from row to row, so no index is asked; `statement_timestamp()` stands still."""
    compared = [
        f"{path.name}:{number}"
        for path in sorted(STORAGE.glob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if COMPARED.search(line) and HELD_BY_KEY not in line
    ]
    assert not compared
