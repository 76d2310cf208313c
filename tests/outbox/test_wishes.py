"""What people want: digests instead of floods, quiet hours, their own channel and the next one, opting out."""

import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update

from api.app import create_app
from notifications.mail_catcher import Faults
from services.add_company import add_company, company_by_code
from services.add_user import add_user
from services.choose_messages import PreferenceInvalid, choose_messages
from services.hold_message import OPTIONAL_FOR_STAFF, seconds_of_quiet
from services.relay_outbox import relay_once
from services.settings import Settings
from storage.companies import Company
from storage.database import Database, transaction
from storage.outbox import Message, enqueue
from storage.preferences import Preference, put_preference
from storage.schema import customer
from tests.outbox.support import Mailbox, customer_with_contact, drain, due_now, relay, row_of, scalar, statement_of
from tests.support.chat import link

SETTINGS = Settings(public_url="https://statements.example")
ALL_WANTED = sorted(OPTIONAL_FOR_STAFF)


@pytest.fixture
async def company(engine: Database) -> Company:
    """A company."""
    await add_company(engine, "ACME", "Acme Trading", "CNY", "Asia/Shanghai")
    return await company_by_code(engine, "ACME")


@pytest.fixture
async def alice(engine: Database, company: Company) -> UUID:
    """A clerk with an address and a Slack account."""
    person_id = await add_user(engine, company.id, "alice@acme.example", "Alice", frozenset({"clerk"}))
    await link(engine, company.id, person_id, "UA")
    return person_id


async def queue(engine: Database, company: Company, kind: str, person: UUID, **given: Any) -> UUID:  # noqa: ANN401 - fields of a message
    """One message to the person."""
    number = await scalar(engine, "select count(*) from outbox")
    values: dict[str, Any] = {
        "channel": "email", "recipient": "alice@acme.example", "dedup_key": f"{kind}/{number}/{person}/email",
        "subject_kind": "any", "subject_id": "1", "payload": {"run_id": "1"}, "person_id": person, **given,
    }  # fmt: skip
    async with transaction(engine, company.id) as session:
        row_id = await enqueue(session, company.id, Message(kind=kind, **values))
    assert row_id is not None
    return row_id


async def wish(engine: Database, company: Company, person: UUID, chosen: Preference) -> None:
    """What the person chose."""
    async with transaction(engine, company.id) as session:
        await put_preference(session, company.id, person, chosen)


async def test_more_than_five_of_a_kind_become_one(engine: Database, company: Company, alice: UUID) -> None:
    """With a way to see them together; five are told one by one; other kinds and people are left alone."""
    customer_id, _ = await customer_with_contact(engine, company.id, "C1", "wang@customer.example")
    statement = str(await statement_of(engine, company.id, customer_id, "C1"))
    given = {"payload": {"statement_id": statement, "kind": "agree"}, "lane": "normal"}
    for _ in range(5):
        await queue(engine, company, "dispute_opened", alice, payload={"dispute_id": statement}, lane="bulk")
    rows = [await queue(engine, company, "answer_received", alice, **given) for _ in range(7)]
    mailbox = Mailbox()
    async with relay(mailbox) as carriers:
        await relay_once(engine, company.id, SETTINGS, carriers)
    told = [mail for mail in mailbox.mails if "7 customers have answered" in str(mail.message["Subject"])]
    assert len(told) == 1
    body = message_from_bytes(told[0].content, policy=policy.default).get_body(("plain",))
    assert body is not None
    assert body.get_content().count("2026-06/C1/CNY/v1") == 7
    assert {(await row_of(engine, company.id, row)).state for row in rows} == {"cancelled"}


async def test_a_person_sets_their_own_number(engine: Database, company: Company, alice: UUID) -> None:
    """One digest from the second message on; a digest of decided requests is not sent."""
    await wish(engine, company, alice, Preference(digest_above=1))
    asked = {"payload": {"request_id": str(alice), "title": "2026-06/C1/CNY/v1"}, "lane": "urgent"}
    for _ in range(2):
        await queue(engine, company, "approval_asked", alice, **asked)
    async with relay(Mailbox()) as carriers:
        await drain(engine, company.id, SETTINGS, carriers)
    assert await scalar(engine, "select answer from outbox where kind = 'digest'") == "every request is decided"


