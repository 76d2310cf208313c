"""The bad-input catalogue, workbooks: dates of two systems, formulas without values, errors, ids as numbers."""

from collections.abc import Callable
from datetime import date

import pytest
from xlsxwriter.worksheet import Worksheet

from connectors.findings import FileRefusedError
from tests.support.ledger_files import HEADERS, codes, file_codes, profile_text, row, taken, workbook_bytes

CellWriter = Callable[[Worksheet, int, int, object], None]


def book_row(**changes: object) -> tuple[object, ...]:
    cells: dict[str, object] = dict(zip(HEADERS, row(), strict=True)) | changes
    return tuple(cells[name] for name in HEADERS)


def serial(number: float) -> CellWriter:
    return lambda sheet, place, column, day: sheet.write_number(place, column, number, day)


def formula(value: object) -> CellWriter:
    return lambda sheet, place, column, _day: sheet.write_formula(place, column, "=1+1", None, value)


def test_dates_and_amounts_of_a_workbook() -> None:
    collected = taken(workbook_bytes(book_row(date=date(2026, 6, 5), amount=1234.5)), name="b.xlsx")
    assert codes(collected) == {}
    assert collected.items.select("document_date", "amount", "row").rows() == [(date(2026, 6, 5), 123450, 2)]


def test_a_date_cell_is_a_date_whatever_the_profile_says_of_texts() -> None:
    american = profile_text(more='[dates]\nforms = ["M/D/YYYY"]')
    collected = taken(workbook_bytes(book_row(date=date(2026, 6, 5), due="7/5/2026")), american, "b.xlsx")
    assert collected.items.select("document_date", "due_date").rows() == [(date(2026, 6, 5), date(2026, 7, 5))]


@pytest.mark.parametrize("number", [1, 59, 60])
def test_days_before_march_1900_wait(number: int) -> None:
    assert codes(taken(workbook_bytes(book_row(date=serial(number))), name="b.xlsx")) == {2: ["date_serial"]}


def test_day_61_is_certain() -> None:
    (day,) = taken(workbook_bytes(book_row(date=serial(61), due="")), name="b.xlsx").items["document_date"].to_list()
    assert day == date(1900, 3, 1)


def test_the_1904_system_is_honoured() -> None:
    content = workbook_bytes(book_row(date=serial(44718), due=""), date_1904=True)
    (day,) = taken(content, name="b.xlsx").items["document_date"].to_list()
    assert day == date(2026, 6, 7)


def test_a_number_where_a_date_belongs_waits() -> None:
    assert codes(taken(workbook_bytes(book_row(date=46178.0)), name="b.xlsx")) == {2: ["date_number"]}


def test_a_formula_counts_by_its_stored_value_only() -> None:
    collected = taken(
        workbook_bytes(book_row(amount=formula(5)), book_row(number="2", amount=formula(""))), name="b.xlsx"
    )
    assert collected.items["amount"].to_list() == [500]
    assert "formula_without_value" in codes(collected)[3]


def test_error_cells_wait() -> None:
    collected = taken(workbook_bytes(book_row(amount=formula("#N/A")), book_row(number="2")), name="b.xlsx")
    assert "cell_error" in codes(collected)[2]
    assert collected.items["number"].to_list() == ["2"]


def test_ids_stored_as_numbers_are_noticed_and_long_ones_refuse_the_file() -> None:
    collected = taken(workbook_bytes(book_row(customer=200706844)), name="b.xlsx")
    assert collected.items["customer"].to_list() == ["200706844"]
    assert file_codes(collected) == ["id_from_number"]
    with pytest.raises(FileRefusedError) as caught:
        taken(workbook_bytes(book_row(number=4403190011112345678)), name="b.xlsx")
    assert caught.value.finding.code == "ids_as_numbers"


def test_zeros_lost_to_numbers_come_back_by_the_profile() -> None:
    padded = profile_text(more="[ids.width]\ncustomer = 10")
    assert taken(workbook_bytes(book_row(customer=200706844)), padded, "b.xlsx").items["customer"][0] == "0200706844"


def test_a_text_that_looks_like_a_formula_stays_a_text() -> None:
    assert taken(workbook_bytes(book_row(number="=1+1")), name="b.xlsx").items["number"].to_list() == ["=1+1"]


def test_cells_beyond_the_headers_reject_the_row() -> None:
    content = workbook_bytes((*book_row(), "stray"), book_row(number="2"))
    assert codes(taken(content, name="b.xlsx")) == {2: ["row_ragged"]}


def test_an_unknown_sheet_is_refused() -> None:
    with pytest.raises(FileRefusedError) as caught:
        taken(workbook_bytes(book_row()), profile_text(more='[file]\nsheet = "June"'), "b.xlsx")
    assert caught.value.finding.code == "sheet_missing"


def test_a_damaged_workbook_is_refused() -> None:
    with pytest.raises(FileRefusedError) as caught:
        taken(workbook_bytes(book_row())[:-40], name="b.xlsx")
    assert caught.value.finding.code == "file_damaged"
