"""Documents: statement PDFs and workbooks a second and core, beside the bare library that draws them."""

import io
import sys
import time

import typst
import xlsxwriter

from reports.statement_pdf import render_pdf
from reports.statement_workbook import render_workbook
from scripts.bench.measure import Contender, measure, show
from tests.support.statement_samples import chinese_group

DOCUMENTS = 500
"""Enough that start-up (0.8 CPU seconds) is a small part of the figure."""


def bench_documents(rounds: int) -> None:
    """One page in Chinese each, PDF/A-3a and PDF/UA-1, tables and checks in the workbook."""
    for title, names in (
        ("statement PDF, one page, Chinese", ("pdf", "typst")),
        ("statement workbook", ("workbook", "xlsxwriter")),
    ):
        contenders = [
            Contender(name, [sys.executable, "-m", "scripts.bench.documents", name], role)
            for name, role in zip(names, ("ours", "limit"), strict=True)
        ]
        show(f"{title}, {DOCUMENTS} documents", contenders, measure(contenders, rounds), DOCUMENTS)


def draw(name: str) -> None:
    """Draws the documents of one contender in this process."""
    content = chinese_group()
    if name == "pdf":
        for _ in range(DOCUMENTS):
            render_pdf(content, "zh")
    elif name == "workbook":
        for _ in range(DOCUMENTS):
            render_workbook(content, "zh")
    elif name == "typst":
        compiler = typst.Compiler()
        for number in range(DOCUMENTS):
            compiler.compile(f"= Statement {number}\n#table(columns: 4, ..range(80).map(str))".encode(), format="pdf")
    else:
        for _ in range(DOCUMENTS):
            _bare_workbook()


def _bare_workbook() -> None:
    book = xlsxwriter.Workbook(io.BytesIO(), {"in_memory": True})
    sheet = book.add_worksheet()
    for row in range(20):
        sheet.write_row(row, 0, [row, time.strftime("%Y"), "text", 1.0])
    book.close()


if __name__ == "__main__":
    draw(sys.argv[1])
