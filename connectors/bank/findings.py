"""What is said about a bank file, a statement or a line of it: findings are data, all of them."""

from dataclasses import dataclass
from typing import Any

from connectors.findings import FILE, NOTICE, QUARANTINE, Rule
from connectors.findings import RULES as LEDGER_RULES
from words.catalog import translate

HOLD = "hold"
"""The whole file waits for a person: nothing of it is posted until somebody accepts it."""

SEVERITY_RANK = {NOTICE: 1, QUARANTINE: 2, HOLD: 3, FILE: 4}

RAW_CHARACTERS = 200
"""Of a line's text that is shown with its finding."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`row` is the line of the file, from 1; `statement` the place of the statement in the file, from 0."""

    code: str
    raw: str = ""
    row: int | None = None
    column: str = ""
    statement: int | None = None

    @property
    def severity(self) -> str:
        """notice, quarantine, hold or file."""
        return RULES[self.code].severity

    def as_json(self, language: str) -> dict[str, Any]:
        """The finding as `tieout bank read --json` gives it."""
        rule = RULES[self.code]
        return {
            "statement": self.statement, "row": self.row, "column": self.column, "raw": self.raw[:RAW_CHARACTERS],
            "code": self.code, "severity": rule.severity, "message": translate(rule.sentence, language),
            "remedy": translate(rule.remedy, language),
        }  # fmt: skip


class BankFileRefusedError(Exception):
    """The whole file is refused; carries its finding."""

    def __init__(self, code: str, raw: str = "", *, row: int | None = None, column: str = "") -> None:
        """`raw` is what the finding shows: a name, a figure, a piece of the file."""
        super().__init__(code)
        self.finding = Finding(code, raw, row, column)


def from_stored(stored: dict[str, Any]) -> Finding:
    """The finding that a kept file's row holds."""
    return Finding(
        stored["code"], stored.get("raw", ""), stored.get("row"), stored.get("column", ""), stored.get("statement")
    )


_OF_CONTAINERS = (
    "file_encrypted", "file_macros", "file_bomb", "archive_many", "file_kind_false", "file_damaged", "file_too_large",
    "file_too_many_cells", "file_doctype", "file_kind",
)  # fmt: skip
"""What opening a ZIP, a packed file or a workbook may say about any file."""

