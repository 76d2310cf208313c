"""Bytes of a bank file to text, amounts and days by the standards' own forms."""

import re
from datetime import date
from decimal import Decimal

from connectors.bank.findings import BankFileRefusedError, Finding

BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
UTF16_SHARE = 0.3
"""Of a Latin text in UTF-16 nearly half the bytes are NUL; no other text has any."""

MAX_DIGITS = 18
"""SWIFT amounts have 15 digits, BAI2 writes leading zeros; beyond this a figure is no amount of money."""

MAX_FRACTION = 12
"""Brokers write four or five decimals; more is the noise of binary floats."""

MAX_COUNT_DIGITS = 9
"""Lines, pages and records are counted in fewer digits."""

CENTURY_PIVOT = 80
"""Two-digit years from 80 are of the last century: the standards are no older."""

_PLAIN = re.compile(rf"([+-]?)(\d{{0,{MAX_DIGITS}}})(?:\.(\d{{0,{MAX_FRACTION}}}))?", re.ASCII)
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")


def decode(content: bytes, declared: str | None = None) -> tuple[str, list[Finding]]:
    """The text, and a finding when its encoding was neither marked nor UTF-8. Raises BankFileRefusedError.

    Europe's banks write Windows-1252 and China's GB18030; in the second, bytes above 127 come in even runs.
    """
    for mark, encoding in BOMS:
        if content.startswith(mark):
            return _strict(content, encoding), []
    if content.count(b"\0") > UTF16_SHARE * len(content):
        encoding = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
        return _strict(content, encoding), [Finding("bank_encoding", encoding)]
    for known in ("utf-8", declared):
        text = _tried(content, known) if known else None
        if text is not None:
            return text, []
    runs = [len(run) for run in _HIGH_RUN.findall(content)]
    odd = sum(length % 2 for length in runs)
    order = ("gb18030", "cp1252") if odd * 2 <= len(runs) else ("cp1252", "gb18030")
    for encoding in order:
        text = _tried(content, encoding)
        if text is not None:
            return text, [Finding("bank_encoding", encoding)]
    raise BankFileRefusedError("bank_file_damaged", "encoding")


def _strict(content: bytes, encoding: str) -> str:
    text = _tried(content, encoding)
    if text is None:
        raise BankFileRefusedError("bank_file_damaged", encoding)
    return text


def _tried(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def plain_decimal(text: str) -> Decimal | None:
    """A decimal from "-12.50", "+.5", "007"; None for anything else (no exponent, no other digits, no grouping)."""
    match = _PLAIN.fullmatch(text.strip())
    if match is None or not (match[2] or match[3]):
        return None
    return Decimal(f"{match[1]}{match[2] or '0'}.{match[3] or '0'}") if match[3] else Decimal(f"{match[1]}{match[2]}")


def whole_number(text: str) -> int | None:
    """A number of up to nine ASCII digits; None for anything else."""
    return int(text) if 0 < len(text) <= MAX_COUNT_DIGITS and text.isascii() and text.isdigit() else None


def comma_decimal(text: str) -> Decimal | None:
    """SWIFT's "12,50", "7," or "500"; None for anything else."""
    body = text.strip()
    if not body or not body[0].isdigit() or "." in body:
        return None
    return plain_decimal(body.removesuffix(",").replace(",", ".", 1)) if body.count(",") <= 1 else None


def short_day(text: str) -> tuple[date | None, bool]:
    """YYMMDD to the day, and whether it was moved to the month's end because the calendar has no such day."""
    if len(text) != len("YYMMDD") or not (text.isascii() and text.isdigit()):
        return None, False
    year = int(text[:2])
    return day_or_month_end(year + (1900 if year >= CENTURY_PIVOT else 2000), int(text[2:4]), int(text[4:]))


def day_or_month_end(year: int, month: int, day: int) -> tuple[date | None, bool]:
    """The day; 30 February becomes the last of February (interest months have 30 days), said by the second value."""
    for candidate in range(day, 27, -1) if day <= 31 else ():  # noqa: PLR2004 - months end between 28 and 31
        found = calendar_day(year, month, candidate)
        if found is not None:
            return found, candidate != day
    return calendar_day(year, month, day), False


def calendar_day(year: int, month: int, day: int) -> date | None:
    """The day, or None when the calendar has no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def nearest_day(month: int, day: int, to: date) -> date | None:
    """Month and day in the year that brings them closest to another day: entries around New Year."""
    days = [day_or_month_end(to.year + step, month, day)[0] for step in (-1, 0, 1)]
    found = [candidate for candidate in days if candidate is not None]
    return min(found, key=lambda candidate: abs((candidate - to).days)) if found else None
