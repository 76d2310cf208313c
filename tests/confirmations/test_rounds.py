"""A round from the draw to its end, in both modes, through the services."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from services.answer_confirmation import open_reply_page, record_reply
from services.close_confirmations import close_round, note_letter
from services.confirmation_desk import ConfirmationRole
from services.examine_later_receipts import examine_later_receipts, worksheet_json
from services.open_statement_page import LinkInvalid
from services.record_answer import AnswerKeyReused
from services.send_confirmations import SecondPersonSends, remind_due_rounds, remind_round, send_round
from services.show_confirmations import show_round
from statements.confirmation_sample import Method
from statements.confirmations import ConfirmationRefused, GivenReply, ReplyIncomplete
from storage.confirmations import change_round, round_by_id
from storage.database import Database, transaction
from storage.schema import confirmation_reply, outbox, task
from tests.confirmations.letter_house import LetterHouse, new_letter_house
from tests.support.books import Item

YES = GivenReply("confirm", "王建国", "财务经理")


@pytest.fixture
async def house(engine: Database) -> LetterHouse:
    """The company."""
    return await new_letter_house(engine)


async def test_a_second_person_sends_and_everybody_has_a_letter(house: LetterHouse) -> None:
    """One letter per customer with all its currencies; without an address it goes by post."""
    drawn = await house.draw()
    with pytest.raises(SecondPersonSends):
        await send_round(house.desk("bob"), drawn.number)
    with pytest.raises(ConfirmationRole):
        await send_round(house.desk("ada"), drawn.number)
    sent = await send_round(house.desk("alice"), drawn.number)
    assert (sent.by_email, sent.by_post) == (3, 1)
    shown = await show_round(house.desk("bob"), drawn.number)
    assert [one.balances for one in shown.letters] == [
        {"CNY": "750000.50"}, {"CNY": "90000.00"}, {"CNY": "12000.00", "USD": "3000.00"}, {"CNY": "800.00"},
    ]  # fmt: skip
    kinds = [row.kind for row in await house.rows(outbox.select())]
    assert kinds == ["confirmation_request"] * 3
    assert [row.kind for row in await house.rows(task.select())] == ["confirmation_post"]
    with pytest.raises(ConfirmationRefused):
        await send_round(house.desk("mary"), drawn.number)


async def test_the_database_asks_for_four_eyes_too(house: LetterHouse) -> None:
    """A service that forgot to ask could not write it."""
    drawn = await house.draw()
    async with transaction(house.book.engine, house.book.company.id) as session:
        one = await round_by_id(session, house.book.company.id, drawn.id)
        assert one is not None
        with pytest.raises(IntegrityError):
            await change_round(session, house.book.company.id, one, state="sent", dispatched_by=one.prepared_by)


async def test_replies_are_judged_and_only_added_to(house: LetterHouse) -> None:
    """Confirmed, then changed to a difference; both acts stay, and the summary counts the last."""
    drawn, letters = await house.own()
    link = await house.link(letters[0])
    await house.reply(letters[0], YES, link)
    changed = GivenReply("differ", "王建国", "", {"CNY": "749,000.50"}, "timing", "在途货款")
    recorded = await house.reply(letters[0], changed, link)
    assert recorded.state == "differs"
    await house.reply(letters[1], YES)
    shown = await show_round(house.desk("bob"), drawn.number)
    first = shown.letters[0]
    assert [reply.kind for reply in first.replies] == ["confirm", "differ"]
    assert first.letter.differences == {"CNY": "-1000.00"}
    assert shown.summary is not None
    assert (shown.summary.sent, shown.summary.replied) == (4, 2)
    assert shown.summary.currencies["CNY"]["confirmed"] == "90000.00"
    assert shown.summary.currencies["CNY"]["differences"] == "1000.00"
    assert len(await house.rows(confirmation_reply.select())) == 3
    assert [row.facts for row in await house.rows(task.select().where(task.c.kind == "confirmation_differs"))] == [
        {"number": first.letter.number, "answer": "CNY -1000.00"}
    ]


async def test_a_page_sent_twice_is_one_reply(house: LetterHouse) -> None:
    """The same words again are the same reply; other figures under the same page are refused."""
    _, letters = await house.own()
    link = await house.link(letters[0])
    page = await open_reply_page(house.book.engine, link)
    told = GivenReply("differ", "Li", "", {"CNY": "1"}, "other")
    first = await record_reply(house.book.engine, link, told, page.nonce)
    again = await record_reply(house.book.engine, link, told, page.nonce)
    assert (again.reply_id, again.repeated) == (first.reply_id, True)
    with pytest.raises(AnswerKeyReused):
        await record_reply(house.book.engine, link, replace(told, amounts={"CNY": "2"}), page.nonce)
    assert len(await house.rows(confirmation_reply.select())) == 1


async def test_a_blank_letter_is_answered_with_figures(house: LetterHouse) -> None:
    """Every currency is asked for; equal figures confirm, others differ."""
    _, letters = await house.own(form="blank")
    with pytest.raises(ReplyIncomplete):
        await house.reply(letters[2], GivenReply("fill", "Li", amounts={"CNY": "12000"}))
    with pytest.raises(ReplyIncomplete):
        await house.reply(letters[2], YES)
    same = await house.reply(letters[2], GivenReply("fill", "Li", amounts={"CNY": "12,000.00", "USD": "3000"}))
    other = await house.reply(letters[1], GivenReply("fill", "Li", amounts={"CNY": "1"}))
    assert (same.state, other.state) == ("confirmed", "differs")


async def test_silence_is_reminded_closed_and_examined(house: LetterHouse) -> None:
    """The second request goes to the silent alone; later money covers the balance; a closed round takes no reply."""
    drawn, letters = await house.own(remind_after=3)
    await house.reply(letters[0], YES)
    receipt = Item("R-1", -60_000_00, date(2026, 7, 9), kind="receipt")
    await house.book.add_items(house.customers["C2"], [receipt])
    await house.book.apply(receipt, house.items["INV-3"], 60_000_00, date(2026, 7, 9))
    today = date.today()  # noqa: DTZ011 - the round was sent by the database's clock
    assert await remind_due_rounds(house.book.engine, house.book.company, today) == 0
    assert await remind_due_rounds(house.book.engine, house.book.company, today + timedelta(days=30)) == 2
    assert await remind_due_rounds(house.book.engine, house.book.company, today + timedelta(days=31)) == 0
    assert (await remind_round(house.desk("bob"), drawn.number)).by_post == 1
    seconds = [row for row in await house.rows(outbox.select()) if row.kind == "confirmation_second_request"]
    assert {row.recipient for row in seconds} == {"c2@customer.example", "c3@customer.example"}
    link = await house.link(letters[1])
    with pytest.raises(ConfirmationRefused):
        await note_letter(house.desk("bob"), letters[1].id, "examine", "too early")
    await close_round(house.desk("bob"), drawn.number)
    with pytest.raises(LinkInvalid):
        await house.reply(letters[1], YES, link)
    sheet = await examine_later_receipts(house.desk("bob"), drawn.number)
    by_customer = {one.letter.customer_code: one for one in sheet.letters}
    assert by_customer["C2"].coverage == {"CNY": "66.7"}
    assert by_customer["C3"].coverage == {"CNY": "0.0", "USD": "0.0"}
    assert by_customer["C2"].items[0].later[0].number == "R-1"
    assert worksheet_json(sheet)[0]["coverage_percent"] == {"CNY": "66.7"}
    await note_letter(house.desk("bob"), letters[1].id, "examine", "收到期后回款 R-1")
    shown = await show_round(house.desk("bob"), drawn.number)
    assert {one.letter.customer_code: one.proves for one in shown.letters} == {
        "C1": "confirmed", "C2": "examined", "C3": "none", "C4": "none",
    }  # fmt: skip


async def test_the_silence_of_a_negative_letter_is_weak_evidence(house: LetterHouse) -> None:
    """It is never reminded, and never counts as confirmed."""
    drawn, letters = await house.own(form="negative", method=Method("largest", 2))
    assert await remind_due_rounds(house.book.engine, house.book.company, date(2030, 1, 1)) == 0
    await close_round(house.desk("bob"), drawn.number)
    shown = await show_round(house.desk("bob"), drawn.number)
    assert {one.proves for one in shown.letters} == {"weak"}
    assert shown.summary is not None
    assert shown.summary.by_strength == {"weak": len(letters)}
    assert shown.summary.currencies["CNY"]["confirmed"] == "0.00"
