"""The rows of one sheet as spreadsheet XML: typed cells, amounts as they are written, text that stays text."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from xml.sax.saxutils import escape

from reports.workbook_parts import FORMULA_SIGNS, Formats

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""No sheet of ours has more columns."""

DAY_ZERO = date(1899, 12, 30).toordinal()
FIRST_DAY = date(1900, 3, 1)
"""Spreadsheets disagree on the days before, so they are shown as text."""

TEXTS_KEPT = 4_096
"""Words of the trade and names of accounts come again in every row."""

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f]|_(?=x[0-9A-Fa-f]{4}_)|[\ufffe\uffff\ud800-\udfff]")
"""What XML cannot hold, and what would be taken for its escape."""


class SheetRows:
    """Cells are added row by row, from left to right."""

    def __init__(self, styles: Formats) -> None:
        self._styles = styles
        self._parts: list[str] = []
        self._row = 0
        self._widest = 1

    @property
    def extent(self) -> str:
        """The rectangle that holds every cell, as a spreadsheet names it."""
        return f"A1:{LETTERS[self._widest - 1]}{max(self._row, 1)}"

    @property
    def xml(self) -> str:
        """All rows."""
        return "".join(self._parts) + ("</row>" if self._parts else "")

    def text(self, row: int, column: int, text: str, style: str) -> None:
        """A string as a string, whatever it looks like."""
        if text.startswith(FORMULA_SIGNS):
            style = self._styles.quoted
        self._put(row, column, style, _inline(text))

    def number(self, row: int, column: int, value: Decimal | int, style: str) -> None:
        """A number with all its digits."""
        self._put(row, column, style, f"><v>{format(value, 'f') if isinstance(value, Decimal) else value}</v></c>")

    def blank(self, row: int, column: int, style: str) -> None:
        """An empty cell that has a format."""
        self._put(row, column, style, "/>")

    def formula(self, row: int, column: int, formula: str, result: Decimal | int | str, style: str) -> None:
        """A live formula with its stored result, for readers that do not calculate."""
        kind, value = (' t="str"', xml_text(result)) if isinstance(result, str) else ("", f"{Decimal(result):f}")
        self._put(row, column, style, f"{kind}><f>{escape(formula)}</f><v>{value}</v></c>")

    def line(self, row: int, values: Sequence[object]) -> None:
        """Typed cells: dates as dates, Decimals as amounts, whole numbers, everything else as text."""
        styles = self._styles
        for column, value in enumerate(values):
            if value is None or value == "":
                self._put(row, column, styles.text, "/>")
            elif isinstance(value, str):
                self.text(row, column, value, styles.text)
            elif isinstance(value, Decimal):
                self._put(row, column, styles.amount, f"><v>{value:f}</v></c>")
            elif isinstance(value, date) and value >= FIRST_DAY:
                self._put(row, column, styles.day, f"><v>{value.toordinal() - DAY_ZERO}</v></c>")
            elif isinstance(value, int):
                self._put(row, column, styles.whole, f"><v>{value}</v></c>")
            else:
                self.text(row, column, str(value), styles.text)

    def _put(self, row: int, column: int, style: str, rest: str) -> None:
        if row + 1 != self._row:
            self._parts.append(f'{"</row>" if self._parts else ""}<row r="{row + 1}">')
            self._row = row + 1
        if column >= self._widest:
            self._widest = column + 1
        self._parts.append(f'<c r="{LETTERS[column]}{row + 1}" s="{style}"{rest}')


def xml_text(text: str) -> str:
    """Escaped as spreadsheets do it, with what XML cannot hold."""
    return escape(_UNSAFE.sub(lambda sign: f"_x{ord(sign[0]):04X}_", text))


@lru_cache(TEXTS_KEPT)
def _inline(text: str) -> str:
    """The rest of a text cell; edges and doubled spaces are kept."""
    safe = xml_text(text)
    kept = "" if safe == " ".join(safe.split()) else ' xml:space="preserve"'
    return f' t="inlineStr"><is><t{kept}>{safe}</t></is></c>'
