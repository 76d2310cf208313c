"""Words for codes: the code is the database's, the English here is the key of the Chinese."""

from jinja2 import pass_context
from jinja2.runtime import Context

from words.catalog import translate

STATUSES = {
    "draft": "Draft", "in_review": "In review", "approved": "Approved", "sent": "Sent", "confirmed": "Confirmed",
    "disputed": "Disputed", "settled": "Settled", "returned": "Returned", "rejected": "Rejected", "void": "Void",
    "superseded": "Superseded", "open": "Open", "withdrawn": "Withdrawn", "expired": "Expired",
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
    "administrator": "Administrator",
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
    "deemed": "Deemed agreed by silence",
}  # fmt: skip

EQUATIONS = {
    "opening_plus_movements_is_closing": "Opening + movements = closing",
    "closing_is_open_items": "Closing = sum of open items",
    "closing_is_sum_of_open_items": "Closing = sum of open items",
    "open_items_is_buckets": "Sum of open items = sum of aging buckets",
    "open_items_are_buckets": "Sum of open items = sum of aging buckets",
    "closing_is_buckets": "Closing = sum of aging buckets",
    "statements_are_subledger": "Statements of the run = subledger",
    "subledger_is_control_account": "Subledger = control account",
}


def label(labels: dict[str, str], code: str, language: str) -> str:
    """The word for a code; a code without one is shown as it is, readable."""
    return translate(labels[code], language) if code in labels else code.replace("_", " ")


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
def _bucket_name(context: Context, bucket: str) -> str:
    return bucket_label(bucket, context["lang"])


def _labeller(labels: dict[str, str]) -> object:
    @pass_context
    def name(context: Context, code: str) -> str:
        return label(labels, code, context["lang"])

    return name


FILTERS: dict[str, object] = {
    "status_name": _labeller(STATUSES), "status_tone": tone, "role_name": _labeller(ROLES),
    "kind_name": _labeller(KINDS), "form_name": _labeller(FORMS), "section_name": _labeller(SECTIONS),
    "stage_name": _labeller(STAGES), "reason_name": _labeller(REASONS), "answer_name": _labeller(ANSWERS),
    "equation_name": _labeller(EQUATIONS), "bucket_name": _bucket_name,
}  # fmt: skip
