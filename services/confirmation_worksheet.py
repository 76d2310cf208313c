"""The worksheet of a round as a file, in the reader's language."""

from reports.confirmation_workbook import render_worksheet
from reports.labels import KINDS, name_of
from services.examine_later_receipts import Worksheet, worksheet_json
from statements.confirmations import STRENGTHS
from storage.companies import Company
from words.catalog import translate


def worksheet_file(company: Company, sheet: Worksheet, language: str) -> bytes:
    """XLSX; equal facts give equal bytes."""
    letters = worksheet_json(sheet)
    for one in letters:
        one["proves"] = translate(STRENGTHS[str(one["proves"])], language)
        for item in one["items"]:
            item["kind"] = name_of(KINDS, item["kind"], language)
    made = sheet.round.closed_at or sheet.round.recorded_at
    return render_worksheet(company.name, sheet.round.number, sheet.round.as_of, made, letters, language)
