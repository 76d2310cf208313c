"""Releasing statements: approved at this digest, once, to every contact; a missing address stops nobody else."""

import asyncio
import email
import io
from email.message import EmailMessage
from email.policy import default
from uuid import UUID

import pypdf
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from approvals.refusals import NotApproved
from services.add_company import add_company
from services.add_contact import add_contacts
from services.edit_contact import edit_contact
from services.open_approvals import open_approval
from services.relay_outbox import relay_once
from services.send_statement import StatementUntied, release_statement
from services.settings import Settings
from storage.audit import SYSTEM
from storage.companies import Company, own_company
from storage.database import Database, transaction
from storage.deliveries import events_of, statement_facts
from storage.tasks import list_tasks
from storage.tokens import resolve
from tests.outbox.support import Mailbox, customer_with_contact, drain, relay, scalar, statement_of

SETTINGS = Settings(public_url="https://statements.example", reply_to="answers@acme.example")

AUTOMATIC = {
    "ties": True, "findings": 0, "form_changed": False, "credit_balance": False, "disputed": False,
    "currency": "CNY", "closing_whole": 100, "form": "OPEN_ITEM",
}  # fmt: skip
"""Facts of a statement that the first policy approves without people."""


@pytest.fixture
async def company(engine: Database) -> Company:
    """A company."""
    company_id = await add_company(engine, "ACME", "海港仪器有限公司", "CNY", "Asia/Shanghai", "zh")
    async with transaction(engine, company_id) as session:
        return await own_company(session, company_id)


async def approved(engine: Database, company: Company, code: str, address: str | None) -> UUID:
    """A customer's statement, approved by the policy for small and clean ones."""
    customer_id, _ = await customer_with_contact(engine, company.id, code, address)
    statement_id = await statement_of(engine, company.id, customer_id, code, "draft")
    async with transaction(engine, company.id) as session:
        facts = await statement_facts(session, company.id, statement_id)
        assert facts is not None
        await open_approval(session, company.id, "statement", str(statement_id), facts.digest, AUTOMATIC)
    return statement_id


async def status_of(engine: Database, company: Company, statement_id: UUID) -> str:
    """The status now."""
    async with transaction(engine, company.id) as session:
        facts = await statement_facts(session, company.id, statement_id)
    assert facts is not None
    return facts.status


def parsed(content: bytes) -> EmailMessage:
    """Read back by the standard library."""
    message = email.message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


async def test_approved_is_sent_with_its_files(engine: Database, company: Company) -> None:
    """The close of the approval alone starts it: mail with PDF and workbook that say the same closing figure."""
    statement_id = await approved(engine, company, "C1", "wang@customer.example")
    mailbox = Mailbox()
    async with relay(mailbox) as carriers:
        await drain(engine, company.id, SETTINGS, carriers)
    assert await status_of(engine, company, statement_id) == "sent"
    (mail,) = mailbox.mails
    message = parsed(mail.content)
    assert message["Subject"] == "海港仪器有限公司：对账单 2026-06/C1/CNY/v1"
    assert message["References"]
    assert message["Reply-To"].addresses[0].addr_spec.startswith("answers+")
    assert message["List-Unsubscribe"] is None
    pdf, workbook = list(message.iter_attachments())
    assert pdf.get_filename() == "对账单 2026-06 C1 CNY v1.pdf"
    words = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf.get_content())).pages)
    assert "100.00" in words
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(workbook.get_content()))
    assert any(
        cell == 100.0
        for name in sheets.sheet_names
        for row in sheets.get_sheet_by_name(name).to_python()
        for cell in row
    )
    text_part = message.get_body(("plain",))
    assert text_part is not None
    body = text_part.get_content()
    assert "CNY 100.00" in body
    token = body.partition("https://statements.example/s#")[2].split()[0]
    access = await resolve(engine, token, "answer")
    assert access is not None
    assert (access.subject_kind, access.subject_id) == ("statement", str(statement_id))
    assert await scalar(engine, "select count(*) from outbox where frozen is not null") == 0
    async with transaction(engine, company.id) as session:
        events = await events_of(session, company.id, ("statement", str(statement_id)))
    assert [event.kind for event in events] == ["queued", "accepted"]


