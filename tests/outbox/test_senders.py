"""Several senders of one company on the wire: each kind from its own address, signed by its own domain's key."""

from email.utils import parseaddr
from pathlib import Path
from uuid import UUID

import dkim  # type: ignore[import-untyped]  # it ships no stubs
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import update

from services.add_company import add_company
from services.relay_outbox import relay_once
from services.settings import Settings
from storage.database import Database, transaction
from storage.outbox import Message, enqueue
from storage.schema import company as company_table
from tests.outbox.support import Mailbox, customer_with_contact, queue_answer, relay, statement_of


@pytest.fixture
async def company(engine: Database) -> UUID:
    """A company."""
    return await add_company(engine, "ACME", "海港仪器有限公司", "CNY", "Asia/Shanghai")


def key_in(path: Path) -> bytes:
    """Writes a private key there; answers what its domain publishes."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    return b"v=DKIM1; k=rsa; p=" + b"".join(public.splitlines()[1:-1])


async def test_each_kind_has_its_sender_and_its_signature(engine: Database, company: UUID, tmp_path: Path) -> None:
    """Also to an address beyond ASCII: what arrives is signed by the domain in From, and by no other."""
    news, rest = tmp_path / "news.pem", tmp_path / "rest.pem"
    zone = {b"n1._domainkey.news.example.": key_in(news), b"r1._domainkey.acme.example.": key_in(rest)}
    senders = [
        {"address": "news@news.example", "name": "海港快讯", "kinds": ["run_finished"], "dkim_key": str(news),
         "dkim_selector": "n1"},
        {"address": "accounts@acme.example", "dkim_key": str(rest), "dkim_selector": "r1"},
    ]  # fmt: skip
    customer_id, _ = await customer_with_contact(engine, company, "C1", "wang@customer.example")
    statement = await statement_of(engine, company, customer_id, "C1")
    async with transaction(engine, company) as session:
        await session.execute(update(company_table).values(settings={"senders": senders}))
        run = Message("run_finished", "email", "财务@例子.广告", "r", "run", "1", {"run_id": "1", "period": "2026-06"})
        await enqueue(session, company, run)
    await queue_answer(engine, company, statement, "alice@acme.example", "a")
    mailbox = Mailbox()
    async with relay(mailbox) as carriers:
        await relay_once(engine, company, Settings(), carriers)

    def dns(name: bytes, timeout: int = 5) -> bytes | None:
        return zone.get(name)

    by_recipient = {mail.recipients[0]: mail for mail in mailbox.mails}
    shown = {to: parseaddr(str(mail.message["From"])) for to, mail in by_recipient.items()}
    assert shown == {
        "财务@例子.广告": ("海港快讯", "news@news.example"),
        "alice@acme.example": ("海港仪器有限公司", "accounts@acme.example"),
    }
    for mail in by_recipient.values():
        assert dkim.verify(mail.content, dnsfunc=dns)
        assert not dkim.verify(mail.content.replace(b"\r\nTo: ", b"\r\nTo: x"), dnsfunc=dns)
    assert b"\r\nTo: \xe8\xb4\xa2\xe5\x8a\xa1@" in by_recipient["财务@例子.广告"].content
