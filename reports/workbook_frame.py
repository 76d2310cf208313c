"""A workbook whose constant parts xlsxwriter draws once; each document puts its own rows and names into them.

Styles, theme, column widths, validations and the table's heading are the same for every customer: drawing them anew
takes several times as long as the rows do.
"""

import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from reports.sheet_rows import SheetRows, xml_text
from reports.workbook_parts import Formats, Workbook
from reports.zip_parts import archive, pack

TITLE, COMPANY, FOOTER = "{title}", "{company}", "{footer}"
"""Stand in the frame where a document has its own text."""

LAST_ROW = 7_919
"""Stands in the frame for the last row of the table, as people count; xlsxwriter visits every row of a table."""

_MADE = datetime(1999, 9, 9, 9, 9, 9, tzinfo=UTC)
_MADE_TEXT = f"{_MADE:%Y-%m-%dT%H:%M:%SZ}"
_PLACES = re.compile(
    "(" + "|".join([*map(re.escape, (TITLE, COMPANY, FOOTER, _MADE_TEXT)), rf"(?<=[A-Z]){LAST_ROW}(?=\")"]) + ")"
)
"""Splits a text so that every other piece is a place."""

_SHEET = re.compile(r'(.*)<dimension ref="[^"]*"/>(.*<sheetData)(?:/>|>.*</sheetData>)(.*)', re.DOTALL)
_STYLE = re.compile(r'<c r="[A-Z]+1" s="([0-9]+)"/>')


class Frame:
    """The parts of a workbook, those that are the same for all already packed."""

    def __init__(self, places: int, draw: Callable[[Workbook], None]) -> None:
        """`draw` adds the sheets in their order, without rows but with all that stands around them."""
        book = Workbook(TITLE, COMPANY, _MADE, places)
        draw(book)
        _write_styles(book)
        with zipfile.ZipFile(BytesIO(book.finish())) as parts:
            texts = {name: parts.read(name).decode() for name in parts.namelist()}
        sheets = [name for name in texts if name.startswith("xl/worksheets/sheet")]
        first = texts[sheets[0]]
        self.styles = Formats(*_STYLE.findall(first))
        self._sheets = {name: _cut(texts.pop(name)) for name in sheets}
        self._named = {name: _PLACES.split(text) for name, text in texts.items() if _PLACES.search(text)}
        self._same = [pack(name, text) for name, text in texts.items() if name not in self._named]

    def fill(self, sheets: Sequence[SheetRows], last_row: int, made: datetime, texts: Mapping[str, str]) -> bytes:
        """The file with `sheets` in the frame's order; `texts` has those of `TITLE`, `COMPANY` and `FOOTER`."""
        values = {place: xml_text(text) for place, text in texts.items()}
        values[str(LAST_ROW)] = str(last_row)
        values[_MADE_TEXT] = f"{made.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

        def named(pieces: Sequence[str]) -> str:
            return "".join(values[piece] if turn % 2 else piece for turn, piece in enumerate(pieces))

        parts = {name: named(pieces) for name, pieces in self._named.items()}
        for (name, (head, middle, tail)), rows in zip(self._sheets.items(), sheets, strict=True):
            parts[name] = f'{head}<dimension ref="{rows.extent}"/>{middle}>{rows.xml}</sheetData>{named(tail)}'
        return archive([*self._same, *(pack(name, text) for name, text in parts.items())])


def _write_styles(book: Workbook) -> None:
    """One empty cell of each format: xlsxwriter numbers and keeps the formats that cells use."""
    sheet: Any = book.book.worksheets()[0]
    for column, kind in enumerate(fields(Formats)):
        sheet.write_blank(0, column, None, getattr(book.formats, kind.name))


def _cut(sheet: str) -> tuple[str, str, list[str]]:
    """What stands before the extent of the sheet, between it and the rows, and after the rows."""
    found = _SHEET.fullmatch(sheet)
    assert found is not None  # noqa: S101 - xlsxwriter always writes both
    return found[1], found[2], _PLACES.split(found[3])
