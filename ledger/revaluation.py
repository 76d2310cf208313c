"""Foreign-currency items in the company's own currency: at the booked rate, and what a new rate would change."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from ledger.money import decimals, to_decimal


@dataclass(frozen=True, slots=True)
class BaseAmounts:
    """One item in minor units of the company's currency; `future` is valued at the later receipts' own rates."""

    outstanding: int
    future: int

    @property
    def remaining(self) -> int:
        """What stays in the books after the later receipts: the exchange difference once nothing is open."""
        return self.outstanding - self.future


def in_base(minor: int, currency: str, base: str, rate: Decimal) -> int:
    """`minor` of `currency` in minor units of `base`, where one `currency` is `rate` `base`; rounded half up once."""
    exact = (to_decimal(minor, 0, currency) * rate).scaleb(decimals(base))
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def revaluation(minor_open: int, currency: str, base: str, booked: Decimal, new: Decimal) -> int:
    """The adjustment that lifts an open amount from its booked rate to a new one: a row of its own, never a payment."""
    return in_base(minor_open, currency, base, new) - in_base(minor_open, currency, base, booked)
