"""XLSX and XLS by calamine, after a scan of the sheets' XML for what calamine hides: far cells, errors, empty formulas.

Numbers become the text that a spreadsheet shows (15 digits), dates ISO text; a text cell stays as typed.
"""

import html
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from connectors.container import DAMAGED
from connectors.findings import FileRefusedError, Finding
from connectors.limits import MAX_COLUMNS, MAX_ROWS
from connectors.profiles import Profile
from connectors.tables import (
    FORMULA_MARK,
    HEADER_SEARCH_ROWS,
    SERIAL_MARK,
    Table,
    find_header,
    matches,
    plain_header,
)

UNCERTAIN_BEFORE = date(1900, 3, 1)
"""Serials 1 to 60: one program counts a 29 February 1900, the others do not."""

SPREADSHEET_DIGITS = ".15g"
"""A cell shows 15 digits; the 16th and 17th are the noise of binary floats."""

DENSE_CELLS = 1_000_000
"""A rectangle of so many cells is always read; a larger one only when it is at least a twentieth filled."""

FILL_SHARE = 20
EPOCH = date(1899, 12, 31)
_CELL = re.compile(rb'<(?:\w+:)?c\s[^<>]*?\br="([A-Z]{1,3}[0-9]{1,7})"[^<>]*+(?<!/)>')
"""A cell with something in it: some programs write one that has only a style in each of 1,024 columns."""

_LETTERS, _DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"0123456789"
_SPECIAL = re.compile(
    rb"<(?:\w+:)?c(?=\s)([^<>]*)>(\s*<(?:\w+:)?f[^>]*(?:/>|>[^<]*</(?:\w+:)?f>))?\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v[^>]*>([^<]*)</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^<>]*>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^<>]*>")
_ATTRIBUTE = re.compile(rb'(?<![\w:])([\w:]++)="([^"]*)"')
"""A name is tried once, from its first letter: a run of 400,000 digits would else be tried from each of them."""


@dataclass(frozen=True, slots=True)
class _Scan:
    """What the XML says beyond the values: (row, column) from 0 to the mark that goes there."""

    is_1904: bool = False
    marks: dict[str, dict[tuple[int, int], str]] = field(default_factory=dict)


def read_workbook(content: bytes, kind: str, profile: Profile | None) -> Table:
    """The table of one sheet: the profile's, or the one whose header row fits best. Raises FileRefusedError."""
    try:
        scan = _scan(content) if kind == "xlsx" else _Scan()
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        name = _sheet_name(workbook, profile)
        sheet = workbook.get_sheet_by_name(name)
        return _table(sheet, scan.marks.get(name, {}), profile, is_1904=scan.is_1904)
    except (CalamineError, KeyError, *DAMAGED) as error:
        raise FileRefusedError("file_damaged", str(error)[:200]) from error


def read_cells(content: bytes, kind: str) -> list[list[str]]:
    """Every cell of the first sheet that has any, as text, from the first row and column. Raises FileRefusedError."""
    try:
        scan = _scan(content) if kind == "xlsx" else _Scan()
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(name)
            if sheet.end is not None:
                _check_size(sheet)
                values = sheet.to_python(skip_empty_area=False)
                return [[_text(cell, is_1904=scan.is_1904) for cell in row] for row in values]
    except (CalamineError, KeyError, *DAMAGED) as error:
        raise FileRefusedError("file_damaged", str(error)[:200]) from error
    raise FileRefusedError("file_empty")


def _scan(content: bytes) -> _Scan:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = set(archive.namelist())
        book = archive.read("xl/workbook.xml")
        links = archive.read("xl/_rels/workbook.xml.rels") if "xl/_rels/workbook.xml.rels" in members else b""
        targets = {}
        for relation in _RELATION.findall(links):
            values = _attributes(relation)
            targets[values.get("Id", "")] = values.get("Target", "")
        marks = {}
        for tag in _SHEET.findall(book):
            values = _attributes(tag)
            target = targets.get(values.get("r:id", ""), "")
            path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            if path in members:
                marks[values.get("name", "")] = _marks_of_sheet(archive.read(path))
    return _Scan(bool(re.search(rb'date1904="(?:1|true)"', book)), marks)


def _attributes(tag: bytes) -> dict[str, str]:
    return {name.decode(): html.unescape(value.decode("utf-8")) for name, value in _ATTRIBUTE.findall(tag)}


def _marks_of_sheet(xml: bytes) -> dict[tuple[int, int], str]:
    rows, columns, cells = _extent(xml)
    if rows > MAX_ROWS or columns > MAX_COLUMNS or rows * columns > max(DENSE_CELLS, FILL_SHARE * cells):
        raise FileRefusedError("file_too_many_cells", f"{rows} × {columns}")
    marks = {}
    if b"<f" in xml or b":f" in xml or b't="e"' in xml:
        for attributes, formula, value in _SPECIAL.findall(xml):
            place = _REFERENCE.search(attributes)
            if place is None:
                continue
            where = (int(place[2]) - 1, _column(place[1]) - 1)
            if b't="e"' in attributes:
                marks[where] = value.decode("utf-8", "strict") or "#VALUE!"
            elif formula and not value and b't="str"' not in attributes:
                marks[where] = FORMULA_MARK
    return marks


