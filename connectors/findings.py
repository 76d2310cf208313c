"""What is said about a row or a file that was not taken as it came: findings are data, all of them."""

from dataclasses import dataclass
from typing import Any

from words.catalog import translate

NOTICE, QUARANTINE, REJECT, FILE = "notice", "quarantine", "reject", "file"
SEVERITY_RANK = {NOTICE: 1, QUARANTINE: 2, REJECT: 3, FILE: 4}


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the bad-input catalogue: how grave it is, what is said, what to do."""

    severity: str
    sentence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """`row` as a person counts them in the file (the header of a plain file is 1), or None for the whole file."""

    row: int | None
    column: str
    raw: str
    code: str

    @property
    def severity(self) -> str:
        """notice, quarantine, reject or file."""
        return RULES[self.code].severity

    def as_json(self, language: str) -> dict[str, Any]:
        """The finding as `tieout import --json` gives it."""
        rule = RULES[self.code]
        return {
            "row": self.row, "column": self.column, "raw": self.raw, "code": self.code, "severity": rule.severity,
            "message": translate(rule.sentence, language), "remedy": translate(rule.remedy, language),
        }  # fmt: skip


def in_words(stored: dict[str, Any], language: str) -> dict[str, Any]:
    """A finding as `raw_record.findings` keeps it (column, raw, code), with its severity, sentence and remedy."""
    return Finding(None, stored.get("column", ""), stored.get("raw", ""), stored["code"]).as_json(language)


RULES = {
    # -- the file
    "same_file": Rule(
        NOTICE, "This very file was imported before; nothing was done.", "See the first import, named in the raw text."
    ),
    "file_empty": Rule(FILE, "The file has no rows.", "Export it again with its header row."),
    "file_kind": Rule(
        FILE,
        "This kind of file cannot be read as a ledger.",
        "Save it as CSV, TSV, XLSX, XLS, or one of these in ZIP, .gz or .zst.",
    ),
    "file_kind_false": Rule(
        FILE,
        "The file is not what its name says: a web page saved under a spreadsheet's name.",
        "Open it in the program that made it and save it as XLSX or CSV.",
    ),
    "file_encrypted": Rule(FILE, "The file is encrypted.", "Remove the password and save it again."),
    "file_macros": Rule(FILE, "The workbook carries macros.", "Save it as .xlsx without macros."),
    "file_doctype": Rule(
        FILE,
        "The workbook declares a document type or an entity, which no spreadsheet program writes.",
        "Open it in a spreadsheet program and save it again; if somebody sent it, ask why.",
    ),
    "file_too_large": Rule(
        FILE, "The file is larger than what is read at once.", "Split it into parts; importing parts is safe."
    ),
    "file_too_many_cells": Rule(
        FILE,
        "The sheet is larger than 1,048,576 rows or 200 columns.",
        "Delete stray cells far from the data, or split the file.",
    ),
    "file_bomb": Rule(
        FILE, "The file unpacks to far more than it holds.", "Do not open it; ask the sender for a plain export."
    ),
    "file_damaged": Rule(FILE, "The file is damaged and cannot be read to its end.", "Export or download it again."),
    "archive_many": Rule(
        FILE, "The ZIP holds more than one file.", "Import the files one by one: which one is meant is not guessed."
    ),
    "pdf_pictures": Rule(
        FILE, "The PDF shows pictures of pages: it holds no text that could be read.", "Send the export as CSV or XLSX."
    ),
    "pdf_no_table": Rule(FILE, "No table is found in the PDF.", "Send the export as CSV or XLSX."),
    "pdf_outside": Rule(NOTICE, "This line of the PDF holds an amount and was not taken as a row of the table.", ""),
    "encoding_unknown": Rule(
        FILE,
        "The text is neither UTF-8 nor GB18030 nor UTF-16.",
        "Save it as UTF-8, or name its encoding in the profile.",
    ),
    "encoding_read_as": Rule(
        NOTICE, "The text was read in this encoding; the first rows are shown.", "Name the encoding in the profile."
    ),
    "delimiter_unknown": Rule(
        FILE, "The columns cannot be told apart.", "Name the delimiter in the profile under [file]."
    ),
    "quote_open": Rule(FILE, "A quotation mark is opened and never closed.", "Correct the row and import again."),
    "quote_stray": Rule(
        FILE, "Text follows a closing quotation mark.", "Double the quotation marks inside quoted text."
    ),
    "header_missing": Rule(
        FILE, "A column that the profile names is not in the file.", "Compare the header row with the profile."
    ),
    "header_twice": Rule(
        FILE, "Two columns have the header that the profile names.", "Rename one of them, or name another column."
    ),
    "sheet_missing": Rule(FILE, "The workbook has no sheet of that name.", "Name an existing sheet in the profile."),
    "ids_as_numbers": Rule(
        FILE,
        "Document or customer numbers were stored as numbers and have lost digits.",
        "Format the column as text in the spreadsheet and export again.",
    ),
    "control_total": Rule(
        FILE, "The rows do not add up to the control total; nothing was posted.", "Find the missing or altered rows."
    ),
    "control_rows": Rule(
        FILE, "The number of rows is not the one that was announced; nothing was posted.", "Export the file again."
    ),
    "ids_cleaned": Rule(
        NOTICE, "Numbers ending in “.0” were read without it, as the profile says.", ""
    ),
    "ids_padded": Rule(NOTICE, "Lost leading zeros were restored, as the profile says.", ""),
    "rounded_by_line": Rule(NOTICE, "Rounding line by line moved the total by this much.", ""),
    "amounts_finer": Rule(
        NOTICE, "Amounts finer than the currency's smallest unit were kept exactly, as the profile says.", ""
    ),
    "numbers_undecided": Rule(
        NOTICE,
        "Some amounts can be read in two ways; those rows wait for an answer.",
        "Say in the profile under [numbers] which mark is decimal and which groups thousands; it is remembered there.",
    ),
    "dates_undecided": Rule(
        NOTICE,
        "Some dates can be read in two ways; those rows wait for an answer.",
        "Say in the profile under [dates] which form the file uses; it is remembered there.",
    ),
    # -- the row
    "row_ragged": Rule(
        REJECT, "The row has more or fewer cells than the header.", "Quote cells that contain the delimiter."
    ),
    "row_nul": Rule(REJECT, "The row holds a NUL character.", "Export the file again; it was damaged on the way."),
    "bidi_control": Rule(
        QUARANTINE,
        "The cell holds invisible characters that change the direction of text.",
        "Type the value again without them.",
    ),
    "debit_and_credit": Rule(
        QUARANTINE, "The row has a debit and a credit.", "Put one of them in a row of its own."
    ),
    "value_missing": Rule(QUARANTINE, "A value that is needed is missing.", "Fill in the cell."),
    "customer_missing": Rule(
        QUARANTINE,
        "The row names no customer.",
        "Fill in the customer, or let the profile book such rows to a named account.",
    ),
    "customer_named_account": Rule(NOTICE, "Rows without a customer were booked to the profile's named account.", ""),
    "number_malformed": Rule(REJECT, "This is not an amount.", "Write it in plain digits: 1234.56."),
    "number_ambiguous": Rule(
        QUARANTINE,
        "This amount can be read in two ways.",
        "Say in the profile which mark is decimal, or correct the cell.",
    ),
    "number_too_large": Rule(REJECT, "The amount is larger than what is kept.", "Correct the cell."),
    "number_tidied": Rule(NOTICE, "The amount was read from an unusual form.", ""),
    "too_many_decimals": Rule(
        QUARANTINE, "The amount has more decimals than its currency; it is never rounded.", "Correct the amount."
    ),
    "symbol_contradicts": Rule(
        QUARANTINE, "The symbol in the amount is not that of the currency.", "Correct the amount or the currency."
    ),
    "currency_unknown": Rule(REJECT, "This is not a currency code.", "Use the ISO 4217 code, for example CNY."),
    "currency_tidied": Rule(NOTICE, "The currency was read as its ISO 4217 code.", ""),
    "currency_ambiguous": Rule(
        QUARANTINE, "This sign stands for more than one currency.", "Write the ISO code, for example CNY or JPY."
    ),
    "date_malformed": Rule(QUARANTINE, "This is not a date.", "Write it as 2026-06-30."),
    "date_impossible": Rule(QUARANTINE, "There is no such day.", "Correct the date."),
    "date_ambiguous": Rule(
        QUARANTINE, "Day and month cannot be told apart.", "Name the form of dates in the profile, or correct the cell."
    ),
    "date_serial": Rule(
        QUARANTINE,
        "Spreadsheets disagree about days before March 1900; this one is not certain.",
        "Write the date as text: 2026-06-30.",
    ),
    "date_number": Rule(
        QUARANTINE, "The cell holds a number where a date is needed.", "Format the column as a date."
    ),
    "date_future": Rule(QUARANTINE, "The date lies in the future.", "Correct the date, or import the row on its day."),
    "due_too_far": Rule(QUARANTINE, "The due date is more than five years after the document.", "Correct the date."),
    "due_before_document": Rule(NOTICE, "The due date is before the document's date.", ""),
    "formula_without_value": Rule(
        QUARANTINE, "The cell holds a formula without a stored value.", "Open the workbook, recalculate and save it."
    ),
    "cell_error": Rule(QUARANTINE, "The cell holds an error value.", "Correct the formula in the workbook."),
    "kind_unknown": Rule(
        QUARANTINE, "This type of document is not in the profile.", "Add it to the profile under [kinds]."
    ),
    "sign_unexpected": Rule(
        QUARANTINE,
        "The sign does not fit the type of document.",
        "Correct the sign or the type, or state the sign rule in the profile.",
    ),
    "instalment_malformed": Rule(REJECT, "This is not a whole number.", "Write it in digits."),
    "id_float_tail": Rule(
        NOTICE,
        "The number ends in “.0”, as numbers do that went through a spreadsheet.",
        "Let the profile strip it under [ids].",
    ),
    "id_from_number": Rule(
        NOTICE, "The number was stored as a number; leading zeros may be lost.", "State its width in the profile."
    ),
    "document_mixed": Rule(
        QUARANTINE, "The lines of this document name different customers, currencies or types.", "Correct the lines."
    ),
    "document_held": Rule(
        QUARANTINE, "Another line of the same document is held back, so the whole document waits.", "Repair that line."
    ),
    "document_twice": Rule(
        QUARANTINE,
        "The same document number stands in this file with another amount or customer.",
        "Keep the row that is right and discard the other.",
    ),
    "document_conflict": Rule(
        QUARANTINE,
        "This document is already here with another amount or customer.",
        "Correct or discard the row; a corrected document needs a revision number or a credit note.",
    ),
    "revision_old": Rule(NOTICE, "A newer revision of this document is already here; the row was skipped.", ""),
    "document_changed": Rule(NOTICE, "The document has changed; a new revision replaces the old one.", ""),
    "document_grew": Rule(NOTICE, "The document has more lines than before; a new revision replaces the old one.", ""),
    "address_invalid": Rule(
        NOTICE,
        "This is not an e-mail address; the row was taken without it.",
        "Add the contact on the customer's page.",
    ),
    "settlement_unknown": Rule(
        NOTICE,
        "The document that this row settles is not here; the amount stays unapplied.",
        "Import that document, then apply by reference.",
    ),
    "settlement_exceeds": Rule(
        NOTICE, "The row settles more than is open; the rest stays unapplied.", "Check the amount with the customer."
    ),
}  # fmt: skip
"""Every code that an import can say, with its English sentence; the Chinese is in `connectors.po`."""


class FileRefusedError(Exception):
    """The whole file is refused; carries its finding."""

    def __init__(self, code: str, raw: str = "", *, row: int | None = None, column: str = "") -> None:
        """`raw` is what the finding shows: a name, a figure, a piece of the file."""
        super().__init__(code)
        self.finding = Finding(row, column, raw, code)
