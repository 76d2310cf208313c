"""The bad-input catalogue, whole files: encodings, delimiters, quotes, headers, containers, bombs, false names."""

import gzip
import io
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
import xlsxwriter
import zstandard

from connectors.container import unwrap
from connectors.findings import FileRefusedError
from connectors.workbook import read_cells
from tests.support.ledger_files import (
    HEADERS,
    codes,
    csv_bytes,
    file_codes,
    profile_text,
    row,
    taken,
    workbook_bytes,
)

CHINESE = csv_bytes(row(customer="客户甲"), row(number="INV-2", customer="客户乙"))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def refused(content: bytes, name: str = "books.csv", profile: str | None = None) -> str:
    with pytest.raises(FileRefusedError) as caught:
        taken(content, profile, name)
    return caught.value.finding.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk", "utf-16-le", "utf-16-be"])
def test_encodings_are_found_in_a_fixed_order(encoding: str) -> None:
    collected = taken(CHINESE.decode().encode(encoding))
    assert collected.items["customer"].to_list() == ["客户甲", "客户乙"]
    assert (file_codes(collected) == ["encoding_read_as"]) == (encoding not in {"utf-8", "utf-8-sig", "utf-16"})


def test_an_encoding_that_was_tried_shows_five_rows() -> None:
    many = csv_bytes(*(row(number=f"INV-{n}", customer="客户") for n in range(9))).decode().encode("gb18030")
    (finding,) = taken(many).file_findings
    assert finding.raw.startswith("gb18030\n")
    assert len(finding.raw.splitlines()) == 6


def test_bytes_that_fit_no_encoding_are_refused_not_replaced() -> None:
    assert refused(csv_bytes(row()) + b"C\xff\xff9,\xff\n") == "encoding_unknown"
    assert refused(CHINESE.decode().encode("gb18030"), profile=profile_text(more='[file]\nencoding = "utf-8"')) == (
        "encoding_unknown"
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found_by_the_profiles_headers(delimiter: str) -> None:
    content = csv_bytes(row(), row(number="INV-2")).decode().replace(",", delimiter).encode()
    assert taken(content).items.height == 2


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending_gives_the_same_rows(ending: str) -> None:
    collected = taken(csv_bytes(row(), row(number="INV-2")).decode().replace("\n", ending).encode())
    assert collected.items["row"].to_list() == [2, 3]


def test_an_unclosed_quote_refuses_the_file_and_names_the_row() -> None:
    with pytest.raises(FileRefusedError) as caught:
        taken(
            csv_bytes(row(), row(number="2"))
            + b'"C1,invoice,3,2026-06-01,,CNY,5.00\nC1,invoice,4,2026-06-01,,CNY,5.00\n'
        )
    assert (caught.value.finding.code, caught.value.finding.row) == ("quote_open", 4)


def test_text_after_a_closing_quote_is_refused() -> None:
    assert refused(csv_bytes(row()) + b'"C1"x,invoice,3,2026-06-01,,CNY,5.00\n') == "quote_stray"


def test_quoted_delimiters_quotes_and_line_breaks_are_read() -> None:
    collected = taken(csv_bytes(row(customer='A, "B" Ltd'), row(number="2", customer="A\nB"), row(number="3")))
    assert collected.items["customer"].to_list() == ['A, "B" Ltd', "A\nB", "C1"]
    assert collected.items["row"].to_list() == [2, 3, 4]


@pytest.mark.parametrize("line", [b"C1,invoice,2\n", b"C1,invoice,2,2026-06-01,,CNY,5.00,more\n", b'"C1",invoice\n'])
def test_ragged_rows_are_rejected_one_by_one(line: bytes) -> None:
    collected = taken(csv_bytes(row()) + line + csv_bytes(row(number="3")).split(b"\n", 1)[1])
    assert codes(collected) == {3: ["row_ragged"]}
    assert collected.items["number"].to_list() == ["INV-1", "3"]


def test_a_nul_rejects_its_row() -> None:
    collected = taken(csv_bytes(row(), row(number="IN\0V")))
    assert codes(collected) == {3: ["row_nul"]}


def test_blank_lines_are_no_rows_but_are_counted_in_row_numbers() -> None:
    content = csv_bytes(row(), row(number="2")).replace(b"\nC1,invoice,2", b"\n\n ,,,,,,\nC1,invoice,2") + b"\n\n"
    collected = taken(content)
    assert collected.items["row"].to_list() == [2, 5]
    assert collected.table.rows == 2


def test_a_preamble_above_the_headers_is_passed_over() -> None:
    content = b"Ledger of June\n\nprinted by me, today\n" + csv_bytes(row())
    assert taken(content).items["row"].to_list() == [5]


def test_missing_and_doubled_headers_refuse_the_file() -> None:
    without = tuple("total" if name == "amount" else name for name in HEADERS)
    assert refused(csv_bytes(row(), headers=without)) == "header_missing"
    twice = tuple("amount" if name == "due" else name for name in HEADERS)
    assert refused(csv_bytes(row(), headers=twice)) == "header_twice"


def test_headers_are_compared_without_case_width_or_edges() -> None:
    written = tuple(" Ｃustomer " if name == "customer" else name.upper() for name in HEADERS)
    assert taken(csv_bytes(row(), headers=written)).items.height == 1


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(content: bytes) -> None:
    assert refused(content) in {"file_empty", "header_missing"}


def test_headers_alone_give_nothing() -> None:
    assert taken(csv_bytes()).items.height == 0


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


WRAPPINGS: list[Callable[[bytes], bytes]] = [
    gzip.compress, zstandard.ZstdCompressor().compress, lambda content: zipped(**{"books.csv": content}),
    lambda content: gzip.compress(gzip.compress(content)),
]  # fmt: skip


@pytest.mark.parametrize("wrap", WRAPPINGS)
def test_wrapped_files_are_unwrapped(wrap: Callable[[bytes], bytes]) -> None:
    assert taken(wrap(csv_bytes(row())), name="books.csv.gz").items.height == 1


def test_a_zip_of_several_files_is_not_guessed_at() -> None:
    assert refused(zipped(**{"a.csv": csv_bytes(), "b.csv": csv_bytes()}), "books.zip") == "archive_many"
    assert taken(zipped(**{"a.csv": csv_bytes(row()), "__MACOSX/a.csv": b"x"}), name="a.zip").items.height == 1


def test_damaged_wrappings_are_refused() -> None:
    packed = gzip.compress(csv_bytes(row()))
    assert refused(packed[:-12]) == "file_damaged"
    assert refused(zstandard.ZstdCompressor().compress(csv_bytes(row()) * 999)[:-9] + b"123456789") == "file_damaged"
    assert refused(zipped(a=csv_bytes(row()))[:-30]) == "file_damaged"


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress, lambda c: zipped(a=c)])
def test_bombs_are_stopped_before_they_unpack(pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(bytes(64 * 1024 * 1024))
    tracemalloc.start()
    try:
        assert refused(bomb) == "file_bomb"
        assert tracemalloc.get_traced_memory()[1] < 32 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_a_bomb_in_bombs_is_refused() -> None:
    content = csv_bytes(row())
    for _ in range(4):
        content = gzip.compress(content)
    assert refused(content) == "file_bomb"


def test_a_real_ledger_of_100_mb_packs_well_and_passes() -> None:
    lines = b"".join(b"C%d,invoice,INV-%d,2026-06-01,,CNY,%d.00\n" % (n % 50_000, n, n * 37) for n in range(100_000))
    body = lines * 23
    assert len(body) > 100_000_000
    assert len(unwrap("l.csv.zst", zstandard.ZstdCompressor().compress(body)).content) == len(body)


@pytest.mark.parametrize(
    "content", [b"<html><table><tr><td>1</td></tr></table></html>", b"\n <!DOCTYPE html><p>x", b"a,b\n1,2\n"]
)
def test_what_only_claims_to_be_a_workbook_is_refused(content: bytes) -> None:
    assert refused(content, "books.xlsx") == "file_kind_false"


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"\x89PNG\r\n", b"PAR1", b"<?xml version='1.0'?><x/>"])
def test_other_kinds_are_refused(content: bytes) -> None:
    assert refused(content, "books.csv") in {"file_kind", "file_kind_false"}


