"""What our workbooks have in common: formats, typed cells, text that stays text, equal bytes for equal content."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""Text that starts like this is run as a formula when someone edits or re-exports it, unless it is marked as text."""

OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "default_date_format": "yyyy-mm-dd",
}


@dataclass(frozen=True, slots=True)
class Formats:
    """Cell formats of one workbook."""

    title: Any
    heading: Any
    label: Any
    text: Any
    quoted: Any
    wrapped: Any
    day: Any
    whole: Any
    amount: Any
    bold_amount: Any
    total: Any
    input: Any
    input_amount: Any


class Workbook:
    """An xlsxwriter workbook in memory whose file depends on its content alone."""

    def __init__(self, title: str, company: str, made: datetime, places: int) -> None:
        """`made` stands as the creation time; `places` are the decimals of amounts."""
        self._file = BytesIO()
        self.book = xlsxwriter.Workbook(self._file, OPTIONS)
        created = made.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        self.book.set_properties({"title": title, "company": company, "created": created})
        number = "#,##0" + ("." + "0" * places if places else "")
        add = self.book.add_format
        line = {"bottom": 4, "bottom_color": "#C9D1DA", "valign": "top"}
        self.formats = Formats(
            title=add({"bold": True, "font_size": 14, "font_color": "#1D4E79"}),
            heading=add(
                {"bold": True, "font_color": "#FFFFFF", "bg_color": "#1D4E79", "text_wrap": True, "valign": "top"}
            ),
            label=add({"font_color": "#56626F"}),
            text=add({**line, "num_format": "@"}),
            quoted=add({**line, "num_format": "@", "quote_prefix": True}),
            wrapped=add({**line, "num_format": "@", "text_wrap": True}),
            day=add({**line, "num_format": "yyyy-mm-dd", "align": "left"}),
            whole=add({**line, "num_format": "0"}),
            amount=add({**line, "num_format": f"{number};[Red]-{number}"}),
            bold_amount=add({"bold": True, "num_format": f"{number};[Red]-{number}"}),
            total=add({"bold": True}),
            input=add({**line, "bg_color": "#FFF8DC", "locked": False, "num_format": "@"}),
            input_amount=add({**line, "bg_color": "#FFF8DC", "locked": False, "num_format": number}),
        )

    def write_text(self, sheet: Any, row: int, column: int, text: str, cell_format: Any = None) -> None:  # noqa: ANN401 - xlsxwriter has no types
        """Writes a string as a string, whatever it looks like."""
        if text.startswith(FORMULA_SIGNS):
            cell_format = self.formats.quoted
        sheet.write_string(row, column, text, cell_format)

    def write_row(self, sheet: Any, row: int, values: Sequence[object]) -> None:  # noqa: ANN401 - xlsxwriter has no types
        """Writes typed cells: dates as dates, Decimals as amounts, whole numbers, everything else as text."""
        kinds = self.formats
        for column, value in enumerate(values):
            if value is None or value == "":
                sheet.write_blank(row, column, None, kinds.text)
            elif isinstance(value, Decimal):
                sheet.write_number(row, column, float(value), kinds.amount)
            elif isinstance(value, date):
                sheet.write_datetime(row, column, value, kinds.day)
            elif isinstance(value, int):
                sheet.write_number(row, column, value, kinds.whole)
            else:
                self.write_text(sheet, row, column, str(value), kinds.text)

    def finish(self) -> bytes:
        """The file."""
        self.book.close()
        return self._file.getvalue()
