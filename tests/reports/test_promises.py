"""What a customer promised stands on paper and in the workbook, in both languages; without promises nothing does."""

from datetime import date

import pytest

from reports.statement_pdf import render_pdf
from reports.statement_workbook import render_workbook
from tests.reports.readers import pdf_text, workbook_cells
from tests.support import statement_samples as samples

PROMISES = [
    {"amount": "1250.00", "due_on": "2026-07-10", "status": "open"},
    {"amount": "99.50", "due_on": "2026-06-20", "status": "broken"},
]
WORDS = {"en": ("Promised payments", "Promised", "Not kept"), "zh": ("承诺的付款", "已承诺", "未兑现")}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_promises_are_printed_with_their_day_and_state(language: str) -> None:
    heading, promised, broken = WORDS[language]
    content = samples.english_open_items() | {"promises": PROMISES}
    page = pdf_text(render_pdf(content, language))
    sheets = workbook_cells(render_workbook(content, language))
    for text in (heading, "2026-07-10", promised, "1,250.00", "2026-06-20", broken, "99.50"):
        assert text in page, text
    assert sheets[heading][1:] == [[date(2026, 7, 10), promised, 1250.0], [date(2026, 6, 20), broken, 99.5]]


def test_without_promises_there_is_no_empty_table() -> None:
    content = samples.english_open_items()
    assert "Promised payments" not in pdf_text(render_pdf(content, "en"))
    assert "Promised payments" not in workbook_cells(render_workbook(content, "en"))
