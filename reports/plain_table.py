"""A plain table as a file that spreadsheets open: CSV, or a workbook with typed cells. No text is ever a formula."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime

import xlsxwriter

RISKY = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a text that begins so for a formula; an apostrophe before it keeps it text."""

WIDTH_MOST = 48
"""Characters of a column: longer words are wrapped by whoever reads them."""

Cell = str | int | datetime | None


def safe_text(text: str) -> str:
    """The text as a CSV cell that runs nothing."""
    return f"'{text}" if text.startswith(RISKY) else text


def csv_table(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """UTF-8 with a byte order mark, without which a spreadsheet reads Chinese wrongly."""
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_csv_cell(cell) for cell in row])
    return made.getvalue().encode("utf-8-sig")


def _csv_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    return safe_text(cell) if isinstance(cell, str) else str(cell)


def xlsx_table(name: str, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """One sheet with a table, frozen header and filter; instants are real ones, without their zone."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(
        made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    sheet = book.add_worksheet(name[:31])
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for number, row in enumerate(rows, 1):
        for place, cell in enumerate(row):
            if isinstance(cell, datetime):
                sheet.write_datetime(number, place, cell.replace(tzinfo=None), moment)
            elif isinstance(cell, int):
                sheet.write_number(number, place, cell)
            elif cell is not None:
                sheet.write_string(number, place, cell)
    sheet.add_table(
        0, 0, max(len(rows), 1), len(header) - 1,
        {"columns": [{"header": one} for one in header], "style": "Table Style Light 1"},
    )  # fmt: skip
    for place, title in enumerate(header):
        widest = max([len(title), *(len(str(row[place] or "")) for row in rows[:200])])
        sheet.set_column(place, place, min(widest + 2, WIDTH_MOST))
    sheet.freeze_panes(1, 0)
    book.close()
    return made.getvalue()
