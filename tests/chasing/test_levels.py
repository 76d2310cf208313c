"""Levels as data: before due, by call or letter, with fee and interest as documents of their own; skipped for a day."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from services.add_company import company_by_code
from services.chase_customers import chase_customers, preview_chase
from services.stop_chasing import ChasedCustomerUnknown, ChaseReasonMissing, skip_reminder, stop_chasing
from statements.chasing import (
    DEFAULT_POLICY,
    ChasePolicy,
    Level,
    Overdue,
    Reminder,
    Skip,
    Unanswered,
    plan_reminder,
    policy_from,
)
from storage.audit import Actor
from storage.database import Database, owner_transaction, transaction
from storage.identifiers import new_id
from storage.schema import chase, company, open_item, outbox, task
from tests.chasing.test_policy import TODAY, debtor, overdue
from tests.support.books import Book, Item, new_book

POLICY = {
    "pause": 2,
    "levels": [
        {"number": 1, "working_days": -3, "tone": "courtesy", "basis": "due"},
        {"number": 2, "working_days": 3, "tone": "friendly"},
        {"number": 3, "working_days": 8, "tone": "firm", "fee": {"CNY": "20.00"}, "interest": "7.3"},
        {"number": 4, "working_days": 15, "tone": "final", "channel": "call", "basis": "due"},
    ],
}  # fmt: skip


def planned(policy: ChasePolicy, *items: Overdue, **more: object) -> Reminder:
    """The reminder, which must be due."""
    plan = plan_reminder(debtor(*items, **more), policy, TODAY)
    assert isinstance(plan, Reminder)
    return plan


def test_a_note_comes_before_the_due_day_and_never_for_what_is_late() -> None:
    policy = policy_from(POLICY)
    assert plan_reminder(debtor(overdue("A", 100, days=-9)), policy, TODAY) is Skip.NOTHING_DUE
    assert planned(policy, overdue("A", 100, days=-3)).tone == "courtesy"
    assert planned(policy, overdue("A", 100, days=30)).tone == "friendly"
    assert plan_reminder(debtor(overdue("A", 100, days=-3)), DEFAULT_POLICY, TODAY) is Skip.NOTHING_DUE


def test_a_level_of_one_basis_leaves_the_other_alone() -> None:
    sent = Unanswered(new_id(), "2026-05/C1/CNY/v1", "CNY", 700, date(2026, 5, 4))
    only_sent = ChasePolicy((Level(1, 3, "friendly", "sent"),), 2)
    assert plan_reminder(debtor(overdue("A", 100)), only_sent, TODAY) is Skip.NOTHING_DUE
    plan = planned(only_sent, overdue("A", 100), statements=(sent,))
    assert (plan.items, plan.totals, plan.closings) == ((), {}, {"CNY": 700})


def test_fee_and_interest_come_with_their_level_for_what_is_late() -> None:
    policy = ChasePolicy((Level(1, 1, "firm", fee={"CNY": 20_00}, interest=Decimal("7.3")),), 2)
    late, ours = overdue("A", 1_000_00, days=100, disputed=500_00), overdue("INT-1", 10_00, days=100, is_charge=True)
    fee, interest = planned(policy, late, ours).charges
    assert (fee.kind, fee.amount) == ("fee", 20_00)
    # 500.00 undisputed × 7.3 % × 100 / 365; interest bears none.
    assert (interest.kind, interest.amount) == ("interest", 10_00)


@settings(deadline=None)
@given(
    st.integers(1, 10**9), st.integers(0, 10**9), st.integers(0, 400), st.integers(0, 400),
    st.decimals("0", "36", places=2),
)  # fmt: skip
def test_interest_never_counts_a_day_twice(amount: int, disputed: int, days: int, since: int, rate: Decimal) -> None:
    policy = ChasePolicy((Level(1, 0, "firm", interest=rate),), 0)
    item = overdue("A", amount, days=days, disputed=min(disputed, amount))
    whole = plan_reminder(debtor(item), policy, TODAY)
    if not isinstance(whole, Reminder):
        return
    most = Decimal(item.chased) * rate * days / 36_500
    assert sum(one.amount for one in whole.charges) <= most + 1
    from_then = replace(item, due_date=TODAY - timedelta(days=min(days, since)))
    part = plan_reminder(debtor(from_then), policy, TODAY)
    assert isinstance(part, Reminder)
    assert sum(one.amount for one in part.charges) <= sum(one.amount for one in whole.charges)


@pytest.mark.parametrize(
    "change",
    [
        {"basis": "mood"}, {"channel": "pigeon"}, {"interest": "40"}, {"interest": "-1"}, {"fee": {"CNY": "1.005"}},
        {"fee": {"CNY": "-1"}}, {"working_days": 20}, {"fee": {"XXQ": "1"}},
    ],
)  # fmt: skip
def test_a_policy_that_nobody_may_use_is_refused(change: dict[str, Any]) -> None:
    levels = [{**POLICY["levels"][0], **change}, *POLICY["levels"][1:]]  # type: ignore[index] # a literal of mixed values
    with pytest.raises((ValueError, KeyError)):
        policy_from({"pause": 2, "levels": levels})


async def book_with(engine: Database, policy: dict[str, Any]) -> Book:
    """A company with this chasing policy."""
    book = await new_book(engine)
    async with owner_transaction(engine) as session:
        await session.execute(company.update().values(settings={"chasing": policy}))
    return Book(engine, await company_by_code(engine, "ACME"), book.source_id)


async def rows(book: Book, query: Any) -> list[Any]:  # noqa: ANN401 - any query
    """Rows of the company."""
    async with transaction(book.engine, book.company.id) as session:
        return list(await session.execute(query))


async def test_charges_are_posted_once_as_items_of_their_own(engine: Database) -> None:
    book = await book_with(engine, {"pause": 2, "levels": [
        {"number": 1, "working_days": 3, "tone": "firm", "fee": {"CNY": "20.00"}, "interest": "7.3"}
    ]})  # fmt: skip
    customer = await book.add_customer("C1")
    await book.add_contact(customer, "c1@customer.example")
    await book.add_items(customer, [Item("INV-1", 1_000_00, date(2026, 1, 5), TODAY - timedelta(days=50))])
    await chase_customers(engine, book.company, TODAY)
    await chase_customers(engine, book.company, TODAY)
    charges = select(open_item.c.number, open_item.c.amount, open_item.c.due_date).where(
        open_item.c.kind == "debit_memo"
    )
    assert [tuple(row) for row in await rows(book, charges.order_by(open_item.c.number))] == [
        ("FEE-C1-20260615-CNY", 20_00, TODAY + timedelta(days=14)),
        ("INT-C1-20260615-CNY", 10_00, TODAY + timedelta(days=14)),
    ]
    async with transaction(engine, book.company.id) as session:
        await session.execute(update(outbox).values(state="accepted"))
    later = date(2026, 6, 22)
    await chase_customers(engine, book.company, later)
    amounts = [row.amount for row in await rows(book, charges.order_by(open_item.c.number))]
    # Seven days more on the invoice alone: 1000.00 × 7.3 % × 7 / 365.
    assert amounts == [20_00, 20_00, 10_00, 1_40]


async def test_a_call_is_a_task_and_takes_the_customers_day(engine: Database) -> None:
    book = await book_with(engine, {"pause": 2, "levels": [
        {"number": 1, "working_days": 3, "tone": "firm", "channel": "call"}
    ]})  # fmt: skip
    customer = await book.add_customer("C1")
    await book.add_items(customer, [Item("INV-1", 500_00, date(2026, 1, 5), TODAY - timedelta(days=50))])
    assert (await chase_customers(engine, book.company, TODAY))["call"] == 1
    assert (await chase_customers(engine, book.company, TODAY)).get("call", 0) == 0
    [row] = await rows(book, select(task))
    assert (row.kind, row.facts["totals"], row.due_on) == ("call", {"CNY": "500.00"}, TODAY)
    assert await rows(book, select(outbox.c.id)) == []


async def test_one_day_is_left_out_with_a_reason(engine: Database) -> None:
    book = await new_book(engine)
    customer = await book.add_customer("C1")
    await book.add_contact(customer, "c1@customer.example")
    await book.add_items(customer, [Item("INV-1", 500_00, date(2026, 1, 5), TODAY - timedelta(days=50))])
    bob = Actor("user", await book.add_person("bob", "clerk"))
    with pytest.raises(ChaseReasonMissing):
        await skip_reminder(engine, book.company, customer, TODAY, " ", bob)
    with pytest.raises(ChasedCustomerUnknown):
        await skip_reminder(engine, book.company, new_id(), TODAY, "holiday", bob)
    await skip_reminder(engine, book.company, customer, TODAY, "fair in town", bob)
    assert await preview_chase(engine, book.company, TODAY) == []
    assert (await chase_customers(engine, book.company, TODAY))["skipped"] == 1
    assert (await chase_customers(engine, book.company, date(2026, 6, 16)))["reminded"] == 1
    await stop_chasing(engine, book.company, customer, "in talks", bob, date(2026, 7, 1))
    assert (await chase_customers(engine, book.company, date(2026, 7, 1)))["stopped"] == 1
    assert (await chase_customers(engine, book.company, date(2026, 7, 2)))["reminded"] == 1


async def test_a_day_ahead_that_was_interrupted_keeps_what_it_has_queued(engine: Database) -> None:
    book = await new_book(engine)
    for code in ("C1", "C2"):
        customer = await book.add_customer(code)
        await book.add_contact(customer, f"{code.lower()}@customer.example")
        await book.add_items(customer, [Item(f"INV-{code}", 500_00, date(2026, 1, 5), TODAY - timedelta(days=50))])
    ahead = date(2099, 6, 15)
    assert (await chase_customers(engine, book.company, ahead))["reminded"] == 2
    again = await chase_customers(engine, book.company, ahead)
    assert (again["withdrawn"], again["reminded"]) == (0, 0)
    assert {row.state for row in await rows(book, select(outbox.c.state))} == {"pending"}


async def test_an_unanswered_statement_alone_shows_what_it_closes_with(engine: Database) -> None:
    book = await new_book(engine)
    customer = await book.add_customer("C1")
    await book.add_contact(customer, "c1@customer.example")
    await book.add_sent_statement(customer, [Item("INV-1", 777_00, date(2026, 6, 1))])
    [plan] = await preview_chase(engine, book.company, date(2099, 6, 15))
    assert (plan["totals"], plan["closings"]) == ({}, {"CNY": "777.00"})
    await chase_customers(engine, book.company, date(2099, 6, 15))
    [row] = await rows(book, select(chase.c.facts))
    assert row.facts["closings"] == {"CNY": "777.00"}
