"""What people read of a case and of a promise: from the service that queues it, over the relay, to their mailbox."""

import email
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, func, select, update

from services.judge_promises import judge_promises_of, remind_of_promises
from services.record_answer import DisputedLine, PromisedPart
from services.resolve_dispute import resolve_dispute
from services.settings import Settings
from services.speak_in_dispute import speak_as_staff
from services.unsubscribe import unsubscribe_contact
from services.work_dispute import propose_resolution
from statements.promises import GRACE_DAYS
from storage.audit import Actor
from storage.database import Database, transaction
from storage.outbox import list_rows
from storage.schema import app_user, contact, customer, dispute, outbox
from tests.answers.desk import Desk, new_desk
from tests.outbox.support import Mailbox, drain, relay
from tests.support.books import Item

SETTINGS = Settings(public_url="https://statements.example")
TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
"""The company's."""

TOMORROW = (TODAY + timedelta(days=1)).isoformat()
CUSTOMER = "pay@customer.example"
CLERK = "bob@example.com"
ROUNDS = 3
"""Enough for all mails; the chat of these tests takes nothing."""


async def desk_in(engine: Database, language: str) -> Desk:
    """A desk whose customer and clerk read this language."""
    desk = await new_desk(engine)
    async with transaction(engine, desk.book.company.id) as session:
        await session.execute(update(customer).values(language=language))
        await session.execute(update(app_user).values(language=language))
    return desk


async def disputed(desk: Desk) -> UUID:
    """The customer disputes 30 of INV-1; answers the case. News to the clerks is dropped."""
    await desk.answer("agree_except", DisputedLine(1, "price", "30.00", "70 was agreed"))
    [case] = await desk.rows(select(dispute.c.id))
    async with transaction(desk.book.engine, desk.book.company.id) as session:
        await session.execute(delete(outbox))
    found: UUID = case.id
    return found


async def keys(desk: Desk, kind: str) -> list[str]:
    """Dedup keys of the mails of one kind that were queued."""
    query = select(outbox.c.dedup_key).where(outbox.c.kind == kind, outbox.c.channel == "email")
    return [row.dedup_key for row in await desk.rows(query.order_by(outbox.c.created_at, outbox.c.dedup_key))]


async def read(desk: Desk, address: str) -> list[tuple[str, str]]:
    """Subject and text of each mail that arrives at the address, after the relay has done what it can."""
    mailbox = Mailbox()
    async with relay(mailbox) as carriers:
        await drain(desk.book.engine, desk.book.company.id, SETTINGS, carriers, ROUNDS)
    found = []
    for mail in mailbox.mails:
        message = email.message_from_bytes(mail.content, policy=default)
        assert isinstance(message, EmailMessage)
        text = message.get_body(("plain",))
        assert text is not None
        if address in message["To"]:
            found.append((str(message["Subject"]), text.get_content()))
    return found


@pytest.mark.parametrize(
    ("language", "subject", "amount"),
    [("en", "ACME Trading has answered about INV-1", "Disputed amount: CNY 30.00"),
     ("zh", "ACME Trading已就 INV-1 作出答复", "争议金额：CNY 30.00")],
)  # fmt: skip
async def test_what_we_answer_and_offer_reaches_the_customer(
    engine: Database, language: str, subject: str, amount: str
) -> None:
    desk = await desk_in(engine, language)
    case, bob = await disputed(desk), Actor("user", desk.clerk)
    await speak_as_staff(engine, desk.book.company, case, bob, "ask the warehouse", public=False)
    assert await keys(desk, "dispute_answered") == []
    await speak_as_staff(engine, desk.book.company, case, bob, "we look into it", public=True)
    await propose_resolution(engine, desk.book.company, case, "credited", "20 off?", bob, "20.00")
    for key in await keys(desk, "dispute_answered"):
        kind, about, *_, channel = key.split("/")
        assert (kind, about, channel) == ("dispute_answered", str(case), "email")
    mails = await read(desk, CUSTOMER)
    assert [one for one, _ in mails] == [subject, subject]
    for text, words in zip(sorted(text for _, text in mails), ("20 off?", "we look into it"), strict=True):
        assert words in text
        assert amount in text
        assert "https://statements.example/s#" in text
        assert "warehouse" not in text


