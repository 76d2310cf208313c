"""Confirmation letters 询证函: the life of a round and of a letter as tables, and what a reply proves.

Sampling is next door in `confirmation_sample.py`. Amounts are decimal strings per currency; nothing here reads a clock.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from ledger.money import decimals
from words.refusal import Refusal


class Form(StrEnum):
    """What the customer is asked."""

    POSITIVE = "positive"
    """Reply in all cases: the strong form."""
    NEGATIVE = "negative"
    """Reply only if the balance is wrong: silence proves little."""
    BLANK = "blank"
    """Fill in the balance yourself: nobody can agree without looking."""


class Mode(StrEnum):
    """To whom the reply goes."""

    COMMERCIAL = "commercial"
    AUDIT = "audit"
    """The auditor draws, sends and receives; the company reads replies once they are released."""


class RoundState(StrEnum):
    """Where a round stands."""

    DRAWN = "drawn"
    SENT = "sent"
    CLOSED = "closed"
    RELEASED = "released"
    DISCARDED = "discarded"


class LetterState(StrEnum):
    """Where a letter stands. A reply may be changed until its round is closed."""

    DRAWN = "drawn"
    SENT = "sent"
    REMINDED = "reminded"
    CONFIRMED = "confirmed"
    DIFFERS = "differs"
    SILENT = "silent"
    EXPLAINED = "explained"
    EXAMINED = "examined"
    DISCARDED = "discarded"


class ConfirmationRefused(Refusal):
    """The table does not name this step for where the letter or the round stands."""

    code = "confirmation_refused"
    sentence = "“{command}” is not possible for {number}: it is {state}."
    remedy = "Reload the page: somebody may have moved it on. Possible now: {possible}."


class ConfirmationNotYours(Refusal):
    """The step belongs to the other side of the audit."""

    code = "confirmation_not_allowed"
    sentence = "“{command}” on {number} belongs to the auditor."
    remedy = "In audit mode the auditor draws, sends, receives and releases; ask them."


@dataclass(frozen=True, slots=True)
class Step:
    """From `state` by `command` to `to`."""

    state: str
    command: str
    to: str


ROUND_TABLE: tuple[Step, ...] = (
    Step(RoundState.DRAWN, "send", RoundState.SENT),
    Step(RoundState.DRAWN, "discard", RoundState.DISCARDED),
    Step(RoundState.SENT, "close", RoundState.CLOSED),
    Step(RoundState.CLOSED, "release", RoundState.RELEASED),
)
"""All of it belongs to the auditor in audit mode, to staff otherwise; only an audit's round is released."""

LETTER_TABLE: tuple[Step, ...] = (
    Step(LetterState.DRAWN, "send", LetterState.SENT),
    Step(LetterState.DRAWN, "discard", LetterState.DISCARDED),
    Step(LetterState.SENT, "remind", LetterState.REMINDED),
    Step(LetterState.SENT, "confirm", LetterState.CONFIRMED),
    Step(LetterState.SENT, "differ", LetterState.DIFFERS),
    Step(LetterState.SENT, "close", LetterState.SILENT),
    Step(LetterState.REMINDED, "confirm", LetterState.CONFIRMED),
    Step(LetterState.REMINDED, "differ", LetterState.DIFFERS),
    Step(LetterState.REMINDED, "close", LetterState.SILENT),
    Step(LetterState.CONFIRMED, "confirm", LetterState.CONFIRMED),
    Step(LetterState.CONFIRMED, "differ", LetterState.DIFFERS),
    Step(LetterState.DIFFERS, "confirm", LetterState.CONFIRMED),
    Step(LetterState.DIFFERS, "differ", LetterState.DIFFERS),
    Step(LetterState.DIFFERS, "explain", LetterState.EXPLAINED),
    Step(LetterState.SILENT, "examine", LetterState.EXAMINED),
)
"""`confirm` and `differ` are the customer's, or of whoever enters a letter that came back on paper."""

ANSWERABLE = frozenset({LetterState.SENT, LetterState.REMINDED, LetterState.CONFIRMED, LetterState.DIFFERS})
"""What a customer may still answer, or answer anew, while the round is sent."""

UNANSWERED = frozenset({LetterState.SENT, LetterState.REMINDED, LetterState.SILENT, LetterState.EXAMINED})
"""What alternative procedures are for."""


def move(table: Sequence[Step], number: str, state: str, command: str) -> str:
    """The state after the command. Raises ConfirmationRefused for whatever the table does not name."""
    for step in table:
        if (step.state, step.command) == (state, command):
            return step.to
    possible = ", ".join(step.command for step in table if step.state == state) or "–"
    raise ConfirmationRefused(command=command, number=number, state=state, possible=possible)


def diagram(table: Sequence[Step], first: str) -> str:
    """A table as a Mermaid state diagram, for the handbook; a test compares."""
    lines = ["stateDiagram-v2", f"    [*] --> {first}"]
    lines += [f"    {step.state} --> {step.to}: {step.command}" for step in table]
    return "\n".join(lines) + "\n"


REASONS = ("timing", "price", "quantity", "not_ours", "paid", "missing_credit", "other")
"""Why a balance differs, as the customer sees it; `timing`: goods or money were under way at the date."""

REPLIES = ("confirm", "differ", "fill")
"""信息证明无误, 信息不符, and the amounts of a blank letter."""

MAX_WORDS = 2_000
"""Characters of an explanation: a page of a letter."""

MAX_NAME = 120
"""Characters of a name or a position."""

MAX_DIGITS = 18
"""Characters of an amount: more than any balance has."""

_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")
"""An amount as people write it; Decimal would take exponents, infinities and foreign digits too."""


