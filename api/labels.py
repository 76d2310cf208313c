"""Words for codes: the code is the database's, the English here is the key of the Chinese."""

import re
from collections.abc import Iterable

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from approvals.act_names import ACTS
from notifications.labels import ATTEMPTS, CARRIERS, EVENTS, INBOUND, MESSAGES
from words.catalog import chinese, translate

PAGE_CONTEXT = "page|"
"""Leads keys of the catalogue that hold on pages only: in a mail "Customers" labels a count, here a list."""

STATUSES = {
    "draft": "Draft", "in_review": "In review", "approved": "Approved", "sent": "Sent", "confirmed": "Confirmed",
    "disputed": "Disputed", "settled": "Settled", "returned": "Returned", "rejected": "Rejected", "void": "Void",
    "superseded": "Superseded", "open": "Unresolved", "withdrawn": "Withdrawn", "expired": "Expired",
    "cancelled": "Cancelled", "consumed": "Approved and used", "pending": "Waiting", "running": "Running",
    "done": "Done", "failed": "Failed", "closed": "Closed", "fixed": "Fixed", "waived": "Waived",
    "quarantined": "Quarantined", "noticed": "Noticed", "repaired": "Repaired", "discarded": "Discarded",
    "notice": "Notice", "warning": "Warning", "breach": "Breach", "accepted": "Accepted", "sending": "Sending",
    "uncertain": "Uncertain", "suppressed": "Suppressed", "dead": "Given up", "investigating": "Being looked into",
    "proposed": "Answer proposed", "resolved": "Resolved", "published": "Published", "retired": "Retired",
    "due": "Due", "skipped": "Skipped", "blocked": "Blocked", "satisfied": "Satisfied", "waiting": "Waiting",
}  # fmt: skip

GOOD = frozenset({"approved", "confirmed", "settled", "done", "closed", "fixed", "accepted", "consumed", "resolved",
                  "repaired", "published", "satisfied"})  # fmt: skip
CAREFUL = frozenset({"in_review", "returned", "quarantined", "warning", "uncertain", "pending", "running", "open",
                     "investigating", "proposed", "waived", "due", "blocked"})  # fmt: skip
BAD = frozenset({"disputed", "rejected", "breach", "failed", "dead", "suppressed", "expired"})

ROLES = {
    "clerk": "Clerk", "reviewer": "Reviewer", "manager": "Manager", "compliance": "Compliance officer",
    "administrator": "Administrator", "auditor": "Auditor",
}  # fmt: skip

KINDS = {
    "invoice": "Invoice", "debit_memo": "Debit memo", "credit_memo": "Credit memo", "receipt": "Receipt",
    "write_off": "Write-off", "fx_adjustment": "Exchange difference", "opening": "Opening balance",
}  # fmt: skip

FORMS = {"OPEN_ITEM": "Open items", "BALANCE_FORWARD": "Balance forward", "DETAILED": "Detailed"}

SECTIONS = {"prior": "From earlier", "movement": "This period", "ending": "Open at the end", "open": "Open"}

STAGES = {
    "collect": "Collect", "reconcile": "Reconcile", "draft": "Draft", "review": "Review", "send": "Send",
    "follow_up": "Follow up", "closed": "Closed",
}  # fmt: skip

REASONS = {
    "price": "Wrong price", "quantity": "Wrong quantity", "quality": "Quality", "not_received": "Not received",
    "already_paid": "Already paid", "not_ours": "Not ours", "duplicate": "Billed twice",
    "missing_credit": "A credit is missing", "date": "Wrong date", "tax_form": "Tax or invoice form", "other": "Other",
}  # fmt: skip

ANSWERS = {
    "agree": "Agreed", "agree_except": "Agreed, except the disputed lines", "dispute": "Disputed",
    "deemed": "Deemed agreed by silence", "already_paid": "Said: paid already", "promise": "Promised to pay",
    "wrong_person": "Not the right person", "bridge_accepted": "Bridge accepted",
}  # fmt: skip

LEDGER_FIELDS = {
    "number": "Document number", "date": "Date", "currency": "Currency", "amount": "Amount", "debit": "Debit",
    "credit": "Credit", "direction": "Debit or credit", "kind": "Type of document", "description": "Description",
    "balance": "Running balance",
}  # fmt: skip

PROMISES = {"open": "Promised", "kept": "Kept", "broken": "Not kept", "replaced": "Replaced"}

