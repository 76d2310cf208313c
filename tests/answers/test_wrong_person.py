"""A statement for somebody else: passed on only when one of the sender's people says so."""

import pytest
from sqlalchemy import select

from services.chase_customers import chase_customers
from services.forward_statement import (
    ForwardAddressInvalid,
    ForwardDone,
    ForwardUnknown,
    decline_forward,
    forward_statement,
)
from services.open_statement_page import LinkInvalid
from services.record_answer import AnswerIncomplete, Colleague, Recorded
from services.record_feedback import record_feedback
from storage.audit import Actor
from storage.database import Database
from storage.identifiers import new_id
from storage.schema import contact, feedback, outbox, task
from tests.answers.desk import TODAY_WORKS, Desk, new_desk

WHO = Colleague("李会计", "li@customer.example", "我已调岗")


async def misdirect(desk: Desk) -> Recorded:
    """The reader names a colleague."""
    return await desk.answer("wrong_person", colleague=WHO)


async def test_nothing_goes_out_before_somebody_decides(engine: Database) -> None:
    desk = await new_desk(engine)
    recorded = await misdirect(desk)
    assert (recorded.kind, recorded.status) == ("wrong_person", "sent")
    assert await desk.rows(select(outbox.c.id).where(outbox.c.kind == "statement_to_customer")) == []
    assert [row.email for row in await desk.rows(select(contact.c.email))] == ["pay@customer.example"]
    [row] = await desk.rows(select(task).where(task.c.kind == "wrong_person"))
    assert (row.facts["name"], row.facts["email"]) == ("李会计", "li@customer.example")
    # While we look for the right person nobody is asked why there is no answer.
    await chase_customers(engine, desk.book.company, TODAY_WORKS)
    [reminder] = await desk.rows(select(outbox.c.payload).where(outbox.c.kind == "reminder"))
    assert reminder.payload["statements"] == []


async def test_approved_it_goes_to_the_person_once_and_may_end_the_old_link(engine: Database) -> None:
    desk = await new_desk(engine)
    recorded, clerk = await misdirect(desk), Actor("user", desk.clerk)
    where = {"name": "李会计", "email": "li@customer.example"}
    with pytest.raises(ForwardAddressInvalid):
        await forward_statement(
            engine, desk.book.company, recorded.answer_id, clerk, name="", email="li", replaces=True
        )
    made = await forward_statement(engine, desk.book.company, recorded.answer_id, clerk, **where, replaces=True)
    [mail] = await desk.rows(select(outbox).where(outbox.c.kind == "statement_to_customer"))
    assert (mail.recipient, mail.person_id) == ("li@customer.example", made)
    with pytest.raises(LinkInvalid):
        await desk.page()
    with pytest.raises(ForwardDone):
        await forward_statement(engine, desk.book.company, recorded.answer_id, clerk, **where, replaces=False)


async def test_declined_it_stays_where_it_is(engine: Database) -> None:
    desk = await new_desk(engine)
    recorded, clerk = await misdirect(desk), Actor("user", desk.clerk)
    await decline_forward(engine, desk.book.company, recorded.answer_id, clerk)
    with pytest.raises(ForwardDone):
        await decline_forward(engine, desk.book.company, recorded.answer_id, clerk)
    with pytest.raises(ForwardUnknown):
        await decline_forward(engine, desk.book.company, new_id(), clerk)
    assert (await desk.page()).can_answer
    agreed = await desk.answer("agree")
    with pytest.raises(ForwardUnknown):
        await decline_forward(engine, desk.book.company, agreed.answer_id, clerk)


@pytest.mark.parametrize(
    "who",
    [None, Colleague("x" * 121), Colleague("Li", "li@"), Colleague("Li", "a b@c.de"), Colleague("", note="x" * 2001)],
)
async def test_who_else_must_be_readable(engine: Database, who: Colleague | None) -> None:
    desk = await new_desk(engine)
    with pytest.raises(AnswerIncomplete):
        await desk.answer("wrong_person", colleague=who)


async def test_one_tap_after_an_answer_and_a_bad_word_is_followed_up(engine: Database) -> None:
    desk = await new_desk(engine)
    page = await desk.page()
    with pytest.raises(AnswerIncomplete):
        await record_feedback(engine, desk.link, page.nonce, "good")
    await desk.answer("agree")
    assert await record_feedback(engine, desk.link, page.nonce, "good") == 3
    assert await record_feedback(engine, desk.link, page.nonce, "good") == 3
    assert len(await desk.rows(select(feedback.c.id))) == 1
    assert await desk.rows(select(task.c.id).where(task.c.kind == "feedback")) == []
    await record_feedback(engine, desk.link, page.nonce, "bad", "  太慢  ")
    shown = (await desk.page()).feedback
    assert shown is not None
    assert (shown.score, shown.body) == (1, "太慢")
    assert len(await desk.rows(select(feedback.c.id))) == 2
    assert len(await desk.rows(select(task.c.id).where(task.c.kind == "feedback"))) == 1
    with pytest.raises(LinkInvalid):
        await record_feedback(engine, desk.link, "forged.nonce", "good")
    with pytest.raises(AnswerIncomplete):
        await record_feedback(engine, desk.link, page.nonce, "perfect")
