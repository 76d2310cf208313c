"""What a person types as a day or an instant, or the refusal that shows how to write it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from storage.companies import Company
from words.refusal import Refusal


class DayInvalid(Refusal):
    """Not a calendar date."""

    code = "day_invalid"
    sentence = "{given} is not a date."
    remedy = "Write it as 2012-06-30."


class InstantInvalid(Refusal):
    """Not a date with time."""

    code = "instant_invalid"
    sentence = "{given} is not a date with time."
    remedy = "Write it as 2012-07-01T09:30:00+08:00; without an offset the company's time zone is meant."


def day(given: str) -> date:
    """An ISO date."""
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise DayInvalid(given=given) from None


def instant(given: str, company: Company) -> datetime:
    """An ISO instant; one without offset is on the company's clock."""
    try:
        read = datetime.fromisoformat(given)
    except ValueError:
        raise InstantInvalid(given=given) from None
    return read if read.tzinfo is not None else read.replace(tzinfo=ZoneInfo(company.timezone))
