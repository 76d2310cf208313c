"""Deadlines in working hours: weekends, public holidays and make-up days of the company's calendar."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ledger.business_calendar import is_working_day


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """When people work: ISO country of the holidays, IANA zone, hours of a working day."""

    country: str
    zone: str
    opens: time = time(9)
    closes: time = time(18)

    def add_hours(self, moment: datetime, hours: int) -> datetime:
        """The instant (UTC) at which `hours` working hours have passed since `moment`."""
        zone = ZoneInfo(self.zone)
        at, left = moment.astimezone(zone), timedelta(hours=hours)
        while True:
            opens = datetime.combine(at.date(), self.opens, zone)
            closes = datetime.combine(at.date(), self.closes, zone)
            start = max(at, opens)
            if is_working_day(at.date(), self.country) and start < closes:
                if left <= closes - start:
                    return (start + left).astimezone(UTC)
                left -= closes - start
            at = datetime.combine(at.date() + timedelta(days=1), self.opens, zone)

    def hours_left(self, now: datetime, until: datetime) -> int:
        """Whole working hours between the two; 0 when `until` has passed, `MAX_HOURS_SHOWN` at most."""
        left = self.worked(now, until, timedelta(hours=MAX_HOURS_SHOWN))
        return min(left // timedelta(hours=1), MAX_HOURS_SHOWN)

    def worked(self, start: datetime, end: datetime, enough: timedelta = timedelta.max) -> timedelta:
        """Working time between two instants; counting stops once there is `enough`."""
        zone = ZoneInfo(self.zone)
        start, end = start.astimezone(zone), end.astimezone(zone)
        left, day = timedelta(), start.date()
        while day <= end.date() and left < enough:
            if is_working_day(day, self.country):
                opens = max(start, datetime.combine(day, self.opens, zone))
                closes = min(end, datetime.combine(day, self.closes, zone))
                left += max(closes - opens, timedelta())
            day += timedelta(days=1)
        return left


MAX_HOURS_SHOWN = 200
"""A month of working hours: beyond it nobody needs the figure."""
