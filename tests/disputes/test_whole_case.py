"""The customer disputes 30 of 100, confirms the rest, gets 20, sees the change, agrees; chasing never names the 30."""

from datetime import date

from sqlalchemy import select

from services.ask_adjustment import Ask, ask_adjustment
from services.chase_customers import chase_customers
from services.record_answer import DisputedLine
from storage.audit import verify_chain
from storage.database import Database, transaction
from storage.disputes import disputed_amounts
from storage.schema import adjustment, allocation, open_item, outbox, task
from tests.disputes.case_house import CaseHouse, new_house

AS_OF = date(2026, 6, 30)


async def chased(house: CaseHouse, day: date) -> list[str]:
    """What a day's reminders ask for, one total each."""
    before = len(await house.mails("reminder"))
    await chase_customers(house.book.engine, house.book.company, day)
    return [payload["totals"]["CNY"] for payload in (await house.mails("reminder"))[before:]]


async def test_from_the_dispute_to_the_agreement(engine: Database) -> None:
    house = await new_house(engine)
    await house.send_june()
    assert await house.versions() == [(1, "sent")]
    recorded = await house.answer("agree_except", DisputedLine(1, "price", "30.00", "agreed price was 70"))
    assert recorded.status == "disputed"
    assert await chased(house, date(2026, 7, 6)) == ["70.00"]

    [case] = await house.cases()
    ask = Ask("credit_memo", case.item_id, "20.00", AS_OF, "price list of May", case.id)
    request_id = await ask_adjustment(engine, house.book.company, ask, house.people["bob"])
    # Asked is not given: the 30 still rest, and nothing has moved.
    assert await chased(house, date(2026, 7, 13)) == ["70.00"]
    assert await house.rows(select(open_item.c.id).where(open_item.c.kind == "credit_memo")) == []
    assert await house.decide(request_id, "alice") in {"approved", "consumed"}

    assert await house.versions() == [(1, "superseded"), (2, "sent")]
    [case] = await house.cases()
    assert (case.status, case.resolution, case.credited) == ("resolved", "credited", 20_00)
    _, page = await house.page()
    assert page.content["closing"] == "80.00"
    assert [line["open"] for line in page.content["lines"]] == ["80.00"]
    [credit] = await house.rows(select(open_item).where(open_item.c.kind == "credit_memo"))
    assert (credit.amount, credit.number, credit.document_date) == (-20_00, "CM-INV-1-1", AS_OF)
    assert [row.amount for row in await house.rows(select(allocation.c.amount))] == [20_00]
    [told] = await house.mails("dispute_resolved")
    assert (told["resolution"], told["document"]) == ("credited", "INV-1")
    assert await house.rows(select(task.c.id).where(task.c.kind == "dispute", task.c.state == "open")) == []

    assert (await house.answer("agree")).status == "settled"
    assert await house.versions() == [(1, "superseded"), (2, "settled")]
    # 80 are owed, agreed and asked for; the 30 were named by no reminder.
    assert await chased(house, date(2026, 7, 27)) == ["80.00"]
    async with transaction(engine, house.book.company.id) as session:
        assert await disputed_amounts(session, house.book.company.id) == {}
        assert (await verify_chain(session, house.book.company.id))[1] is None


async def test_the_difference_to_what_was_answered_is_shown(engine: Database) -> None:
    house = await new_house(engine)
    await house.send_june()
    await house.answer("agree_except", DisputedLine(1, "price", "30.00"))
    [case] = await house.cases()
    ask = Ask("credit_memo", case.item_id, "20.00", AS_OF, "price list of May", case.id)
    await house.decide(await ask_adjustment(engine, house.book.company, ask, house.people["bob"]), "alice")
    _, page = await house.page()
    query = select(outbox.c.payload).where(outbox.c.kind == "statement_to_customer")
    assert len(await house.rows(query)) == 2
    assert page.version == 2
    async with transaction(engine, house.book.company.id) as session:
        from_rows = await session.execute(select(adjustment.c.status, adjustment.c.number))
        assert [tuple(row) for row in from_rows] == [("posted", "CM-INV-1-1")]
