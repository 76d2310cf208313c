"""The program that finds the table of a PDF: by ruled lines, else by the white gutters between columns.

It is run by `pdf_ledger.py` in a process of its own, with a PDF coming in and JSON going out.
"""

import io
import json
import re
import resource
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfplumber import open as open_pdf
from pdfplumber.page import Page
from pdfplumber.utils.clustering import cluster_objects
from pdfplumber.utils.exceptions import PdfminerException

from connectors.limits import MAX_COLUMNS, MAX_PDF_MEMORY, MAX_PDF_PAGES, MAX_PDF_SECONDS

_AMOUNT = re.compile(r"[-−(+]?[¥￥€$£]?-?(?:\d{1,3}(?:[,.'’]\d{3})+(?:[.,]\d{2})?|\d+[.,]\d{2})\)?-?")
_SPACE = 0.6
"""Words nearer than this share of their height are one phrase; between columns lies more than a letter."""

_SAME_LINE = 3
"""Points by which the words of one line may differ in height: bold and plain sit unevenly."""

_WRAPPED = 1.8
"""A line of text nearer than this many letter heights below a row belongs to it."""

_CAUSES = {PDFPasswordIncorrect: "file_encrypted", MemoryError: "file_bomb"}
"""What makes pdfplumber give up, and what it means."""

MIN_COLUMNS = 2
"""Less is no table."""

ROW_PHRASES = 3
"""A line with an amount and so many phrases is a row (day, number, amount); a balance beside its name has fewer."""

Word = dict[str, Any]
Grid = list[list[str]]


@dataclass(frozen=True, slots=True)
class _Page:
    """What a page shows: words with their places, and the tables that its ruled lines make."""

    lines: list[list[Word]]
    ruled: list[Grid]


def _take_apart(content: bytes) -> dict[str, Any]:
    try:
        with open_pdf(io.BytesIO(content)) as pdf:
            if len(pdf.pages) > MAX_PDF_PAGES:
                return {"refused": "file_too_large"}
            pages = [_page(page) for page in pdf.pages]
    except PdfminerException as error:
        cause = error.args[0] if error.args else None
        return {"refused": next((code for kind, code in _CAUSES.items() if isinstance(cause, kind)), "file_damaged")}
    lines = [line for page in pages for line in page.lines]
    if not lines:
        return {"refused": "pdf_pictures"}
    rows = _ruled([grid for page in pages for grid in page.ruled])
    if not rows or any(len(line) >= ROW_PHRASES and _is_row(line) for line in _outside(lines, rows)):
        rows = _by_gutters([page.lines for page in pages])  # the ruled lines are ornaments, or do not hold every row
    rows = [row for row in rows[:1] if len(row) >= MIN_COLUMNS] + [row for row in rows[1:] if row != rows[0]]
    if len(rows) < MIN_COLUMNS or len(rows[0]) > MAX_COLUMNS:
        return {"refused": "pdf_no_table"}
    return {"rows": rows, "outside": [_text(line) for line in _outside(lines, rows)]}


def _page(page: Page) -> _Page:
    words = page.extract_words(x_tolerance=1.5)
    lines = [sorted(line, key=itemgetter("x0")) for line in cluster_objects(words, itemgetter("bottom"), _SAME_LINE)]
    ruled = [
        [[" ".join((cell or "").split()) for cell in row] for row in table.extract()] for table in page.find_tables()
    ]
    page.close()
    return _Page(lines, ruled)


def _ruled(tables: Sequence[Grid]) -> Grid:
    """The largest table with those of other pages that have its columns."""
    if not tables:
        return []
    width = len(max(tables, key=len)[0])
    return [row for table in tables if len(table[0]) == width for row in table]


def _by_gutters(pages: Sequence[Sequence[list[Word]]]) -> Grid:
    """Columns are where the phrases of all rows with amounts stand one below the other, and their header above."""
    phrased = [[_phrases(line) for line in page] for page in pages]
    is_row = [[_is_row(line) for line in page] for page in phrased]
    header: list[Word] = []
    for page, rows in zip(phrased, is_row, strict=True):
        if any(rows) and not header:
            above = [line for line in page[: rows.index(True)] if len(line) >= MIN_COLUMNS]
            header = above[-1] if above else []
    body = [
        line for page, rows in zip(phrased, is_row, strict=True) for line, row in zip(page, rows, strict=True) if row
    ]
    if not header or not body:
        return []
    columns = _columns([header, *body])
    grid = [_cells(header, columns)]
    for page, rows in zip(phrased, is_row, strict=True):
        below = None
        for line, row in zip(page, rows, strict=True):
            if row:
                grid.append(_cells(line, columns))
                below = line[0]
            elif below is not None and line[0]["top"] - below["bottom"] < _WRAPPED * below["height"] - below["height"]:
                grid[-1] = [
                    f"{cell} {more}".strip() for cell, more in zip(grid[-1], _cells(line, columns), strict=True)
                ]
                below = line[0]
            else:
                below = None
    return grid


def _phrases(line: Sequence[Word]) -> list[Word]:
    """Words that belong together, left to right."""
    phrases: list[Word] = []
    for word in line:
        last = phrases[-1] if phrases else None
        if last is not None and word["x0"] - last["x1"] < _SPACE * word["height"]:
            last |= {"text": f"{last['text']} {word['text']}", "x1": word["x1"]}
        else:
            phrases.append(dict(word))
    return phrases


def _is_row(line: Sequence[Word]) -> bool:
    return len(line) >= MIN_COLUMNS and any(_AMOUNT.fullmatch(phrase["text"].replace(" ", "")) for phrase in line)


def _columns(lines: Iterable[Sequence[Word]]) -> list[tuple[float, float]]:
    """The stretches of the width in which something stands, left to right."""
    stretches: list[tuple[float, float]] = []
    for start, end in sorted((phrase["x0"], phrase["x1"]) for line in lines for phrase in line):
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
        else:
            stretches.append((start, end))
    return stretches


def _cells(line: Sequence[Word], columns: Sequence[tuple[float, float]]) -> list[str]:
    cells = [""] * len(columns)
    for phrase in line:
        middle = (phrase["x0"] + phrase["x1"]) / 2
        place = min(range(len(columns)), key=lambda one: max(columns[one][0] - middle, middle - columns[one][1], 0))
        cells[place] = f"{cells[place]} {phrase['text']}".strip()
    return cells


def _text(phrases: Sequence[Word]) -> str:
    return " ".join(phrase["text"] for phrase in phrases)


def _amounts(texts: Iterable[str]) -> list[str]:
    return [found for text in texts for found in _AMOUNT.findall(text)]


def _outside(lines: Sequence[Sequence[Word]], rows: Grid) -> list[list[Word]]:
    """Phrases of the lines with an amount that is in no cell: a balance below the table, or a row not seen as one."""
    inside = Counter(_amounts(cell for row in rows for cell in row))
    found = []
    for phrases in map(_phrases, lines):
        amounts = Counter(_amounts([_text(phrases)]))
        if amounts - inside:
            found.append(phrases)
        inside -= amounts
    return found


def main() -> None:
    """PDF in, JSON out, within limits; exit 1 for what no reader understands."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_PDF_MEMORY, MAX_PDF_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_PDF_SECONDS, MAX_PDF_SECONDS))
    json.dump(_take_apart(sys.stdin.buffer.read()), sys.stdout)


if __name__ == "__main__":
    main()
