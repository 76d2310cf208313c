"""Ledgers that come as PDF: ruled, in bare columns, over several pages; what shows no table is refused."""

import io
import zlib
from collections.abc import Sequence
from pathlib import Path

import pikepdf
import pytest
import typst

from tests.reconcile.test_command import counts, run

ROWS = [
    (f"2026-06-{place % 28 + 1:02}", f"INV-{place:04}", f"{100 * place}.{place % 100:02}") for place in range(1, 61)
]
OURS = "Document No,Date,Currency,Amount\n" + "\n".join(f"{n},{day},CNY,{amount}" for day, n, amount in ROWS)
LONG = "Spare parts for the second line, delivered in two parts and invoiced together as agreed by telephone"
ORNAMENTS = {"ruled": "0.5pt", "bare": "none", "lines below": "(x, y) => (bottom: 0.3pt)"}


def page_of(table: str) -> bytes:
    """A PDF with a heading, the table, a closing balance beneath and page numbers."""
    text = f"""#set page(paper: "a4", footer: context [Seite #counter(page).display() · 第#counter(page).display()页])
#set text(font: ("Noto Sans SC", "Noto Sans CJK SC", "DejaVu Sans"), size: 9pt)
= 供应商往来明细账
Account 4711, June 2026

{table}

Closing balance: 1,234,567.89
"""
    return bytes(typst.compile(text.encode()))


def ledger(stroke: str, rows: Sequence[tuple[str, str, str]] = ROWS) -> bytes:
    """A page with the customer's side of the rows."""
    return page_of(table(stroke, rows))


def table(stroke: str, rows: Sequence[tuple[str, str, str]], *, header: bool = True) -> str:
    """Our invoices are their credits; each seventh has a text of two lines."""
    cells = "".join(
        f"[{day}], [{number}], [{LONG if place % 7 == 0 else '采购'}], [], [{float(amount):,.2f}],\n"
        for place, (day, number, amount) in enumerate(rows)
    )
    head = "table.header([日期], [发票号], [摘要], [借方], [贷方])," if header else ""
    shape = "columns: (6em, 6em, 1fr, 6em, 6em), align: (left, left, left, right, right)"
    return f"#table({shape}, stroke: {stroke}, {head}\n{cells})"


@pytest.mark.parametrize("stroke", ORNAMENTS.values(), ids=ORNAMENTS)
def test_every_row_of_every_page_is_compared(tmp_path: Path, stroke: str) -> None:
    """Headers repeated on each page are no rows, wrapped texts stay with theirs; the balance beneath is told."""
    status, answer = run(tmp_path, OURS, ledger(stroke))
    assert (status, answer["agrees"], counts(answer)["matched"]) == (0, True, len(ROWS))
    assert answer["theirs"]["headers"] == ["日期", "发票号", "摘要", "借方", "贷方"]
    assert [(one["code"], one["raw"]) for one in answer["theirs"]["findings"]] == [
        ("pdf_outside", "Closing balance: 1,234,567.89")
    ]


def test_rows_that_the_ruled_table_does_not_hold_are_read_too(tmp_path: Path) -> None:
    """A bridge over part of a ledger proves nothing."""
    content = page_of(f"{table('0.5pt', ROWS[:50])}\n#v(-1em)\n{table('none', ROWS[50:], header=False)}")
    status, answer = run(tmp_path, OURS, content)
    assert (status, answer["agrees"], counts(answer)["matched"]) == (0, True, len(ROWS))


def test_differences_are_found_in_a_pdf(tmp_path: Path) -> None:
    """One row less, one with another amount."""
    changed = [*ROWS[:10], (ROWS[10][0], ROWS[10][1], "7.77"), *ROWS[12:]]
    status, answer = run(tmp_path, OURS, ledger("none", changed))
    assert status == 0
    assert (counts(answer)["amount_differs"], counts(answer)["missing_on_theirs"]) == (1, 1)


def test_a_cell_that_is_not_understood_refuses_the_pdf(tmp_path: Path) -> None:
    """As in any other file: a bridge over part of a ledger proves nothing."""
    torn = [*ROWS[:3], ("2026-13-45", "INV-0004", "400.04"), *ROWS[4:]]
    status, answer = run(tmp_path, OURS, ledger("0.5pt", torn))
    assert (status, answer["error"]["code"]) == (2, "date_impossible")


def encrypted(content: bytes) -> bytes:
    """The same behind a password."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    return out.getvalue()


def bomb() -> bytes:
    """One page whose content unpacks to more than the reader may hold."""
    packer, spaces = zlib.compressobj(1), b" " * (1 << 24)
    packed = b"".join(packer.compress(spaces) for _ in range(72)) + packer.flush()
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.pages[0].Contents = pikepdf.Stream(pdf, packed, Filter=pikepdf.Name.FlateDecode)
        pdf.save(out, compress_streams=False, recompress_flate=False)
    return out.getvalue()


def test_what_shows_no_table_is_refused(tmp_path: Path) -> None:
    """Each with its own reason: pictures, prose, a password, damage, too many pages, too much behind few bytes."""
    sheet = ledger("0.5pt", ROWS[:3])
    many = bytes(typst.compile(b"#for _ in range(101) [12.00 #pagebreak()]"))
    refused = {
        "pdf_pictures": bytes(typst.compile(b"#rect(width: 5cm, height: 5cm)")),
        "pdf_no_table": page_of("We owe you nothing, as you know well."),
        "file_encrypted": encrypted(sheet),
        "file_damaged": sheet[: len(sheet) // 2],
        "file_too_large": many,
        "file_bomb": bomb(),
    }
    for code, content in refused.items():
        status, answer = run(tmp_path, OURS, content)
        assert (status, answer["error"]["code"]) == (2, code)
