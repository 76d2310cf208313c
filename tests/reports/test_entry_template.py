"""The standard entry template: headings the import knows, rules that Excel checks, explanations in both languages."""

import zipfile
from io import BytesIO

import pytest

from reports.entry_template import COLUMNS, EXAMPLES, render_entry_template
from tests.reports.readers import workbook_cells

NAMES = [
    "customer_code", "customer_name", "document_kind", "document_number", "document_date", "due_date", "currency",
    "amount", "reference", "description", "contact_email",
]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
def test_headings_are_the_profiles_columns(language: str) -> None:
    """The first sheet has the headings and nothing else, in either language."""
    sheets = workbook_cells(render_entry_template(language))
    first = next(iter(sheets.values()))
    assert first == [NAMES]
    assert list(sheets) == (["Entries", "Help", "Examples"] if language == "en" else ["录入", "填写说明", "示例"])


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
    helped = {row[0]: row[2] for row in rows[1 : len(NAMES) + 1]}
    assert list(helped) == NAMES
    assert all(any(sign > "\u4e00" for sign in text) for text in helped.values())


def test_rules_and_comments() -> None:
    """Kind and currency from lists, both dates, the amount; a comment on each heading."""
    document = render_entry_template("en")
    assert document == render_entry_template("en")
    with zipfile.ZipFile(BytesIO(document)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        comments = parts.read("xl/comments1.xml").decode()
    assert sheet.count("<dataValidation ") == 5
    assert comments.count("<comment ") == len(NAMES)
