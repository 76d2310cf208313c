"""Buckets: contiguous, truly labelled, each item in exactly one, all of them together the open amount."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.aging import (
    CREDITS,
    DEFAULT_POLICY,
    NOT_DUE,
    AgingPolicy,
    AgingPolicyError,
    Basis,
    Credits,
    age,
    bucket_label,
    disputed_part,
    due_day,
    overdue,
    parse_policy,
)
from ledger.balances import open_amounts, still_open
from tests.support.histories import FIRST, ledgers
from tests.support.history import History, read

AS_OF = date(2026, 6, 30)


@st.composite
def policies(draw: st.DrawFn) -> AgingPolicy:
    basis = draw(st.sampled_from(Basis))
    steps = draw(st.lists(st.integers(1, 60), min_size=1, max_size=6))
    first = 0 if basis is Basis.DUE_DATE else draw(st.integers(0, 40))
    bounds = [first]
    for step in steps:
        bounds.append(bounds[-1] + step)
    return AgingPolicy("any", 1, basis, draw(st.sampled_from(Credits)), tuple(bounds))


def test_the_default_buckets() -> None:
    assert DEFAULT_POLICY.labels == ("not_due", "1-30", "31-60", "61-90", "91-180", "180+")


@pytest.mark.parametrize(
    ("days", "label"),
    [
        (-40, "not_due"), (0, "not_due"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (60, "31-60"), (61, "61-90"),
        (90, "61-90"), (91, "91-180"), (180, "91-180"), (181, "180+"), (4000, "180+"),
    ],
)  # fmt: skip
def test_an_item_stands_in_the_bucket_that_its_days_say(days: int, label: str) -> None:
    due = AS_OF - timedelta(days=days)
    history = read(f"2010-01-01 invoice INV 1.00 CNY due {due}")
    [line] = open_amounts(history.items, [], AS_OF)
    assert bucket_label(line, AS_OF, DEFAULT_POLICY) == label


def test_without_due_date_the_document_date_counts() -> None:
    history = read("2026-06-20 invoice INV 1.00 CNY")
    [line] = open_amounts(history.items, [], AS_OF)
    assert due_day(line.item) == date(2026, 6, 20)
    assert bucket_label(line, AS_OF, DEFAULT_POLICY) == "1-30"


def test_credits_are_in_the_sum_under_either_rule() -> None:
    history = read(
        """
        2026-05-01 invoice INV 100.00 CNY due 2026-05-31
        2026-06-29 receipt RC 30.00 CNY
        """
    )
    lines = open_amounts(history.items, [], AS_OF)
    netted = {one.label: one.parts for one in age(lines, AS_OF, DEFAULT_POLICY)}
    own = AgingPolicy("own", 1, Basis.DUE_DATE, Credits.OWN_BUCKET, DEFAULT_POLICY.upper_bounds)
    apart = {one.label: one.parts for one in age(lines, AS_OF, own)}
    assert (netted["1-30"], CREDITS in netted) == (70_00_0000, False)
    assert (apart["1-30"], apart[CREDITS]) == (100_00_0000, -30_00_0000)
    assert sum(netted.values()) == sum(apart.values()) == 70_00_0000
    assert [line.item.number for line in overdue(lines, AS_OF)] == ["INV"], "a credit is never overdue"


def test_a_dispute_is_never_more_than_what_is_open() -> None:
    history = read(
        """
        2026-05-01 invoice INV 100.00 CNY disputed 80.00
        2026-06-29 receipt RC 30.00 CNY for INV
        """
    )
    [line] = still_open(open_amounts(history.items, history.allocations, AS_OF))
    assert disputed_part(line) == 70_00


@given(ledgers(), policies(), st.integers(0, 400))
def test_each_item_is_in_exactly_one_bucket_whose_label_is_true(
    history: History, policy: AgingPolicy, days: int
) -> None:
    as_of = FIRST + timedelta(days=days)
    for line in still_open(open_amounts(history.items, history.allocations, as_of)):
        start = due_day(line.item) if policy.basis is Basis.DUE_DATE else line.item.document_date
        old = (as_of - start).days
        holding = [
            one.label
            for one in policy.buckets
            if (one.first is None or old >= one.first) and (one.last is None or old <= one.last)
        ]
        assert len(holding) == 1
        in_own = policy.credits is Credits.OWN_BUCKET and line.parts < 0
        assert bucket_label(line, as_of, policy) == (CREDITS if in_own else holding[0])
        if not in_own:
            assert _label_is_true(holding[0], old)


def _label_is_true(label: str, days: int) -> bool:
    if label == NOT_DUE:
        return days <= 0
    if label.endswith("+"):
        return days > int(label[:-1])
    low, high = label.split("-")
    return int(low) <= days <= int(high)


@given(ledgers(), policies(), st.integers(0, 400))
def test_the_buckets_are_the_open_amount(history: History, policy: AgingPolicy, days: int) -> None:
    as_of = FIRST + timedelta(days=days)
    lines = still_open(open_amounts(history.items, history.allocations, as_of))
    buckets = age(lines, as_of, policy)
    assert sum(one.parts for one in buckets) == sum(line.parts for line in lines)
    assert sum(one.items for one in buckets) == len(lines)


@pytest.mark.parametrize(
    "body",
    [
        {"upper_bounds": []}, {"upper_bounds": [0, 0]}, {"upper_bounds": [0, 30, 20]}, {"upper_bounds": [30, 60]},
        {"upper_bounds": [0, "30"]}, {"upper_bounds": [0, True]}, {"upper_bounds": "0"}, {},
        {"upper_bounds": [0, 30], "basis": "today"}, {"upper_bounds": [0, 30], "credits": "dropped"},
        {"upper_bounds": [0, 30], "bucket": 1}, {"upper_bounds": [-1, 30], "basis": "document_date"},
        {"upper_bounds": list(range(30))},
    ],
)  # fmt: skip
def test_data_that_leaves_a_gap_is_no_policy(body: dict[str, object]) -> None:
    with pytest.raises(AgingPolicyError):
        parse_policy("x", 1, body)  # type: ignore[arg-type]  # that is the point


@given(policies())
def test_a_policy_is_read_back_from_its_data(policy: AgingPolicy) -> None:
    assert parse_policy(policy.name, policy.version, policy.body) == policy
