"""Documents: statement PDFs and workbooks a second and core, beside the bare library that draws them."""

import io
import os
import subprocess
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
from tests.support.statement_samples import many_lines

PEER_SCRIPT = Path(__file__).with_name("peer_documents.py")

DOCUMENTS = 50
"""At 1 ×: a second of work."""

LINES = 20
"""Of a statement: a million lines of 50,000 customers."""

BOTH = "pdf and workbook"
ON_ALL_CORES = "all cores"
"""A process per core, as workers are; the time of 50,000 is the sample's in proportion."""

PEERS = {
    "statement PDF, one page, Chinese": ("weasyprint", "fpdf", "reportlab"),
    "statement workbook": ("openpyxl",),
}
"""Modules of `PEERS_PYTHON`; a peer draws a title and twenty rows, without tags, PDF/A or checks."""


def bench(given: Given) -> Iterator[Comparison]:
    """Twenty lines in Chinese each, PDF/A-3a and PDF/UA-1, tables and checks in the workbook."""
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
    for count in given.sizes(DOCUMENTS):
        command = [sys.executable, "-m", "scripts.bench.documents", ON_ALL_CORES, str(count)]
        yield compare(
            "PDF and workbook of each statement, a sample of 50,000", count, "statements",
            [Contender(ON_ALL_CORES, command, "ours", times_itself=True)], given,
            wanted=f"83/s by the clock, which is 10 minutes for 50,000; {os.cpu_count()} cores",
        )  # fmt: skip


def draw(name: str, count: int) -> None:
    """Draws the documents of one contender, in this process but for `ON_ALL_CORES`."""
    if name == ON_ALL_CORES:
        _on_all_cores(count)
        return
    content, compiler = many_lines(LINES, "zh"), typst.Compiler()
    for number in range(count):
        if name in {"pdf", BOTH}:
            render_pdf(_another(content, number), "zh")
        if name in {"workbook", BOTH}:
            render_workbook(_another(content, number), "zh")
        if name == "typst":
            compiler.compile(f"= Statement {number}\n#table(columns: 4, ..range(80).map(str))".encode(), format="pdf")
        if name == "xlsxwriter":
            _bare_workbook()


def warm(name: str) -> None:
    """Reads what a worker reads once in its life: fonts, words, the frame of workbooks."""
    if name in {"pdf", "workbook", BOTH}:
        draw(name, 1)


def _on_all_cores(count: int) -> None:
    cores = os.cpu_count() or 1
    command = [sys.executable, "-m", "scripts.bench.documents", BOTH, str(-(-count // cores))]
    workers = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(cores)]
    ended = [worker.wait() for worker in workers]
    if any(ended):
        raise RuntimeError("a worker failed")


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
    warm(sys.argv[1])
    timed(lambda: draw(sys.argv[1], int(sys.argv[2])))
