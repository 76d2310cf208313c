"""Payments told and payments promised: kept beside the statement, not chased, measured by calendar and money."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from services.chase_customers import chase_customers
from services.close_payment_hint import PaymentHintClosed, PaymentHintUnknown, close_payment_hint
from services.judge_promises import judge_promises_of, remind_of_promises
from services.message_reasons import MessageOutdatedError, check_reason
from services.record_answer import (
    AnswerIncomplete,
    DisputedLine,
    PaymentInvalid,
    PromisedPart,
    PromiseInvalid,
    PromiseTooLarge,
    ToldPayment,
)
from statements.promises import GRACE_DAYS, TOLD_DAYS, Promise, Received, judge_promises, spread
from storage.audit import Actor
from storage.database import Database, transaction
from storage.identifiers import new_id
from storage.outbox import list_rows
from storage.promises import open_hints
from storage.schema import audit_event, outbox, payment_hint, promise, task
from tests.answers.desk import Desk, new_desk
from tests.support.books import Item

TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
"""The company's."""


def day(offset: int) -> str:
    """An ISO date some days from today."""
    return (TODAY + timedelta(days=offset)).isoformat()


async def next_working_day(desk: Desk, start: date) -> date:
    """The first day from `start` on which this customer is reminded, or would be."""
    for offset in range(12):
        if (await chase_customers(desk.book.engine, desk.book.company, start + timedelta(days=offset))).get("reminded"):
            return start + timedelta(days=offset)
    raise AssertionError("nobody was reminded")


async def reminder_totals(desk: Desk) -> list[dict[str, str]]:
    """What each reminder asked for."""
    rows = await desk.rows(select(outbox.c.payload).where(outbox.c.kind == "reminder").order_by(outbox.c.created_at))
    return [row.payload["totals"] for row in rows]


async def test_a_payment_told_is_a_hint_and_a_task_and_leaves_the_status(engine: Database) -> None:
    desk = await new_desk(engine)
    told = ToldPayment("１００.00", day(-2), "TT-778")
    recorded = await desk.answer("already_paid", payments=(told,))
    assert (recorded.kind, recorded.status) == ("already_paid", "sent")
    async with transaction(engine, desk.book.company.id) as session:
        [hint] = await open_hints(session, desk.book.company.id, [desk.customer])
    assert (hint.amount, hint.paid_on.isoformat(), hint.reference) == (100_00, day(-2), "TT-778")
    [row] = await desk.rows(select(task).where(task.c.kind == "payment_told"))
    assert row.facts["reference"] == "TT-778"
    assert [one.reference for one in (await desk.page()).payments] == ["TT-778"]


async def test_what_is_told_as_paid_is_not_chased_until_it_is_not_found(engine: Database) -> None:
    desk = await new_desk(engine)
    await desk.answer("already_paid", payments=(ToldPayment("250.50", day(-1)),))
    await next_working_day(desk, TODAY)
    assert await reminder_totals(desk) == [{"CNY": "100.00"}]
    async with transaction(engine, desk.book.company.id) as session:
        [hint] = await open_hints(session, desk.book.company.id)
    clerk = Actor("user", desk.clerk)
    await close_payment_hint(engine, desk.book.company, hint.id, "not_found", clerk)
    with pytest.raises(PaymentHintClosed):
        await close_payment_hint(engine, desk.book.company, hint.id, "found", clerk)
    with pytest.raises(PaymentHintUnknown):
        await close_payment_hint(engine, desk.book.company, new_id(), "found", clerk)
    await next_working_day(desk, TODAY + timedelta(days=10))
    assert (await reminder_totals(desk))[-1] == {"CNY": "350.50"}
    assert await desk.rows(select(task).where(task.c.kind == "payment_told", task.c.state == "open")) == []


async def test_a_payment_told_long_ago_is_chased_again(engine: Database) -> None:
    desk = await new_desk(engine)
    await desk.answer("already_paid", payments=(ToldPayment("350.50", day(-1)),))
    assert (await chase_customers(engine, desk.book.company, TODAY + timedelta(days=3)))["reminded"] == 0
    await next_working_day(desk, TODAY + timedelta(days=TOLD_DAYS))
    assert await reminder_totals(desk) == [{"CNY": "350.50"}]


