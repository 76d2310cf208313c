"""Periods, and working days with public holidays and the Chinese make-up days (调休)."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import holidays
from babel.core import get_global

SATURDAY = 5


class PeriodError(ValueError):
    """Not a period: a month "2012-06", a quarter "2012-Q2", a year "2012" or a span "2012-06-01..2012-06-15"."""


@dataclass(frozen=True, slots=True)
class Period:
    """Business dates `start` to `end`, both included, under the label that people use."""

    label: str
    start: date
    end: date


def parse_period(label: str) -> Period:
    """The dates of a label. Raises PeriodError."""
    try:
        if ".." in label:
            first, last = (date.fromisoformat(part) for part in label.split(".."))
            if last < first:
                raise PeriodError(label)
            return Period(label, first, last)
        if "-Q" in label:
            year, quarter = label.split("-Q")
            return _months(label, int(year), 3 * int(quarter) - 2, 3 * int(quarter))
        if "-" in label:
            year, month = label.split("-")
            return _months(label, int(year), int(month), int(month))
        return _months(label, int(label), 1, 12)
    except ValueError as error:
        raise PeriodError(label) from error


def _months(label: str, year: int, first: int, last: int) -> Period:
    return Period(label, date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1]))


@cache
def _country(code: str) -> holidays.HolidayBase | None:
    try:
        return holidays.country_holidays(code)
    except NotImplementedError:
        return None


def country_of_zone(timezone: str) -> str:
    """ISO 3166 code of the country that keeps an IANA time zone, "" for zones of no country (UTC); from CLDR."""
    return str(get_global("zone_territories").get(timezone, ""))


def knows_country(code: str) -> bool:
    """Whether the public holidays of this ISO 3166 code are known."""
    return _country(code) is not None


def is_working_day(day: date, country: str) -> bool:
    """Whether people work in `country` (ISO 3166, "CN") on that day; a country unknown to us has weekends only."""
    known = _country(country)
    return day.weekday() < SATURDAY if known is None else bool(known.is_working_day(day))


def add_working_days(day: date, count: int, country: str) -> date:
    """The day that lies `count` (≥ 0) working days after `day`."""
    moved = day
    while count > 0:
        moved += timedelta(days=1)
        count -= is_working_day(moved, country)
    return moved


def working_days_between(start: date, end: date, country: str) -> int:
    """Working days after `start` up to and including `end`; 0 when `end` is not later."""
    return sum(is_working_day(start + timedelta(days=n), country) for n in range(1, (end - start).days + 1))