@pytest.mark.parametrize(
    ("hours", "local", "seconds"),
    [
        ("21:00-08:00", "2026-07-01T20:59", 0), ("21:00-08:00", "2026-07-01T21:00", 11 * 3600),
        ("21:00-08:00", "2026-07-02T07:59", 60), ("21:00-08:00", "2026-07-02T08:00", 0),
        ("12:00-14:00", "2026-07-01T13:00", 3600), ("12:00-14:00", "2026-07-01T15:00", 0),
        ("21:00-08:00", "2026-10-24T22:00", 11 * 3600),  # Berlin: this night has an hour more
    ],
)  # fmt: skip
def test_quiet_hours_end_when_they_say(hours: str, local: str, seconds: int) -> None:
    """On the zone's own clock, over midnight and over a change of clocks."""
    now = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    assert seconds_of_quiet(hours, "Europe/Berlin", now) == seconds


@given(st.integers(0, 63_000_000), st.sampled_from(["Asia/Shanghai", "America/New_York"]))
def test_after_the_wait_it_is_not_quiet(second: int, zone: str) -> None:
    """Nobody is woken, and nobody waits for ever."""
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    wait = seconds_of_quiet("21:00-08:00", zone, now)
    assert 0 <= wait <= 12 * 3600
    assert seconds_of_quiet("21:00-08:00", zone, now + timedelta(seconds=wait)) == 0


async def test_quiet_hours_hold_a_message_without_a_try(engine: Database, company: Company, alice: UUID) -> None:
    """All day but a minute: it waits; the try is not counted."""
    hour = int(str(await scalar(engine, "select extract(hour from clock_timestamp() at time zone 'UTC')::int")))
    zone = f"Etc/GMT{hour - 12:+d}"
    await wish(engine, company, alice, Preference(quiet="06:00-18:00", timezone=zone))  # there it is noon
    row_id = await queue(engine, company, "run_finished", alice)
    async with relay(Mailbox()) as carriers:
        await relay_once(engine, company.id, SETTINGS, carriers)
    row = await row_of(engine, company.id, row_id)
    assert (row.state, row.tries, row.answer) == ("pending", 0, "Quiet hours.")


async def test_regions_hold_reminders_but_not_statements(engine: Database, company: Company) -> None:
    """By the customer's country; a country without hours takes the star's."""
    hours = {"JP": {"hours": "00:00-23:59", "zone": "Asia/Tokyo"}, "*": {"hours": "00:00-00:01", "zone": "UTC"}}
    async with engine.begin() as session:
        await session.execute(
            text("update company set settings = jsonb_build_object('quiet_hours', cast(:h as jsonb))"),
            {"h": json.dumps(hours)},
        )
    customer_id, contact = await customer_with_contact(engine, company.id, "C1", "kawano@customer.example")
    async with transaction(engine, company.id) as session:
        await session.execute(update(customer).where(customer.c.id == customer_id).values(country="JP"))
    statement = str(await statement_of(engine, company.id, customer_id, "C1"))
    to = {"recipient": "kawano@customer.example", "lane": "bulk"}
    reminded = await queue(engine, company, "reminder", contact, payload={"level": 1}, **to)
    sent = await queue(
        engine, company, "statement_to_customer", contact, payload={"statement_id": statement},
        subject_kind="statement", subject_id=statement, **to,
    )  # fmt: skip
    async with relay(Mailbox()) as carriers:
        await relay_once(engine, company.id, SETTINGS, carriers)
    assert (await row_of(engine, company.id, reminded)).answer == "Quiet hours."
    assert (await row_of(engine, company.id, sent)).state == "accepted"


async def test_the_first_channel_of_a_person_is_used(engine: Database, company: Company, alice: UUID) -> None:
    """A mail queued for somebody who wants chat goes by chat, once."""
    await wish(engine, company, alice, Preference(channels=("slack", "email")))
    mail = await queue(engine, company, "run_needs_you", alice)
    async with relay(Mailbox()) as carriers:
        await relay_once(engine, company.id, SETTINGS, carriers)
    row = await row_of(engine, company.id, mail)
    assert (row.state, row.answer) == ("cancelled", "Goes by slack, as this person wishes.")
    assert (
        await scalar(engine, "select channel || ' ' || recipient from outbox where state <> 'cancelled'") == "slack UA"
    )


