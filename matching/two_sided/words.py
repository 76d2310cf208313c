"""One sentence for every pair, group and lone row: why it is what it is, in the reader's language."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from ledger.money import decimal_text
from matching.two_sided.terms import Kind, Why
from words.catalog import translate
from words.figures import amount_text, date_text

NAMES = {
    Kind.MATCHED: "Matched",
    Kind.TIMING: "Shifted over the period's end",
    Kind.MISSING_ON_OURS: "Missing on our side",
    Kind.MISSING_ON_THEIRS: "Missing on their side",
    Kind.AMOUNT: "Amount differs",
    Kind.SIGN: "Sign differs",
    Kind.CURRENCY: "Currency differs",
    Kind.DUPLICATED: "Entered twice",
    Kind.GROUPED: "Grouped",
    Kind.LATER: "Belongs to the next period",
}
"""The classes as people call them."""

MEETING = {
    Why.NUMBER: "Both sides have the number {number}.",
    Why.ALIKE: "{number} and {their_number} are one document: the digits are the same.",
    Why.SLIP: "{number} and {their_number} are one keystroke apart, and amount and date fit nothing else.",
    Why.NAMED: "One row names the other: {number}, {their_number}.",
    Why.SAME_DAY: "The numbers differ, but currency, amount and day are the same.",
    Why.NEAR_DAY: "The numbers differ, but currency and amount are the same, a few days apart, and nothing else fits.",
    Why.SUM_OF_NUMBER: "The rows with the number {number} together: {count} on our side, {their_count} on theirs.",
    Why.SUM_OF_NAMED: "One row names the others: {count} on our side, {their_count} on theirs.",
    Why.SUM_OF_DAY: "All that is left of this day is taken together: {count} on our side, {their_count} on theirs.",
    Why.SUM: "No other choice of rows about this day adds up: {count} on our side, {their_count} on theirs.",
}
"""How rows of the two sides came together."""

VERDICTS = {
    Kind.MATCHED: "The amounts are equal.",
    Kind.TIMING: "We booked it on {day}, they on {their_day}: on two sides of {period_end}.",
    Kind.AMOUNT: "We have {amount}, they have {their_amount}: a difference of {difference}.",
    Kind.SIGN: "The amount is equal, but what one side books as a debit the other books as a credit.",
    Kind.CURRENCY: "We have it in {currency}, they in {their_currency}.",
    Kind.GROUPED: "Both add up to {amount}.",
    Kind.MISSING_ON_OURS: "They have {their_number} over {their_amount}; our ledger has no row that fits.",
    Kind.MISSING_ON_THEIRS: "We have {number} over {amount}; their ledger has no row that fits.",
    Kind.LATER: "It is dated after {period_end} and is not part of this balance.",
}
"""What follows for the balance."""

TWICE = {
    True: "Our ledger has {number} over {amount} more often than theirs.",
    False: "Their ledger has {their_number} over {their_amount} more often than ours.",
}
"""A duplicate, on our side or theirs."""


class Told(NamedTuple):
    """A row as sentences need it. `amount` in minor units, as we see it."""

    number: str
    day: date | None
    currency: str
    amount: int


def sentence(
    kind: Kind, why: Why, ours: Sequence[Told], theirs: Sequence[Told], end: date | None, language: str
) -> str:
    """Why, and what follows."""
    values = {
        **_side(ours, "", language), **_side(theirs, "their_", language),
        "difference": _amount(_total(theirs) - _total(ours), (ours or theirs)[0].currency),
        "period_end": _day(end, language),
    }  # fmt: skip
    if kind is Kind.DUPLICATED:
        return translate(TWICE[bool(ours)], language, **values)
    parts = [MEETING[why]] if why in MEETING else []
    parts.append(VERDICTS[kind])
    return ("" if language == "zh" else " ").join(translate(part, language, **values) for part in parts)


def _side(rows: Sequence[Told], prefix: str, language: str) -> dict[str, object]:
    first = rows[0] if rows else Told("", None, "", 0)
    numbers = list(dict.fromkeys(row.number for row in rows if row.number))
    unnumbered = translate("a row without a number", language)
    return {
        f"{prefix}number": ", ".join(numbers) or unnumbered,
        f"{prefix}day": _day(first.day, language),
        f"{prefix}currency": first.currency,
        f"{prefix}amount": _amount(_total(rows), first.currency) if rows else "",
        f"{prefix}count": len(rows),
    }


def _total(rows: Sequence[Told]) -> int:
    return sum(row.amount for row in rows)


def _amount(minor: int, currency: str) -> str:
    return amount_text(decimal_text(minor, 0, currency), "en")


@lru_cache(maxsize=4_096)
def _day(day: date | None, language: str) -> str:
    return date_text(day, language) if day is not None else translate("an unknown day", language)
