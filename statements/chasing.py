"""Who is reminded today, of what and how firmly: one message per customer, of what is open, undisputed, unpromised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from ledger.business_calendar import is_working_day, working_days_between


@dataclass(frozen=True, slots=True)
class Level:
    """`working_days` is how long a statement has been unanswered, or an item overdue, before this level is due."""

    number: int
    working_days: int
    tone: str


@dataclass(frozen=True, slots=True)
class ChasePolicy:
    """Levels, mildest first; `pause` is the fewest working days between two reminders to one customer."""

    levels: tuple[Level, ...]
    pause: int


DEFAULT_POLICY = ChasePolicy((Level(1, 3, "friendly"), Level(2, 10, "firm"), Level(3, 20, "final")), pause=5)
"""Three working days let a payment or an answer under way arrive; a week lies between two reminders."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A statement that was sent and waits for an answer; `closing` in minor units."""

    statement_id: UUID
    number: str
    currency: str
    closing: int
    sent_on: date


@dataclass(frozen=True, slots=True)
class Overdue:
    """An open debit item past its due date. Amounts in minor units; `disputed` and `promised` are parts of `open`."""

    item_id: UUID
    number: str
    currency: str
    due_date: date
    open: int
    disputed: int = 0
    promised: int = 0

    @property
    def chased(self) -> int:
        """What a reminder may ask for."""
        return max(0, self.open - self.disputed - self.promised)


@dataclass(frozen=True, slots=True)
class LastReminder:
    """The latest reminder to this customer and what it was about (ids of items and statements)."""

    day: date
    level: int
    subjects: frozenset[str]


@dataclass(frozen=True, slots=True)
class Debtor:
    """What is known of one customer this morning. `unapplied` is credit not yet set against anything (> 0)."""

    customer_id: UUID
    country: str
    statements: tuple[Unanswered, ...] = ()
    items: tuple[Overdue, ...] = ()
    unapplied: Mapping[str, int] | None = None
    last: LastReminder | None = None
    stopped: str | None = None


class Skip(StrEnum):
    """Why a customer gets no reminder today."""

    NOTHING_DUE = "nothing_due"
    NOT_A_WORKING_DAY = "not_a_working_day"
    STOPPED = "stopped"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Reminder:
    """One grouped message. `totals` is the chased sum of the items per currency, in minor units."""

    customer_id: UUID
    level: int
    tone: str
    statements: tuple[Unanswered, ...]
    items: tuple[Overdue, ...]
    totals: dict[str, int]


def plan_reminder(debtor: Debtor, policy: ChasePolicy, today: date) -> Reminder | Skip:
    """The reminder that is due to this customer today, or why there is none."""
    if debtor.stopped is not None:
        return Skip.STOPPED
    if not is_working_day(today, debtor.country):
        return Skip.NOT_A_WORKING_DAY
    first = policy.levels[0]
    statements = tuple(s for s in debtor.statements if _age(s.sent_on, debtor, today) >= first.working_days)
    items = _due_items(debtor, first, today)
    if not statements and not items:
        return Skip.NOTHING_DUE
    if debtor.last is not None and _age(debtor.last.day, debtor, today) < policy.pause:
        return Skip.PAUSE
    oldest = min([s.sent_on for s in statements] + [i.due_date for i in items])
    subjects = {str(s.statement_id) for s in statements} | {str(i.item_id) for i in items}
    level = _next_level(debtor.last, subjects, policy, _age(oldest, debtor, today))
    return Reminder(debtor.customer_id, level.number, level.tone, statements, items, totals_of(items))


def totals_of(items: Sequence[Overdue]) -> dict[str, int]:
    """The chased sum per currency."""
    totals: dict[str, int] = {}
    for item in items:
        totals[item.currency] = totals.get(item.currency, 0) + item.chased
    return dict(sorted(totals.items()))


def policy_from(body: Mapping[str, Any] | None) -> ChasePolicy:
    """A policy from a company's settings: `{"pause": 5, "levels": [{"number", "working_days", "tone"}]}`."""
    if not body:
        return DEFAULT_POLICY
    levels = sorted(
        (Level(int(row["number"]), int(row["working_days"]), str(row["tone"])) for row in body["levels"]),
        key=lambda level: level.number,
    )
    return ChasePolicy(tuple(levels), int(body["pause"]))


def _age(day: date, debtor: Debtor, today: date) -> int:
    return working_days_between(day, today, debtor.country)


def _due_items(debtor: Debtor, first: Level, today: date) -> tuple[Overdue, ...]:
    """Overdue items with something to ask for; none of a currency in which unapplied credit covers them all."""
    due = [i for i in debtor.items if i.chased > 0 and _age(i.due_date, debtor, today) >= first.working_days]
    unapplied = debtor.unapplied or {}
    totals = totals_of(due)
    # Somebody who has paid more than is overdue waits for our cash application, not for a reminder.
    covered = {currency for currency, total in totals.items() if unapplied.get(currency, 0) >= total}
    kept = [i for i in due if i.currency not in covered]
    return tuple(sorted(kept, key=lambda i: (i.currency, i.due_date, i.number)))


def _next_level(last: LastReminder | None, subjects: set[str], policy: ChasePolicy, age: int) -> Level:
    """One step firmer than the last reminder about any of the same things, never firmer than the age allows."""
    step = last.level + 1 if last is not None and last.subjects & subjects else policy.levels[0].number
    allowed = [level for level in policy.levels if level.working_days <= age and level.number <= step]
    return allowed[-1]
