"""Small ledger files for tests: text or cells in, what was taken and what was said out."""

import io
from datetime import date

import xlsxwriter

from connectors.collect import Collected, Control, collect
from connectors.profiles import parse_profile
from connectors.read import read_table

TODAY = date(2026, 6, 30)
PROFILE = """
source = "books"
{root}
[columns]
customer = "customer"
kind = "kind"
number = "number"
document_date = "date"
due_date = "due"
currency = "currency"
amount = "amount"

{columns}
[numbers]
decimal = "."
thousands = ","
{numbers}
{more}
"""
HEADERS = ("customer", "kind", "number", "date", "due", "currency", "amount")
GOOD = ("C1", "invoice", "INV-1", "2026-06-01", "2026-07-01", "CNY", "100.00")


def profile_text(root: str = "", columns: str = "", numbers: str = "", more: str = "") -> str:
    """The profile of these files with keys added."""
    return PROFILE.format(root=root, columns=columns, numbers=numbers, more=more)


def row(**changes: str) -> tuple[str, ...]:
    """A good row with some cells changed."""
    cells = dict(zip(HEADERS, GOOD, strict=True)) | changes
    return tuple(cells[name] for name in HEADERS)


def csv_bytes(*rows: tuple[str, ...], headers: tuple[str, ...] = HEADERS) -> bytes:
    """A CSV file; cells that hold a comma or a quote are quoted."""

    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in ',"\n') else cell

    return ("\n".join(",".join(map(quoted, cells)) for cells in (headers, *rows)) + "\n").encode()


def workbook_bytes(*rows: tuple[object, ...], headers: tuple[str, ...] = HEADERS, **options: object) -> bytes:
    """An XLSX file: texts as texts, numbers as numbers, dates as dates; a callable writes its own cell."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **options}) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for place, cells in enumerate((headers, *rows)):
            for column, cell in enumerate(cells):
                if callable(cell):
                    cell(sheet, place, column, day)
                elif isinstance(cell, date):
                    sheet.write_datetime(place, column, cell, day)
                elif isinstance(cell, str):
                    sheet.write_string(place, column, cell)
                else:
                    sheet.write_number(place, column, cell)
    return buffer.getvalue()


def taken(
    content: bytes, profile: str | None = None, name: str = "books.csv", control: Control | None = None
) -> Collected:
    """The file read and collected on `TODAY`."""
    form = parse_profile(profile if profile is not None else profile_text())
    return collect(read_table(name, content, form), form, TODAY, "Asia/Shanghai", control)


def codes(collected: Collected) -> dict[int, list[str]]:
    """What was said about each row."""
    said: dict[int, list[str]] = {}
    for number, _, _, code in collected.findings.iter_rows():
        said.setdefault(number, []).append(code)
    return said


def file_codes(collected: Collected) -> list[str]:
    """What was said about the whole file."""
    return [finding.code for finding in collected.file_findings]