async def test_the_next_channel_takes_over(engine: Database, company: Company, alice: UUID) -> None:
    """Slack is away for a quarter of an hour: the mail goes, and the chat message never comes after it."""
    await wish(engine, company, alice, Preference(channels=("slack", "email")))
    chat = await queue(
        engine, company, "run_needs_you", alice, channel="slack", recipient="UA", dedup_key=f"x/{alice}/slack"
    )  # fmt: skip
    mailbox = Mailbox()
    async with relay(mailbox) as carriers:  # nothing listens at the Slack address
        await relay_once(engine, company.id, SETTINGS, carriers)
        assert (await row_of(engine, company.id, chat)).state == "pending"
        async with engine.begin() as session:
            await session.execute(text("update outbox set created_at = clock_timestamp() - interval '20 minutes'"))
        await drain(engine, company.id, SETTINGS, carriers)
    assert (await row_of(engine, company.id, chat)).answer == "Goes by email instead."
    assert [mail.recipients[0] for mail in mailbox.mails] == ["alice@acme.example"]


async def test_a_refused_address_falls_back_too(engine: Database, company: Company, alice: UUID) -> None:
    """The mailbox is gone: chat takes over, the failed row stays for people to see."""
    await wish(engine, company, alice, Preference(channels=("email", "slack")))
    mail = await queue(engine, company, "run_needs_you", alice)
    async with relay(Mailbox(), Faults(on_recipient=lambda _: "550 5.1.1 gone")) as carriers:
        await relay_once(engine, company.id, SETTINGS, carriers)
    assert (await row_of(engine, company.id, mail)).state == "suppressed"
    assert (
        await scalar(engine, "select dedup_key from outbox where channel = 'slack'")
        == f"run_needs_you/0/{alice}/slack/instead"
    )


async def test_opting_out_of_news_but_not_of_duties(engine: Database, company: Company, alice: UUID) -> None:
    """The page keeps what is wanted; a decision asked still comes."""
    await choose_messages(engine, company, alice, {"first": "email"}, [])
    news = await queue(engine, company, "run_finished", alice)
    duty = await queue(engine, company, "run_needs_you", alice)
    async with relay(Mailbox()) as carriers:
        await relay_once(engine, company.id, SETTINGS, carriers)
    assert (await row_of(engine, company.id, news)).state == "cancelled"
    assert (await row_of(engine, company.id, duty)).state == "accepted"


@pytest.mark.parametrize(
    "values",
    [
        {"quiet": "25:00-08:00"}, {"quiet": "always"}, {"quiet": "08:00-08:00"}, {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc/passwd"}, {"digest_above": "0"}, {"digest_above": "٣"}, {"first": "fax"},
    ],
)  # fmt: skip
async def test_impossible_choices_are_refused(
    engine: Database, company: Company, alice: UUID, values: dict[str, str]
) -> None:
    """With what was wrong."""
    with pytest.raises(PreferenceInvalid):
        await choose_messages(engine, company, alice, values, ALL_WANTED)


async def test_one_click_ends_reminders(engine: Database, company: Company) -> None:
    """By RFC 8058: headers in the mail, a POST without cookie or origin; looking changes nothing."""
    customer_id, contact = await customer_with_contact(engine, company.id, "C1", "wang@customer.example")
    payload = {"level": 1, "customer_id": str(customer_id), "items": [], "totals": {}}
    await queue(engine, company, "reminder", contact, payload=payload, recipient="wang@customer.example")
    mailbox = Mailbox()
    async with relay(mailbox) as carriers:
        await drain(engine, company.id, SETTINGS, carriers)
    message = mailbox.mails[0].message
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(message["List-Unsubscribe"]).partition(">")[0].strip("<")
    path = link.removeprefix("https://statements.example")
    app: FastAPI = create_app(SETTINGS, engine)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://statements.example") as client:
        assert (await client.get(path)).status_code == 200
        assert await scalar(engine, "select count(*) from message_preference") == 0
        assert (await client.get("/u/" + "A" * 64)).status_code == 404
        for _ in range(2):
            answer = await client.post(path, data={"List-Unsubscribe": "One-Click"})
            assert (answer.status_code, answer.text) == (200, "ok")
        assert "wang@customer.example" in (await client.get(path)).text
    again = await queue(engine, company, "reminder", contact, payload=payload, recipient="wang@customer.example")
    async with relay(Mailbox()) as carriers:
        await due_now(engine)
        await relay_once(engine, company.id, SETTINGS, carriers)
    assert (await row_of(engine, company.id, again)).state == "cancelled"
