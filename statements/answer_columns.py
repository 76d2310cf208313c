"""What a statement's workbook asks and how it comes back: the words of its answer columns, in both languages."""

from words.catalog import LANGUAGES, translate

SHEET, ABOUT = "Statement", "About"
HEAD_ROWS = 6
"""Rows above the table: title, customer, number, period, closing balance, one empty."""

LINE, SECTION, OPEN, ANSWER, REASON = "Line", "Section", "Open", "Answer", "Reason of the dispute"
AMOUNT, REMARK = "Amount you dispute", "Your remark"
DIGEST, NUMBER = "SHA-256 of the content", "Statement number"
UNAPPLIED = "Receipts and credits not yet applied"
"""Lines of this section are money that waits; there is nothing to dispute on them."""

AGREE, DISPUTE = "Agree", "Dispute"

REASON_NAMES = {
    "price": "Wrong price", "quantity": "Wrong quantity", "quality": "Quality", "not_received": "Not received",
    "already_paid": "Already paid", "not_ours": "Not ours", "duplicate": "Billed twice",
    "missing_credit": "A credit is missing", "date": "Wrong date", "tax_form": "Tax or invoice form", "other": "Other",
}  # fmt: skip
"""Reason codes of a dispute as people choose them."""


def spellings(sentence: str) -> frozenset[str]:
    """A word of the workbook in every language, as it is compared."""
    return frozenset(translate(sentence, language).casefold() for language in LANGUAGES)


def means(written: str, sentence: str) -> bool:
    """Whether a cell says this word, in whichever language."""
    return written.strip().casefold() in spellings(sentence)


def reason_of(written: str) -> str | None:
    """The code of a reason as it is written in a cell, or None; the code itself counts as well."""
    text = written.strip().casefold()
    if text in REASON_NAMES:
        return text
    return next((code for code, name in REASON_NAMES.items() if text in spellings(name)), None)
