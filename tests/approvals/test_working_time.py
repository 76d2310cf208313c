"""Working time with Chinese holidays and make-up days, per company, and the figures that are counted in it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update

from approvals.cycle_times import Wait, cycle_times
from approvals.working_time import WorkingCalendar
from services.approval_figures import approval_figures
from services.show_inbox import inbox
from storage.approvals import read_request
from storage.database import transaction
from storage.schema import company
from tests.approvals.conftest import House
from tests.approvals.test_shell import click, submitted

CHINA = WorkingCalendar("CN", "Asia/Shanghai")
GERMANY = WorkingCalendar("DE", "Europe/Berlin")
ALICE = UUID(int=1)


def shanghai(text_: str) -> datetime:
    """An instant on the clock of Shanghai."""
    return datetime.fromisoformat(text_).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-02 09:00", 9, "2026-03-02 18:00"),
        ("2026-03-06 17:00", 2, "2026-03-09 10:00"),  # over a plain weekend
        ("2026-02-13 17:00", 2, "2026-02-14 10:00"),  # Saturday 14 February 2026 is a make-up day 调休
        ("2026-02-14 17:00", 2, "2026-02-24 10:00"),  # Spring Festival: closed until the 23rd
        ("2026-09-30 18:00", 1, "2026-10-08 10:00"),  # National Day
        ("2026-10-10 09:00", 9, "2026-10-10 18:00"),  # Saturday 10 October is worked
        ("2026-03-07 12:00", 1, "2026-03-09 10:00"),  # sent on a Saturday
        ("2026-03-02 22:00", 1, "2026-03-03 10:00"),  # after hours
    ],
)
def test_deadlines_know_holidays_and_make_up_days(start: str, hours: int, end: str) -> None:
    """State Council's notice for 2026, through the holidays library."""
    assert CHINA.add_hours(shanghai(start), hours) == shanghai(end)
    assert CHINA.hours_left(shanghai(start), shanghai(end)) == hours


def test_each_company_has_a_calendar_of_its_own() -> None:
    """The same instant and hours end elsewhere under another country and zone."""
    friday = datetime(2026, 9, 30, 9, tzinfo=UTC)
    assert CHINA.add_hours(friday, 9) != GERMANY.add_hours(friday, 9)
    assert GERMANY.add_hours(friday, 9) == datetime(2026, 10, 1, 9, tzinfo=UTC)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC)), st.integers(1, 120)  # noqa: DTZ001 - Hypothesis adds the zone
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_what_is_added_is_what_was_worked(start: datetime, hours: int) -> None:
    """`worked` undoes `add_hours`, to the second, and grows with its end."""
    for calendar in (CHINA, GERMANY):
        end = calendar.add_hours(start, hours)
        assert calendar.worked(start, end) == timedelta(hours=hours)
        assert calendar.worked(start, end + timedelta(days=3)) >= timedelta(hours=hours)


def test_cycle_times_are_of_working_hours() -> None:
    """A weekend between the opening and the vote is no time of anybody's."""
    waits = [
        Wait("statements", "review", None, shanghai("2026-03-06 17:00"), shanghai("2026-03-09 11:00")),
        Wait("statements", "review", ALICE, shanghai("2026-03-06 17:00"), shanghai("2026-03-09 10:30")),
        Wait("statements", "review", None, shanghai("2026-03-10 09:00"), shanghai("2026-03-10 10:00")),
    ]
    found = cycle_times(waits, CHINA)
    own = found["statements", "review", None]
    assert (own.count, own.median, own.slow, own.longest) == (2, 2.0, 3.0, 3.0)
    assert found["statements", "review", ALICE].longest == 2.5


async def test_figures_come_from_the_requests(house: House) -> None:
    """Stage and person, under the policy's name."""
    _, request_id = await submitted(house, 600_000_00)
    await click(house, request_id, house.alice)
    async with transaction(house.engine, house.id) as session:
        figures = await approval_figures(session, house.company)
    (stage,) = figures["stages"]
    assert (stage["policy"], stage["stage"], stage["count"]) == ("statements", "review", 1)
    assert [person["name"] for person in stage["people"]] == ["Alice"]


async def test_the_company_s_own_country_sets_the_clock(house: House) -> None:
    """A company that sits in China and works by German holidays has other deadlines."""
    async with transaction(house.engine, house.id) as session:
        await session.execute(update(company).values(settings={"country": "DE"}))
    _, german = await submitted(house, 80_000_00, "C1")
    async with transaction(house.engine, house.id) as session:
        await session.execute(update(company).values(settings={}))
    _, chinese = await submitted(house, 80_000_00, "C2")
    async with transaction(house.engine, house.id) as session:
        due = {}
        for name, request_id in (("german", german), ("chinese", chinese)):
            stored = await read_request(session, house.id, request_id)
            assert stored is not None
            stage = stored.request.current()
            assert stage.opened_at is not None
            assert stage.expires_at == WorkingCalendar("DE" if name == "german" else "CN", "Asia/Shanghai").add_hours(
                stage.opened_at, 180
            )
            due[name] = (await session.execute(text("select due_at from approval_request where id = :id"),
                                               {"id": request_id})).scalar_one()  # fmt: skip
            assert due[name] == stage.expires_at
        cards = (await inbox(session, house.company, house.alice)).cards
    assert all(card.hours_left is not None and 170 <= card.hours_left <= 180 for card in cards)
