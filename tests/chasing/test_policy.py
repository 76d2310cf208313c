"""The pure policy: what a reminder asks for, when, and how firmly."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.business_calendar import is_working_day, working_days_between
from statements.chasing import (
    DEFAULT_POLICY,
    Debtor,
    LastReminder,
    Overdue,
    Reminder,
    Skip,
    Unanswered,
    plan_reminder,
    policy_from,
)
from storage.identifiers import new_id

TODAY = date(2026, 6, 15)
"""A Monday, working day in China."""


def overdue(
    number: str, amount: int, days: int = 40, disputed: int = 0, promised: int = 0, *, is_charge: bool = False
) -> Overdue:
    """An item due so many days ago."""
    return Overdue(new_id(), number, "CNY", TODAY - timedelta(days=days), amount, disputed, promised, is_charge)


def debtor(*items: Overdue, **more: object) -> Debtor:
    """A Chinese customer with these items."""
    return replace(Debtor(new_id(), "CN", items=items), **more)  # type: ignore[arg-type]  # fields by name


ITEMS = st.lists(
    st.builds(
        lambda open_, disputed, promised, days, currency: Overdue(
            new_id(), "N", currency, TODAY - timedelta(days=days), open_, min(disputed, open_), promised
        ),
        st.integers(1, 10**9), st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 400),
        st.sampled_from(["CNY", "USD", "JPY"]),
    ),
    max_size=12,
)  # fmt: skip


@settings(deadline=None)  # the first call loads the holiday calendar
@given(items=ITEMS, unapplied=st.integers(0, 10**9), today=st.dates(date(2026, 5, 1), date(2026, 12, 31)))
def test_a_reminder_asks_for_the_overdue_undisputed_unpromised_sum_and_for_nothing_else(
    items: list[Overdue], unapplied: int, today: date
) -> None:
    plan = plan_reminder(debtor(*items, unapplied={"CNY": unapplied}), DEFAULT_POLICY, today)
    if not isinstance(plan, Reminder):
        return
    assert is_working_day(today, "CN")
    for item in plan.items:
        assert item.chased == max(0, item.open - item.disputed - item.promised)
        assert item.chased > 0
        assert item.due_date < today
    for currency, total in plan.totals.items():
        due = [
            i for i in items
            if i.currency == currency and i.chased > 0
            and working_days_between(i.due_date, today, "CN") >= DEFAULT_POLICY.levels[0].working_days
        ]  # fmt: skip
        assert total == sum(i.open - i.disputed - i.promised for i in due)
        assert total > 0


def test_a_fully_disputed_item_is_not_chased_and_a_partly_disputed_one_for_the_rest() -> None:
    assert plan_reminder(debtor(overdue("A", 100, disputed=100)), DEFAULT_POLICY, TODAY) is Skip.NOTHING_DUE
    plan = plan_reminder(debtor(overdue("A", 100, disputed=100), overdue("B", 100, disputed=30)), DEFAULT_POLICY, TODAY)
    assert isinstance(plan, Reminder)
    assert [i.number for i in plan.items] == ["B"]
    assert plan.totals == {"CNY": 70}


def test_no_reminder_on_a_holiday_or_weekend_of_the_customers_country() -> None:
    national_day, saturday = date(2026, 10, 1), date(2026, 6, 13)
    for day in (national_day, saturday):
        assert plan_reminder(debtor(overdue("A", 100)), DEFAULT_POLICY, day) is Skip.NOT_A_WORKING_DAY
    german = replace(debtor(overdue("A", 100)), country="DE")
    assert isinstance(plan_reminder(german, DEFAULT_POLICY, national_day), Reminder)


def test_a_chinese_make_up_saturday_is_a_working_day() -> None:
    make_up = date(2026, 2, 14)
    assert make_up.weekday() == 5
    assert isinstance(plan_reminder(debtor(overdue("A", 100, days=300)), DEFAULT_POLICY, make_up), Reminder)


def test_an_unanswered_statement_is_left_in_peace_for_its_first_working_days() -> None:
    sent = Unanswered(new_id(), "2026-05/C1/CNY/v1", "CNY", 100, date(2026, 6, 11))
    assert plan_reminder(debtor(statements=(sent,)), DEFAULT_POLICY, date(2026, 6, 15)) is Skip.NOTHING_DUE
    plan = plan_reminder(debtor(statements=(sent,)), DEFAULT_POLICY, date(2026, 6, 16))
    assert isinstance(plan, Reminder)
    assert (plan.level, plan.statements, plan.totals) == (1, (sent,), {})


def test_levels_rise_one_at_a_time_and_pause_between() -> None:
    item = overdue("A", 100, days=200)
    plan = plan_reminder(debtor(item), DEFAULT_POLICY, TODAY)
    assert isinstance(plan, Reminder)
    assert plan.level == 1
    last = LastReminder(TODAY, 1, frozenset({str(item.item_id)}))
    assert plan_reminder(debtor(item, last=last), DEFAULT_POLICY, TODAY + timedelta(days=1)) is Skip.PAUSE
    second = plan_reminder(debtor(item, last=last), DEFAULT_POLICY, date(2026, 6, 29))
    assert isinstance(second, Reminder)
    assert (second.level, second.tone) == (2, "firm")
    third = plan_reminder(debtor(item, last=replace(last, level=3)), DEFAULT_POLICY, date(2026, 6, 29))
    assert isinstance(third, Reminder)
    assert third.level == 3


def test_a_new_matter_starts_at_the_first_level_again() -> None:
    last = LastReminder(date(2026, 3, 2), 3, frozenset({str(new_id())}))
    plan = plan_reminder(debtor(overdue("B", 100), last=last), DEFAULT_POLICY, TODAY)
    assert isinstance(plan, Reminder)
    assert plan.level == 1


def test_who_has_paid_more_than_is_overdue_waits_for_our_cash_application() -> None:
    assert plan_reminder(debtor(overdue("A", 100), unapplied={"CNY": 100}), DEFAULT_POLICY, TODAY) is Skip.NOTHING_DUE
    assert isinstance(plan_reminder(debtor(overdue("A", 100), unapplied={"USD": 100}), DEFAULT_POLICY, TODAY), Reminder)


def test_a_stopped_customer_gets_nothing() -> None:
    assert plan_reminder(debtor(overdue("A", 100), stopped="in talks"), DEFAULT_POLICY, TODAY) is Skip.STOPPED


def test_the_policy_is_data() -> None:
    policy = policy_from({"pause": 2, "levels": [{"number": 1, "working_days": 1, "tone": "friendly"}]})
    assert isinstance(plan_reminder(debtor(overdue("A", 100, days=4)), policy, TODAY), Reminder)
    assert policy_from(None) is DEFAULT_POLICY
