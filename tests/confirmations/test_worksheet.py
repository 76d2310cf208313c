"""The worksheet as a workbook: real dates and amounts, one row per later receipt, an item's own amount once."""

from datetime import UTC, date, datetime

from reports.confirmation_workbook import render_worksheet
from tests.reports.readers import workbook_cells

MADE = datetime(2026, 8, 1, tzinfo=UTC)


def later(kind: str, number: str, day: str, amount: str) -> dict[str, str]:
    """One amount set against the item after the day."""
    return {"kind": kind, "number": number, "date": day, "amount": amount, "reference": "TT 7"}


ITEM = {
    "number": "INV-3", "kind": "Invoice", "document_date": "2026-05-02", "due_date": None, "currency": "CNY",
    "open": "90000.00", "received": "60000.00", "credited": "1000.00",
    "later": [
        later("receipt", "R-1", "2026-07-09", "40000.00"), later("receipt", "R-2", "2026-07-19", "20000.00"),
        later("credit_memo", "CN", "2026-07-20", "1000.00"),
    ],
}  # fmt: skip
LETTERS = [
    {
        "number": "2026-06-30/1/C2", "customer": "C2", "name": "=北风", "proves": "No reply: no evidence yet",
        "coverage_percent": {"CNY": "66.7"}, "items": [ITEM],
    }
]  # fmt: skip


def test_every_later_receipt_has_its_row() -> None:
    """The sums of a column are the sums of the items, however many receipts there are."""
    body = render_worksheet("ACME", "2026-06-30/1", date(2026, 6, 30), MADE, LETTERS, "en")
    letters, items = workbook_cells(body)["Letters"], workbook_cells(body)["Open items"]
    assert letters[4][2:8] == ["=北风", "No reply: no evidence yet", "CNY", 90000.0, 60000.0, "66.7"]
    rows = items[4:]
    assert [row[11] for row in rows] == ["R-1", "R-2", "CN"]
    assert [row[12] for row in rows] == [date(2026, 7, 9), date(2026, 7, 19), date(2026, 7, 20)]
    assert sum(float(row[8] or 0) for row in rows) == 90000.0
    assert sum(float(row[13] or 0) for row in rows) == 61000.0
    assert rows[0][5] == date(2026, 5, 2)


def test_the_chinese_workbook_is_chinese_and_repeatable() -> None:
    """Every title; the same bytes twice."""
    body = render_worksheet("ACME", "2026-06-30/1", date(2026, 6, 30), MADE, LETTERS, "zh")
    assert body == render_worksheet("ACME", "2026-06-30/1", date(2026, 6, 30), MADE, LETTERS, "zh")
    sheets = workbook_cells(body)
    assert list(sheets) == ["函件", "未清项"]
    assert all(any("\u4e00" <= sign <= "\u9fff" for sign in title) for title in sheets["未清项"][3])
