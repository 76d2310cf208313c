"""The relay against a real mail server that refuses, cuts and forgets: nothing lost, nothing sent twice."""

import asyncio
from uuid import UUID

import pytest

from notifications.mail_catcher import Faults
from services.add_company import add_company
from services.relay_outbox import relay_once
from services.settings import Settings
from services.settle_message import INTERNAL_ERRORS_MOST
from storage.claims import Pace
from storage.database import Database, transaction
from storage.deliveries import attempts_of, events_of, suppression_reason
from storage.outbox import Message, enqueue
from storage.tasks import list_tasks
from tests.outbox.support import (
    Mailbox,
    Sleeper,
    SlowMailbox,
    customer_with_contact,
    drain,
    due_now,
    nth_cut,
    nth_recipient,
    queue_answer,
    relay,
    row_of,
    scalar,
    statement_of,
)

SETTINGS = Settings()


@pytest.fixture
async def company(engine: Database) -> UUID:
    """A company."""
    return await add_company(engine, "ACME", "Acme Trading", "CNY", "Asia/Shanghai")


@pytest.fixture
async def statement(engine: Database, company: UUID) -> UUID:
    """A statement of a customer."""
    customer_id, _ = await customer_with_contact(engine, company, "C1", "wang@customer.example")
    return await statement_of(engine, company, customer_id, "C1")


async def test_a_mail_arrives_and_is_written_down(engine: Database, company: UUID, statement: UUID) -> None:
    """Accepted with the server's words, its frozen bytes gone, one line in the ledger; a second round does nothing."""
    row_id = await queue_answer(engine, company, statement, "alice@acme.example", "k")
    mailbox = Mailbox()
    async with relay(mailbox) as carriers:
        assert await relay_once(engine, company, SETTINGS, carriers) == 1
        assert await relay_once(engine, company, SETTINGS, carriers) == 0
    row = await row_of(engine, company, row_id)
    assert (row.state, row.phase, row.frozen) == ("accepted", "data", None)
    assert (row.answer or "").startswith("250")
    assert mailbox.ids() == [row.message_id]
    async with transaction(engine, company) as session:
        events = await events_of(session, company, ("statement", str(statement)))
        attempts = await attempts_of(session, company, row_id)
    assert [event.kind for event in events] == ["accepted"]
    assert [attempt["outcome"] for attempt in attempts] == ["accepted"]


async def test_later_then_ok(engine: Database, company: UUID, statement: UUID) -> None:
    """A 4xx is tried again with the same bytes and the same Message-ID."""
    row_id = await queue_answer(engine, company, statement, "alice@acme.example", "k")
    mailbox = Mailbox()
    refusals: list[str | None] = ["451 4.3.0 later", "450 4.2.0 busy"]
    async with relay(mailbox, Faults(on_recipient=nth_recipient(refusals))) as carriers:
        await relay_once(engine, company, SETTINGS, carriers)
        waiting = await row_of(engine, company, row_id)
        assert (waiting.state, waiting.answer) == ("pending", "451 4.3.0 later")
        await drain(engine, company, SETTINGS, carriers)
    row = await row_of(engine, company, row_id)
    assert (row.state, row.tries) == ("accepted", 3)
    assert mailbox.ids() == [row.message_id]
    async with transaction(engine, company) as session:
        outcomes = [attempt["outcome"] for attempt in await attempts_of(session, company, row_id)]
    assert outcomes == ["temporary", "temporary", "accepted"]


async def test_four_hundreds_for_days_end_as_a_task(engine: Database, company: UUID, statement: UUID) -> None:
    """Nothing stays queued for ever."""
    row_id = await queue_answer(engine, company, statement, "alice@acme.example", "k")
    pace = Pace(lease=30, quiet=0.2, backoff=0.01, give_up=0.0)
    async with relay(Mailbox(), Faults(on_recipient=lambda _: "451 later"), pace=pace) as carriers:
        await relay_once(engine, company, SETTINGS, carriers)
    assert (await row_of(engine, company, row_id)).state == "dead"
    async with transaction(engine, company) as session:
        assert [task.kind for task in await list_tasks(session, company)] == ["undeliverable"]


