"""Words for the codes of approvals: the code is the engine's, the English here is the key of the Chinese."""

from jinja2 import pass_context
from jinja2.runtime import Context

from api.labels import label
from approvals.explain import SUBJECTS

STAGE_NAMES = {
    "review": "Reviewer", "manager": "Manager", "compliance": "Compliance officer", "waive": "Waiver by two people",
}  # fmt: skip
"""Stages of the house's own policies; a stage of another policy is shown by the name that it was given."""

VOTES = {"approve": "Approved", "reject": "Rejected", "return": "Returned"}

DECISION_CHANNELS = {
    "web": "Inbox", "link": "Mailed link", "slack": "Chat", "console": "Command line", "system": "System",
    "email": "E-mail", "offline": "Sent later, from the phone",
}  # fmt: skip

ORDER_NAMES = {
    "oldest": "Oldest first", "latest": "Latest first", "dearest": "Largest first", "urgent": "Least time left first",
}  # fmt: skip

SIGN_PLACES = {"beside": "Together with this stage", "before": "Before this stage", "after": "After this stage"}

ACTS_DONE = {
    "revoke": "Your decision is taken back.", "forward": "It is forwarded.", "ask_opinion": "The opinion is asked for.",
    "give_opinion": "Your opinion is recorded.", "add_sign": "The signature is asked for.",
    "remove_sign": "The extra signature is taken back.", "withdraw": "The request is withdrawn.",
    "remind": "They are reminded.", "cancel": "The request is cancelled.", "rescue": "The stage has more candidates.",
    "resubmit": "It is submitted again.", "proposed": "It is proposed; those who decide are asked.",
}  # fmt: skip


def _labeller(labels: dict[str, str]) -> object:
    @pass_context
    def name(context: Context, code: str) -> str:
        return label(labels, code, context["lang"])

    return name


def _vote_tone(choice: str) -> str:
    return {"approve": "ok", "reject": "bad"}.get(choice, "warn")


APPROVAL_FILTERS: dict[str, object] = {
    "approval_stage": _labeller(STAGE_NAMES), "vote_name": _labeller(VOTES), "vote_tone": _vote_tone,
    "decision_channel": _labeller(DECISION_CHANNELS), "sign_place": _labeller(SIGN_PLACES),
    "act_done": _labeller(ACTS_DONE), "order_name": _labeller(ORDER_NAMES), "subject_name": _labeller(SUBJECTS),
}  # fmt: skip
