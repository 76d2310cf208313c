"""Reads our documents back the way a customer's software would."""

import re
from io import BytesIO
from typing import Any

import pypdf
from python_calamine import CalamineWorkbook

AMOUNT = re.compile(r"(?<![\w-])-?\d{1,3}(?:,\d{3})*(?:\.\d+)?(?![\w-])")


def pdf_pages(document: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in pypdf.PdfReader(BytesIO(document)).pages]


def pdf_text(document: bytes) -> str:
    """The text of all pages, each under a line of its own."""
    return "".join(f"--- page {number}\n{text}\n" for number, text in enumerate(pdf_pages(document), 1))


def workbook_cells(document: bytes) -> dict[str, list[list[Any]]]:
    """Sheet name to its rows."""
    book = CalamineWorkbook.from_filelike(BytesIO(document))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def workbook_text(document: bytes) -> str:
    """Every cell that holds something, one a line, with its type."""
    lines = []
    for name, rows in workbook_cells(document).items():
        for number, row in enumerate(rows, 1):
            filled = [(column, value) for column, value in enumerate(row) if value != ""]
            lines += [f"{name}!{chr(65 + column)}{number} {type(value).__name__} {value}" for column, value in filled]
    return "\n".join(lines) + "\n"
