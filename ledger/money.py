"""Exact money: whole minor units of one currency, with what the source gave beyond them kept apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel.core import get_global
from babel.numbers import get_currency_precision

RESIDUE_PER_MINOR = 10_000
"""A residue counts ten-thousandths of a minor unit: public retail ledgers hold prices of 0.001, times a quantity."""

MAX_MINOR = 9_000_000_000_000_000
"""Below 2**53 and far below BIGINT: sums of a million such items still fit the database's NUMERIC sum."""


class CurrencyMismatchError(ValueError):
    """Amounts of two currencies cannot be added."""


class UnknownCurrencyError(ValueError):
    """Not an ISO 4217 currency code."""


@cache
def known_currencies() -> frozenset[str]:
    """ISO 4217 codes in use somewhere today or in the past, from CLDR."""
    return frozenset(get_global("all_currencies"))


@cache
def decimals(currency: str) -> int:
    """Decimal places of a currency's minor unit (JPY 0, CNY 2, KWD 3)."""
    if currency not in known_currencies():
        raise UnknownCurrencyError(currency)
    return get_currency_precision(currency)


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` whole minor units of `currency` (1234 CNY = 12.34 yuan)."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatchError(f"{self.currency} and {other.currency}")

    def __str__(self) -> str:
        return f"{decimal_text(self.minor, 0, self.currency)} {self.currency}"


def round_to_minor(amount: Decimal, currency: str) -> tuple[int, int]:
    """Whole minor units (half up) and the residue left over, so that both together are `amount` exactly.

    Raises ValueError when the amount is finer than a residue can hold or beyond `MAX_MINOR`.
    """
    in_minor = amount.scaleb(decimals(currency))
    minor = int(in_minor.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    residue = (in_minor - minor) * RESIDUE_PER_MINOR
    if residue != residue.to_integral_value():
        raise ValueError(f"{amount} {currency} is finer than {RESIDUE_PER_MINOR} parts of a minor unit")
    if abs(minor) > MAX_MINOR:
        raise ValueError(f"{amount} {currency} is beyond the largest amount kept")
    return minor, int(residue)


def to_decimal(minor: int, residue: int, currency: str) -> Decimal:
    """The exact amount in major units; at least the currency's own decimals are kept."""
    places = decimals(currency)
    whole = Decimal(minor).scaleb(-places)
    if residue == 0:
        return whole
    exact = (Decimal(minor * RESIDUE_PER_MINOR + residue) / RESIDUE_PER_MINOR).scaleb(-places)
    return exact.normalize()


def decimal_text(minor: int, residue: int, currency: str) -> str:
    """The exact amount as a plain decimal string, "-12.30"; never an exponent."""
    return f"{to_decimal(minor, residue, currency):f}"


def parts_text(parts: int, currency: str) -> str:
    """`decimal_text` for an exact amount counted in ten-thousandths of a minor unit."""
    minor, residue = divmod(abs(parts), RESIDUE_PER_MINOR)
    sign = -1 if parts < 0 else 1
    return decimal_text(sign * minor, sign * residue, currency)


def parts_of(text: str, currency: str) -> int:
    """The inverse of `parts_text`. Raises ValueError on an amount finer than a residue can hold."""
    minor, residue = round_to_minor(Decimal(text), currency)
    return minor * RESIDUE_PER_MINOR + residue


def minor_of_parts(parts: int) -> int:
    """Whole minor units, half away from zero: what can be paid of an exact amount."""
    sign = -1 if parts < 0 else 1
    return sign * ((abs(parts) + RESIDUE_PER_MINOR // 2) // RESIDUE_PER_MINOR)


def split_by_largest_remainder(minor: int, shares: Sequence[int]) -> list[int]:
    """`minor` in whole parts proportional to `shares` (non-negative, not all zero); parts add up exactly."""
    total = sum(shares)
    sign = -1 if minor < 0 else 1
    floors = [abs(minor) * share // total for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: (-(abs(minor) * shares[i] % total), i))
    for index in by_remainder[: abs(minor) - sum(floors)]:
        floors[index] += 1
    return [sign * part for part in floors]
