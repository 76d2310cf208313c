"""Today's reminders on a real database: one row per customer, repeatable, taken back when overtaken."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from services.chase_customers import chase_customers, preview_chase
from services.stop_chasing import ChaseReasonMissing, resume_chasing, stop_chasing
from storage.audit import Actor, verify_chain
from storage.database import Database, transaction
from storage.disputes import Dispute, insert_dispute
from storage.identifiers import new_id
from storage.schema import answer, chase, outbox, task
from tests.support.books import Book, Item, new_book

TODAY = date(2026, 6, 15)
DUE = date(2026, 5, 4)


async def reminders(book: Book) -> list[Any]:
    """The queued reminders."""
    async with transaction(book.engine, book.company.id) as session:
        query = select(outbox).where(outbox.c.kind == "reminder").order_by(outbox.c.created_at)
        return list(await session.execute(query))


async def dispute_item(book: Book, statement_id: UUID, item: Item, amount: int) -> None:
    """An open dispute, as an answer leaves it."""
    answer_id = new_id()
    async with transaction(book.engine, book.company.id) as session:
        await session.execute(
            insert(answer).values(
                company_id=book.company.id, id=answer_id, statement_id=statement_id, kind="dispute", digest="d",
                name="n", facts={}, channel="web", idempotency_key=str(answer_id), at=datetime.now(UTC),
            )
        )  # fmt: skip
        await insert_dispute(
            session, book.company.id,
            Dispute(new_id(), statement_id, answer_id, item.id, "price", item.currency, amount, "", "open", None, None,
                    None, datetime.now(UTC), None),
        )  # fmt: skip


async def test_one_grouped_reminder_with_exact_figures(engine: Database) -> None:
    book = await new_book(engine)
    customer = await book.add_customer("C1")
    contact = await book.add_contact(customer, "pay@customer.example")
    paid = Item("INV-1", 100_00, date(2026, 4, 1), DUE)
    partly = Item("INV-2", 200_00, date(2026, 4, 1), DUE)
    disputed = Item("INV-3", 300_00, date(2026, 4, 1), DUE)
    by_source = Item("INV-4", 50_00, date(2026, 4, 1), DUE, disputed=50_00)
    not_due = Item("INV-5", 999_00, date(2026, 6, 1), date(2026, 7, 1))
    receipt = Item("R-1", -150_00, date(2026, 5, 10), kind="receipt")
    await book.add_items(customer, [paid, partly, disputed, by_source, not_due, receipt])
    await book.apply(receipt, paid, 100_00, date(2026, 5, 10))
    await book.apply(receipt, partly, 50_00, date(2026, 5, 10))
    statement = await book.add_sent_statement(customer, [partly, disputed], sent_at=datetime(2026, 6, 2, 4, tzinfo=UTC))
    await dispute_item(book, statement, disputed, 120_00)

    figures = await chase_customers(engine, book.company, TODAY)
    assert figures["reminded"] == 1
    [row] = await reminders(book)
    assert (row.recipient, row.person_id, row.customer_id) == ("pay@customer.example", contact, customer)
    amounts = {item["number"]: item["amount"] for item in row.payload["items"]}
    assert amounts == {"INV-2": "150.00", "INV-3": "180.00"}
    assert row.payload["totals"] == {"CNY": "330.00"}
    assert [s["number"] for s in row.payload["statements"]] == [f"2026-06/{str(customer)[-6:]}/CNY/v1"]

    assert (await chase_customers(engine, book.company, TODAY))["reminded"] == 0
    assert len(await reminders(book)) == 1
    async with transaction(engine, book.company.id) as session:
        assert (await verify_chain(session, book.company.id))[1] is None


async def test_a_customer_without_address_becomes_a_task_and_stops_nobody(engine: Database) -> None:
    book = await new_book(engine)
    for code, email in (("C1", None), ("C2", "c2@customer.example")):
        customer = await book.add_customer(code)
        await book.add_contact(customer, email)
        await book.add_items(customer, [Item(f"INV-{code}", 100, date(2026, 4, 1), DUE)])
    figures = await chase_customers(engine, book.company, TODAY)
    assert (figures["reminded"], figures["no_address"]) == (1, 1)
    await chase_customers(engine, book.company, TODAY)
    async with transaction(engine, book.company.id) as session:
        assert [row.kind for row in await session.execute(select(task.c.kind))] == ["no_address"]


async def test_yesterdays_unsent_reminder_is_withdrawn(engine: Database) -> None:
    book = await new_book(engine)
    customer = await book.add_customer("C1")
    await book.add_contact(customer, "c1@customer.example")
    item = Item("INV-1", 100, date(2026, 4, 1), DUE)
    await book.add_items(customer, [item])
    await chase_customers(engine, book.company, TODAY)
    receipt = Item("R-1", -100, date(2026, 6, 16), kind="receipt")
    await book.add_items(customer, [receipt])
    await book.apply(receipt, item, 100, date(2026, 6, 16))
    # The row's own clock is today's, so that the next business day is one after it.
    tomorrow = date(2099, 1, 5)
    figures = await chase_customers(engine, book.company, tomorrow)
    assert (figures["withdrawn"], figures["reminded"]) == (1, 0)
    assert [row.state for row in await reminders(book)] == ["cancelled"]


async def test_stopping_needs_a_reason_and_takes_back_what_waits(engine: Database) -> None:
    book = await new_book(engine)
    customer = await book.add_customer("C1")
    await book.add_contact(customer, "c1@customer.example")
    await book.add_items(customer, [Item("INV-1", 100, date(2026, 4, 1), DUE)])
    bob = Actor("user", await book.add_person("bob", "clerk"))
    assert len(await preview_chase(engine, book.company, TODAY)) == 1
    await chase_customers(engine, book.company, TODAY)
    with pytest.raises(ChaseReasonMissing):
        await stop_chasing(engine, book.company, customer, " ", bob)
    await stop_chasing(engine, book.company, customer, "in talks", bob)
    assert [row.state for row in await reminders(book)] == ["cancelled"]
    assert (await chase_customers(engine, book.company, date(2026, 6, 29)))["stopped"] == 1
    await resume_chasing(engine, book.company, customer, "talks ended", bob)
    assert (await chase_customers(engine, book.company, date(2026, 6, 29)))["reminded"] == 1
    async with transaction(engine, book.company.id) as session:
        rows = list(await session.execute(select(chase.c.day, chase.c.level).order_by(chase.c.day)))
    # The first one was taken back before it went: the customer has not been asked yet.
    assert [tuple(row) for row in rows] == [(TODAY, 1), (date(2026, 6, 29), 1)]


async def test_another_companys_customers_are_not_touched(engine: Database) -> None:
    ours, theirs = await new_book(engine, "OURS"), await new_book(engine, "THEIRS")
    customer = await theirs.add_customer("C1")
    await theirs.add_contact(customer, "c1@customer.example")
    await theirs.add_items(customer, [Item("INV-1", 100, date(2026, 4, 1), DUE)])
    assert (await chase_customers(engine, ours.company, TODAY))["reminded"] == 0
    assert await reminders(theirs) == []