TOLD = {"open": "Being looked for", "found": "Found", "not_found": "Not found yet", "replaced": "Replaced"}

CHASE_CHANNELS = {"email": "E-mail", "call": "Call the customer", "letter": "Send a letter"}

CHARGES = {"fee": "Reminder fee", "interest": "Interest"}

ADJUSTMENTS = {"asked": "Waits for approval", "posted": "Posted", "refused": "Not approved"}

SCORES = {"good": "Easy", "middling": "So-so", "bad": "Hard"}

_SCORE_WORDS = ("", "bad", "middling", "good")
"""The score that is kept to the word on the button."""

EQUATIONS = {
    "opening_plus_movements_is_closing": "Opening + movements = closing",
    "closing_is_open_items": "Closing = sum of open items",
    "closing_is_sum_of_open_items": "Closing = sum of open items",
    "open_items_is_buckets": "Sum of open items = sum of aging buckets",
    "open_items_are_buckets": "Sum of open items = sum of aging buckets",
    "opening_is_prior_items": "Opening = sum of items before the period",
    "sections_are_closing": "Sum of the group's accounts = closing",
    "closing_is_buckets": "Closing = sum of aging buckets",
    "statements_are_subledger": "Statements of the run = subledger",
    "subledger_is_control_account": "Subledger = control account",
}

TOTALS = {
    "opening": "Opening", "debits": "Debits", "credits": "Credits", "closing": "Closing", "overdue": "Overdue",
}  # fmt: skip

CHANGES = {
    "added": "added", "removed": "removed", "amount_changed": "amount changed", "open_changed": "open amount changed",
    "due_date_changed": "due date changed", "document_date_changed": "document date changed",
    "disputed_changed": "disputed amount changed",
}  # fmt: skip

REQUESTS = {"open": "Awaiting decision"}

VERBS = {
    "statement_drafted": "Drafted", "statement_draft": "Drafted", "statement_in_review": "Submitted for review",
    "statement_approved": "Approved", "statement_sent": "Sent", "statement_confirmed": "Confirmed by the customer",
    "statement_disputed": "Disputed by the customer", "statement_settled": "Settled", "statement_returned": "Returned",
    "statement_rejected": "Rejected", "statement_superseded": "Replaced by a newer version",
    "statement_built": "Drafted", "statement_submit": "Submitted for review", "statement_approve": "Approved",
    "statement_reject": "Rejected", "statement_return": "Returned", "statement_return_": "Returned",
    "statement_send": "Sent", "statement_confirm": "Confirmed by the customer",
    "statement_dispute": "Disputed by the customer", "statement_settle": "Settled", "statement_void": "Voided",
    "statement_supersede": "Replaced by a newer version", "statement_revise": "Taken up again",
    "submitted": "Asked for approval", "opened": "Opened", "approved": "Approved", "rejected": "Rejected",
    "returned": "Returned", "closed": "Decision closed", "consumed": "Approval used", "auto_approved":
    "Approved by policy, without people", "stage_opened": "Review opened", "stage_satisfied": "Review complete",
    "queued": "Queued for sending", "accepted": "Accepted by the mail server", "bounced": "Came back",
    "answered": "Answered", "replied": "Answered by mail", "no_address": "No address on record",
    "answer_recorded": "Answer recorded",
    "dispute_opened": "Dispute opened", "dispute_resolved": "Dispute resolved", "sent": "Sent",
    "promise_kept": "Promise kept", "promise_broken": "Promise not kept", "payment_found": "Payment found",
    "payment_not_found": "Payment not found", "statement_forwarded": "Sent to another person",
    "forward_declined": "Not passed on", "dispute_taken": "Dispute taken up", "dispute_proposed": "Answer proposed",
    "dispute_reopened": "Dispute opened again", "dispute_escalated": "Handed to a manager",
    "dispute_message": "Message about a dispute", "feedback_given": "Feedback given",
}  # fmt: skip

RESOLUTIONS = {
    "accepted": "The customer accepts the line as it is", "credited": "A credit note follows",
    "corrected": "A corrected statement follows", "withdrawn": "The customer took it back",
}  # fmt: skip

CHECK_NAMES = {
    "duties_separated": "Duties separated", "sent_approved": "Sent only when approved and tied",
    "unanswered": "Statements without an answer", "number_gaps": "Gaps in document numbers",
    "duplicates": "Numbers used twice", "unapplied_cash": "Old unapplied cash", "audit_chain": "Audit trail whole",
    "backup_age": "Age of the last backup",
}  # fmt: skip

