"""How a paid amount fits what is open: exactly, less a deduction or discount, in part, or with a surplus.

Minor units, and percents in basis points (250 is 2.5 %); both amounts have the same sign.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from ledger.money import decimals
from matching import reasons
from matching.memos import Memo


class Fit(Enum):
    """How an amount fits; the value is the clause that says so."""

    NONE = ""
    CONTRADICTED = reasons.UNEXPLAINED
    EXCEEDED = reasons.EXCEEDED
    PART = reasons.PART
    PERCENT_PART = reasons.PERCENT_PART
    SURPLUS = reasons.SURPLUS
    SHORT = reasons.SHORT
    CHARGED = reasons.CHARGED
    CUSTOMARY = reasons.CUSTOMARY
    DISCOUNTED = reasons.DISCOUNTED
    DEDUCTED = reasons.DEDUCTED
    EQUAL = reasons.EQUAL


WHOLE = 10_000
"""Basis points."""

CUSTOMARY_STEP = 50
LARGEST_CUSTOMARY = 500
"""Terms of payment grant one half to five percent, in halves; 3.27 % is a coincidence."""

LARGEST_CHARGE = 50
CHARGE_SHARE = 200
"""Banks on the way keep up to fifty (dollars, euros), and hardly ever over a two-hundredth of what was sent."""

SHORT_SHARE = 2
"""Who deducts more than half is paying a part."""

SURPLUS_SHARE = 3
"""A third too much is interest, a rounding up or a payment on account; more is another document."""

UNSTATED_PLACES = 2
"""Where a file does not say which currency it is: almost all have two decimals."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """A fit with what of the document it settles, and the difference or percent that its clause names."""

    fit: Fit
    applied: int = 0
    difference: int = 0
    percent: int = 0


NO_FIT = Fitting(Fit.NONE)


def places(currency: str) -> int:
    """Decimals of the currency."""
    return decimals(currency) if currency else UNSTATED_PLACES


def minor(amount: Decimal, currency: str) -> int:
    """A stated amount in minor units."""
    return int(amount.scaleb(places(currency)).to_integral_value())


def fitting(paid: int, open_: int, memo: Memo, currency: str) -> Fitting:
    """The best explanation of `paid` against `open_`."""
    if paid == 0 or open_ == 0 or (paid < 0) != (open_ < 0):
        return NO_FIT
    if paid == open_:
        return Fitting(Fit.EQUAL, paid)
    if abs(paid) > abs(open_):
        most = abs(open_) + abs(open_) // SURPLUS_SHARE
        usual = abs(paid) <= most and not (memo.deducted or memo.discounted)
        return Fitting(Fit.SURPLUS if usual else Fit.EXCEEDED, open_, paid - open_)
    return _stated(paid, open_, memo, currency) or _unstated(paid, open_, memo, currency)


def _stated(paid: int, open_: int, memo: Memo, currency: str) -> Fitting | None:
    """What the memo's own figures make of it; a figure that does not hold speaks against the document.

    A discount of 1.5 % is often written as 2 %.
    """
    difference = open_ - paid
    if memo.deduction is not None:
        held = abs(difference) == minor(memo.deduction, currency)
        return Fitting(Fit.DEDUCTED if held else Fit.CONTRADICTED, paid, difference)
    if memo.percent is not None:
        points = int(memo.percent * 100)
        customary = customary_discount(paid, open_)
        if memo.percent_is_whole and abs(customary - points) <= CUSTOMARY_STEP:
            points = customary
        return Fitting(Fit.DISCOUNTED if _less(paid, open_, points) else Fit.CONTRADICTED, paid, difference, points)
    if memo.deducted:
        usual = abs(difference) * SHORT_SHARE <= abs(open_)
        return Fitting(Fit.SHORT if usual else Fit.CONTRADICTED, paid, difference)
    return None


def _unstated(paid: int, open_: int, memo: Memo, currency: str) -> Fitting:
    difference = open_ - paid
    customary = customary_discount(paid, open_)
    if customary and not memo.part:
        return Fitting(Fit.CUSTOMARY, paid, difference, customary)
    if memo.discounted:
        return Fitting(Fit.CONTRADICTED, paid, difference)
    if not memo.part and _is_charge(difference, open_, currency):
        return Fitting(Fit.CHARGED, paid, difference)
    share = whole_percent(paid, open_)
    return Fitting(Fit.PERCENT_PART if share else Fit.PART, paid, difference, share * 100)


def _less(paid: int, open_: int, points: int) -> bool:
    """Whether `paid` is `open_` less so many basis points, up to how the minor unit was rounded."""
    return abs(open_ * (WHOLE - points) - paid * WHOLE) <= WHOLE


def customary_discount(paid: int, open_: int) -> int:
    """Basis points, when `paid` is `open_` less a discount as terms of payment grant it; else 0."""
    points = round((open_ - paid) * WHOLE / open_ / CUSTOMARY_STEP) * CUSTOMARY_STEP
    return points if 0 < points <= LARGEST_CUSTOMARY and _less(paid, open_, points) else 0


def whole_percent(paid: int, open_: int) -> int:
    """The percentage, when `paid` is a whole one of `open_`, as instalments are agreed; else 0."""
    percent = round(paid * 100 / open_)
    return percent if 0 < percent < 100 and abs(open_ * percent - paid * 100) < 100 else 0  # noqa: PLR2004 - percent


def _is_charge(difference: int, open_: int, currency: str) -> bool:
    return 0 < difference <= LARGEST_CHARGE * 10 ** places(currency) and difference * CHARGE_SHARE <= open_
