"""From the mailbox to the case: fetched once, found, shown, told, suppressed; over a real IMAP conversation."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest_asyncio

from notifications.archive import imap_archive
from notifications.reply_mailbox import TAKEN
from services.add_company import add_company, company_by_code
from services.add_user import add_user
from services.open_approvals import open_statement_approval
from services.poll_mailbox import poll_mailbox
from services.settings import Settings
from storage.approvals import read_request
from storage.companies import Company
from storage.database import Database, transaction
from storage.deliveries import events_of, suppression_reason
from storage.outbox import Message, enqueue, find_row
from storage.preferences import preference_of
from storage.tasks import list_tasks
from tests.inbound.imap_server import ImapServer
from tests.inbound.mails import WANG, chinese_bounce, delivery_status, marked, reply, vague_bounce
from tests.outbox.support import Mailbox, customer_with_contact, drain, relay, scalar, statement_of
from tests.support.approval_samples import write_statement


@dataclass(slots=True)
class Case:
    """A company that sent a statement and reads its mailbox."""

    engine: Database
    company: Company
    settings: Settings
    server: ImapServer
    statement: UUID
    contact: UUID
    row: UUID

    async def poll(self) -> dict[str, int | str]:
        """One look into the mailbox."""
        return await poll_mailbox(self.engine, self.settings, self.company)


@pytest_asyncio.fixture
async def case(engine: Database) -> AsyncIterator[Case]:
    """The statement was mailed by the relay, with its mark in Reply-To."""
    company_id = await add_company(engine, "ACME", "海港仪器有限公司", "CNY", "Asia/Shanghai")
    await add_user(engine, company_id, "carl@acme.example", "Carl", frozenset({"clerk"}))
    customer_id, contact_id = await customer_with_contact(engine, company_id, "C1", WANG)
    statement_id = await statement_of(engine, company_id, customer_id, "C1")
    server = ImapServer()
    settings = Settings(reply_to="answers@acme.example", reply_imap_url=await server.start())
    async with transaction(engine, company_id) as session:
        message = Message(
            "statement_to_customer", "email", WANG, "s/1", "statement", str(statement_id),
            {"statement_id": str(statement_id)}, customer_id=customer_id, person_id=contact_id,
        )  # fmt: skip
        row = await enqueue(session, company_id, message)
    assert row is not None
    mailbox = Mailbox()
    async with relay(mailbox) as carriers:
        await drain(engine, company_id, settings, carriers)
    sent = mailbox.mails[0]
    assert marked(row) in str(sent.message["Reply-To"])
    assert sent.sender == marked(row)  # bounces come back with the mark
    yield Case(engine, await company_by_code(engine, "ACME"), settings, server, statement_id, contact_id, row)
    await server.stop()


async def kinds(case: Case) -> list[str]:
    """What the statement's ledger holds."""
    async with transaction(case.engine, case.company.id) as session:
        return [one.kind for one in await events_of(session, case.company.id, ("statement", str(case.statement)))]


async def tasks(case: Case) -> list[str]:
    """What waits for a person."""
    async with transaction(case.engine, case.company.id) as session:
        return [one.kind for one in await list_tasks(session, case.company.id)]


async def test_a_reply_reaches_the_timeline_and_the_clerks_once(case: Case) -> None:
    """Without its quotes; a second look, or the same bytes again, do nothing."""
    mail = reply(
        "已付款，请查收。\n\n在 2026-07-01 08:00:00，海港 <a@b.example> 写道：\n> 请确认\n", to=marked(case.row)
    )
    case.server.deliver(mail)
    assert await case.poll() == {"reply": 1}
    assert await case.poll() == {}
    case.server.mails[0].flags.clear()  # as after a death between our commit and the mark
    assert await case.poll() == {"known": 1}
    assert case.server.mails[0].flags == {TAKEN}
    assert (await kinds(case)).count("replied") == 1
    told = "select payload->>'words' from outbox where kind = 'reply_received' and channel = 'email'"
    assert await scalar(case.engine, told) == "已付款，请查收。"


async def test_a_reviewers_answer_by_mail_decides_nothing(case: Case) -> None:
    """Whatever it says: a sender's address proves nobody, so it is a comment for people to read."""
    company_id = case.company.id
    await add_user(case.engine, company_id, "rita@acme.example", "Rita", frozenset({"reviewer"}))
    async with transaction(case.engine, company_id) as session:
        written = await write_statement(session, company_id, "C9", 80_000_00)
        request_id = await open_statement_approval(session, company_id, written)
    row = await scalar(case.engine, "select id from outbox where kind = 'approval_asked' and channel = 'email'")
    assert isinstance(row, UUID)
    before = await scalar(case.engine, "select act_count from approval_request")
    case.server.deliver(reply("approve\n同意\n", sender="rita@acme.example", to=marked(row)))
    await case.poll()
    async with transaction(case.engine, company_id) as session:
        stored = await read_request(session, company_id, request_id)
    assert stored is not None
    assert (stored.request.state, stored.act_count) == ("open", before)