PURPOSES = {"statement": "Statements", "reminder": "Reminders"}

TASKS = {
    "no_address": "No address on record", "bounced": "A message came back",
    "uncertain_delivery": "It is not certain whether a message arrived", "dispute": "A dispute waits for an answer",
    "undeliverable": "A message could not be delivered",
    "mail_unmatched": "A mail came in that belongs to nothing we sent",
    "bounce_unread": "A mail came back, and its words need a person",
    "confirmation_differs": "A confirmation letter does not agree",
    "confirmation_post": "A confirmation letter must be printed and posted",
    "workbook_by_mail": "A workbook came by mail that only a person may take in",
    "payment_told": "A customer says it is paid", "promise_broken": "A promise to pay was not kept",
    "wrong_person": "A statement went to the wrong person", "feedback": "A customer was not satisfied",
    "dispute_escalated": "A dispute needs a manager",
    "wording_failed": "Your company's own wording of a message failed",
    "bank_file_held": "A bank file does not add up",
    "call": "Call the customer", "letter": "Send a letter", "suppressed": "The address refuses messages",
    "approval_blocked": "Too few people are left to approve", "release_refused": "An approved statement was not sent",
}  # fmt: skip

TASK_REMEDIES = {
    "no_address": "Add a contact on the customer's page; the statement goes out by itself.",
    "bounced": "Ask the customer for the right address and change the contact.",
    "uncertain_delivery": "Ask the customer whether it came, or look at the archive mailbox.",
    "suppressed": "Ask the customer for another address.",
    "dispute": "Open the dispute, look into it and record how it ended.",
    "payment_told": "Look for the payment and say on the answers page whether it was found.",
    "promise_broken": "Call the customer; the amount is asked for again from now on.",
    "wrong_person": "Decide on the answers page whether the named person may have the statement.",
    "feedback": "Read it on the answers page and call the customer.",
    "dispute_escalated": "Open the dispute: it is past its time or came back too often.",
    "mail_unmatched": "Read it under Incoming mail and answer from your mail program.",
    "workbook_by_mail": "See under Incoming mail who sent it; upload it on the statement's page if it is right.",
    "bounce_unread": "Read it under Incoming mail; if the address is wrong, change the contact.",
    "confirmation_differs": "Open the letter and find out why; explain it once the round is closed.",
    "confirmation_post": "Open the letter, print its PDF, have it sealed and post it.",
    "undeliverable": "Read the server's answer, correct the contact and send it again.",
    "wording_failed": "The message went out in the house's words. Correct the wording in the settings.",
    "bank_file_held": "Open the page of bank files, see the difference, and accept or discard the file.",
    "letter": "Write, and note on the customer's page what was sent.",
    "call": "Call, and note what was said on the customer's page.",
    "approval_blocked": "Give somebody the role, or add candidates to the request.",
    "release_refused": "Look at the statement's checks; build a new version if it changed.",
}  # fmt: skip

WORDING_PARTS = {"subject": "Subject", "text": "Plain text", "html": "HTML", "slack": "Chat", "–": "–"}

DECISIONS = {"approve": "approve", "return": "return", "reject": "reject"}

DECIDED = {
    "approve": "Your approval is recorded.", "return": "Returned to the preparer.",
    "reject": "Your rejection is recorded.",
}  # fmt: skip

APPROVAL_STAGES = {"review": "Reviewer", "manager": "Manager", "compliance": "Compliance officer"}

_BOLD = re.compile(r"\*([^*\n]+)\*")
_CHAT_LINK = re.compile(r"&lt;(https?://[^|\s]+?)\|(.+?)&gt;")
_CHAT_ENTITY = re.compile(r"&amp;(amp|lt|gt);")


def chat_markup(text: str) -> Markup:
    """Slack's mrkdwn, the part that we write: bold and named links; everything else is text."""
    safe = _BOLD.sub(r"<strong>\1</strong>", str(escape(text)))
    linked = _CHAT_LINK.sub(r'<a href="\1" rel="noreferrer">\2</a>', safe)
    # What was written as text of Slack's has its own three escapes; they are shown as the marks that they stand for.
    return Markup(_CHAT_ENTITY.sub(r"&\1;", linked))  # noqa: S704 - escaped above


