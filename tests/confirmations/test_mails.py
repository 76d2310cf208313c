"""The two mails of a letter: frozen with link and PDF, answered to the right side, called off when nothing is asked."""

import email
import re
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import select

from services.carriers import open_carriers
from services.close_confirmations import close_round
from services.freeze_message import freeze_message
from services.message_reasons import MessageOutdatedError
from services.relay_outbox import relay_once
from services.send_confirmations import remind_round
from services.settings import Settings
from statements.confirmations import GivenReply
from storage.claims import Pace, claim
from storage.confirmations import Letter
from storage.database import Database, reading_as, transaction
from storage.outbox import OutboxRow
from storage.presence import database_now
from storage.schema import outbox
from tests.confirmations.letter_house import LetterHouse, new_letter_house
from tests.reports.readers import pdf_text

PACE = Pace(60, 900)


@pytest.fixture
async def house(engine: Database) -> LetterHouse:
    """The company."""
    return await new_letter_house(engine)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With a mailbox for answers."""
    return Settings(home=tmp_path, reply_to="answers@acme.example", _env_file=None)  # type: ignore[call-arg] # pydantic-settings


async def claimed(house: LetterHouse) -> list[OutboxRow]:
    """What the relay takes in hand."""
    with reading_as("relay"):
        async with transaction(house.book.engine, house.book.company.id) as session:
            return await claim(session, house.book.company.id, 50, PACE)


async def frozen(house: LetterHouse, settings: Settings, row: OutboxRow) -> EmailMessage:
    """The mail of one row."""
    with reading_as("relay"):
        async with transaction(house.book.engine, house.book.company.id) as session:
            written = await freeze_message(
                session, house.book.company.id, row, settings, await database_now(session)
            )  # fmt: skip
    assert written is not None
    made = email.message_from_bytes(written, policy=default)
    assert isinstance(made, EmailMessage)
    return made


def body_of(mail: EmailMessage) -> str:
    """Its plain text."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


async def test_the_mail_holds_a_link_that_replies_and_the_letter(house: LetterHouse, settings: Settings) -> None:
    """Link and PDF belong to this contact; a reply by mail comes to us."""
    _, letters = await house.own()
    rows = {row.recipient: row for row in await claimed(house)}
    mail = await frozen(house, settings, rows["c1@customer.example"])
    assert "<answers+" in str(mail["Reply-To"])
    [letter] = list(mail.iter_attachments())
    assert letter.get_filename() == "询证函 2026-06-30 1 C1.pdf"
    assert "信息证明无误" in pdf_text(letter.get_content())
    found = re.search(r"/c#(\S+)", body_of(mail))
    assert found is not None
    assert (await house.reply(letters[0], GivenReply("confirm", "王"), found[1])).state == "confirmed"


async def test_an_audits_mail_is_answered_to_the_auditor(house: LetterHouse, settings: Settings) -> None:
    """The company's mailbox never sees the answer, and its own people never see the row."""
    await house.audit(form="blank")
    rows = await claimed(house)
    mail = await frozen(house, settings, next(row for row in rows if row.recipient == "c1@customer.example"))
    assert "<vera@example.com>" in str(mail["Reply-To"])
    assert "750,000" not in body_of(mail)
    async with transaction(house.book.engine, house.book.company.id) as session:
        assert await claim(session, house.book.company.id, 50, PACE) == []


async def test_a_reply_calls_off_the_second_request_and_the_end_of_a_round_every_mail(
    house: LetterHouse, settings: Settings
) -> None:
    """What waits is not sent for a letter that needs nothing any more."""
    drawn, letters = await house.own()
    await remind_round(house.desk("bob"), drawn.number)
    await house.reply(letters[0], GivenReply("confirm", "王"))
    rows = await claimed(house)
    seconds = {row.recipient: row for row in rows if row.kind == "confirmation_second_request"}
    assert set(seconds) == {"c2@customer.example", "c3@customer.example"}
    assert "second time" in body_of(await frozen(house, settings, seconds["c2@customer.example"]))
    await house.reply(_of(letters, "C3"), GivenReply("confirm", "王"))
    with pytest.raises(MessageOutdatedError):
        await frozen(house, settings, seconds["c3@customer.example"])
    await close_round(house.desk("bob"), drawn.number)
    for row in rows:
        with pytest.raises(MessageOutdatedError):
            await frozen(house, settings, row)


def _of(letters: list[Letter], code: str) -> Letter:
    return next(one for one in letters if one.customer_code == code)


async def test_the_relay_carries_an_audits_letters_unseen(house: LetterHouse, settings: Settings) -> None:
    """The whole way to a mail server: every letter is accepted, and the company's own queries find no message."""
    await house.audit()
    async with open_carriers(house.book.engine, settings) as carriers:
        while await relay_once(house.book.engine, house.book.company.id, settings, carriers):
            pass
    with reading_as("relay"):
        states = {(row.kind, row.state) for row in await house.rows(select(outbox))}
    assert states == {("confirmation_request", "accepted")}
    assert await house.rows(select(outbox)) == []