class ReplyIncomplete(Refusal):
    """A reply that lacks what makes it one."""

    code = "reply_incomplete_invalid"
    sentence = "The reply cannot be recorded: {field} is missing or cannot be used."
    remedy = "Fill it in and send the reply again; nothing was recorded."


@dataclass(frozen=True, slots=True)
class GivenReply:
    """What the customer says. `amounts` is currency to the customer's own balance, as typed."""

    kind: str
    name: str
    position: str = ""
    amounts: Mapping[str, str] | None = None
    reason: str = ""
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A reply held against its letter: `command` for the table, what the customer's books say, by how much it differs.

    `differences` is theirs minus ours, without zeros.
    """

    command: str
    amounts: dict[str, str]
    differences: dict[str, str]


def judge(form: str, ours: Mapping[str, str], given: GivenReply) -> Judged:
    """Checks a reply against the letter's balances. Raises ReplyIncomplete, naming the field."""
    if given.kind not in allowed_replies(form):
        raise ReplyIncomplete(field="kind")
    if not given.name.strip() or len(given.name) > MAX_NAME or len(given.position) > MAX_NAME:
        raise ReplyIncomplete(field="name")
    if len(given.explanation) > MAX_WORDS:
        raise ReplyIncomplete(field="explanation")
    if given.kind == "confirm":
        return Judged("confirm", dict(ours), {})
    theirs = _read_amounts(ours, given.amounts or {}, required=given.kind == "fill")
    differences = {
        currency: _text(Decimal(theirs[currency]) - Decimal(ours[currency]), currency)
        for currency in ours
        if Decimal(theirs[currency]) != Decimal(ours[currency])
    }
    if given.kind == "differ":
        if given.reason not in REASONS:
            raise ReplyIncomplete(field="reason")
        if not differences:
            raise ReplyIncomplete(field="amount")
    return Judged("differ" if differences else "confirm", theirs, differences)


def allowed_replies(form: str) -> tuple[str, ...]:
    """What may be answered to a letter of this form."""
    return ("fill",) if form == Form.BLANK else ("confirm", "differ")


def _read_amounts(ours: Mapping[str, str], typed: Mapping[str, str], *, required: bool) -> dict[str, str]:
    """The customer's balance per currency of the letter; what a differing reply leaves empty is as we said."""
    read = {}
    for currency in ours:
        text = typed.get(currency, "").replace(",", "").replace("，", "").strip()
        if not text:
            if required:
                raise ReplyIncomplete(field=f"amount {currency}")
            read[currency] = ours[currency]
            continue
        amount = Decimal(text) if _PLAIN.fullmatch(text) and len(text) <= MAX_DIGITS else None
        if amount is None or amount != round(amount, decimals(currency)):
            raise ReplyIncomplete(field=f"amount {currency}")
        read[currency] = _text(amount, currency)
    return read


def _text(amount: Decimal, currency: str) -> str:
    return f"{amount:.{decimals(currency)}f}"


STRENGTHS = {
    "confirmed": "Confirmed by the customer",
    "differs": "The customer's books differ",
    "explained": "Difference explained",
    "examined": "No reply; examined by alternative procedures",
    "weak": "No reply to a negative letter: weak evidence",
    "none": "No reply: no evidence yet",
    "pending": "Not sent yet",
}
"""What a letter proves, in words."""


def strength(form: str, state: str) -> str:
    """What stands proved by a letter in this state; the silence of a negative letter is labelled as weak."""
    if state in {LetterState.CONFIRMED, LetterState.DIFFERS, LetterState.EXPLAINED, LetterState.EXAMINED}:
        return state
    if state in {LetterState.DRAWN, LetterState.DISCARDED}:
        return "pending"
    return "weak" if form == Form.NEGATIVE else "none"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One letter as the summary counts it."""

    form: str
    state: str
    amounts: Mapping[str, str]
    differences: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Summary:
    """A round in figures: letters by state and by strength, and per currency how much of the population is covered."""

    sent: int
    replied: int
    by_strength: dict[str, int]
    currencies: dict[str, dict[str, str]]


def summarize(population: Mapping[str, str], letters: Sequence[Outcome]) -> Summary:
    """`population` is the sum of the absolute balances per currency, from which the letters were drawn."""
    strengths = [strength(one.form, one.state) for one in letters]
    answered = {"confirmed", "differs", "explained"}
    currencies = {}
    for currency, whole in sorted(population.items()):
        asked = _sum(currency, letters)
        proved = _sum(currency, [one for one in letters if strength(one.form, one.state) in {"confirmed", "explained"}])
        examined = _sum(currency, [one for one in letters if one.state == LetterState.EXAMINED])
        differing = sum((abs(Decimal(one.differences.get(currency, "0"))) for one in letters), Decimal(0))
        currencies[currency] = {
            "population": whole, "asked": _text(asked, currency), "confirmed": _text(proved, currency),
            "examined": _text(examined, currency), "differences": _text(differing, currency),
            "asked_percent": percent(asked, Decimal(whole)), "confirmed_percent": percent(proved, Decimal(whole)),
        }  # fmt: skip
    return Summary(
        sent=sum(one != "pending" for one in strengths), replied=sum(one in answered for one in strengths),
        by_strength={name: strengths.count(name) for name in STRENGTHS if name in strengths}, currencies=currencies,
    )  # fmt: skip


def _sum(currency: str, letters: Sequence[Outcome]) -> Decimal:
    return sum((abs(Decimal(one.amounts.get(currency, "0"))) for one in letters), Decimal(0))


def percent(part: Decimal, whole: Decimal) -> str:
    """One decimal place; "–" of nothing."""
    return f"{part * 100 / whole:.1f}" if whole else "–"
