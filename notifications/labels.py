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
    "wrong_person": "says it is not for them",
    "bridge_accepted": "accepts the bridge between the two ledgers",
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

DECISIONS = {"open": "Undecided", "returned": "Sent back", "rejected": "Rejected"}

RESOLUTIONS = {
    "accepted": "You accept the line as it is.",
    "credited": "We issue a credit note.",
    "corrected": "We send a corrected statement.",
    "withdrawn": "You took the dispute back.",
}

GATHERED = {
    "approval_asked": "{count} requests wait for your decision",
    "approval_reminded": "{count} requests still wait for your decision",
    "approval_escalated": "{count} requests were handed up to you",
    "approval_decided": "{count} of your requests are decided",
    "approval_returned": "{count} of your requests came back to you",
    "answer_received": "{count} customers have answered",
    "dispute_opened": "{count} disputes were opened",
    "mail_bounced": "{count} mails came back",
    "reply_received": "{count} customers have written",
    "promise_broken": "{count} promised payments have not come",
}
"""Kinds that a digest may gather, and what it says then."""

APPROVED_BY_POLICY = "Approved by policy, without people"

FIGURES = (
    "Statement", "Statements", "Customer", "Customers", "Currency", "Period", "Total", "Opening", "Debits", "Credits",
    "Closing", "Overdue", "Items", "Sent", "Answered", "Confirmed", "Disputed", "Approved automatically",
    "Returned", "Rejected", "Undecided", "Waiting for approval", "Without address", "Accepted by mail servers",
    "Came back", "Opened by customers", "Open disputes", "Replies by mail", "Open tasks",
    "Amount", "Lines", "Findings", "Versions",
)  # fmt: skip
"""Labels of figures that services hand over; one that is not here is shown as it came."""


def plain_label(code: str) -> str:
    """A code that nobody has named yet, readable: "sent_on" to "Sent on"."""
    return code.replace("_", " ").strip().capitalize()


STATES = {
    "pending": "Waiting", "sending": "Sending", "accepted": "Accepted", "uncertain": "Uncertain",
    "suppressed": "Suppressed", "dead": "Given up", "cancelled": "Called off",
}  # fmt: skip
"""Of a message in the outbox."""

EVENTS = {
    "queued": "Queued for sending", "accepted": "Accepted by the mail server", "bounced": "Came back",
    "opened": "Opened by the customer", "answered": "Answered", "replied": "Answered by mail",
    "no_address": "No address on record", "unsubscribed": "Wants no reminders any more",
}  # fmt: skip
"""Of the delivery ledger."""

ATTEMPTS = {
    "accepted": "Accepted", "temporary": "Not now", "permanent": "Refused", "uncertain": "Uncertain",
    "internal": "Stopped on our side", "resent": "Sent again", "found": "Had arrived", "absent": "Had not arrived",
    "judged": "Nobody can say", "unasked": "Nobody answered", "instead": "Goes another way", "outdated": "Overtaken",
    "confirmed": "A person says it arrived",
}  # fmt: skip
"""Of one try."""

MESSAGES = {
    "approval_asked": "Decision asked", "approval_reminded": "Decision reminded",
    "approval_escalated": "Decision handed up", "approval_decided": "Decision told",
    "approval_returned": "Request came back", "run_decided": "Run decided", "digest": "Several at once",
    "run_needs_you": "Run needs you", "run_finished": "Run finished", "statement_to_customer": "Statement to customer",
    "reminder": "Reminder", "reminder.2": "Second reminder", "reminder.3": "Last reminder",
    "answer_received": "Answer received", "dispute_opened": "Dispute opened", "dispute_answered": "Dispute answered",
    "dispute_resolved": "Dispute resolved", "promise_due": "Promise due", "promise_broken": "Promise broken",
    "portal_code": "Code for the portal", "workbook_read": "Workbook refused",
    "workbook_read.recorded": "Workbook recorded", "confirmation_request": "Confirmation letter",
    "confirmation_second_request": "Confirmation letter, second request",
    "mail_bounced": "Mail came back", "reply_received": "Reply by mail", "compliance_digest": "Compliance digest",
    "weekly_digest": "Week in figures",
}  # fmt: skip
"""The name of each kind, and of the reminder's levels."""

INBOUND = {
    "reply": "Replies", "bounce": "Mail that came back", "unknown": "Without a case", "auto_reply": "Sent by machines",
    "unsubscribe": "Wants no reminders",
}  # fmt: skip
"""Kinds of mail that comes in."""

CARRIERS = {"email": "E-mail", "slack": "Slack", "chat": "Chat", "internal": "Inside the house"}
"""How a message goes."""
