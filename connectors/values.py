"""One cell to one value, strictly: what does not match a known form is a finding, never a guess.

Pure functions over text. `collect.py` calls them only for cells that its vectorised patterns did not take.
"""

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.profiles import NO_CURRENCY
from connectors.tables import SERIAL_MARK
from ledger.money import known_currencies

MAX_INTEGER_DIGITS = 15
"""Beyond this an amount is larger than `ledger.money.MAX_MINOR` in every currency."""

MAX_FRACTION_DIGITS = 12
"""Quantities and prices: more decimals are the noise of binary floats."""

FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xFFE5: 0xA5}
"""Full-width forms only: NFKC of everything would let Arabic-Indic look-alikes and fractions through."""

MINUS_SIGNS = "\u2212\u2013\ufe63"
SYMBOLS = {
    "¥": ("CNY", "JPY"), "$": ("USD", "HKD", "AUD", "CAD", "SGD", "NZD", "TWD"), "€": ("EUR",), "£": ("GBP",),
    "HK$": ("HKD",), "US$": ("USD",), "元": ("CNY",),
}  # fmt: skip
CURRENCY_WORDS = {
    "RMB": "CNY", "人民币": "CNY", "人民币元": "CNY", "CNH": "CNY", "元": "CNY", "€": "EUR", "£": "GBP", "US$": "USD",
    "HK$": "HKD", "美元": "USD", "欧元": "EUR", "日元": "JPY", "港币": "HKD", "港元": "HKD", "英镑": "GBP",
}  # fmt: skip
CURRENCY_UNCLEAR = {"¥", "$", "円", "圆"}
_PLAIN = re.compile(rf"[0-9]{{1,{MAX_INTEGER_DIGITS}}}(\.[0-9]{{1,{MAX_FRACTION_DIGITS}}})?")
_DIGITS_AND_MARKS = re.compile(r"[0-9][0-9.,' ]*")
_TWO_WAYS = re.compile(r"[0-9]{1,3}[.,][0-9]{3}")


@dataclass(frozen=True, slots=True)
class Amount:
    """A parsed amount; `code` names what was wrong with it, or what was tidied; `symbol` is its currency sign."""

    value: Decimal | None
    code: str | None = None
    symbol: str | None = None


def parse_amount(text: str, decimal: str | None, thousands: str | None) -> Amount:
    """The amount in a cell; `decimal` and `thousands` are the profile's marks, None when it does not say."""
    folded = text.translate(FULL_WIDTH).strip()
    body, negative, symbol = _unsigned(folded)
    tidied = folded != text or negative not in {"", "-"} or symbol is not None
    if not _DIGITS_AND_MARKS.fullmatch(body):
        return Amount(None, "number_malformed")
    if decimal is None and _TWO_WAYS.fullmatch(body):
        return Amount(None, "number_ambiguous")
    plain = _ungrouped(body, decimal or ".", thousands if decimal is not None or thousands is not None else ",")
    if plain is None:
        other = _ungrouped(body, ",", ".") if decimal is None else None
        return Amount(None, "number_malformed" if other is None else "number_ambiguous")
    if not _PLAIN.fullmatch(plain):
        return Amount(None, "number_too_large" if plain.replace(".", "").isdigit() else "number_malformed")
    value = -Decimal(plain) if negative else Decimal(plain)
    return Amount(value, "number_tidied" if tidied else None, symbol)


def _unsigned(text: str) -> tuple[str, str, str | None]:
    """The digits, the way in which a minus was written ("" for none), and the currency sign."""
    negative = ""
    body = text
    if body.startswith("(") and body.endswith(")"):
        body, negative = body[1:-1].strip(), "()"
    body, symbol = _without_symbol(body)
    for sign in "-" + MINUS_SIGNS:
        if not negative and body.startswith(sign):
            body, negative = body[1:].strip(), sign
        if not negative and body.endswith(sign):
            body, negative = body[:-1].strip(), f"{sign} at the end"
    if symbol is None:
        body, symbol = _without_symbol(body)
    if not negative and body.startswith("+"):
        body = body[1:]
    return body, negative, symbol


def _without_symbol(body: str) -> tuple[str, str | None]:
    for symbol in sorted(SYMBOLS, key=len, reverse=True):
        if body.startswith(symbol):
            return body[len(symbol) :].strip(), symbol
        if body.endswith(symbol):
            return body[: -len(symbol)].strip(), symbol
    return body, None


def _ungrouped(body: str, decimal: str, thousands: str | None) -> str | None:
    whole, mark, fraction = body.partition(decimal)
    if (mark and not fraction) or not fraction.isascii() or (fraction and not fraction.isdigit()):
        return None
    if thousands and thousands in whole:
        first, *groups = whole.split(thousands)
        if not 1 <= len(first) <= 3 or any(len(group) != 3 for group in groups):  # noqa: PLR2004 - thousands
            return None
        whole = first + "".join(groups)
    if not whole.isdigit():
        return None
    return f"{whole}.{fraction}" if fraction else whole


