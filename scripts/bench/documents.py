"""Documents: statement PDFs and workbooks a second and core, beside the bare library that draws them."""

import io
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typst
import xlsxwriter

from reports.statement_pdf import render_pdf
from reports.statement_workbook import render_workbook
from scripts.bench.measure import PEERS_PYTHON, Comparison, Contender, Given, compare, is_there, timed
from tests.support.statement_samples import chinese_group

PEER_SCRIPT = Path(__file__).with_name("peer_documents.py")

DOCUMENTS = 50
"""At 1 ×: a second of work."""


PEERS = {
    "statement PDF, one page, Chinese": ("weasyprint", "fpdf", "reportlab"),
    "statement workbook": ("openpyxl",),
}
"""Modules of `PEERS_PYTHON`; a peer draws a title and twenty rows, without tags, PDF/A or checks."""


def bench(given: Given) -> Iterator[Comparison]:
    """One page in Chinese each, PDF/A-3a and PDF/UA-1, tables and checks in the workbook."""
    for title, names, wanted in (
        ("statement PDF, one page, Chinese", ("pdf", "typst"), "85/s"),
        ("statement workbook", ("workbook", "xlsxwriter"), "600/s"),
    ):
        there = [module for module in PEERS[title] if is_there(module)]
        absent = [module for module in PEERS[title] if module not in there]
        for count in given.sizes(DOCUMENTS):
            house = [
                Contender(
                    name, [sys.executable, "-m", "scripts.bench.documents", name, str(count)], role, times_itself=True
                )
                for name, role in zip(names, ("ours", "limit"), strict=True)
            ]
            peers = [
                Contender(module, [PEERS_PYTHON, str(PEER_SCRIPT), module, str(count)], "peer", times_itself=True)
                for module in there
            ]
            yield compare(title, count, "documents", [*house, *peers], given, wanted=wanted, absent=absent)


def draw(name: str, count: int) -> None:
    """Draws the documents of one contender in this process."""
    content = chinese_group()
    if name == "pdf":
        for number in range(count):
            render_pdf(_another(content, number), "zh")
    elif name == "workbook":
        for number in range(count):
            render_workbook(_another(content, number), "zh")
    elif name == "typst":
        compiler = typst.Compiler()
        for number in range(count):
            compiler.compile(f"= Statement {number}\n#table(columns: 4, ..range(80).map(str))".encode(), format="pdf")
    else:
        for _ in range(count):
            _bare_workbook()


def _another(content: dict[str, Any], number: int) -> dict[str, Any]:
    """A statement of its own: Typst remembers what it laid out, and no two customers get the same page."""
    lines = [{**line, "number": f"{line['number']}-{number}", "open": f"{number}.00"} for line in content["lines"]]
    customer = {**content["customer"], "code": f"C{number:05}"}
    return {**content, "number": f"{content['number']}-{number}", "customer": customer, "lines": lines}


def _bare_workbook() -> None:
    book = xlsxwriter.Workbook(io.BytesIO(), {"in_memory": True})
    sheet = book.add_worksheet()
    for row in range(20):
        sheet.write_row(row, 0, [row, time.strftime("%Y"), "text", 1.0])
    book.close()


if __name__ == "__main__":
    timed(lambda: draw(sys.argv[1], int(sys.argv[2])))