def _extent(xml: bytes) -> tuple[int, int, int]:
    """Last row and column that hold something, and how many cells do."""
    places = _CELL.findall(xml)
    rows = {place.lstrip(_LETTERS) for place in places}
    columns = {place.rstrip(_DIGITS) for place in places}
    return max(map(int, rows), default=0), max(map(_column, columns), default=0), len(places)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _sheet_name(workbook: CalamineWorkbook, profile: Profile | None) -> str:
    names = workbook.sheet_names
    if not names:
        raise FileRefusedError("file_empty")
    wanted = profile.file.sheet if profile is not None else None
    if wanted is not None:
        if wanted not in names:
            raise FileRefusedError("sheet_missing", f"{wanted} ∉ {', '.join(names)}")
        return wanted
    if profile is None or len(names) == 1:
        return names[0]
    headers = {plain_header(header) for header in profile.headers}
    return max(names, key=lambda name: _best_match(workbook.get_sheet_by_name(name), headers))


def _best_match(sheet: CalamineSheet, headers: set[str]) -> int:
    rows = sheet.to_python(skip_empty_area=False, nrows=HEADER_SEARCH_ROWS) if sheet.end is not None else []
    return max((matches([_plain(cell) for cell in row], headers) for row in rows), default=0)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else ""


def _table(sheet: CalamineSheet, marks: dict[tuple[int, int], str], profile: Profile | None, *, is_1904: bool) -> Table:
    if sheet.end is None:
        raise FileRefusedError("file_empty", sheet.name)
    _check_size(sheet)
    values = sheet.to_python(skip_empty_area=False)
    head = [[_text(cell, is_1904=is_1904) for cell in row] for row in values[:HEADER_SEARCH_ROWS]]
    index = find_header(head, profile)
    if index >= len(values) or not any(head[index]):
        raise FileRefusedError("file_empty")
    width = max(place + 1 for place, cell in enumerate(head[index]) if cell)
    headers = tuple(cell.strip() for cell in head[index][:width])
    for (row, column), mark in marks.items():
        if row < len(values) and column < len(values[row]):
            values[row][column] = mark
    columns = list(zip(*values[index + 1 :], strict=True))
    texts = [pl.Series(f"c{place}", _texts(column, is_1904=is_1904)) for place, column in enumerate(columns)]
    return _below(headers, columns, pl.DataFrame(texts), index)


def _below(headers: tuple[str, ...], columns: list[tuple[Any, ...]], texts: pl.DataFrame, index: int) -> Table:
    """The table of the rows under the header's: blank ones are left out, those with cells beyond it are broken."""
    width = len(headers)
    if not columns:
        texts = pl.DataFrame(schema={f"c{place}": pl.String for place in range(width)})
    inside, beyond = texts.columns[:width], texts.columns[width:]
    filled = pl.any_horizontal(pl.lit(value=False), *(pl.col(name).str.strip_chars() != "" for name in inside))
    ragged = pl.any_horizontal(pl.lit(value=False), *(pl.col(name).str.strip_chars() != "" for name in beyond))
    numbered = texts.with_row_index("row", offset=index + 2).cast({"row": pl.Int32})
    broken = [
        Finding(number, "", " | ".join(cells), "row_ragged") for number, *cells in numbered.filter(ragged).iter_rows()
    ]
    good = numbered.filter(filled & ~ragged).select("row", *inside)
    kept = (good["row"] - (index + 2)).to_list()
    numeric = {
        place for place, column in enumerate(columns[:width]) if any(isinstance(column[row], float) for row in kept)
    }
    return Table(headers, good, [], broken, frozenset(numeric))


def _texts(column: Sequence[object], *, is_1904: bool) -> list[str]:
    """The texts of a column, most of which hold cells of one type and few different days."""
    kinds = set(map(type, column))
    if kinds == {str} and "\0" not in "".join(texts := [str(cell) for cell in column]):
        return texts
    if kinds == {float}:
        return [format(cell, SPREADSHEET_DIGITS) for cell in column]
    days = {cell: _text(cell, is_1904=is_1904) for cell in set(column) if isinstance(cell, date)}
    return [days[cell] if isinstance(cell, date) else _text(cell, is_1904=is_1904) for cell in column]


def _check_size(sheet: CalamineSheet) -> None:
    if sheet.end is not None and (sheet.end[0] >= MAX_ROWS or sheet.end[1] >= MAX_COLUMNS):
        raise FileRefusedError("file_too_many_cells", f"{sheet.end[0] + 1} × {sheet.end[1] + 1}")


def _text(value: object, *, is_1904: bool) -> str:
    if isinstance(value, str):
        return value if value == FORMULA_MARK else value.replace("\0", "␀")
    if isinstance(value, float):
        return format(float(value), SPREADSHEET_DIGITS)
    if isinstance(value, datetime):
        return _day_text(value.date(), value.isoformat(" ", "seconds"), is_1904=is_1904)
    if isinstance(value, date):
        return _day_text(value, value.isoformat(), is_1904=is_1904)
    return "" if value is None else str(value)


def _day_text(day: date, text: str, *, is_1904: bool) -> str:
    if day < UNCERTAIN_BEFORE and not is_1904:
        return f"{SERIAL_MARK} {(day - EPOCH).days}"
    return text
