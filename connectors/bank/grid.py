"""A table file as rows of cells, before anybody knows which row is the header: delimited text or a spreadsheet."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.bank.findings import BankFileRefusedError, Finding
from connectors.bank.wording import decode
from connectors.findings import FileRefusedError
from connectors.limits import MAX_CELL_CHARACTERS, MAX_COLUMNS, MAX_TEXT_ROWS
from connectors.workbook import read_cells

DELIMITERS = (",", "\t", ";", "|")
HEAD_LINES = 80
"""Lines looked at to find the delimiter; the longest preamble seen has 25."""

LONGEST_HEADER = 120
"""Of a header that is compared: the longest seen have 30 characters, translation included."""

_BRACKETS = re.compile(r"\[.*?\]|\([+-]?(?:人民币)?元\)")
_EXCEL_TEXT = re.compile(r'="?(.*?)"?')
_PADDING = re.compile(r"(?<!\t)\t++(?=[\",]|$)")
_NOTHING = re.compile(r"[-—–_*/]+")


@dataclass(frozen=True, slots=True)
class Grid:
    """`rows` are (line number, cells); cells are tidied of the tabs, back-ticks and quotes that exports add."""

    rows: list[tuple[int, list[str]]]
    findings: list[Finding] = field(default_factory=list)


def read_grid(content: bytes, kind: str) -> Grid:
    """The cells of a text or a workbook ("xlsx", "xls"). Raises BankFileRefusedError."""
    if kind != "text":
        try:
            cells = read_cells(content, kind)
        except FileRefusedError as error:
            raise BankFileRefusedError("bank_file_damaged", error.finding.raw or error.finding.code) from error
        return Grid([(number, [tidy_cell(cell) for cell in row]) for number, row in enumerate(cells, start=1)])
    text, findings = decode(content)
    return Grid(list(_delimited(text)), findings)


def tidy_cell(text: str) -> str:
    """A cell without what keeps spreadsheets from changing it: a tab, a back-tick, an apostrophe, ="…"."""
    plain = text.strip("\t \u3000\xa0\ufeff").lstrip("`'")
    if plain.startswith("="):
        plain = (_EXCEL_TEXT.fullmatch(plain) or [plain, plain])[1]
    return plain.strip()


def meaningful(text: str) -> str:
    """The cell, or nothing when it only says that there is nothing: "-", "/", "--------"."""
    return "" if _NOTHING.fullmatch(text) else text


def plain_header(text: str) -> str:
    """A header as it is compared: width, case, spaces, units of money and translations in brackets do not matter."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST_HEADER]).casefold()
    return re.sub(r"\s+", "", _BRACKETS.sub("", folded))


def _delimited(text: str) -> Iterator[tuple[int, list[str]]]:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    before = 0
    try:
        for cells in reader:
            if len(cells) > MAX_COLUMNS or before > MAX_TEXT_ROWS:
                raise BankFileRefusedError("bank_file_large", row=before + 1)
            if any(len(cell) > MAX_CELL_CHARACTERS for cell in cells):
                raise BankFileRefusedError("table_quote", max(cells, key=len), row=before + 1)
            yield before + 1, [tidy_cell(cell) for cell in cells]
            before = reader.line_num
    except csv.Error as error:
        raise BankFileRefusedError("table_quote", str(error), row=before + 1) from error


def _delimiter(text: str) -> str:
    """The mark that cuts most lines of the head into the same number of cells; tabs that pad a cell cut nothing."""
    lines = text[: 1 << 17].split("\n", HEAD_LINES)[:HEAD_LINES]
    head = [_PADDING.sub("", line) for line in lines if line.strip()]
    best, score = ",", 0
    for candidate in DELIMITERS:
        widths = [line.count(candidate) for line in head if candidate in line]
        usual = max(set(widths), key=widths.count) if widths else 0
        found = widths.count(usual) * usual
        if found > score:
            best, score = candidate, found
    return best