@pytest.mark.parametrize(
    ("language", "subject"),
    [("en", "ACME Trading: the dispute about INV-1 is resolved"), ("zh", "ACME Trading：关于 INV-1 的争议已处理完毕")],
)
async def test_the_end_of_a_case_reaches_whoever_opened_it(engine: Database, language: str, subject: str) -> None:
    desk = await desk_in(engine, language)
    await desk.book.add_contact(desk.customer, "chief@customer.example")
    case = await disputed(desk)
    await resolve_dispute(engine, desk.book.company, case, "accepted", "the list says 100", Actor("user", desk.clerk))
    assert await keys(desk, "dispute_resolved") == [f"dispute_resolved/{case}/{desk.contact}/email"]
    [(title, text)] = await read(desk, CUSTOMER)
    assert title == subject
    assert "the list says 100" in text
    assert "https://statements.example/s#" in text


async def test_once_the_opener_has_left_those_hear_who_get_the_statements(engine: Database) -> None:
    desk = await desk_in(engine, "en")
    await desk.book.add_contact(desk.customer, "chief@customer.example")
    case = await disputed(desk)
    async with transaction(engine, desk.book.company.id) as session:
        gone = update(contact).where(contact.c.id == desk.contact)
        await session.execute(gone.values(disabled_at=func.clock_timestamp()))
    await resolve_dispute(engine, desk.book.company, case, "accepted", "as billed", Actor("user", desk.clerk))
    told = await desk.rows(select(outbox.c.recipient).where(outbox.c.kind == "dispute_resolved"))
    assert [row.recipient for row in told] == ["chief@customer.example"]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_promise_is_named_to_the_customer_before_its_day(engine: Database, language: str) -> None:
    desk = await desk_in(engine, language)
    await desk.answer("promise", promises=(PromisedPart("80.00", TOMORROW),))
    assert [await remind_of_promises(engine, desk.book.company, TODAY) for _ in range(2)] == [1, 0]
    [key] = await keys(desk, "promise_due")
    assert key.endswith("/email")
    [(subject, text)] = await read(desk, CUSTOMER)
    assert "CNY 80.00" in subject
    assert ("is due on" in subject) == (language == "en")
    assert ("您" in text) == (language == "zh")
    assert "https://statements.example/s#" in text


@pytest.mark.parametrize("why", ["paid", "promised anew", "wants no reminders"])
async def test_a_waiting_reminder_of_a_promise_ends_with_its_reason(engine: Database, why: str) -> None:
    desk = await desk_in(engine, "en")
    company = desk.book.company
    await desk.answer("promise", promises=(PromisedPart("80.00", TOMORROW),))
    await remind_of_promises(engine, company, TODAY)
    if why == "paid":
        await desk.book.add_items(desk.customer, [Item("R-1", -80_00, TODAY, kind="receipt")])
        assert (await judge_promises_of(engine, company, TODAY))["kept"] == 1
    elif why == "promised anew":
        await desk.answer("promise", promises=(PromisedPart("80.00", (TODAY + timedelta(days=9)).isoformat()),))
    else:
        async with transaction(engine, company.id) as session:
            assert await unsubscribe_contact(session, company.id, desk.contact, "page")
    assert await read(desk, CUSTOMER) == []
    async with transaction(engine, company.id) as session:
        states = [one.state for one in await list_rows(session, company.id) if one.kind == "promise_due"]
    assert states == ["cancelled"]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Customer C1 has not paid the CNY 80.00 promised for"), ("zh", "Customer C1未按承诺于")],
)
async def test_a_broken_promise_reaches_the_clerks_once(engine: Database, language: str, words: str) -> None:
    desk = await desk_in(engine, language)
    await desk.answer("promise", promises=(PromisedPart("80.00", TOMORROW),))
    async with transaction(engine, desk.book.company.id) as session:
        await session.execute(delete(outbox))
    late = TODAY + timedelta(days=2 + GRACE_DAYS)
    broken = [(await judge_promises_of(engine, desk.book.company, late))["broken"] for _ in range(2)]
    assert broken == [1, 0]
    rows = await desk.rows(select(outbox.c.dedup_key, outbox.c.channel).where(outbox.c.kind == "promise_broken"))
    assert all(row.dedup_key.endswith(f"/{row.channel}") for row in rows)
    assert sorted(row.channel for row in rows) == ["email", "slack"]
    [(subject, text)] = await read(desk, CLERK)
    assert words in subject
    assert "王建国" in text
    assert f"https://statements.example/customers/{desk.customer}" in text