RULES = {code: LEDGER_RULES[code] for code in _OF_CONTAINERS} | {
    # -- the file
    "bank_file_unknown": Rule(
        FILE,
        "This is not a bank file of a known kind.",
        "Take MT940, camt.052, camt.053, camt.054, BAI2, OFX, or a table of a bank or wallet; for another table add a map.",  # noqa: E501 - one sentence
    ),
    "bank_file_empty": Rule(FILE, "The bank file is empty.", "Download it again from the bank."),
    "bank_file_large": Rule(
        FILE, "The bank file is larger than what is read at once.", "Ask the bank for shorter periods."
    ),
    "bank_file_damaged": Rule(
        FILE, "The bank file is damaged and cannot be read to its end.", "Download it again from the bank."
    ),
    "bank_file_doctype": Rule(
        FILE,
        "The XML declares a document type or an entity, which no bank does.",
        "Do not open it; ask who sent it and why.",
    ),
    "bank_file_without_statement": Rule(
        FILE, "The file is well formed and holds no statement.", "Ask the bank for the statement itself."
    ),
    "bank_reports_error": Rule(
        FILE, "The bank answered with an error instead of a statement.", "Download the statement again later."
    ),
    "bank_encoding": Rule(
        NOTICE, "The text was read in this encoding.", "Check a name with special letters; figures do not depend on it."
    ),
    "bank_columns_unclear": Rule(
        FILE,
        "The table has no columns that can be read as date and amount.",
        "Add a map that says which column is which: tieout bank add-map.",
    ),
    "table_quote": Rule(
        FILE, "A quotation mark in the table is opened and never closed.", "Download the table again, or mend the line."
    ),
    # -- what does not tie
    "not_tied": Rule(
        HOLD,
        "Opening balance and lines do not add up to the closing balance.",
        "Ask the bank for the statement again; accept it only when you know what is missing.",
    ),
    "balance_missing": Rule(
        HOLD,
        "The statement lacks its opening or its closing balance, so its lines cannot be checked.",
        "Ask the bank for the whole statement, or accept it as it is.",
    ),
    "balance_malformed": Rule(
        HOLD, "This balance cannot be read.", "Ask the bank for the statement again, or accept it as it is."
    ),
    "balance_currency": Rule(
        HOLD, "The balances of one statement are in different currencies.", "Ask the bank for the statement again."
    ),
    "control_sum": Rule(
        HOLD,
        "The lines do not add up to the sum that the file states.",
        "Look for missing lines; a wallet's bill leaves out what was deleted there.",
    ),
    "control_count": Rule(
        HOLD, "The number of lines is not the one that the file states.", "Look for missing or repeated lines."
    ),
    "control_account": Rule(
        HOLD, "The account's control total is not the sum of its amounts.", "Download the file again."
    ),
    "control_group": Rule(
        HOLD, "The group's control total is not the sum of its accounts.", "Download the file again."
    ),
    "control_file": Rule(HOLD, "The file's control total is not the sum of its groups.", "Download the file again."),
    "control_records": Rule(
        HOLD, "The number of records is not the one that the file states.", "Download the file again."
    ),
    "control_missing": Rule(
        HOLD, "The file ends before its closing record, so its control totals are missing.", "Download the file again."
    ),
    "running_balance": Rule(
        HOLD,
        "From this line to the next the balance moves by another amount than the line's.",
        "Lines are missing here, or the table was edited; download it again.",
    ),
    "parts_not_line": Rule(
        NOTICE,
        "The payments inside this collective booking do not add up to it; the booking counts.",
        "Apply it by hand.",
    ),
    # -- statements in order
    "sequence_gap": Rule(
        NOTICE, "A statement between these two numbers is missing.", "Import the missing statement too."
    ),
    "sequence_balance": Rule(
        NOTICE,
        "The opening balance is not the closing balance of the statement before it.",
        "A statement between them is missing, or one was corrected.",
    ),
    "page_balance": Rule(
        HOLD, "The next page does not begin with the balance on which this one ends.", "Ask the bank for all pages."
    ),
    # -- the line
    "line_unreadable": Rule(
        HOLD, "This line cannot be read.", "Correct it after the bank's paper, or ask for the file again."
    ),
    "line_after_closing": Rule(
        HOLD, "This line stands after the closing balance.", "Ask the bank whether it belongs to the statement."
    ),
    "line_amount": Rule(HOLD, "The amount of this line cannot be read.", "Ask the bank for the file again."),
    "line_date": Rule(QUARANTINE, "The line has no date that exists; it is not posted.", "Enter it by hand."),
    "line_date_moved": Rule(
        NOTICE, "The day does not exist in the calendar; the month's last day was taken, as banks count 30 days.", ""
    ),
    "line_finer": Rule(
        QUARANTINE,
        "The amount has more decimals than its currency; the line is not posted and never rounded.",
        "Enter it by hand.",
    ),
    "line_ragged": Rule(NOTICE, "The row has another number of cells than the header; it was read from the left.", ""),
    "line_too_wide": Rule(
        HOLD,
        "The row has more cells than the header, so its columns cannot be told apart.",
        "Quote the text that contains the delimiter, or ask for the file again.",
    ),
    "line_direction": Rule(
        HOLD, "Whether money came in or went out cannot be read from this line.", "Add the word to the map."
    ),
    "line_currency": Rule(
        HOLD, "The line is in another currency than its statement.", "Ask the bank for one statement per currency."
    ),
    "currency_assumed": Rule(
        NOTICE, "The file does not name the currency; this one was taken, as its layout says.", ""
    ),
    "currency_missing": Rule(
        HOLD, "The file does not name the currency of this account.", "Name the currency of the account in the map."
    ),
    "currency_strange": Rule(HOLD, "This is not a currency code.", "Ask the bank for the file again."),
    "parser_disagrees": Rule(
        NOTICE, "A library reads this line otherwise than the standard; the standard counts.", ""
    ),
    "line_not_counted": Rule(
        NOTICE, "The bill counts this line neither as income nor as expense; it becomes no receipt.", ""
    ),
    "line_closed": Rule(NOTICE, "This trade was closed; it becomes no receipt.", ""),
    "line_pending": Rule(NOTICE, "This booking is only announced; it becomes a receipt once it is booked.", ""),
    # -- what happens when it is imported
    "bank_file_known": Rule(NOTICE, "This very file was imported before; nothing was done.", ""),
    "line_known": Rule(NOTICE, "This line came with an earlier file; it was not posted again.", ""),
    "payer_unknown": Rule(
        NOTICE,
        "No customer is known by this payer; the receipt waits to be assigned.",
        "Assign it on the page of bank files.",
    ),
}  # fmt: skip
"""Every code that a bank file can earn, with its English sentence; the Chinese is in `bank.po`."""