async def test_a_promise_is_not_chased_before_its_day(engine: Database) -> None:
    desk = await new_desk(engine)
    parts = (PromisedPart("100.00", day(20)), PromisedPart("50.50", day(3)))
    recorded = await desk.answer("promise", promises=parts)
    assert recorded.status == "sent"
    assert [(one.amount, one.status) for one in (await desk.page()).promises] == [(50_50, "open"), (100_00, "open")]
    await next_working_day(desk, TODAY)
    # INV-1 and the first 50.50 of INV-2 wait for the promised money.
    assert await reminder_totals(desk) == [{"CNY": "200.00"}]
    await next_working_day(desk, TODAY + timedelta(days=30))
    assert (await reminder_totals(desk))[-1] == {"CNY": "350.50"}


async def test_the_customer_hears_of_a_promise_on_the_working_day_before_it_once(engine: Database) -> None:
    desk = await new_desk(engine)
    await desk.answer("promise", promises=(PromisedPart("80.00", day(1)), PromisedPart("20.00", day(60))))
    assert await remind_of_promises(engine, desk.book.company, TODAY) == 1
    assert await remind_of_promises(engine, desk.book.company, TODAY) == 0
    [mail] = await desk.rows(select(outbox).where(outbox.c.kind == "promise_due"))
    assert (mail.recipient, mail.payload["amount"], mail.payload["due_on"]) == ("pay@customer.example", "80.00", day(1))


async def test_a_waiting_reminder_ends_when_all_of_it_is_paid(engine: Database) -> None:
    desk = await new_desk(engine)
    await desk.answer("agree")
    await next_working_day(desk, TODAY)
    async with transaction(engine, desk.book.company.id) as session:
        [row] = [one for one in await list_rows(session, desk.book.company.id) if one.kind == "reminder"]
        await check_reason(session, desk.book.company.id, row)
    receipt = Item("R-9", -350_50, date(2026, 6, 1), kind="receipt")
    await desk.book.add_items(desk.customer, [receipt])
    for item, amount in ((desk.items[0], 100_00), (desk.items[1], 250_50)):
        await desk.book.apply(receipt, item, amount, date(2026, 6, 1))
    async with transaction(engine, desk.book.company.id) as session:
        with pytest.raises(MessageOutdatedError):
            await check_reason(session, desk.book.company.id, row)


async def test_a_new_promise_takes_the_place_of_the_open_ones(engine: Database) -> None:
    desk = await new_desk(engine)
    await desk.answer("promise", promises=(PromisedPart("300.00", day(5)),))
    await desk.answer("promise", promises=(PromisedPart("350.50", day(6)),))
    rows = await desk.rows(select(promise.c.amount, promise.c.status).order_by(promise.c.amount))
    assert [tuple(row) for row in rows] == [(300_00, "replaced"), (350_50, "open")]


async def test_agreeing_disputing_paying_and_promising_in_one_answer(engine: Database) -> None:
    desk = await new_desk(engine)
    recorded = await desk.answer(
        "agree_except", DisputedLine(1, "price", "30.00"), payments=(ToldPayment("20.00", day(-1)),),
        promises=(PromisedPart("50.00", day(9)),),
    )  # fmt: skip
    assert recorded.status == "disputed"
    await next_working_day(desk, TODAY)
    assert await reminder_totals(desk) == [{"CNY": "250.50"}]
    # A later promise says nothing of the dispute: it stays.
    await desk.answer("promise", promises=(PromisedPart("60.00", day(9)),))
    assert [one.status for one in (await desk.page()).disputes] == ["open"]


