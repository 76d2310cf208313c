"""Open amounts as of a date and as known at an instant; movements and their order."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ledger.balances import account_view, balance, in_order, open_amounts, running, still_open
from tests.support.histories import ACCOUNTS, FIRST, SPAN, ledgers
from tests.support.history import History, id_of, read

CUTS = st.integers(-1, SPAN + 60).map(lambda n: FIRST + timedelta(days=n))

STORY = """
    2026-01-05 invoice INV-1 1000.00 CNY due 2026-02-04
    2026-01-20 receipt RC-1 600.00 CNY for INV-1
    2026-02-10 receipt RC-2 400.00 CNY for INV-1
"""


def test_a_receipt_counts_from_its_day_on() -> None:
    history = read(STORY)

    def open_on(day: date) -> list[int]:
        return [line.open for line in open_amounts(history.items, history.allocations, day)]

    assert open_on(date(2026, 1, 4)) == []
    assert open_on(date(2026, 1, 5)) == [1000_00]
    assert open_on(date(2026, 1, 20)) == [400_00, 0]
    assert open_on(date(2026, 2, 10)) == [0, 0, 0]


def test_allocations_of_later_days_are_shown_as_future() -> None:
    history = read(STORY)
    lines = open_amounts(history.items, history.allocations, date(2026, 1, 31))
    assert [(line.open, line.future, line.remaining) for line in lines] == [(400_00, 400_00, 0), (0, 0, 0)]


def test_as_known_leaves_out_what_was_recorded_later() -> None:
    history = read(
        """
        2026-01-05 invoice INV-1 1000.00 CNY
        2026-01-20 receipt RC-1 600.00 CNY for INV-1 known 2026-02-03
        """
    )
    then = datetime(2026, 2, 1, tzinfo=UTC)
    day = date(2026, 1, 31)
    assert balance(history.items, history.allocations, day) == 400_00_0000
    assert balance(history.items, history.allocations, day, then) == 1000_00_0000


def test_a_document_and_its_reversal_are_not_open_and_not_moved() -> None:
    history = read(
        """
        2026-01-05 invoice INV-1 1000.00 CNY
        2026-01-06 credit_memo INV-1R 1000.00 CNY reverses INV-1
        2026-01-06 invoice INV-1B 900.00 CNY
        """
    )
    view = account_view(history.items, history.allocations, date(2026, 1, 1), date(2026, 1, 31))
    assert [line.item.number for line in view.ending] == ["INV-1B"]
    assert [line.item.number for line in view.movements] == ["INV-1B"]
    assert view.closing == 900_00_0000
    late = account_view(history.items, history.allocations, date(2026, 1, 6), date(2026, 1, 31))
    assert [line.item.number for line in late.movements] == ["INV-1R", "INV-1B"], "the document was on the last one"
    assert late.opening + late.debits + late.credits == late.closing


def test_a_head_office_that_pays_for_a_shop_moves_the_balance() -> None:
    history = read(
        """
        2026-01-05 invoice INV-1 500.00 CNY at SHOP
        2026-01-20 receipt RC-1 500.00 CNY at HQ for INV-1
        """
    )
    end = date(2026, 1, 31)
    shop = account_view(history.of("SHOP"), history.allocations, date(2026, 1, 1), end)
    head = account_view(history.of("HQ"), history.allocations, date(2026, 1, 1), end)
    assert (shop.closing, head.closing) == (0, 0)
    assert not shop.ending
    assert not head.ending
    assert [line.parts for line in shop.movements] == [500_00_0000, -500_00_0000]
    assert [line.parts for line in head.movements] == [-500_00_0000, 500_00_0000]


def test_lines_stand_by_date_and_within_a_date_by_entry() -> None:
    history = read(
        """
        2021-01-03 invoice E 5.00 CNY
        2021-01-02 invoice C 3.00 CNY
        2021-01-02 invoice D 4.00 CNY
        2021-01-01 invoice A 1.00 CNY
        2021-01-01 invoice B 2.00 CNY
        """
    )
    view = account_view(history.items, [], date(2021, 1, 1), date(2021, 1, 31))
    assert [line.item.number for line in view.movements] == ["A", "B", "C", "D", "E"]
    assert running(0, view.movements) == [100_0000, 300_0000, 600_0000, 1000_0000, 1500_0000]
    assert [line.item.number for line in in_order(view.ending)] == ["A", "B", "C", "D", "E"]


@given(ledgers(), CUTS, CUTS)
def test_opening_and_movements_are_closing_and_the_open_items(history: History, one: date, other: date) -> None:
    start, end = min(one, other), max(one, other)
    for account in ACCOUNTS:
        view = account_view(history.of(account), history.allocations, start, end)
        assert view.opening + view.debits + view.credits == view.closing
        assert sum(line.parts for line in view.ending) == view.closing
        assert sum(line.parts for line in view.prior) == view.opening
        assert running(view.opening, view.movements)[-1:] in ([], [view.closing])


@given(ledgers(), st.lists(CUTS, min_size=2, max_size=5, unique=True))
def test_closing_of_a_cut_is_the_opening_of_the_next(history: History, cuts: list[date]) -> None:
    days = sorted(cuts)
    for account in ACCOUNTS:
        views = [
            account_view(history.of(account), history.allocations, start + timedelta(days=1), end)
            for start, end in pairwise(days)
        ]
        assert [view.opening for view in views[1:]] == [view.closing for view in views[:-1]]


@given(ledgers(), CUTS, st.integers(0, 60))
def test_as_known_reproduces_the_past_whatever_was_recorded_later(history: History, as_of: date, days: int) -> None:
    instant = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days)
    items = [item for item in history.items if item.recorded_at <= instant]
    allocations = [one for one in history.allocations if one.recorded_at <= instant]
    assert open_amounts(history.items, history.allocations, as_of, instant) == open_amounts(items, allocations, as_of)


@given(ledgers(), CUTS)
def test_allocations_never_take_more_than_either_side_has(history: History, as_of: date) -> None:
    for line in open_amounts(history.items, history.allocations, as_of):
        assert line.open * line.item.amount >= 0
        assert abs(line.open) <= abs(line.item.amount)


@given(ledgers(), CUTS)
def test_nothing_open_is_left_out(history: History, as_of: date) -> None:
    lines = open_amounts(history.items, history.allocations, as_of)
    assert sum(line.parts for line in still_open(lines)) == sum(line.parts for line in lines)


def test_accounts_have_their_own_ids() -> None:
    assert len({id_of(account) for account in ACCOUNTS}) == len(ACCOUNTS)
