"""What others draw documents with, run by a Python of their own: `peer_documents.py LIBRARY COUNT`.

Imports nothing of the house, so that the house's requirements need none of the peers.
"""

import importlib
import io
import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

ROWS = [[f"2026-06-{day:02d}", f"INV-{day:04d}", "invoice", f"{day * 97}.00"] for day in range(1, 21)]


def weasyprint(library: Any) -> Callable[[int], object]:  # noqa: ANN401 - whatever the peer is
    """HTML to PDF."""
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in ROWS)
    return lambda number: library.HTML(string=f"<h1>Statement {number}</h1><table>{cells}</table>").write_pdf()


def fpdf(library: Any) -> Callable[[int], object]:  # noqa: ANN401 - whatever the peer is
    """Cells on a page."""

    def draw(number: int) -> object:
        page = library.FPDF()
        page.add_page()
        page.set_font("Helvetica", size=9)
        page.cell(text=f"Statement {number}")
        with page.table() as table:
            for row in ROWS:
                table.row(row)
        return page.output()

    return draw


def reportlab(_library: Any) -> Callable[[int], object]:  # noqa: ANN401 - whatever the peer is
    """Flowing tables."""
    platypus = importlib.import_module("reportlab.platypus")
    style = importlib.import_module("reportlab.lib.styles").getSampleStyleSheet()["Title"]

    def draw(number: int) -> object:
        document = platypus.SimpleDocTemplate(io.BytesIO())
        return document.build([platypus.Paragraph(f"Statement {number}", style), platypus.Table(ROWS)])

    return draw


def openpyxl(library: Any) -> Callable[[int], object]:  # noqa: ANN401 - whatever the peer is
    """Four sheets, as ours has."""

    def draw(number: int) -> object:
        book = library.Workbook()
        for name in ("Statement", "Aging", "Checks", "About"):
            sheet = book.create_sheet(name)
            sheet.append([f"Statement {number}"])
            for row in ROWS:
                sheet.append(row)
        return book.save(io.BytesIO())

    return draw


def main() -> None:
    """Draws and tells what it took, as `scripts.bench.measure.timed` does."""
    name, count = sys.argv[1], int(sys.argv[2])
    draw = {"weasyprint": weasyprint, "fpdf": fpdf, "reportlab": reportlab, "openpyxl": openpyxl}[name](
        importlib.import_module(name)
    )
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    for number in range(count):
        draw(number)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    sys.stdout.write("\n" + json.dumps({"wall": time.perf_counter() - started, "cpu": cpu}) + "\n")


if __name__ == "__main__":
    main()
