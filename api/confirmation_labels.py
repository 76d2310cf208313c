"""Words for the codes of confirmation letters, in English, as keys of the Chinese."""

from jinja2 import pass_context
from jinja2.runtime import Context

from api.labels import label
from statements.confirmations import STRENGTHS

CONFIRMATION_STATES = {
    "drawn": "Drawn, not sent", "sent": "Sent", "closed": "Closed", "released": "Released to the company",
    "discarded": "Put aside", "reminded": "Asked a second time", "confirmed": "Confirmed as correct",
    "differs": "Does not agree", "silent": "No reply", "explained": "Difference explained",
    "examined": "Examined without a reply",
}  # fmt: skip
"""Of a round and of a letter."""

CONFIRMATION_FORMS = {
    "positive": "Positive: a reply in all cases", "negative": "Negative: a reply only if it is wrong",
    "blank": "Blank: the customer fills in the balance",
}  # fmt: skip

CONFIRMATION_MODES = {"commercial": "Our own", "audit": "Audit"}

CONFIRMATION_METHODS = {
    "all": "All customers", "largest": "The largest", "coverage": "A share of the balance", "random": "At random",
    "stratified": "By strata",
}  # fmt: skip

CONFIRMATION_REASONS = {
    "timing": "Goods or money under way", "price": "Wrong price", "quantity": "Wrong quantity", "not_ours": "Not ours",
    "paid": "Already paid", "missing_credit": "A credit is missing", "other": "Other",
}  # fmt: skip

REPLY_CHANNELS = {"web": "By the link", "paper": "On paper"}

LETTER_CHANNELS = {"email": "E-mail", "post": "To be printed and posted", "": "–"}

_TONES = {
    "confirmed": "ok", "explained": "ok", "examined": "ok", "released": "ok", "differs": "bad", "silent": "warn",
    "reminded": "warn", "weak": "warn", "none": "warn",
}  # fmt: skip


def _named(labels: dict[str, str]) -> object:
    @pass_context
    def name(context: Context, code: str) -> str:
        return label(labels, code, context["lang"])

    return name


def tone(code: str) -> str:
    """The badge's colour class of a state or a strength."""
    return _TONES.get(code, "")


CONFIRMATION_FILTERS: dict[str, object] = {
    "confirmation_state": _named(CONFIRMATION_STATES), "confirmation_form": _named(CONFIRMATION_FORMS),
    "confirmation_mode": _named(CONFIRMATION_MODES), "confirmation_method": _named(CONFIRMATION_METHODS),
    "confirmation_reason": _named(CONFIRMATION_REASONS), "confirmation_tone": tone,
    "reply_channel": _named(REPLY_CHANNELS), "letter_channel": _named(LETTER_CHANNELS),
    "letter_proves": _named(STRENGTHS),
}  # fmt: skip
