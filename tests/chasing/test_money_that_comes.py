"""What promises and money do to reminders: a head's promise rests on its shops' documents, money takes mails back."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select, update

from services.allocate_by_reference import allocate_by_reference
from services.chase_customers import chase_customers
from services.stop_chasing import skip_reminder
from storage.audit import SYSTEM
from storage.companies import Company
from storage.database import Database, transaction
from storage.identifiers import new_id
from storage.promises import PromiseRow, insert_promises
from storage.schema import answer, chase, customer, open_item, outbox, statement
from tests.support.books import Book, Item, new_book

TODAY = date(2026, 6, 15)
DUE = date(2026, 5, 4)


async def reminders(book: Book) -> list[Any]:
    """The queued reminders, by customer."""
    async with transaction(book.engine, book.company.id) as session:
        query = select(outbox).where(outbox.c.kind == "reminder").order_by(outbox.c.created_at)
        return list(await session.execute(query))


async def test_a_heads_promise_pauses_the_shops_documents_on_its_statement(engine: Database) -> None:
    """150 promised: 100 of the shop's document, due first, then 50 of the head's; another shop's is not on it."""
    book = await new_book(engine)
    head, shop, other = [await book.add_customer(code) for code in ("HEAD", "SHOP", "OTHER")]
    for one in (head, shop, other):
        await book.add_contact(one, f"{one}@customer.example")
    of_shop, of_head = (
        Item("S-1", 100_00, date(2026, 4, 1), DUE),
        Item("H-1", 80_00, date(2026, 4, 1), date(2026, 5, 6)),
    )
    apart = Item("O-1", 70_00, date(2026, 4, 1), DUE)
    await book.add_items(shop, [of_shop])
    await book.add_items(head, [of_head])
    await book.add_items(other, [apart])
    statement_id = await book.add_sent_statement(head, [of_head, of_shop])
    async with transaction(engine, book.company.id) as session:
        await session.execute(update(customer).where(customer.c.id.in_((shop, other))).values(parent_id=head))
        await session.execute(update(statement).values(answered_at=func.now()))
        answer_id = new_id()
        await session.execute(
            answer.insert().values(
                company_id=book.company.id, id=answer_id, statement_id=statement_id, kind="promise", digest="d",
                name="n", facts={}, channel="web", idempotency_key=str(answer_id),
            )
        )  # fmt: skip
        now = (await session.execute(select(func.now()))).scalar_one()
        promise = PromiseRow(
            new_id(), statement_id, answer_id, head, "CNY", 150_00, TODAY + timedelta(days=3), "open", 0, now, None
        )
        await insert_promises(session, book.company.id, [promise])
    await chase_customers(engine, book.company, TODAY)
    asked = {row.customer_id: row.payload["totals"] for row in await reminders(book)}
    assert asked == {head: {"CNY": "30.00"}, other: {"CNY": "70.00"}}


async def chased(engine: Database) -> tuple[Book, Item]:
    """A customer with a reminder that waits."""
    book = await new_book(engine)
    one = await book.add_customer("C1")
    await book.add_contact(one, "pay@customer.example")
    item = Item("INV-1", 100_00, date(2026, 4, 1), DUE)
    await book.add_items(one, [item])
    await chase_customers(engine, book.company, TODAY)
    assert [row.state for row in await reminders(book)] == ["pending"]
    return book, item


async def test_money_that_arrives_takes_the_waiting_reminder_back_at_once(engine: Database) -> None:
    """Part of it is enough: what was written is not true any more; the next day asks for the rest."""
    book, _ = await chased(engine)
    [row] = await reminders(book)
    await allocate_by_reference(engine, book.company)
    assert [one.state for one in await reminders(book)] == ["pending"]
    await book.add_items(row.customer_id, [Item("R-1", -40_00, TODAY, kind="receipt")])
    async with transaction(engine, book.company.id) as session:
        await session.execute(update(open_item).where(open_item.c.number == "R-1").values(description="INV-1"))
    await allocate_by_reference(engine, book.company)
    assert [one.state for one in await reminders(book)] == ["cancelled"]
    # It never went, so it asks for no pause.
    assert (await chase_customers(engine, book.company, TODAY + timedelta(days=1)))["reminded"] == 1
    assert [one.payload["totals"] for one in await reminders(book)][1:] == [{"CNY": "60.00"}]


async def test_a_withdrawn_reminder_counts_neither_for_the_pause_nor_for_the_level(engine: Database) -> None:
    """Called off by hand on Monday: on Tuesday the first level is due; what went on Tuesday holds Wednesday back."""
    book, _ = await chased(engine)
    [row] = await reminders(book)
    await skip_reminder(engine, book.company, row.customer_id, TODAY, "a call instead", SYSTEM)
    tuesday = TODAY + timedelta(days=1)
    assert (await chase_customers(engine, book.company, tuesday))["reminded"] == 1
    async with transaction(engine, book.company.id) as session:
        await session.execute(update(outbox).where(outbox.c.state == "pending").values(state="accepted"))
        levels = [one.level for one in await session.execute(select(chase.c.level))]
    assert levels[0] == levels[1]
    assert (await chase_customers(engine, book.company, tuesday + timedelta(days=1)))["pause"] == 1


async def test_a_fee_is_not_charged_again_for_a_reminder_that_was_withdrawn(engine: Database) -> None:
    book = await new_book(engine)
    levels = [{"number": 1, "working_days": 3, "tone": "friendly", "fee": {"CNY": "5.00"}}]
    company: Company = replace(book.company, settings={"chasing": {"pause": 5, "levels": levels}})
    one = await book.add_customer("C1")
    await book.add_contact(one, "pay@customer.example")
    await book.add_items(one, [Item("INV-1", 100_00, date(2026, 4, 1), DUE)])
    for days in range(3):
        await chase_customers(engine, company, TODAY + timedelta(days=days))
        await skip_reminder(engine, company, one, TODAY + timedelta(days=days), "later", SYSTEM)
    async with transaction(engine, book.company.id) as session:
        fees = list(await session.execute(select(open_item.c.amount).where(open_item.c.kind == "debit_memo")))
    assert [row.amount for row in fees] == [5_00]