def with_member(content: bytes, name: str, body: bytes) -> bytes:
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in source.namelist():
            if member != name:
                archive.writestr(member, source.read(member))
        archive.writestr(name, body)
    source.close()
    return target.getvalue()


BOOK = workbook_bytes(row())
DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet>&e;</worksheet>'


def test_document_types_and_entities_in_a_workbook_are_refused() -> None:
    assert refused(with_member(BOOK, "xl/worksheets/sheet1.xml", DOCTYPE), "b.xlsx") == "file_doctype"
    assert refused(with_member(BOOK, "xl/sharedStrings.xml", DOCTYPE), "b.xlsx") == "file_doctype"


def test_macros_are_refused() -> None:
    assert refused(with_member(BOOK, "xl/vbaProject.bin", b"x"), "b.xlsm") == "file_macros"
    assert refused(OLE + "_VBA_PROJECT".encode("utf-16-le"), "b.xls") == "file_macros"


def test_encrypted_workbooks_are_refused() -> None:
    assert refused(OLE + "EncryptedPackage".encode("utf-16-le"), "b.xlsx") == "file_encrypted"


def test_a_workbook_of_too_much_xml_is_refused_before_it_is_read() -> None:
    noise = b"".join(b"<c>%d</c>" % n for n in range(4_500_000))
    assert len(noise) > 50 * 1024 * 1024
    assert refused(with_member(BOOK, "xl/worksheets/sheet9.xml", noise), "b.xlsx") == "file_too_large"
    assert refused(with_member(BOOK, "xl/worksheets/sheet9.xml", bytes(8 * 1024 * 1024)), "b.xlsx") == "file_bomb"


@pytest.mark.parametrize(("far_row", "far_column"), [(1_048_575, 16_383), (1_048_575, 3), (5, 300), (1_000_000, 150)])
def test_a_far_cell_is_refused_before_the_sheet_is_laid_out(far_row: int, far_column: int) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADERS)
        sheet.write(far_row, far_column, "x")
    assert len(buffer.getvalue()) < 8_192
    assert refused(buffer.getvalue(), "b.xlsx") == "file_too_many_cells"


def test_far_cells_that_hold_only_a_style_are_no_data() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADERS)
        sheet.write_blank(5, 1_023, None, book.add_format({"bold": True}))
        sheet.write_blank(1_048_575, 0, None, book.add_format({"bold": True}))
    assert [cells[: len(HEADERS)] for cells in read_cells(buffer.getvalue(), "xlsx")] == [list(HEADERS)]


def test_too_many_columns_are_refused() -> None:
    assert refused(csv_bytes(headers=(*HEADERS, *(f"x{n}" for n in range(200))))) == "file_too_many_cells"
