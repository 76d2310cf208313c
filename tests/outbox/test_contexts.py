"""Every kind of message, told from the payload that its sender really queues."""

import email
from datetime import date
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from notifications.contexts import KINDS
from services.add_company import add_company
from services.message_contexts import CONTEXTS
from services.settings import Settings
from storage.database import Database, transaction
from storage.identifiers import new_id
from storage.outbox import Message, enqueue
from storage.schema import answer, app_user, dispute, open_item, source
from tests.outbox.support import Mailbox, customer_with_contact, drain, relay, scalar, statement_of

SETTINGS = Settings(public_url="https://statements.example")
REQUEST = "00000000-0000-7000-8000-000000000009"
ASKED: dict[str, Any] = {
    "request_id": REQUEST, "round": 1, "stage": 0, "digest": "d1g35t", "title": "2026-06/C1/CNY/v1",
    "figures": [{"label": "Closing", "value": "CNY 100.00"}],
    "checks": [{"label": "closing_is_open_items", "holds": False, "difference": "-1.50"}],
    "url_path": f"/approvals/{REQUEST}", "link": "decide",
}  # fmt: skip
MANY: dict[str, Any] = {
    "title": "12 statements wait for you", "figures": [], "checks": [], "url_path": "/inbox?run=1", "link": "page",
    "requests": 12,
}  # fmt: skip


@pytest.fixture
async def company(engine: Database) -> UUID:
    """A company."""
    return await add_company(engine, "ACME", "海港仪器有限公司", "CNY", "Asia/Shanghai", "zh")


async def user(engine: Database, company: UUID, language: str) -> UUID:
    """One of our people."""
    person = new_id()
    async with transaction(engine, company) as session:
        await session.execute(
            insert(app_user).values(
                company_id=company, id=person, email=f"{language}@acme.example", name="李晓雯", language=language
            )
        )
    return person


async def told(
    engine: Database, company: UUID, kind: str, payload: dict[str, Any], person: UUID,
    recipient: str = "a@acme.example", subject: tuple[str, str] = ("any", "1"),
) -> tuple[str, str]:  # fmt: skip
    """Subject and text of the mail that arrives."""
    mailbox = Mailbox()
    async with transaction(engine, company) as session:
        await enqueue(
            session, company,
            Message(kind, "email", recipient, f"{kind}/{new_id()}", *subject, payload, person_id=person),
        )  # fmt: skip
    async with relay(mailbox) as carriers:
        await drain(engine, company, SETTINGS, carriers)
    problem = await scalar(engine, "select coalesce(max(answer) filter (where state <> 'accepted'), '') from outbox")
    assert problem == ""
    message = email.message_from_bytes(mailbox.mails[0].content, policy=default)
    assert isinstance(message, EmailMessage)
    text = message.get_body(("plain",))
    assert text is not None
    return message["Subject"], text.get_content()


def test_every_kind_is_told() -> None:
    """The kinds that can be rendered are those that can be told."""
    assert set(CONTEXTS) == set(KINDS)


async def test_asking_one_and_many(engine: Database, company: UUID) -> None:
    """One request carries a link for this person alone; many lead to the inbox without a token."""
    person = await user(engine, company, "en")
    subject, text = await told(engine, company, "approval_asked", ASKED, person, subject=("approval", REQUEST))
    assert subject == "Your approval is asked: 2026-06/C1/CNY/v1"
    assert "✗ Closing balance equals the open items (difference -1.50)" in text
    assert "https://statements.example/a#" in text
    assert await scalar(engine, "select purpose || ' ' || subject_kind from access_token") == "decide approval"
    _, text = await told(engine, company, "approval_asked", MANY, person, subject=("inbox", str(person)))
    assert "https://statements.example/inbox?run=1" in text
    assert "The link is for you alone" not in text
    assert await scalar(engine, "select count(*) from access_token") == 1


async def test_reminded_and_decided(engine: Database, company: UUID) -> None:
    """In the reader's language."""
    person = await user(engine, company, "zh")
    subject, _ = await told(engine, company, "approval_reminded", ASKED, person, subject=("approval", REQUEST))
    assert subject == "仍待您审批：2026-06/C1/CNY/v1"
    payload = {"request_id": REQUEST, "title": "2026-06/C1/CNY/v1", "outcome": "rejected", "decided_by": "陈经理",
               "comment": "金额不符", "url_path": f"/approvals/{REQUEST}", "link": "page"}  # fmt: skip
    subject, text = await told(engine, company, "approval_decided", payload, person)
    assert subject == "陈经理已拒绝：2026-06/C1/CNY/v1"
    assert "意见：金额不符" in text