async def test_a_missing_address_stops_nobody_else(engine: Database, company: Company) -> None:
    """No address, an impossible one, a good one: two tasks, one mail, all three sent."""
    ids = [
        await approved(engine, company, code, address)
        for code, address in (("C1", None), ("C2", "not an address"), ("C3", "li@customer.example"))
    ]
    mailbox = Mailbox()
    async with relay(mailbox) as carriers:
        await drain(engine, company.id, SETTINGS, carriers)
    assert [await status_of(engine, company, one) for one in ids] == ["sent"] * 3
    assert [mail.recipients for mail in mailbox.mails] == [("li@customer.example",)]
    async with transaction(engine, company.id) as session:
        tasks = await list_tasks(session, company.id)
        events = await events_of(session, company.id, ("statement", str(ids[0])))
    assert sorted((task.kind, task.facts["customer"]) for task in tasks) == [("no_address", "C1"), ("no_address", "C2")]
    assert [event.kind for event in events] == ["no_address"]


async def test_a_late_address_gets_the_statement_that_waited(engine: Database, company: Company) -> None:
    """Added on the page or by a file: the task ends and the mail goes out, once."""
    by_page = await approved(engine, company, "C1", None)
    await approved(engine, company, "C2", None)
    mailbox = Mailbox()
    async with relay(mailbox) as carriers:
        await drain(engine, company.id, SETTINGS, carriers)
        async with transaction(engine, company.id) as session:
            facts = await statement_facts(session, company.id, by_page)
        assert facts is not None
        for _ in range(2):
            values = {"name": "李", "email": "li@customer.example"}
            await edit_contact(engine, company.id, facts.customer_id, None, values, SYSTEM)
        await add_contacts(engine, company, "contacts.csv", b"customer,email\nC2,wang@customer.example\n")
        await drain(engine, company.id, SETTINGS, carriers)
    async with transaction(engine, company.id) as session:
        assert await list_tasks(session, company.id) == []
    assert sorted(mail.recipients for mail in mailbox.mails) == [("li@customer.example",), ("wang@customer.example",)]


async def test_sending_twice_is_impossible(engine: Database, company: Company) -> None:
    """Ten releases at once and the relay's own: one of them sends, the others answer how it stands; one mail."""
    statement_id = await approved(engine, company, "C1", "wang@customer.example")
    mailbox = Mailbox()
    async with relay(mailbox) as carriers:
        released = await asyncio.gather(
            relay_once(engine, company.id, SETTINGS, carriers),
            *(release_statement(engine, company, statement_id) for _ in range(10)),
        )
        await drain(engine, company.id, SETTINGS, carriers)
        again = await release_statement(engine, company, statement_id)
        await drain(engine, company.id, SETTINGS, carriers)
    assert len(released) == 11
    assert (again.status, again.queued) == ("sent", 0)
    assert len(mailbox.mails) == 1
    assert await scalar(engine, "select count(*) from outbox where kind = 'statement_to_customer'") == 1


async def test_what_is_not_approved_is_not_sent(engine: Database, company: Company) -> None:
    """Without an approval of this digest nothing leaves, and the status stays."""
    customer_id, _ = await customer_with_contact(engine, company.id, "C1", "wang@customer.example")
    statement_id = await statement_of(engine, company.id, customer_id, "C1", "approved")
    with pytest.raises(NotApproved):
        await release_statement(engine, company, statement_id)
    assert await status_of(engine, company, statement_id) == "approved"
    assert await scalar(engine, "select count(*) from outbox") == 0


async def test_a_changed_content_is_not_sent(engine: Database, company: Company) -> None:
    """Content that is not its digest's is refused, however it was approved."""
    statement_id = await approved(engine, company, "C1", "wang@customer.example")
    async with engine.begin() as session:
        await session.execute(text("update statement set content = replace(content, '货物', '貨物')"))
    with pytest.raises(StatementUntied):
        await release_statement(engine, company, statement_id)
    assert await status_of(engine, company, statement_id) == "approved"


async def test_a_version_that_was_replaced_is_not_mailed(engine: Database, company: Company) -> None:
    """Released, then replaced before the relay came: the mail is called off, with the reason."""
    statement_id = await approved(engine, company, "C1", "wang@customer.example")
    await release_statement(engine, company, statement_id)
    async with engine.begin() as session:
        await session.execute(text("update statement set status = 'superseded'"))
    mailbox = Mailbox()
    async with relay(mailbox) as carriers:
        await drain(engine, company.id, SETTINGS, carriers)
    assert mailbox.mails == []
    told = await scalar(engine, "select state || ': ' || answer from outbox where kind = 'statement_to_customer'")
    assert told == "cancelled: 2026-06/C1/CNY/v1 is superseded"
