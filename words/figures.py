"""Money and dates as people write them."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_date, format_datetime, get_timezone

from words.catalog import LOCALES


def amount_text(amount: str | Decimal, language: str) -> str:  # noqa: ARG001 - both languages group alike today
    """A decimal string with grouping and its own number of decimals: "1234.50" to "1,234.50".

    What Babel's `format_decimal` gives in both locales, 250 times faster: a statement prints a hundred amounts.
    """
    return f"{Decimal(amount):,f}"


def money_text(amount: str | Decimal, currency: str, language: str) -> str:
    """Amount with its ISO code, "CNY 1,234.50": a symbol alone is ambiguous between CNY and JPY."""
    return f"{currency} {amount_text(amount, language)}"


def date_text(day: date, language: str) -> str:
    """A calendar date in full: "30 Jun 2012", "2012年6月30日"."""
    return format_date(day, format="long" if language == "zh" else "medium", locale=LOCALES[language])


MOMENTS = 1_000
"""Texts kept: the rows of a page share a few instants, and to write one takes longer than the rest of its row."""


@lru_cache(MOMENTS)
def moment_text(moment: datetime, language: str, timezone: str) -> str:
    """An instant on the wall clock of `timezone`."""
    return format_datetime(moment, format="medium", tzinfo=get_timezone(timezone), locale=LOCALES[language])
