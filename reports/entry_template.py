"""The standard entry template: a workbook that people fill with ledger lines, checked while they type.

Headings and kinds are words that `examples/profiles/standard.toml` knows, in the reader's language.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from reports import labels
from reports.workbook_parts import Workbook
from words.catalog import translate

ENTRY_ROWS = 5_000
"""Rows that the workbook checks while someone types; a longer list is an export, not a form."""

MADE = datetime(2026, 1, 1, tzinfo=UTC)
"""The template has no content of its own to be dated by."""

EARLIEST, LATEST = date(1990, 1, 1), date(2099, 12, 31)
"""What the date cells take; the import judges more closely."""

CURRENCIES = ("CNY", "USD", "EUR", "GBP", "JPY", "HKD", "AUD", "CAD", "CHF", "SGD", "KRW", "INR", "TWD", "THB", "VND")
"""Offered in the list; any other ISO 4217 code may be typed."""

KINDS = {
    "invoice": "发票",
    "debit_memo": "借项",
    "credit_memo": "贷项",
    "receipt": "收款",
    "write_off": "坏账",
    "opening": "期初",
}
"""What the kind column offers, English and Chinese."""


OPTIONAL = ("due_date", "reference", "description", "contact_email")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading in English and Chinese, what goes into it, its width in characters."""

    name: str
    chinese: str
    help: str
    width: int
    form: str = "text"

    @property
    def needed(self) -> bool:
        """Whether a row without it is refused."""
        return self.name not in OPTIONAL

    def heading(self, language: str) -> str:
        """The heading that the import knows."""
        return self.chinese if language == "zh" else self.name


COLUMNS = (
    Column("customer_code", "客户编码", "Your code of the customer, as text: leading zeros stay.", 16),
    Column("customer_name", "客户名称", "The customer's full legal name.", 30),
    Column(
        "document_kind",
        "单据类型",
        "Choose from the list: invoice, debit memo, credit memo, receipt, write-off, opening.",
        15,
    ),
    Column("document_number", "单据号", "Number of the invoice or receipt, as text; unique for its kind.", 22),
    Column("document_date", "单据日期", "Date of the document, as a date.", 14, "date"),
    Column("due_date", "到期日", "Date when it is due. Empty: aged from the document date, and marked.", 14, "date"),
    Column("currency", "币种", "ISO code of three letters.", 10),
    Column("amount", "金额", "Invoices and debit memos positive; credit memos and receipts negative.", 15, "amount"),
    Column("reference", "核销单据号", "For a receipt or credit memo: the number of the document that it pays.", 20),
    Column("description", "摘要", "What the customer reads on the statement.", 34),
    Column("contact_email", "对账邮箱", "Address for the customer's statements.", 28),
)

_SHOP, _MILL = ("000123", "Harbour & Sons Trading LLC"), ("C00123", "上海昇喆钢铁贸易有限公司")
_INVOICE = "044031900111-58203341"
JUNE_3, JUNE_10, JUNE_18, JUNE_20 = (date(2026, 6, day) for day in (3, 10, 18, 20))
EXAMPLES: tuple[tuple[object, ...], ...] = (
    (*_SHOP, "invoice", "INV-1", JUNE_3, date(2026, 7, 3), "USD", Decimal(1250), "", "PO-4411", "ap@harbour.example"),
    (*_SHOP, "receipt", "RC-107", JUNE_20, None, "USD", Decimal(-1250), "INV-1", "", ""),
    (*_MILL, "invoice", _INVOICE, JUNE_10, date(2026, 8, 9), "CNY", Decimal("310200.50"), "", "镀锌板 120 吨", ""),
    (*_MILL, "credit_memo", "HZ-7", JUNE_18, None, "CNY", Decimal(-8800), _INVOICE, "销售折让", ""),
)
"""An invoice and its payment; an invoice and a credit memo against it."""


