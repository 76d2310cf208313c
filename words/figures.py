"""Money and dates as people write them, by Babel."""

from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date, format_datetime, get_timezone
from babel.numbers import format_decimal

from words.catalog import LOCALES


def amount_text(amount: str | Decimal, language: str) -> str:
    """A decimal string with grouping and its own number of decimals: "1234.50" to "1,234.50"."""
    value = Decimal(amount)
    exponent = value.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return format_decimal(value, format=pattern, locale=LOCALES[language])


def money_text(amount: str | Decimal, currency: str, language: str) -> str:
    """Amount with its ISO code, "CNY 1,234.50": a symbol alone is ambiguous between CNY and JPY."""
    return f"{currency} {amount_text(amount, language)}"


def date_text(day: date, language: str) -> str:
    """A calendar date in full: "30 Jun 2012", "2012年6月30日"."""
    return format_date(day, format="long" if language == "zh" else "medium", locale=LOCALES[language])


def moment_text(moment: datetime, language: str, timezone: str) -> str:
    """An instant on the wall clock of `timezone`."""
    return format_datetime(moment, format="medium", tzinfo=get_timezone(timezone), locale=LOCALES[language])
