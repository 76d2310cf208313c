"""English sentences for the codes that reach a message: checks, reasons, answers, outcomes, findings."""

CHECKS = {
    "opening_plus_movements_is_closing": "Opening balance and movements give the closing balance",
    "closing_is_open_items": "Closing balance equals the open items",
    "open_items_are_buckets": "Open items equal the aging buckets",
    "opening_is_prior_items": "Opening balance equals the prior open items",
    "sections_are_closing": "The accounts' sections add up to the letter",
    "accounts_tie_one_by_one": "Every account ties by itself",
    "statements_are_subledger": "The statements add up to the subledger",
    "subledger_is_control_account": "The subledger equals the general ledger",
}

DISPUTE_REASONS = {
    "price": "Price",
    "quantity": "Quantity",
    "quality": "Quality",
    "not_received": "Goods or invoice not received",
    "already_paid": "Already paid",
    "not_ours": "Not ours",
    "duplicate": "Charged twice",
    "missing_credit": "Credit note missing",
    "date": "Wrong date",
    "tax_form": "Tax or invoice form",
    "other": "Other",
}

ANSWERS = {
    "agree": "agrees with the balance",
    "agree_except": "agrees except for the disputed lines",
    "dispute": "disputes lines of the statement",
    "already_paid": "says it is paid already",
    "promise": "promises to pay",
}

FINDINGS = {
    "duties_separated": "Duties not separated",
    "sent_approved": "Sent without a valid approval",
    "unanswered": "No answer from the customer",
    "number_gaps": "Document numbers missing",
    "duplicates": "Document number used twice",
    "unapplied_cash": "Cash not applied for too long",
    "audit_chain": "Audit trail broken",
    "backup_age": "Backup too old or missing",
}

SEVERITIES = {"notice": "notice", "warning": "warning", "breach": "breach"}

OUTCOMES = {
    "approved": "Approved by {people}",
    "consumed": "Approved by {people}",
    "rejected": "Rejected by {people}",
    "returned": "Returned by {people}",
    "withdrawn": "Withdrawn",
    "expired": "Expired without a decision",
    "superseded": "Replaced by a newer version",
    "cancelled": "Cancelled",
}

APPROVED_BY_POLICY = "Approved by policy, without people"

FIGURES = (
    "Statement", "Statements", "Customer", "Customers", "Currency", "Period", "Total", "Opening", "Debits", "Credits",
    "Closing", "Overdue", "Items", "Sent", "Answered", "Confirmed", "Disputed", "Approved automatically",
    "Waiting for approval", "Without address", "Amount", "Lines", "Findings", "Versions",
)  # fmt: skip
"""Labels of figures that services hand over; one that is not here is shown as it came."""


def plain_label(code: str) -> str:
    """A code that nobody has named yet, readable: "sent_on" to "Sent on"."""
    return code.replace("_", " ").strip().capitalize()
