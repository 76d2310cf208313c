"""The database keeps an audit's letters and replies from the company, whatever is asked and by whom."""

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from services.answer_confirmation import GivenFiles, open_reply_page, record_reply, seal_of
from services.close_confirmations import close_round, note_letter, release_round
from services.confirmation_desk import LetterUnknown, at_desk
from services.examine_later_receipts import examine_later_receipts
from services.receive_mail import receive_mail
from services.send_confirmations import remind_round, send_round
from services.show_confirmations import show_letter, show_round
from services.verify_audit import verify_audit
from statements.confirmations import ConfirmationNotYours, ConfirmationRefused, GivenReply
from storage.clusters import plain_url
from storage.confirmations import Letter, replies_of
from storage.database import Database, reading_as, transaction
from storage.schema import (
    attachment,
    audit_event,
    confirmation_letter,
    confirmation_reply,
    confirmation_round,
    delivery_event,
    inbound_mail,
    outbox,
    task,
)
from tests.answers.desk import KEYRING, PDF
from tests.confirmations.letter_house import CAST, LetterHouse, new_letter_house

MARK, AMOUNT = "Kupferkessel-4711", "731337.42"
"""Words and an amount that stand in the reply and nowhere else."""

SECRET = GivenReply("differ", MARK, "财务", {"CNY": AMOUNT}, "timing", MARK)
CLOSED = (confirmation_reply, confirmation_letter, attachment, outbox, delivery_event, task, inbound_mail)


@pytest.fixture
async def house(engine: Database) -> LetterHouse:
    """The company."""
    return await new_letter_house(engine)


async def sealed_reply(house: LetterHouse) -> tuple[str, str]:
    """Number of Vera's round, and the seal of the one reply in it, which came with a file."""
    drawn, letters = await house.audit()
    link = await house.link(letters[0])
    page = await open_reply_page(house.book.engine, link)
    await record_reply(house.book.engine, link, SECRET, page.nonce, attached=GivenFiles((("proof.pdf", PDF),), KEYRING))
    desk = house.desk("vera")
    async with at_desk(desk) as session:
        [reply] = (await replies_of(session, desk.company.id, [letters[0].id]))[letters[0].id]
    assert reply.seal == seal_of(reply)
    return drawn.number, reply.seal


async def test_a_plain_select_of_the_company_finds_nothing(house: LetterHouse, database: str) -> None:
    """Neither through our own session nor as the application's role without any of our code."""
    await sealed_reply(house)
    for table in CLOSED:
        assert await house.rows(select(table)) == [], table.name
    with psycopg.connect(plain_url(database)) as connection:
        connection.execute("set role tieout_app")
        connection.execute("select set_config('tieout.company', %s, false)", (str(house.book.company.id),))
        for reader in ("", "auditor:", f"auditor:{house.people['otto']}", f"auditor:{house.people['ada']}", "relay"):
            connection.execute("select set_config('tieout.reader', %s, false)", (reader,))
            assert connection.execute("select * from confirmation_reply").fetchall() == [], reader
            assert connection.execute("select * from attachment").fetchall() == [], reader
        connection.execute("select set_config('tieout.reader', %s, false)", (f"auditor:{house.people['vera']}",))
        assert len(connection.execute("select * from confirmation_reply").fetchall()) == 1


async def test_nobody_else_sees_or_moves_anything(house: LetterHouse) -> None:
    """Clerk, reviewer, manager, compliance, administrator, and an auditor of other rounds."""
    number, _ = await sealed_reply(house)
    letters = await _letters(house, number)
    for who in CAST:
        if who == "vera":
            continue
        desk = house.desk(who)
        shown = await show_round(desk, number)
        assert shown.closed_to, who
        assert (shown.letters, shown.summary, shown.mine) == ([], None, False), who
        assert (await examine_later_receipts(desk, number)).letters == (), who
        for act in (send_round, remind_round, close_round, release_round):
            with pytest.raises(ConfirmationNotYours):
                await act(desk, number)
        with pytest.raises(LetterUnknown):
            await show_letter(desk, letters[0].id)
        with pytest.raises(LetterUnknown):
            await note_letter(desk, letters[0].id, "explain", "x")


