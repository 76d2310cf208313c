"""The worksheet of alternative procedures as XLSX: letters without a reply, their open items, what came in later."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ledger.money import decimals
from reports.workbook_parts import Workbook
from words.catalog import translate

WIDTHS = (22, 14, 30, 18, 14, 12, 12, 10, 16, 16, 16, 20, 14, 16, 36)
"""Characters of the columns, in order; a reference is the longest."""

LETTER_COLUMNS = (
    "Letter number", "Customer number", "Customer", "What it proves", "Currency", "Open on the day",
    "Received since", "Coverage %", "Conclusion",
)  # fmt: skip
ITEM_COLUMNS = (
    "Letter number", "Customer number", "Customer", "Document", "Kind", "Date", "Due date", "Currency",
    "Open on the day", "Received since", "Credited since", "Receipt", "Receipt date", "Receipt amount", "Reference",
)  # fmt: skip


def render_worksheet(
    company: str, number: str, as_of: date, made: datetime, letters: Sequence[dict[str, Any]], language: str
) -> bytes:
    """`letters` as `services.examine_later_receipts.worksheet_json` gives them, with `proves` and `kind` in words."""

    def word(sentence: str, **values: object) -> str:
        return translate(sentence, language, **values)

    currencies = {item["currency"] for one in letters for item in one["items"]}
    places = max((decimals(currency) for currency in currencies), default=2)
    title = word("Alternative procedures of round {number}", number=number)
    book = Workbook(title, company, made, places)
    about = (title, f"{company} · {word('As of')} {as_of.isoformat()}")
    _sheet(book, word("Letters"), about, [word(one) for one in LETTER_COLUMNS], _letter_rows(letters))
    _sheet(book, word("Open items"), about, [word(one) for one in ITEM_COLUMNS], _item_rows(letters))
    return book.finish()


def _sheet(
    book: Workbook, name: str, about: tuple[str, str], head: list[str], rows: Sequence[Sequence[object]]
) -> None:
    sheet = book.book.add_worksheet(name[:31])
    book.write_text(sheet, 0, 0, about[0], book.formats.title)
    book.write_text(sheet, 1, 0, about[1], book.formats.label)
    for column, text in enumerate(head):
        book.write_text(sheet, 3, column, text, book.formats.heading)
        sheet.set_column(column, column, WIDTHS[column])
    for number, row in enumerate(rows, 4):
        book.write_row(sheet, number, row)
    sheet.freeze_panes(4, 0)
    sheet.autofilter(3, 0, 3 + max(len(rows), 1), len(head) - 1)


def _letter_rows(letters: Sequence[dict[str, Any]]) -> list[list[object]]:
    rows: list[list[object]] = []
    for one in letters:
        for currency, share in one["coverage_percent"].items():
            items = [item for item in one["items"] if item["currency"] == currency]
            rows.append([
                one["number"], one["customer"], one["name"], one["proves"], currency,
                sum((Decimal(item["open"]) for item in items), Decimal(0)),
                sum((Decimal(item["received"]) for item in items), Decimal(0)), share, "",
            ])  # fmt: skip
    return rows


def _item_rows(letters: Sequence[dict[str, Any]]) -> list[list[object]]:
    """A row per later receipt, and one for an item that nothing came for; an item's own amounts stand once."""
    rows: list[list[object]] = []
    for one in letters:
        for item in one["items"]:
            head = [
                one["number"], one["customer"], one["name"], item["number"], item["kind"],
                date.fromisoformat(item["document_date"]),
                date.fromisoformat(item["due_date"]) if item["due_date"] else None, item["currency"],
            ]  # fmt: skip
            amounts: list[object] = [Decimal(item[part]) for part in ("open", "received", "credited")]
            for later in item["later"] or [None]:
                found: list[object] = ["", None, None, ""]
                if later is not None:
                    found = [
                        later["number"], date.fromisoformat(later["date"]), Decimal(later["amount"]), later["reference"]
                    ]  # fmt: skip
                rows.append([*head, *amounts, *found])
                amounts = ["", "", ""]
    return rows
