"""Disputes as cases: their table of life, who owns one, when it is due, and what may be offered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from words.refusal import Refusal

OPEN_STATUSES = ("open", "investigating", "proposed")
"""What still pauses its amount."""

RESOLUTIONS = ("accepted", "credited", "corrected", "withdrawn")
"""accepted = the customer accepts the line as it is; credited = a credit lowers it; corrected = a corrected document
came; withdrawn = the customer took the dispute back."""

STANDARD_HOURS = 45
"""The service standard until a company sets its own (`disputes.hours`): five working days of nine hours."""

MOST_ROUNDS = 3
"""A dispute is opened once and reopened twice; then people above the clerks talk (`disputes.rounds`)."""

TABLE: Mapping[tuple[str, str], str] = {
    ("open", "investigate"): "investigating",
    ("open", "propose"): "proposed",
    ("open", "resolve"): "resolved",
    ("investigating", "propose"): "proposed",
    ("investigating", "resolve"): "resolved",
    ("proposed", "propose"): "proposed",
    ("proposed", "investigate"): "investigating",
    ("proposed", "resolve"): "resolved",
}
"""(status, command) to status. A resolved case never moves: reopening it is a new case of the next round."""


class DisputeClosed(Refusal):
    """It was resolved before."""

    code = "dispute_closed"
    sentence = "This dispute is resolved already: {resolution}."
    remedy = "Reload the page to see how."


class DisputeRoundsUsed(Refusal):
    """It came back too often."""

    code = "dispute_rounds_used"
    sentence = "This dispute was opened {rounds} times, which is the limit."
    remedy = "Talk to the other side: a manager of the sender has been told."


@dataclass(frozen=True, slots=True)
class DisputePolicy:
    """A company's rules: working hours until an answer is due, most rounds, and who owns what."""

    hours: int = STANDARD_HOURS
    rounds: int = MOST_ROUNDS
    owners: tuple[Mapping[str, Any], ...] = ()


def dispute_policy(body: Mapping[str, Any] | None) -> DisputePolicy:
    """From a company's settings: `{"hours": 45, "rounds": 3, "owners": [{"reasons": ["price"], "owner": "a@b"}]}`."""
    given = body or {}
    return DisputePolicy(
        int(given.get("hours", STANDARD_HOURS)), int(given.get("rounds", MOST_ROUNDS)),
        tuple(given.get("owners", ())),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What an owner rule may ask: the reason code, the customer's code and country, the item's and customer's tags."""

    reason: str
    customer: str
    country: str
    tags: Mapping[str, Any]


def owner_of(policy: DisputePolicy, facts: CaseFacts) -> str | None:
    """The address of whom the first fitting rule names; a rule asks `reasons`, `customers`, `countries` or tags."""
    for rule in policy.owners:
        if all(_fits(name, wanted, facts) for name, wanted in rule.items() if name != "owner"):
            return str(rule["owner"])
    return None


def _fits(name: str, wanted: object, facts: CaseFacts) -> bool:
    choices = wanted if isinstance(wanted, list | tuple) else [wanted]
    known = {"reasons": facts.reason, "customers": facts.customer, "countries": facts.country}
    return (known[name] if name in known else facts.tags.get(name)) in choices


def move(status: str, command: str, resolution: str | None = None) -> str:
    """The status after the command. Raises DisputeClosed for whatever the table does not name."""
    after = TABLE.get((status, command))
    if after is None:
        raise DisputeClosed(resolution=resolution or status)
    return after


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed case as the figures of root causes need it; amounts in minor units."""

    reason: str
    category: str
    salesperson: str
    currency: str
    amount: int
    credited: int
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Cause:
    """One root cause with its figures: cases, still open, amounts disputed and credited, mean days to the end."""

    reason: str
    category: str
    salesperson: str
    currency: str
    cases: int
    open: int
    amount: int
    credited: int
    days: float | None


def causes(cases: Sequence[Closed]) -> list[Cause]:
    """Figures per reason, product category, salesperson and currency; the dearest first."""
    groups: dict[tuple[str, str, str, str], list[Closed]] = {}
    for case in cases:
        groups.setdefault((case.reason, case.category, case.salesperson, case.currency), []).append(case)
    found = [_cause(key, group) for key, group in groups.items()]
    return sorted(found, key=lambda one: (-one.amount, one.reason, one.category, one.salesperson, one.currency))


def _cause(key: tuple[str, str, str, str], group: Sequence[Closed]) -> Cause:
    ended = [(one.closed_at - one.opened_at).total_seconds() / 86_400 for one in group if one.closed_at is not None]
    return Cause(
        *key, cases=len(group), open=len(group) - len(ended), amount=sum(one.amount for one in group),
        credited=sum(one.credited for one in group), days=round(sum(ended) / len(ended), 1) if ended else None,
    )  # fmt: skip