async def test_kept_and_broken_are_measured_and_a_broken_one_is_a_task(engine: Database) -> None:
    desk = await new_desk(engine)
    await desk.answer("promise", promises=(PromisedPart("100.00", day(2)), PromisedPart("80.00", day(4))))
    assert await judge_promises_of(engine, desk.book.company, TODAY) == {"kept": 0, "broken": 0}
    await desk.book.add_items(
        desk.customer, [Item("R-1", -130_00, TODAY + timedelta(days=2), kind="receipt")]
    )  # fmt: skip
    late = TODAY + timedelta(days=4 + GRACE_DAYS)
    assert await judge_promises_of(engine, desk.book.company, late) == {"kept": 1, "broken": 0}
    assert await judge_promises_of(engine, desk.book.company, late + timedelta(days=1)) == {"kept": 0, "broken": 1}
    assert await judge_promises_of(engine, desk.book.company, late + timedelta(days=2)) == {"kept": 0, "broken": 0}
    rows = await desk.rows(select(promise.c.status, promise.c.received).order_by(promise.c.due_on))
    assert [tuple(row) for row in rows] == [("kept", 100_00), ("broken", 30_00)]
    [row] = await desk.rows(select(task).where(task.c.kind == "promise_broken"))
    assert (row.facts["amount"], row.facts["received"]) == ("80.00", "30.00")
    told = await desk.rows(
        select(outbox.c.payload).where(outbox.c.kind == "promise_broken", outbox.c.channel == "email")
    )
    assert [(one.payload["amount"], one.payload["promised_by"]) for one in told] == [("80.00", "王建国")]
    verbs = [row.verb for row in await desk.rows(select(audit_event.c.verb))]
    assert {"promise_kept", "promise_broken"} <= set(verbs)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"payments": (ToldPayment("0", day(0)),)}, PaymentInvalid),
        ({"payments": (ToldPayment("1.00", day(5)),)}, PaymentInvalid),
        ({"payments": (ToldPayment("1.00", "soon"),)}, PaymentInvalid),
        ({"payments": (ToldPayment("1.00", "1999-01-01"),)}, PaymentInvalid),
        ({"payments": ()}, AnswerIncomplete),
        ({"payments": (ToldPayment("1.00", day(0), "x" * 141),)}, AnswerIncomplete),
        ({"kind": "promise", "promises": (PromisedPart("NaN", day(1)),)}, PromiseInvalid),
        ({"kind": "promise", "promises": (PromisedPart("1.00", day(-1)),)}, PromiseInvalid),
        ({"kind": "promise", "promises": (PromisedPart("1.00", day(900)),)}, PromiseInvalid),
        ({"kind": "promise", "promises": (PromisedPart("350.51", day(1)),)}, PromiseTooLarge),
        ({"kind": "promise", "promises": ()}, AnswerIncomplete),
        ({"kind": "promise", "promises": (PromisedPart("1.00", day(1)),) * 13}, AnswerIncomplete),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    engine: Database, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    desk = await new_desk(engine)
    with pytest.raises(refusal):
        await desk.answer(**{"kind": "already_paid", **changes})
    assert await desk.rows(select(payment_hint.c.id)) == await desk.rows(select(promise.c.id)) == []


@given(
    st.lists(st.tuples(st.integers(1, 500), st.integers(0, 40)), max_size=6),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 700)), max_size=8),
    st.integers(0, 60),
)
def test_money_counts_once_and_nothing_is_broken_early(
    promised: list[tuple[int, int]], came: list[tuple[int, int]], now: int
) -> None:
    start = date(2026, 1, 1)
    promises = [Promise(new_id(), amount, start + timedelta(days=due), start) for amount, due in promised]
    receipts = [Received(start + timedelta(days=on), amount) for on, amount in came]
    outcomes = judge_promises(promises, receipts, start + timedelta(days=now))
    assert set(outcomes) == {one.id for one in promises}
    assert sum(one.received for one in outcomes.values()) <= sum(amount for _, amount in came)
    for one in promises:
        outcome = outcomes[one.id]
        assert 0 <= outcome.received <= one.amount
        assert (outcome.status == "kept") == (outcome.received == one.amount)
        if outcome.status == "broken":
            assert start + timedelta(days=now) > one.due_on + timedelta(days=GRACE_DAYS)


@given(st.integers(0, 1000), st.lists(st.integers(-50, 300), max_size=8))
def test_what_is_spread_never_exceeds_its_room(total: int, rooms: list[int]) -> None:
    ids = [new_id() for _ in rooms]
    parts = spread(total, dict(zip(ids, rooms, strict=True)))
    assert sum(parts.values()) == min(total, sum(max(0, room) for room in rooms))
    assert all(0 < part <= rooms[ids.index(one)] for one, part in parts.items())
