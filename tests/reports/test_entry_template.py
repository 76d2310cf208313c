"""The standard entry template: headings the import knows, rules that Excel checks, explanations in both languages."""

import tomllib
import zipfile
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest

from connectors.collect import collect
from connectors.profiles import parse_profile
from connectors.read import read_table
from ledger.items import Kind
from reports.entry_template import COLUMNS, EXAMPLES, KINDS, MADE, _example_sheet, render_entry_template
from reports.workbook_parts import Workbook
from tests.reports.readers import workbook_cells

PROFILE_TEXT = (Path(__file__).resolve().parents[2] / "examples/profiles/standard.toml").read_text()
PROFILE = tomllib.loads(PROFILE_TEXT)
NAMES = {"en": [column.name for column in COLUMNS], "zh": [column.chinese for column in COLUMNS]}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_headings_are_the_profiles_columns(language: str) -> None:
    """The first sheet has the headings and nothing else; the standard profile knows each of them."""
    sheets = workbook_cells(render_entry_template(language))
    first = next(iter(sheets.values()))
    assert first == [NAMES[language]]
    assert list(sheets) == (["Entries", "Help", "Examples"] if language == "en" else ["录入", "填写说明", "示例"])
    known = {heading for headings in PROFILE["columns"].values() for heading in headings}
    assert set(NAMES[language]) <= known


def test_kinds_are_words_of_the_profile() -> None:
    """What the list offers is what the import reads."""
    for kind, word in KINDS.items():
        assert PROFILE["kinds"][word] == kind == Kind(kind)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_examples_import_without_a_finding(language: str) -> None:
    """Someone who fills the first sheet as the third shows gets every row accepted."""
    book = Workbook("filled", "Tieout", MADE, places=2)
    _example_sheet(book, language)
    profile = parse_profile(PROFILE_TEXT)
    collected = collect(read_table("filled.xlsx", book.finish(), profile), profile, date(2026, 7, 1), "Asia/Shanghai")
    assert collected.findings.is_empty()
    assert collected.items["amount"].to_list() == [125_000, -125_000, 31_020_050, -880_000]


def test_examples_follow_the_rules() -> None:
    """Each example has what is needed; codes are text, dates are dates."""
    sheet = workbook_cells(render_entry_template("en"))["Examples"]
    assert len(sheet) == len(EXAMPLES) + 1
    for row in sheet[1:]:
        assert all(row[place] != "" for place, column in enumerate(COLUMNS) if column.needed)
        assert isinstance(row[0], str)
        assert (row[7] > 0) == (row[2] == "invoice")


def test_help_is_complete_and_translated() -> None:
    """Every column is explained in Chinese."""
    rows = workbook_cells(render_entry_template("zh"))["填写说明"]
    helped = {row[0]: row[2] for row in rows[1 : len(COLUMNS) + 1]}
    assert list(helped) == NAMES["zh"]
    assert all(any(sign > "\u4e00" for sign in text) for text in helped.values())


def test_rules_and_comments() -> None:
    """Kind and currency from lists, both dates, the amount; a comment on each heading."""
    document = render_entry_template("en")
    assert document == render_entry_template("en")
    with zipfile.ZipFile(BytesIO(document)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        comments = parts.read("xl/comments1.xml").decode()
    assert sheet.count("<dataValidation ") == 5
    assert comments.count("<comment ") == len(COLUMNS)
