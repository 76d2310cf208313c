"""The trade words of a statement in its customer's language: kinds, sections, buckets, equations, notes."""

from typing import Any

from words.catalog import translate

KINDS = {
    "invoice": "Invoice",
    "debit_memo": "Debit memo",
    "credit_memo": "Credit memo",
    "receipt": "Receipt",
    "write_off": "Write-off",
    "fx_adjustment": "FX adjustment",
    "opening": "Opening item",
    "transfer": "Transfer",
}
DUE_KINDS = ("invoice", "debit_memo", "opening")
"""Only what the customer has to pay falls due."""

FORMS = {"OPEN_ITEM": "Open items", "BALANCE_FORWARD": "Balance forward", "DETAILED": "Detailed"}
SECTIONS = {
    "open": "Open items",
    "prior": "Open items at the start of the period",
    "movement": "Movements of the period",
    "ending": "Open items at the end of the period",
}
EQUATIONS = {
    "opening_plus_movements_is_closing": "Opening balance + movements = closing balance",
    "closing_is_open_items": "Closing balance = sum of open items",
    "open_items_are_buckets": "Sum of open items = sum of aging",
    "opening_is_prior_items": "Opening balance = open items at the start",
    "sections_are_closing": "Sum of accounts = closing balance",
    "accounts_tie_one_by_one": "Each account ties by itself",
    "statements_are_subledger": "Sum of statements = subledger",
    "subledger_is_control_account": "Subledger = control account",
}
DISPUTE_STATUSES = {
    "open": "Not yet resolved",
    "in_progress": "In progress",
    "resolved": "Resolved",
    "settled": "Settled",
    "accepted": "Accepted",
    "withdrawn": "Withdrawn",
    "closed": "Closed",
}
PROMISE_STATUSES = {"open": "Promised", "kept": "Kept", "broken": "Not kept"}
FLAGS = {
    "due_date_missing": "* No due date was given for this document; it is aged from its document date.",
    "aging_by_document_date": "All documents are aged from their document date.",
}
REASONS = {"marked_by_source": "Marked as disputed in our records"}
BASES = {"due_date": "by due date", "document_date": "by document date"}


def name_of(words: dict[str, str], code: str, language: str) -> str:
    """The word for a code; a code that is not in the list reads as itself, with spaces."""
    return translate(words[code], language) if code in words else code.replace("_", " ")


def bucket_label(bucket: dict[str, Any], language: str) -> str:
    """What an aging bucket holds, true for every item in it."""
    if bucket["bucket"] in {"not_due", "credits"}:
        return translate("Not yet due" if bucket["bucket"] == "not_due" else "Credits", language)
    if bucket["to"] is None:
        return translate("Over {days} days", language, days=bucket["from"] - 1)
    if bucket["from"] is None:
        return translate("Up to {days} days", language, days=bucket["to"])
    return translate("{first}–{last} days", language, first=bucket["from"], last=bucket["to"])


def heading_of(content: dict[str, Any], language: str) -> str:
    """The document's name, as a title."""
    return translate("Group statement of account" if content["sections"] else "Statement of account", language)
