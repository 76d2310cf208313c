"""Exact amounts as text and as parts; splits that lose nothing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import (
    MAX_MINOR,
    RESIDUE_PER_MINOR,
    CurrencyMismatchError,
    Money,
    decimal_text,
    minor_of_parts,
    parts_of,
    parts_text,
    round_to_minor,
    split_by_largest_remainder,
)

CURRENCIES = st.sampled_from(["CNY", "USD", "JPY", "KWD"])
PARTS = st.integers(-(10**18), 10**18)


@given(PARTS, CURRENCIES)
def test_parts_are_read_back_from_their_text(parts: int, currency: str) -> None:
    assert parts_of(parts_text(parts, currency), currency) == parts


@given(PARTS, CURRENCIES)
def test_text_has_the_currencys_decimals_and_no_exponent(parts: int, currency: str) -> None:
    text = parts_text(parts // RESIDUE_PER_MINOR * RESIDUE_PER_MINOR, currency)
    places = {"CNY": 2, "USD": 2, "JPY": 0, "KWD": 3}[currency]
    assert "e" not in text.lower()
    assert len(text.partition(".")[2]) == places


@given(PARTS)
def test_the_payable_amount_is_the_nearest_minor_unit(parts: int) -> None:
    assert abs(minor_of_parts(parts) * RESIDUE_PER_MINOR - parts) * 2 <= RESIDUE_PER_MINOR


@pytest.mark.parametrize(
    ("text", "minor", "residue"), [("0.004", 0, 4000), ("9539484.634", 953948463, 4000), ("-0.005", -1, 5000)]
)
def test_what_is_finer_than_a_cent_is_kept(text: str, minor: int, residue: int) -> None:
    assert round_to_minor(Decimal(text), "GBP") == (minor, residue)
    assert Decimal(decimal_text(minor, residue, "GBP")) == Decimal(text)


def test_two_currencies_do_not_add() -> None:
    with pytest.raises(CurrencyMismatchError):
        Money(1, "CNY") + Money(1, "USD")


def test_an_amount_beyond_the_largest_is_refused() -> None:
    with pytest.raises(ValueError, match="beyond"):
        round_to_minor(Decimal(MAX_MINOR + 1).scaleb(-2), "CNY")


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_a_split_loses_nothing_and_strays_less_than_one_unit(minor: int, shares: list[int]) -> None:
    if sum(shares) == 0:
        return
    parts = split_by_largest_remainder(minor, shares)
    assert sum(parts) == minor
    for part, share in zip(parts, shares, strict=True):
        assert abs(part * sum(shares) - minor * share) < sum(shares)
