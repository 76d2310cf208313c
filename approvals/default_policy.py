"""The policies a company starts with: data, published under the system's name until people publish their own."""

from typing import Any

SMALL = {"CNY": 5_000, "USD": 1_000, "EUR": 1_000, "GBP": 1_000, "HKD": 5_000, "JPY": 100_000}
"""Whole units up to which a clean statement needs no person: below what a reviewer's five minutes cost to collect."""

LARGE = {"CNY": 500_000, "USD": 100_000, "EUR": 100_000, "GBP": 100_000, "HKD": 500_000, "JPY": 10_000_000}
"""Whole units from which a manager looks too. A currency that is not listed counts as large."""

_CLOCK = {
    "remind_hours": 9,
    "escalate_hours": 27,
    "escalate_to": ["role:manager"],
    "expire_hours": 180,
}
"""Remind after a working day, widen after three, expire after twenty: a statement a month old is history."""


def _up_to(limits: dict[str, int]) -> dict[str, Any]:
    return {
        "any": [
            {"all": [{"eq": ["currency", currency]}, {"lte": ["closing_whole", limit]}]}
            for currency, limit in sorted(limits.items())
        ]
    }


def statement_policy() -> dict[str, Any]:
    """Small and clean goes without people; a reviewer for the rest; a manager too when it is large."""
    return {
        "name": "statements",
        "subjects": ["statement", "statement_batch"],
        "auto": {
            "if": {
                "all": [
                    {"eq": ["ties", True]},
                    {"eq": ["findings", 0]},
                    {"eq": ["form_changed", False]},
                    {"eq": ["credit_balance", False]},
                    {"eq": ["disputed", False]},
                    _up_to(SMALL),
                ]
            },
            "reason": "small, ties, no findings, no dispute, form as last time",
        },
        "stages": [
            {
                "name": "review",
                "seats": [["role:reviewer"]],
                "watch": ["opening", "debits", "credits", "closing", "lines", "aging", "unapplied", "form"],
                "assure": "link",
            },
            {
                "name": "manager",
                "if": {"not": _up_to(LARGE)},
                "seats": [["role:manager"]],
                "watch": ["closing", "lines"],
                "assure": "link",
            },
        ],
        "exclude": ["submitter", "preparers", "earlier_stages", "administrators"],
        "comments": ["reject", "return"],
        "clock": _CLOCK,
        "rounds": 5,
        "valid_hours": 90,
        "forward_to": ["role:reviewer", "role:manager"],
    }


def waiver_policy() -> dict[str, Any]:
    """A difference or a finding is waived by two people together, one of them a manager, signed in, with a reason."""
    return {
        "name": "waivers",
        "subjects": ["tie_out_waiver", "finding_waiver"],
        "stages": [
            {
                "name": "waive",
                "seats": [["role:reviewer", "role:compliance"], ["role:manager"]],
                "assure": "session",
                "bulk": False,
            }
        ],
        "comments": ["approve", "reject", "return"],
        "clock": {"remind_hours": 9, "expire_hours": 90},
        "valid_hours": 45,
    }


def adjustment_policy() -> dict[str, Any]:
    """Money given away: a reviewer who is not the asker, and a manager too when it is more than small."""
    within = [
        {"all": [{"eq": ["currency", currency]}, {"lte": ["amount_whole", limit]}]}
        for currency, limit in sorted(SMALL.items())
    ]
    return {
        "name": "adjustments",
        "subjects": ["credit_memo", "write_off"],
        "stages": [
            {"name": "review", "seats": [["role:reviewer"]], "assure": "session", "bulk": False},
            {"name": "manager", "if": {"not": {"any": within}}, "seats": [["role:manager"]], "assure": "session",
             "bulk": False},
        ],
        "exclude": ["submitter", "preparers", "earlier_stages", "administrators"],
        "comments": ["reject", "return"],
        "clock": {"remind_hours": 9, "expire_hours": 90},
        "valid_hours": 45,
    }  # fmt: skip


def change_policy() -> dict[str, Any]:
    """What binds everybody, policies and the wording of messages, is put in force by another than its author."""
    return {
        "name": "changes",
        "subjects": ["policy", "template"],
        "stages": [
            {
                "name": "publish",
                "seats": [["role:manager", "role:compliance", "role:administrator"]],
                "assure": "session",
                "bulk": False,
            }
        ],
        "exclude": ["submitter", "preparers"],
        "comments": ["reject", "return"],
        "clock": {"remind_hours": 9, "expire_hours": 180},
    }


def credit_policy() -> dict[str, Any]:
    """A customer's credit limit: a reviewer lowers it, and a manager too raises it."""
    return {
        "name": "credit",
        "subjects": ["credit_limit"],
        "stages": [
            {"name": "review", "seats": [["role:reviewer"]], "assure": "session"},
            {"name": "manager", "if": {"eq": ["raised", True]}, "seats": [["role:manager"]], "assure": "session"},
        ],
        "comments": ["reject", "return"],
        "clock": {"remind_hours": 9, "escalate_hours": 27, "escalate_to": ["role:manager"], "expire_hours": 180},
    }


def default_policies() -> list[dict[str, Any]]:
    """Every document that a new company starts with."""
    return [statement_policy(), waiver_policy(), adjustment_policy(), change_policy(), credit_policy()]