async def test_references_and_the_sender_lead_to_the_case_too(case: Case) -> None:
    """A mailbox that drops the mark, and a new mail of a known contact; a stranger's mail asks a person."""
    case.server.deliver(reply("one", References=f"<{case.row}@tieout>"))
    case.server.deliver(reply("two", sender=WANG.upper()))
    case.server.deliver(reply("three", sender="stranger@elsewhere.example"))
    assert await case.poll() == {"reply": 2, "unknown": 1}
    assert (await kinds(case)).count("replied") == 2
    assert await tasks(case) == ["mail_unmatched"]


async def test_a_bounce_suppresses_its_address_and_asks_for_a_new_one(case: Case) -> None:
    """Later than the server's 250: the event with the words, one task, one message to the clerks."""
    case.server.deliver(delivery_status(marked(case.row), WANG))
    case.server.deliver(chinese_bounce(marked(case.row), WANG))
    assert await case.poll() == {"bounce": 2}
    async with transaction(case.engine, case.company.id) as session:
        assert "550 5.1.1" in str(await suppression_reason(session, case.company.id, WANG))
    assert (await kinds(case)).count("bounced") == 2
    assert await tasks(case) == ["bounced"]
    assert (
        await scalar(case.engine, "select count(*) from outbox where kind = 'mail_bounced' and channel = 'email'") == 1
    )


async def test_what_is_no_final_failure_suppresses_nobody(case: Case) -> None:
    """Delays are kept; words nobody reads become a task; a bounce that names a stranger silences no stranger."""
    case.server.deliver(delivery_status(marked(case.row), WANG, action="delayed", status="4.4.1"))
    case.server.deliver(vague_bounce(marked(case.row)))
    case.server.deliver(delivery_status(marked(case.row), "someone@else.example"))
    assert await case.poll() == {"bounce": 3}
    assert await scalar(case.engine, "select count(*) from suppression") == 0
    assert await tasks(case) == ["bounce_unread", "bounce_unread"]


async def test_machines_answers_tell_nobody(case: Case) -> None:
    """Kept, and silent: two robots must not write to each other."""
    case.server.deliver(reply("出差中", to=marked(case.row), subject="自动回复", Auto_Submitted="auto-replied"))
    assert await case.poll() == {"auto_reply": 1}
    assert "replied" not in await kinds(case)
    assert await scalar(case.engine, "select count(*) from outbox where kind = 'reply_received'") == 0


async def test_unsubscribing_by_mail_calls_waiting_reminders_off(case: Case) -> None:
    """Reminders only: statements go on."""
    async with transaction(case.engine, case.company.id) as session:
        message = Message(
            "reminder", "email", WANG, "r/1", "customer", "1", {"level": 1}, person_id=case.contact, lane="bulk"
        )
        waiting = await enqueue(session, case.company.id, message)
    case.server.deliver(reply("", to=marked(case.row), subject="unsubscribe"))
    assert await case.poll() == {"unsubscribe": 1}
    async with transaction(case.engine, case.company.id) as session:
        assert "reminder" in (await preference_of(session, case.company.id, case.contact)).opted_out
        assert waiting is not None
        row = await find_row(session, case.company.id, waiting)
    assert row is not None
    assert row.state == "cancelled"


async def test_servers_without_keywords_and_servers_that_are_away(case: Case) -> None:
    """There a mail is seen; a silent mailbox is said, and asked again."""
    case.server.keywords = False
    case.server.deliver(reply("one", to=marked(case.row)))
    assert await case.poll() == {"reply": 1}
    assert case.server.mails[0].flags == {"\\Seen"}
    await case.server.stop()
    gone = case.settings.model_copy(update={"reply_imap_url": "imap://a:b@127.0.0.1:1/INBOX"})
    assert "silent" in await poll_mailbox(case.engine, gone, case.company)
    assert await poll_mailbox(case.engine, Settings(), case.company) == {}


async def test_the_archive_is_asked_over_imap(case: Case) -> None:
    """The same protocol answers whether a mail arrived after a crash."""
    has = imap_archive(str(case.settings.reply_imap_url).rpartition("/")[0])
    assert await has("<0198@tieout>") is False
    case.server.deliver(b"Message-ID: <0198@tieout>\r\n\r\nx")
    assert await has("<0198@tieout>") is True