def safe_address(address: str) -> str:
    """An address that a click may follow; anything but http and https leads nowhere."""
    return address if address.startswith(("http://", "https://", "/")) else "#"


ACTORS = {"system": "the system", "customer": "the customer", "user": "staff"}


def page_words(sentence: str, language: str, **values: object) -> str:
    """`translate`, but where messages use the same English for something else, the page's own Chinese wins."""
    own = f"{PAGE_CONTEXT}{sentence}"
    return translate(own if language == "zh" and own in chinese() else sentence, language, **values)


def label(labels: dict[str, str], code: str, language: str) -> str:
    """The word for a code; a code without one is shown as it is, readable."""
    return page_words(labels[code], language) if code in labels else code.replace("_", " ")


def bucket_label(bucket: str, language: str) -> str:
    """A bucket's name: its own days, or a word."""
    if bucket == "not_due":
        return translate("Not yet due", language)
    if bucket == "credits":
        return translate("Credits", language)
    if bucket.endswith("+"):
        return translate("Over {days} days", language, days=bucket.rstrip("+"))
    return translate("{days} days", language, days=bucket.replace("-", "–"))


def tone(code: str) -> str:
    """The badge's colour class."""
    if code in GOOD:
        return "ok"
    if code in CAREFUL:
        return "warn"
    return "bad" if code in BAD else ""


@pass_context
def _decision_list(context: Context, decisions: Iterable[str]) -> str:
    language = context["lang"]
    return translate(" or ", language).join(label(DECISIONS, one, language) for one in decisions)


@pass_context
def _bucket_name(context: Context, bucket: str) -> str:
    return bucket_label(bucket, context["lang"])


def _labeller(labels: dict[str, str]) -> object:
    @pass_context
    def name(context: Context, code: str) -> str:
        return label(labels, code, context["lang"])

    return name


def score_word(score: int) -> str:
    """What the button of a score sends."""
    return _SCORE_WORDS[score]


@pass_context
def _score_name(context: Context, score: int) -> str:
    return label(SCORES, _SCORE_WORDS[score], context["lang"])


def promise_tone(status: str) -> str:
    """The badge's colour class of a promise or a told payment."""
    return {
        "kept": "ok",
        "found": "ok",
        "posted": "ok",
        "asked": "warn",
        "refused": "bad",
        "broken": "bad",
        "not_found": "warn",
    }.get(status, "")


FILTERS: dict[str, object] = {
    "chase_channel": _labeller(CHASE_CHANNELS), "charge_name": _labeller(CHARGES),
    "adjustment_name": _labeller(ADJUSTMENTS), "adjustment_tone": promise_tone,
    "promise_name": _labeller(PROMISES), "promise_tone": promise_tone, "told_name": _labeller(TOLD),
    "told_tone": promise_tone, "score_name": _score_name, "score_word": score_word, "score_label": _labeller(SCORES),
    "message_name": _labeller(MESSAGES), "event_name": _labeller(EVENTS), "attempt_name": _labeller(ATTEMPTS),
    "wording_part": _labeller(WORDING_PARTS),
    "carrier_name": _labeller(CARRIERS), "inbound_name": _labeller(INBOUND),
    "mrkdwn": chat_markup, "safe_address": safe_address,
    "decision_list": _decision_list, "decided_name": _labeller(DECIDED),
    "request_state": _labeller({**STATUSES, **REQUESTS}), "approval_stage": _labeller(APPROVAL_STAGES),
    "status_name": _labeller(STATUSES), "status_tone": tone, "role_name": _labeller(ROLES),
    "kind_name": _labeller(KINDS), "form_name": _labeller(FORMS), "section_name": _labeller(SECTIONS),
    "stage_name": _labeller(STAGES), "reason_name": _labeller(REASONS), "answer_name": _labeller(ANSWERS),
    "equation_name": _labeller(EQUATIONS), "bucket_name": _bucket_name,
    "total_name": _labeller(TOTALS), "change_name": _labeller(CHANGES), "verb_name": _labeller({**VERBS, **ACTS}),
    "actor_name": _labeller(ACTORS), "resolution_name": _labeller(RESOLUTIONS), "check_name": _labeller(CHECK_NAMES),
    "purpose_name": _labeller(PURPOSES), "task_name": _labeller(TASKS), "task_remedy": _labeller(TASK_REMEDIES),
    "ledger_field": _labeller(LEDGER_FIELDS),
}  # fmt: skip