@pytest.mark.parametrize("kind", ["run_finished", "run_needs_you"])
async def test_runs(engine: Database, company: UUID, kind: str) -> None:
    """Figures get the reader's grouping."""
    payload = {"run_id": "7", "period": "2026-06", "waiting": "3", "figures": [
        {"label": "Statements", "value": "128"}, {"label": "Total", "value": "USD 1234567.50"}]}  # fmt: skip
    _, text = await told(engine, company, kind, payload, await user(engine, company, "en"))
    assert "Total: USD 1,234,567.50" in text
    assert "https://statements.example/runs/7" in text


async def test_compliance_digest(engine: Database, company: UUID) -> None:
    """Each finding in its own sentence, in the reader's language."""
    finding = {"id": "1", "check": "unanswered", "code": "no_answer", "severity": "warning", "subject": "2026-06/C1",
               "due_on": "2026-07-20", "en": "No answer for 11 days.", "zh": "已 11 天未答复。"}  # fmt: skip
    person = await user(engine, company, "zh")
    subject, text = await told(engine, company, "compliance_digest", {"findings": [finding], "more": 2}, person)
    assert subject == "合规检查：3 项发现待处理"
    assert "[警告] 客户未答复：已 11 天未答复。" in text


async def test_reminder_with_links(engine: Database, company: UUID) -> None:
    """To the contact, with a link of its own per statement, amounts without the disputed part."""
    customer_id, contact_id = await customer_with_contact(engine, company, "C1", "wang@customer.example")
    statement_id = await statement_of(engine, company, customer_id, "C1")
    payload = {
        "customer_id": str(customer_id), "level": 2, "tone": "firm",
        "statements": [{"statement_id": str(statement_id), "number": "2026-06/C1/CNY/v1", "currency": "CNY",
                        "closing": "100.00", "sent_on": "2026-07-01"}],
        "items": [{"number": "INV-1", "currency": "CNY", "due_date": "2026-06-10", "open": "100.00",
                   "disputed": "20.00", "amount": "80.00", "days_overdue": 33}],
        "totals": {"CNY": "80.00"},
    }  # fmt: skip
    subject, text = await told(engine, company, "reminder", payload, contact_id, "wang@customer.example")
    assert subject == "海港仪器有限公司：往来款项第二次提醒"
    assert "INV-1，到期日 2026年6月10日，逾期 33 天：CNY 80.00" in text
    assert text.count("https://statements.example/s#") == 1


async def test_answer_and_dispute(engine: Database, company: UUID) -> None:
    """What the customer said, with document, amount and words."""
    customer_id, contact_id = await customer_with_contact(engine, company, "C1", "wang@customer.example")
    statement_id = await statement_of(engine, company, customer_id, "C1")
    person = await user(engine, company, "en")
    payload = {"statement_id": str(statement_id), "kind": "agree_except", "name": "王建国", "answer_id": "1"}
    subject, text = await told(
        engine, company, "answer_received", payload, person, subject=("statement", str(statement_id))
    )  # fmt: skip
    assert subject == "客户 C1 agrees except for the disputed lines: 2026-06/C1/CNY/v1"
    assert "Closing: CNY 100.00" in text
    dispute_id = await _dispute(engine, company, customer_id, statement_id, contact_id)
    _, text = await told(
        engine, company, "dispute_opened", {"dispute_id": str(dispute_id)}, person, subject=("dispute", str(dispute_id))
    )
    assert "Disputed amount: CNY 12.34" in text
    assert "Reason: Quantity" in text
    assert "少两箱" in text


async def _dispute(engine: Database, company: UUID, customer_id: UUID, statement_id: UUID, contact_id: UUID) -> UUID:
    source_id, item_id, answer_id, dispute_id = new_id(), new_id(), new_id(), new_id()
    async with transaction(engine, company) as session:
        await session.execute(insert(source).values(company_id=company, id=source_id, name="test"))
        await session.execute(
            insert(open_item).values(
                company_id=company, id=item_id, customer_id=customer_id, kind="invoice", number="INV-1",
                source_id=source_id, source_ref="INV-1", document_date=date(2026, 6, 10), currency="CNY", amount=10000,
            )
        )  # fmt: skip
        await session.execute(
            insert(answer).values(
                company_id=company, id=answer_id, statement_id=statement_id, contact_id=contact_id, kind="dispute",
                digest="d", name="王建国", channel="link", idempotency_key="k",
            )
        )  # fmt: skip
        await session.execute(
            insert(dispute).values(
                company_id=company, id=dispute_id, statement_id=statement_id, answer_id=answer_id, item_id=item_id,
                reason="quantity", currency="CNY", amount=1234, explanation="少两箱",
            )
        )  # fmt: skip
    return dispute_id