async def test_a_hard_bounce_suppresses_the_address_only(engine: Database, company: UUID, statement: UUID) -> None:
    """One 550: the address is suppressed with the reason, a task is opened once, others go on."""
    gone = [await queue_answer(engine, company, statement, "gone@acme.example", f"g{i}") for i in range(2)]
    fine = await queue_answer(engine, company, statement, "alice@acme.example", "f")
    mailbox = Mailbox()

    def refuse(address: str) -> str | None:
        return "550 5.1.1 no such user" if address.startswith("gone") else None

    async with relay(mailbox, Faults(on_recipient=refuse)) as carriers:
        await drain(engine, company, SETTINGS, carriers)
        later = await queue_answer(engine, company, statement, "GONE@acme.example", "g3")
        await drain(engine, company, SETTINGS, carriers)
    states = [(await row_of(engine, company, row)).state for row in (*gone, fine, later)]
    assert states == ["suppressed", "suppressed", "accepted", "suppressed"]
    async with transaction(engine, company) as session:
        assert await suppression_reason(session, company, "gone@acme.example") == "550 5.1.1 no such user"
        tasks = await list_tasks(session, company)
        kinds = [event.kind for event in await events_of(session, company, ("statement", str(statement)))]
    assert [task.kind for task in tasks] == ["bounced"]
    assert kinds.count("bounced") == 2
    assert len(mailbox.mails) == 1


async def test_refused_content_suppresses_nobody(engine: Database, company: UUID, statement: UUID) -> None:
    """A 554 about the content is the message's fault, not the address's."""
    row_id = await queue_answer(engine, company, statement, "alice@acme.example", "k")
    async with relay(Mailbox(), Faults(on_content=lambda _: "554 5.7.1 looks like spam")) as carriers:
        await drain(engine, company, SETTINGS, carriers)
    assert (await row_of(engine, company, row_id)).state == "dead"
    async with transaction(engine, company) as session:
        assert await suppression_reason(session, company, "alice@acme.example") is None


async def test_lost_250_with_an_archive(engine: Database, company: UUID, statement: UUID) -> None:
    """The connection dies after acceptance: the archive knows, nothing is sent again."""
    row_id = await queue_answer(engine, company, statement, "alice@acme.example", "k")
    mailbox = Mailbox()
    async with relay(mailbox, Faults(cut=nth_cut(["after"])), archive=mailbox.has) as carriers:
        await relay_once(engine, company, SETTINGS, carriers)
        assert (await row_of(engine, company, row_id)).state == "uncertain"
        await drain(engine, company, SETTINGS, carriers)
    assert (await row_of(engine, company, row_id)).state == "accepted"
    assert len(mailbox.mails) == 1


async def test_cut_before_acceptance_with_an_archive(engine: Database, company: UUID, statement: UUID) -> None:
    """The connection dies before acceptance: the archive says no, and it is sent."""
    row_id = await queue_answer(engine, company, statement, "alice@acme.example", "k")
    mailbox = Mailbox()
    async with relay(mailbox, Faults(cut=nth_cut(["before", "before"])), archive=mailbox.has) as carriers:
        await drain(engine, company, SETTINGS, carriers)
    assert (await row_of(engine, company, row_id)).state == "accepted"
    assert len(mailbox.mails) == 1


async def test_without_an_archive_one_repeat_then_a_person(engine: Database, company: UUID, statement: UUID) -> None:
    """Nobody can be asked: one repeat with the same Message-ID, then a task; never a third."""
    row_id = await queue_answer(engine, company, statement, "alice@acme.example", "k")
    mailbox = Mailbox()
    async with relay(mailbox, Faults(cut=lambda _: "after")) as carriers:
        await drain(engine, company, SETTINGS, carriers)
        await drain(engine, company, SETTINGS, carriers)
    row = await row_of(engine, company, row_id)
    assert (row.state, row.phase) == ("uncertain", "judged")
    assert mailbox.ids() == [row.message_id, row.message_id]
    assert mailbox.mails[0].content == mailbox.mails[1].content
    async with transaction(engine, company) as session:
        assert [task.kind for task in await list_tasks(session, company)] == ["uncertain_delivery"]


