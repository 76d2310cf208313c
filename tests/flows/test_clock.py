"""The clock makes each occasion due once, whoever ticks, and missed days are caught up by one."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from flows.clock import run_clock
from services.insert_due_jobs import KINDS, daily, insert_due_jobs, month_end
from storage.companies import Company
from storage.database import Database, transaction
from storage.identifiers import new_id
from storage.jobs import jobs_page
from tests.support.books import new_book

NOON = datetime(2026, 6, 30, 4, tzinfo=UTC)  # noon in Shanghai


def _company(**settings: object) -> Company:
    return Company(new_id(), "ACME", "Acme", "CNY", "Asia/Shanghai", "en", dict(settings))


async def test_three_clocks_at_once_insert_each_occasion_once(engine: Database) -> None:
    """Three clocks tick at the same moment; the unique key lets one row through."""
    book = await new_book(engine)
    made = await asyncio.gather(*(insert_due_jobs(engine, NOON) for _ in range(3)))
    together = sorted(one for clock in made for one in clock)
    assert together == sorted({("ACME", name, period) for _, name, period in together})
    async with transaction(engine, book.company.id) as session:
        rows = await jobs_page(session, book.company.id)
    assert {(row.name, row.period) for row in rows} == {
        ("approval_timers", "2026-06-30T04:00Z"),
        ("advance_runs", "2026-06-30T04:00Z"),
        ("poll_mailbox", "2026-06-30T04:00Z"),
        ("weekly_digest", "2026-06-29"),
        ("follow_answers", "2026-06-30T04Z"),
        ("comply", "2026-06-30"),
        ("chase", "2026-06-30"),
        ("backup", "2026-06-30"),
        ("second_requests", "2026-06-30"),
    }


async def test_missed_days_are_caught_up_once(engine: Database) -> None:
    """After four days of silence there is one reminder run, not four, and it says after what it comes."""
    book = await new_book(engine)
    await insert_due_jobs(engine, NOON)
    later = await insert_due_jobs(engine, NOON + timedelta(days=4))
    assert [period for _, name, period in later if name == "chase"] == ["2026-07-04"]
    async with transaction(engine, book.company.id) as session:
        rows = await jobs_page(session, book.company.id)
    newest = next(row for row in rows if row.name == "chase")
    assert newest.figures == {"after": "2026-06-30"}


async def test_a_clock_that_ran_ahead_repeats_nothing(engine: Database) -> None:
    """Forty days ahead and back: the days between still get their own occasion, none gets two."""
    await new_book(engine)
    moments = [NOON, NOON + timedelta(days=40), NOON - timedelta(hours=1), NOON, NOON + timedelta(days=1)]
    seen: list[tuple[str, str, str]] = []
    for moment in moments:
        seen += await insert_due_jobs(engine, moment)
    chases = [period for _, name, period in seen if name == "chase"]
    assert chases == ["2026-06-30", "2026-08-09", "2026-07-01"]


async def test_year_end_leap_day_and_a_clock_three_hours_ahead(engine: Database) -> None:
    """Each day has one reminder run and each hour one look, however the clocks of three schedulers jump about."""
    await new_book(engine)
    days = [datetime(2027, 12, 31, 4, tzinfo=UTC) + timedelta(days=number) for number in range(2)]
    days += [datetime(2028, 2, 28, 4, tzinfo=UTC) + timedelta(days=number) for number in range(3)]
    ahead = timedelta(hours=3)
    seen: list[tuple[str, str, str]] = []
    for day in days:
        for moment in (day, day + ahead, day):
            made = await asyncio.gather(*(insert_due_jobs(engine, moment) for _ in range(3)))
            seen += [one for clock in made for one in clock]
    dates = ["2027-12-31", "2028-01-01", "2028-02-28", "2028-02-29", "2028-03-01"]
    assert [period for _, name, period in seen if name == "chase"] == dates
    hours = [f"{date}T{hour}Z" for date in dates for hour in ("04", "07")]
    assert [period for _, name, period in seen if name == "follow_answers"] == hours


async def test_the_clock_ticks_at_once(engine: Database) -> None:
    """What was missed while nothing ran is due as soon as the clock starts."""
    book = await new_book(engine)
    ending = asyncio.Event()
    clock = asyncio.create_task(run_clock(engine, ending))
    while True:
        async with transaction(engine, book.company.id) as session:
            if len(await jobs_page(session, book.company.id)) >= len(KINDS) - 1:
                break
    ending.set()
    await clock


@given(st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2028, 12, 31)))  # noqa: DTZ001 - made aware below
def test_a_daily_occasion_is_never_in_the_future(moment: datetime) -> None:
    """The newest occasion is today after the hour and yesterday before it, in the company's zone."""
    now = moment.replace(tzinfo=UTC)
    found = daily(9)(_company(), now)
    local = now.astimezone(ZoneInfo("Asia/Shanghai"))
    expected = local.date() if local.hour >= 9 else local.date() - timedelta(days=1)
    assert found == expected.isoformat()


def test_month_end_waits_for_the_working_day() -> None:
    """Three working days after the month's end: not on the second, and holidays do not count."""
    closing = _company(close={"working_day": 3}, country="CN")
    assert month_end(_company(), NOON) is None
    assert month_end(closing, datetime(2026, 7, 2, 4, tzinfo=UTC)) == "2026-05"
    assert month_end(closing, datetime(2026, 7, 3, 4, tzinfo=UTC)) == "2026-06"
    assert month_end(closing, datetime(2026, 10, 8, 4, tzinfo=UTC)) == "2026-08"  # the National Day week


async def test_every_missed_close_is_done(engine: Database) -> None:
    """A close that was missed is made up for, month by month, unlike a reminder."""
    book = await new_book(engine)
    async with engine.begin() as session:
        await session.exec_driver_sql('update company set settings = \'{"close": {"working_day": 1}}\'')
    first = await insert_due_jobs(engine, datetime(2026, 3, 5, tzinfo=UTC))
    later = await insert_due_jobs(engine, datetime(2026, 6, 5, tzinfo=UTC))
    assert [period for _, name, period in first if name == "close"] == ["2026-02"]
    assert [period for _, name, period in later if name == "close"] == ["2026-03", "2026-04", "2026-05"]
    assert book.company.code == "ACME"