def parse_currency(text: str) -> tuple[str | None, str | None]:
    """The ISO code and, when something was wrong or tidied, the finding's code."""
    folded = text.translate(FULL_WIDTH).strip()
    if folded in CURRENCY_UNCLEAR:
        return None, "currency_ambiguous"
    upper = folded.upper()
    known = CURRENCY_WORDS.get(upper, upper)
    if known not in known_currencies() or known in NO_CURRENCY:
        return None, "currency_unknown"
    return known, None if known == text else "currency_tidied"


_DATE_PATTERNS = {
    "YYYY-MM-DD": (r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"),
    "YYYY/M/D": (r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})"),
    "YYYY.M.D": (r"(?P<y>\d{4})\.(?P<m>\d{1,2})\.(?P<d>\d{1,2})"),
    "YYYYMMDD": (r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"),
    "YYYY年M月D日": (r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日"),
    "M/D/YYYY": (r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})"),
    "D/M/YYYY": (r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})"),
    "D.M.YYYY": (r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})"),
    "D-M-YYYY": (r"(?P<d>\d{1,2})-(?P<m>\d{1,2})-(?P<y>\d{4})"),
    "M-D-YYYY": (r"(?P<m>\d{1,2})-(?P<d>\d{1,2})-(?P<y>\d{4})"),
    "D MMM YYYY": r"(?P<d>\d{1,2})[ -](?P<m>[A-Za-z]{3,9})\.?[ -](?P<y>\d{4})",
    "MMM D, YYYY": r"(?P<m>[A-Za-z]{3,9})\.? (?P<d>\d{1,2}), (?P<y>\d{4})",
}
_COMPILED = {form: re.compile(pattern, re.ASCII) for form, pattern in _DATE_PATTERNS.items()}
CLEAR_FORMS = ("YYYY-MM-DD", "YYYY/M/D", "YYYY.M.D", "YYYYMMDD", "YYYY年M月D日", "D MMM YYYY", "MMM D, YYYY")
"""Forms with the year first or the month in letters leave no doubt about day and month."""

MONTHS = {name.casefold(): number for number, name in enumerate(calendar.month_name) if name}
"""English, as accounting programs write them; three letters or all."""

FIRST_YEAR = 1900
"""No receivable is older; a smaller year is a typing error such as 0206."""

_DAY_FIRST_OR_MONTH_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
_TIME = re.compile(r"(?P<day>.*?\d日?)[T ]+\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?", re.ASCII)
_NUMBER = re.compile(r"\d{1,6}(\.\d+)?", re.ASCII)


def parse_date(text: str, forms: tuple[str, ...], timezone: str) -> tuple[date | None, str | None]:
    """The business date and, when something was wrong, the finding's code. A stated offset is turned to `timezone`."""
    if text.startswith(SERIAL_MARK):
        return None, "date_serial"
    folded = text.translate(FULL_WIDTH).strip()
    timed = _TIME.fullmatch(folded)
    if timed is not None:
        if timed["zone"] is not None:
            return _moment(folded, timezone)
        folded = timed["day"]
    for form in (*forms, "YYYY-MM-DD") if forms else CLEAR_FORMS:
        match = _COMPILED[form].fullmatch(folded)
        if match is not None:
            return _calendar_day(int(match["y"]), _month(match["m"]), int(match["d"]))
    unclear = _DAY_FIRST_OR_MONTH_FIRST.fullmatch(folded) if not forms else None
    if unclear is not None:
        return _undeclared(unclear)
    return None, "date_number" if _NUMBER.fullmatch(folded) else "date_malformed"


def _month(text: str) -> int:
    """The month by number or by name; 0 for no month."""
    if text.isdigit():
        return int(text)
    word = text.casefold()
    return next((number for name, number in MONTHS.items() if word in {name, name[:3]}), 0)


def _moment(text: str, timezone: str) -> tuple[date | None, str | None]:
    try:
        return datetime.fromisoformat(text).astimezone(ZoneInfo(timezone)).date(), None
    except (ValueError, OverflowError):
        return None, "date_malformed"


def _calendar_day(year: int, month: int, day: int) -> tuple[date | None, str | None]:
    try:
        if year < FIRST_YEAR:
            return None, "date_impossible"
        return date(year, month, day), None
    except ValueError:
        return None, "date_impossible"


def _undeclared(match: re.Match[str]) -> tuple[date | None, str | None]:
    """Without a declared form a date counts only when just one reading is a day at all."""
    first, second, year = (int(part) for part in match.groups())
    readings = {_calendar_day(year, first, second)[0], _calendar_day(year, second, first)[0]} - {None}
    if len(readings) == 1:
        return readings.pop(), None
    return None, "date_ambiguous" if readings else "date_impossible"


def tidy(text: str) -> str:
    """Text for names and descriptions: edges and runs of white space closed, composed form, nothing else changed."""
    return " ".join(unicodedata.normalize("NFC", text).split())
