"""The statement's workbook: typed cells, text that stays text, checks that hold, the PDF's figures."""

import re
import zipfile
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ledger.canonical import canonical_json
from reports.statement_pdf import render_pdf
from reports.statement_workbook import COLUMNS, render_workbook
from reports.workbook_frame import LAST_ROW
from statements.answer_columns import HEAD_ROWS
from tests.reports.readers import pdf_text, workbook_cells, workbook_text
from tests.support import statement_samples as samples
from tests.support.golden import assert_golden
from words.figures import amount_text

SAMPLES = {
    "english_open_items": samples.english_open_items,
    "chinese_group": samples.chinese_group,
    "japanese_balance_forward": samples.japanese_balance_forward,
    "detailed": samples.detailed,
    "nothing_to_show": samples.nothing_to_show,
}


def lines_of(content: dict[str, Any]) -> list[list[Any]]:
    """The rows under the heading of the first sheet."""
    return workbook_cells(render_workbook(content, "en"))["Statement"][HEAD_ROWS + 1 :]


@pytest.mark.parametrize(("name", "language"), [(name, "en") for name in SAMPLES] + [("chinese_group", "zh")])
def test_golden_cells(pytestconfig: pytest.Config, name: str, language: str) -> None:
    """Every cell with its type."""
    text = workbook_text(render_workbook(SAMPLES[name](), language))
    assert_golden(pytestconfig, f"reports/{name}-{language}.xlsx.txt", text)


@pytest.mark.parametrize("name", SAMPLES)
def test_pdf_workbook_and_json_say_the_same(name: str) -> None:
    """Each amount of the workbook stands on the PDF and in the JSON."""
    content = SAMPLES[name]()
    page = pdf_text(render_pdf(content, "en"))
    raw = canonical_json(content)
    heading = {column: place for place, (column, _) in enumerate(COLUMNS)}
    rows = lines_of(content)
    lines = [*content["lines"], *content["unapplied"]["lines"]]
    assert len(rows) == len(lines)
    for line, row in zip(lines, rows, strict=False):
        amount = Decimal(str(row[heading["Amount"]])).quantize(Decimal(1).scaleb(-content["decimals"]))
        assert f"{amount:f}" == line["amount"]
        assert amount_text(amount, "en") in page
        assert f'"amount":"{amount:f}"' in raw
        assert row[heading["Date"]] == date.fromisoformat(line["document_date"])
        assert row[heading["Document"]] == line["number"]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_stored_results_of_the_checks_tie(name: str, language: str) -> None:
    """A reader that does not calculate still sees right figures and no difference."""
    content = SAMPLES[name]()
    cells = workbook_cells(render_workbook(content, language))
    checks = cells["Checks" if language == "en" else "核对"][1:]
    live = 1 + (content["form"] != "OPEN_ITEM") + (content["form"] != "BALANCE_FORWARD")
    assert len(checks) == live + len(content["checks"])
    for _, left, right, difference, result in checks:
        assert left == right == float(content["closing"])
        assert difference == 0
        assert result in {"ties", "相符"}


def test_checks_are_live_formulas() -> None:
    """The file holds formulas over the lines, not only their results."""
    with zipfile.ZipFile(BytesIO(render_workbook(samples.detailed(), "en"))) as parts:
        sheet = parts.read("xl/worksheets/sheet3.xml").decode()
    assert sheet.count("SUMIFS('Statement'!") == 3
    assert "SUM('Aging'!E2:E8)" in sheet
    assert "IF(D2=0" in sheet


def test_a_wrong_sum_shows_its_difference() -> None:
    """When the content does not tie the workbook says so, with the amount."""
    content = samples.english_open_items()
    content["lines"][0]["open"] = "123.46"
    _, left, right, difference, result = workbook_cells(render_workbook(content, "en"))["Checks"][1]
    assert (left, right, difference, result) == (14798.06, 14798.05, 0.01, "does not tie")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_text_that_looks_like_a_formula_stays_text(start: str) -> None:
    """No cell of ours runs what a customer wrote."""
    content = samples.english_open_items()
    wicked = f"{start}cmd|' /C calc'!A0"
    content["lines"][0] |= {"description": wicked, "number": f"{start}1+1"}
    content["customer"]["name"] = wicked
    document = render_workbook(content, "en")
    row = workbook_cells(document)["Statement"][HEAD_ROWS + 1]
    assert row[4] == f"{start}1+1"
    assert row[6] == wicked
    with zipfile.ZipFile(BytesIO(document)) as parts:
        assert "<f>" not in parts.read("xl/worksheets/sheet1.xml").decode()
        assert 'quotePrefix="1"' in parts.read("xl/styles.xml").decode()


def test_made_to_work_with() -> None:
    """A table, a frozen heading, print titles, and a list for the customer's answer."""
    with zipfile.ZipFile(BytesIO(render_workbook(samples.chinese_group(), "zh"))) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        table = parts.read("xl/tables/table1.xml").decode()
        book = parts.read("xl/workbook.xml").decode()
    assert 'state="frozen"' in sheet
    assert '<dataValidation type="list"' in sheet
    assert "同意,有异议" in sheet
    assert "<autoFilter ref=" in table
    assert "Print_Titles" in book


@pytest.mark.parametrize(
    "wicked", ["a\x01b", "_x0041_", "  two  spaces ", "<&\"'>]]>", "{company}", "R7919", "line\nbreak"]
)
def test_any_text_comes_back_as_it_was(wicked: str) -> None:
    """What XML cannot hold, what looks like an escape and what looks like a place of the frame is only text."""
    content = samples.english_open_items()
    content["lines"][0]["description"] = wicked
    content["company"]["name"] = content["number"] = wicked
    document = render_workbook(content, "en")
    assert workbook_cells(document)["Statement"][HEAD_ROWS + 1][6] == wicked
    with zipfile.ZipFile(BytesIO(document)) as parts:
        assert all(ET.fromstring(parts.read(name)) is not None for name in parts.namelist())  # noqa: S314 - our own file
        company = ET.fromstring(parts.read("docProps/app.xml")).findtext("{*}Company")  # noqa: S314 - our own file
    assert company is not None
    assert wicked.replace("\x01", "_x0001_") in {company, company.replace("_x005F_", "_")}


def test_every_reference_ends_at_the_last_line() -> None:
    """Documents share a frame and not a size: table, lists and marks end where the lines of each end."""
    for count in (3, 40, 1):
        with zipfile.ZipFile(BytesIO(render_workbook(samples.many_lines(count), "en"))) as parts:
            sheet = parts.read("xl/worksheets/sheet1.xml").decode()
            table = parts.read("xl/tables/table1.xml").decode()
            whole = "".join(parts.read(name).decode() for name in parts.namelist())
        last = HEAD_ROWS + 1 + count
        assert f'<autoFilter ref="A{HEAD_ROWS + 1}:R{last}"/>' in table
        assert f'<dimension ref="A1:R{last}"/>' in sheet
        assert re.findall(r'sqref="([A-Z]+)[0-9]+:\1([0-9]+)"', sheet) == [(letter, str(last)) for letter in "OPQ"]
        assert f"R{LAST_ROW}" not in whole


@pytest.mark.parametrize("name", SAMPLES)
def test_equal_content_gives_equal_bytes(name: str) -> None:
    """Nothing in the file comes from the clock."""
    assert render_workbook(SAMPLES[name](), "en") == render_workbook(SAMPLES[name](), "en")


def test_many_lines() -> None:
    """Seven hundred rows."""
    assert len(lines_of(samples.many_lines(700))) == 700
