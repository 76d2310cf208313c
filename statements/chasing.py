"""Who is reminded today, of what and how firmly: one message per customer, of what is open, undisputed, unpromised."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from ledger.business_calendar import is_working_day, working_days_between
from ledger.money import round_to_minor

BASES = ("either", "due", "sent")
"""What a level counts from: an item's due date, a statement's sending, or whichever is there."""

CHANNELS = ("email", "call", "letter")
"""A mail goes by itself; a call and a letter are tasks for a person."""

DAYS_OF_YEAR = 365
"""Interest is simple and counted by days, as commercial codes have it."""

MOST_DAYS_AHEAD = 60
"""A courtesy note further ahead than two months is no reminder."""

MOST_INTEREST = Decimal(36)
"""Percent a year: beyond it courts in most places call it usury, and a policy says so by mistake."""


@dataclass(frozen=True, slots=True)
class Level:
    """`working_days` is how long a statement has been unanswered, or an item overdue, before this level is due.

    Negative: that many working days before an item is due. `fee` is minor units by currency, `interest` percent a year.
    """

    number: int
    working_days: int
    tone: str
    basis: str = "either"
    channel: str = "email"
    fee: Mapping[str, int] = field(default_factory=dict)
    interest: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ChasePolicy:
    """Levels, mildest first; `pause` is the fewest working days between two reminders to one customer."""

    levels: tuple[Level, ...]
    pause: int

    @property
    def days_ahead(self) -> int:
        """How many calendar days before its due date an item may be spoken of."""
        lead = -min(level.working_days for level in self.levels)
        # Two weeks of holidays may lie between, as around the Chinese new year.
        return min(MOST_DAYS_AHEAD, lead * 2 + 14) if lead > 0 else 0


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
    """An open debit item past its due date or near it. Minor units; `disputed` and `promised` are parts of `open`.

    `is_charge`: a fee or interest of ours, which bears no interest itself.
    """

    item_id: UUID
    number: str
    currency: str
    due_date: date
    open: int
    disputed: int = 0
    promised: int = 0
    is_charge: bool = False

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
    interest_until: date | None = None
    withdrawn: bool = False
    """It never went: it asks for no pause, and only says how far interest was charged."""


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
    skipped: bool = False


class Skip(StrEnum):
    """Why a customer gets no reminder today."""

    NOTHING_DUE = "nothing_due"
    NOT_A_WORKING_DAY = "not_a_working_day"
    STOPPED = "stopped"
    SKIPPED = "skipped"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Charge:
    """A fee or interest that comes with a reminder, in minor units."""

    kind: str
    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class Reminder:
    """One grouped message, or one task. `totals` is the chased sum of the items per currency, in minor units."""

    customer_id: UUID
    level: int
    tone: str
    statements: tuple[Unanswered, ...]
    items: tuple[Overdue, ...]
    totals: dict[str, int]
    channel: str = "email"
    charges: tuple[Charge, ...] = ()

    @property
    def closings(self) -> dict[str, int]:
        """What the unanswered statements close with, per currency."""
        sums: dict[str, int] = {}
        for one in self.statements:
            sums[one.currency] = sums.get(one.currency, 0) + one.closing
        return dict(sorted(sums.items()))


def plan_reminder(debtor: Debtor, policy: ChasePolicy, today: date) -> Reminder | Skip:
    """The reminder that is due to this customer today, or why there is none."""
    kept = _kept_from(debtor, today)
    if kept is not None:
        return kept
    of_statements, of_items = _first(policy, "sent"), _first(policy, "due")
    statements = tuple(
        s for s in debtor.statements if of_statements is not None and _age(s.sent_on, debtor, today) >= of_statements
    )
    items = _due_items(debtor, of_items, today) if of_items is not None else ()
    if not statements and not items:
        return Skip.NOTHING_DUE
    last = debtor.last
    if last is not None and not last.withdrawn and _age(last.day, debtor, today) < policy.pause:
        return Skip.PAUSE
    ages = {
        "sent": max((_age(s.sent_on, debtor, today) for s in statements), default=None),
        "due": max((_age(i.due_date, debtor, today) for i in items), default=None),
    }
    subjects = {str(s.statement_id) for s in statements} | {str(i.item_id) for i in items}
    level = _next_level(debtor.last, subjects, policy, ages)
    charges = tuple(_charges(level, items, debtor.last, today))
    return Reminder(
        debtor.customer_id, level.number, level.tone, statements, items, totals_of(items), level.channel, charges
    )


def _kept_from(debtor: Debtor, today: date) -> Skip | None:
    if debtor.stopped is not None:
        return Skip.STOPPED
    if debtor.skipped:
        return Skip.SKIPPED
    return None if is_working_day(today, debtor.country) else Skip.NOT_A_WORKING_DAY


def totals_of(items: Sequence[Overdue]) -> dict[str, int]:
    """The chased sum per currency."""
    totals: dict[str, int] = {}
    for item in items:
        totals[item.currency] = totals.get(item.currency, 0) + item.chased
    return dict(sorted(totals.items()))


def policy_from(body: Mapping[str, Any] | None) -> ChasePolicy:
    """A policy from a company's settings. Raises ValueError, KeyError or TypeError for what is none.

    `{"pause": 5, "levels": [{"number", "working_days", "tone"(, "basis", "channel", "fee", "interest")}]}`.
    """
    if not body:
        return DEFAULT_POLICY
    levels = sorted((_level(row) for row in body["levels"]), key=lambda level: level.number)
    if not levels or [one.working_days for one in levels] != sorted(one.working_days for one in levels):
        raise ValueError("levels rise with their days")
    return ChasePolicy(tuple(levels), int(body["pause"]))


def _level(row: Mapping[str, Any]) -> Level:
    level = Level(
        int(row["number"]), int(row["working_days"]), str(row["tone"]), str(row.get("basis", "either")),
        str(row.get("channel", "email")),
        {str(code): _whole(str(amount), str(code)) for code, amount in dict(row.get("fee", {})).items()},
        Decimal(str(row.get("interest", "0"))),
    )  # fmt: skip
    if level.basis not in BASES or level.channel not in CHANNELS:
        raise ValueError(f"{level.basis}, {level.channel}")
    if not 0 <= level.interest <= MOST_INTEREST or any(amount < 0 for amount in level.fee.values()):
        raise ValueError("a fee or an interest that nobody may ask for")
    return level


def _whole(text: str, currency: str) -> int:
    minor, residue = round_to_minor(Decimal(text), currency)
    if residue:
        raise ValueError(text)
    return minor


def _age(day: date, debtor: Debtor, today: date) -> int:
    """Working days since `day`; negative while it lies ahead."""
    if day > today:
        return -working_days_between(today, day, debtor.country)
    return working_days_between(day, today, debtor.country)


def _first(policy: ChasePolicy, basis: str) -> int | None:
    """From how many working days on something of this basis is spoken of; None = never."""
    return min((one.working_days for one in policy.levels if one.basis in {"either", basis}), default=None)


def _due_items(debtor: Debtor, first: int, today: date) -> tuple[Overdue, ...]:
    """Items with something to ask for; none of a currency in which unapplied credit covers them all."""
    due = [i for i in debtor.items if i.chased > 0 and _age(i.due_date, debtor, today) >= first]
    unapplied = debtor.unapplied or {}
    totals = totals_of(due)
    # Somebody who has paid more than is overdue waits for our cash application, not for a reminder.
    covered = {currency for currency, total in totals.items() if unapplied.get(currency, 0) >= total}
    kept = [i for i in due if i.currency not in covered]
    return tuple(sorted(kept, key=lambda i: (i.currency, i.due_date, i.number)))


def _next_level(
    last: LastReminder | None, subjects: set[str], policy: ChasePolicy, ages: Mapping[str, int | None]
) -> Level:
    """One step firmer than the last reminder about any of the same things, never firmer than the age allows."""
    allowed = [level for level in policy.levels if _fits(level, ages)]
    if last is not None and last.subjects & subjects:
        step = next((one.number for one in policy.levels if one.number > last.level), last.level)
        return next((one for one in reversed(allowed) if one.number <= step), allowed[0])
    # A note that something will be due is not for what is late already.
    late = any(age is not None and age > 0 for age in ages.values())
    return next((one for one in allowed if one.working_days >= 0 or not late), allowed[0])


def _fits(level: Level, ages: Mapping[str, int | None]) -> bool:
    return any(
        age is not None and age >= level.working_days and level.basis in {"either", basis}
        for basis, age in ages.items()
    )


def _charges(level: Level, items: Sequence[Overdue], last: LastReminder | None, today: date) -> Iterator[Charge]:
    """The level's fee once per currency, and interest on what is late, from its due date or the last charge on."""
    until = last.interest_until if last is not None else None
    fee_is_charged = last is not None and last.withdrawn and last.level >= level.number
    for currency in totals_of([item for item in items if item.due_date < today]):
        own = [item for item in items if item.currency == currency and item.due_date < today]
        if level.fee.get(currency, 0) > 0 and not fee_is_charged:
            yield Charge("fee", currency, level.fee[currency])
        days = (
            (item.chased, (today - max(item.due_date, until or item.due_date)).days)
            for item in own
            if not item.is_charge
        )
        weight = sum(amount * max(0, passed) for amount, passed in days)
        interest = (level.interest * weight / (100 * DAYS_OF_YEAR)).quantize(Decimal(1), ROUND_HALF_UP)
        if interest > 0:
            yield Charge("interest", currency, int(interest))