async def test_two_relays_race(engine: Database, company: UUID, statement: UUID) -> None:
    """Each message once, whoever takes it."""
    for number in range(60):
        await queue_answer(engine, company, statement, f"a{number}@d{number % 3}.example", f"k{number}")
    mailbox = Mailbox()
    async with relay(mailbox) as one, relay(mailbox) as other:
        while any(
            await asyncio.gather(*(relay_once(engine, company, SETTINGS, carriers) for carriers in (one, other, one)))
        ):
            pass
    assert await scalar(engine, "select count(*) from outbox where state = 'accepted'") == 60
    assert len(mailbox.mails) == len(set(mailbox.ids())) == 60


async def test_a_worker_that_slept_too_long_is_fenced(engine: Database, company: UUID, statement: UUID) -> None:
    """Its lease ends before DATA: it hands nothing over, and the next relay sends once."""
    row_id = await queue_answer(engine, company, statement, "alice@acme.example", "k")
    mailbox = Mailbox()
    async with relay(mailbox) as carriers, relay(mailbox) as awake:
        assert isinstance(carriers.smtp, Sleeper)
        carriers.smtp.engine = engine
        await relay_once(engine, company, SETTINGS, carriers)
        assert mailbox.mails == []
        assert (await row_of(engine, company, row_id)).phase == "connect"
        await drain(engine, company, SETTINGS, awake)
    assert (await row_of(engine, company, row_id)).state == "accepted"
    assert len(mailbox.mails) == 1


async def test_a_late_answer_is_evidence(engine: Database, company: UUID, statement: UUID) -> None:
    """The 250 came after the lease: the row is fenced, but the judge finds the attempt and does not repeat."""
    row_id = await queue_answer(engine, company, statement, "alice@acme.example", "k")
    mailbox = SlowMailbox(engine=engine)
    async with relay(mailbox) as carriers:
        await relay_once(engine, company, SETTINGS, carriers)
        row = await row_of(engine, company, row_id)
        assert (row.state, row.phase) == ("sending", "data")
        await relay_once(engine, company, SETTINGS, carriers)
        assert (await row_of(engine, company, row_id)).state == "uncertain"
        await drain(engine, company, SETTINGS, carriers)
    assert (await row_of(engine, company, row_id)).state == "accepted"
    assert len(mailbox.mails) == 1


async def test_a_poison_message_delays_nobody(engine: Database, company: UUID, statement: UUID) -> None:
    """Our own error five times: dead letter and a task; the others are sent in the same rounds."""
    async with transaction(engine, company) as session:
        poison = await enqueue(
            session, company, Message("no_such_kind", "email", "a@b.example", "p", "customer", "1", {})
        )  # fmt: skip
    fine = await queue_answer(engine, company, statement, "alice@acme.example", "f")
    assert poison is not None
    async with relay(Mailbox()) as carriers:
        await relay_once(engine, company, SETTINGS, carriers)
        assert (await row_of(engine, company, fine)).state == "accepted"
        await drain(engine, company, SETTINGS, carriers)
    row = await row_of(engine, company, poison)
    assert (row.state, row.internal_errors) == ("dead", INTERNAL_ERRORS_MOST)
    async with transaction(engine, company) as session:
        assert [task.kind for task in await list_tasks(session, company)] == ["undeliverable"]


async def test_a_mail_server_that_is_down_costs_no_tries(engine: Database, company: UUID, statement: UUID) -> None:
    """After one refused connection the others wait their turn, and all go out when it is back."""
    rows = [await queue_answer(engine, company, statement, f"a{i}@acme.example", f"k{i}") for i in range(30)]
    mailbox = Mailbox()
    async with relay(mailbox) as good, relay(mailbox) as carriers:
        carriers.smtp._server = type(carriers.smtp._server)("127.0.0.1", 9, tls="none")
        for _ in range(3):
            await due_now(engine)
            await relay_once(engine, company, SETTINGS, carriers)
        assert mailbox.mails == []
        await drain(engine, company, SETTINGS, good)
    assert [(await row_of(engine, company, row)).state for row in rows] == ["accepted"] * 30
