"""A file as a table of texts: what every reader gives and `collect.py` takes."""

import unicodedata
from dataclasses import dataclass, field

import polars as pl

from connectors.findings import FileRefusedError, Finding
from connectors.profiles import Profile

HEADER_SEARCH_ROWS = 40
"""Bank and ledger exports have at most some 25 lines above their header row."""

FORMULA_MARK = "\x00formula"
"""Stands in a cell whose formula has no stored value; a file's own text cannot hold NUL here."""

SERIAL_MARK = "\x00serial"
"""Stands in a cell with a date before March 1900, on which spreadsheets disagree."""


@dataclass(frozen=True, slots=True)
class Table:
    """`frame` has `row` (as people count) and `c0…`, all texts, "" when empty; `headers[i]` belongs to `c{i}`.

    `numeric` are the columns in which a workbook stored numbers. `broken` are rows that could not be cut into
    cells, with their text.
    """

    headers: tuple[str, ...]
    frame: pl.DataFrame
    findings: list[Finding] = field(default_factory=list)
    broken: list[Finding] = field(default_factory=list)
    numeric: frozenset[int] = frozenset()

    @property
    def rows(self) -> int:
        """Data rows of the file, broken ones included, blank ones not."""
        return self.frame.height + len(self.broken)


def plain_header(text: str) -> str:
    """A header as it is compared: full-width and case differences do not matter, edges neither."""
    return " ".join(unicodedata.normalize("NFKC", text).strip().casefold().split())


def matches(cells: list[str], wanted: set[str]) -> int:
    """How many of the profile's headers (already plain) stand in this row."""
    return len(wanted & {plain_header(cell) for cell in cells})


def find_header(rows: list[list[str]], profile: Profile | None) -> int:
    """Index of the header row: the profile's, or the row that holds most of the profile's headers."""
    if profile is not None and profile.file.header_row is not None:
        return profile.file.header_row - 1
    if profile is None:
        filled = [sum(bool(cell.strip()) for cell in row) for row in rows[:HEADER_SEARCH_ROWS]]
        return filled.index(max(filled)) if filled else 0
    wanted = {plain_header(header) for header in profile.headers}
    scores = [matches(row, wanted) for row in rows[:HEADER_SEARCH_ROWS]]
    return scores.index(max(scores)) if scores else 0


def locate(headers: tuple[str, ...], names: tuple[str, ...], *, needed: bool = True) -> int | None:
    """The column with one of these headers. Raises FileRefusedError when it is missing or stands there twice."""
    plain = [plain_header(header) for header in headers]
    for name in names:
        found = plain.count(plain_header(name))
        if found > 1:
            raise FileRefusedError("header_twice", name, column=name)
        if found == 1:
            return plain.index(plain_header(name))
    if needed:
        raise FileRefusedError("header_missing", " / ".join(names), column=names[0])
    return None