def render_entry_template(language: str) -> bytes:
    """The empty template in "zh" or "en"."""
    book = Workbook(translate("Entry template", language), "Tieout", MADE, places=2)
    _entry_sheet(book, language)
    _help_sheet(book, language)
    _example_sheet(book, language)
    return book.finish()


def _entry_sheet(book: Workbook, language: str) -> None:
    """The first sheet, the one that the import reads: headings in row 1, nothing else."""
    sheet = book.book.add_worksheet(translate("Entries", language))
    cells = {"text": book.formats.text, "date": book.formats.day, "amount": book.formats.amount}
    for place, column in enumerate(COLUMNS):
        sheet.set_column(place, place, column.width, cells[column.form])
        sheet.write_string(0, place, column.heading(language), book.formats.heading)
        need = translate("Needed." if column.needed else "May be empty.", language)
        sheet.write_comment(
            0, place, f"{translate(column.help, language)} {need}", {"x_scale": 1.6, "author": "Tieout"}
        )
        rule = _rule(column, language)
        if rule is not None:
            sheet.data_validation(1, place, ENTRY_ROWS, place, rule)
    sheet.ignore_errors({"number_stored_as_text": f"A1:K{ENTRY_ROWS + 1}"})
    sheet.freeze_panes(1, 2)


def _rule(column: Column, language: str) -> dict[str, Any] | None:
    """What Excel checks, with the column's help as the prompt."""
    rules: dict[str, dict[str, Any]] = {
        "document_kind": {"validate": "list", "source": _kinds(language)},
        "currency": {"validate": "list", "source": list(CURRENCIES), "error_type": "warning"},
        "amount": {"validate": "decimal", "criteria": "!=", "value": 0},
    }
    dates = {"validate": "date", "criteria": "between", "minimum": EARLIEST, "maximum": LATEST}
    rule = dates if column.form == "date" else rules.get(column.name)
    if rule is None:
        return None
    title, text = column.heading(language), translate(column.help, language)
    return {**rule, "input_title": title, "input_message": text, "error_title": title, "error_message": text}


def _kinds(language: str) -> list[str]:
    return list(KINDS.values()) if language == "zh" else list(KINDS)


def _help_sheet(book: Workbook, language: str) -> None:
    sheet = book.book.add_worksheet(translate("Help", language))
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 12)
    sheet.set_column(2, 2, 90)
    for place, name in enumerate(("Column", "Needed", "What goes into it")):
        sheet.write_string(0, place, translate(name, language), book.formats.heading)
    for row, column in enumerate(COLUMNS, 1):
        needed = translate("yes" if column.needed else "no", language)
        sheet.write_string(row, 0, column.heading(language), book.formats.text)
        sheet.write_string(row, 1, needed, book.formats.text)
        sheet.write_string(row, 2, translate(column.help, language), book.formats.wrapped)
    row = len(COLUMNS) + 2
    for kind, word in zip(KINDS, _kinds(language), strict=True):
        sheet.write_string(row, 0, word, book.formats.text)
        sheet.write_string(row, 2, labels.name_of(labels.KINDS, kind, language), book.formats.text)
        row += 1
    notes = (
        "Fill only the first sheet; keep its headings as they are.",
        "One row is one document. Importing the same document again changes nothing.",
        "No formulas: the import reads values, and refuses a formula without one.",
    )
    for row, note in enumerate(notes, row + 1):  # noqa: B020 - the rows go on below
        sheet.write_string(row, 0, translate(note, language), book.formats.label)


def _example_sheet(book: Workbook, language: str) -> None:
    sheet = book.book.add_worksheet(translate("Examples", language))
    for place, column in enumerate(COLUMNS):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, column.heading(language), book.formats.heading)
    for row, (code, name, kind, *rest) in enumerate(EXAMPLES, 1):
        book.write_row(sheet, row, [code, name, KINDS[str(kind)] if language == "zh" else kind, *rest])