async def test_the_database_refuses_a_change_by_the_company(house: LetterHouse) -> None:
    """Releasing, redrawing or replying in its own transaction: no row, or an error."""
    number, _ = await sealed_reply(house)
    letters = await _letters(house, number)
    company_id = house.book.company.id
    async with transaction(house.book.engine, company_id) as session:
        released = await session.execute(
            confirmation_round.update().values(state="released", released_at=text("now()"))
        )
        assert released.rowcount == 0
        assert (await session.execute(confirmation_letter.update().values(state="confirmed"))).rowcount == 0
    async with transaction(house.book.engine, company_id) as session:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await session.execute(confirmation_reply.delete())
    with reading_as("relay"):
        async with transaction(house.book.engine, company_id) as session:
            forged = confirmation_reply.insert().values(
                company_id=company_id, id=letters[1].id, letter_id=letters[1].id, kind="confirm", name="x",
                channel="web", letter_digest="x", idempotency_key="x", seal="x",
            )  # fmt: skip
            with pytest.raises(ProgrammingError, match="row-level security"):
                await session.execute(forged)


async def test_the_trail_holds_seals_only_and_proves_the_replies_afterwards(house: LetterHouse) -> None:
    """Nothing of the reply, not even its letter, before the release; its seal among those named then."""
    number, seal = await sealed_reply(house)
    [event] = await house.rows(select(audit_event).where(audit_event.c.verb == "confirmation_replied"))
    assert (event.subject_kind, event.actor_id) == ("confirmation_round", None)
    assert event.facts == f'{{"seal":"{seal}"}}'
    with pytest.raises(ConfirmationRefused):
        await release_round(house.desk("vera"), number)
    await close_round(house.desk("vera"), number)
    trail = "".join(row.facts for row in await house.rows(select(audit_event)))
    assert MARK not in trail
    assert AMOUNT not in trail
    await release_round(house.desk("vera"), number)
    shown = await show_round(house.desk("bob"), number)
    assert shown.letters[0].replies[0].explanation == MARK
    assert shown.letters[0].letter.differences == {"CNY": "-18663.08"}
    [released] = await house.rows(select(audit_event).where(audit_event.c.verb == "confirmation_released"))
    assert seal in released.facts
    assert (await verify_audit(house.book.engine, house.book.company))["holds"]
    assert len(await house.rows(select(attachment))) == 1
    with pytest.raises(ConfirmationNotYours):
        await note_letter(house.desk("bob"), shown.letters[0].letter.id, "explain", "ours now?")


async def test_an_intercepted_link_does_not_show_the_recorded_reply(house: LetterHouse) -> None:
    """The mail may lie in the company's archive: only the browser that replied has the receipt."""
    _, letters = await house.audit()
    link = await house.link(letters[0])
    page = await open_reply_page(house.book.engine, link)
    recorded = await record_reply(house.book.engine, link, SECRET, page.nonce)
    assert (await open_reply_page(house.book.engine, link)).replies == []
    assert (await open_reply_page(house.book.engine, link, "forged")).replies == []
    mine = await open_reply_page(house.book.engine, link, recorded.receipt)
    assert mine.replies[0].explanation == MARK


async def test_a_reply_by_mail_reaches_no_clerk(house: LetterHouse) -> None:
    """Somebody answers to the sender all the same: the mail is kept closed, and nobody of the company is told."""
    _, _letters = await house.audit()
    with reading_as("relay"):
        async with transaction(house.book.engine, house.book.company.id) as session:
            row = (await session.execute(select(outbox).where(outbox.c.recipient == "c1@customer.example"))).one()
    mail = (
        f"From: c1@customer.example\r\nTo: answers+{row.id.hex}@acme.example\r\nSubject: Re: x\r\n"
        f"In-Reply-To: {row.message_id}\r\nMessage-ID: <r@x>\r\n\r\n{MARK} {AMOUNT}\r\n"
    ).encode()
    assert await receive_mail(house.book.engine, mail) == "reply"
    for table in (inbound_mail, delivery_event, task, outbox):
        assert await house.rows(select(table)) == []
    async with at_desk(house.desk("vera")) as session:
        assert [one.words for one in await session.execute(select(inbound_mail))] == [f"{MARK} {AMOUNT}"]


async def _letters(house: LetterHouse, number: str) -> list[Letter]:
    """Vera's own look at her round."""
    return [one.letter for one in (await show_round(house.desk("vera"), number)).letters]
