"""飞书, 钉钉, 企业微信, Teams: addresses sealed at rest, chosen by people in their order, posted by Apprise's own code.

The vendors' own addresses cannot be reached from here, so those whose scheme takes a host are posted to a TLS server.
"""

import asyncio
import datetime as dt
import ipaddress
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi import FastAPI, Request, Response
from sqlalchemy import text

from services.add_company import company_by_code
from services.chat_addresses import (
    ChatAddressInvalid,
    ChatAddressUnknown,
    ChatNameInvalid,
    chat_address,
    drop_chat,
    other_chats,
    put_chat,
    try_chat,
)
from services.choose_messages import choose_messages
from services.settings import Settings
from storage.audit import Actor
from storage.companies import Company
from storage.database import Database
from tests.outbox.support import Mailbox, drain, relay, row_of
from tests.outbox.test_wishes import alice, company, queue

__all__ = ["alice", "company"]

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""Apprise's own, once, when it loads its vendors."""

SYSTEM = Actor("system")
SECRET = "s3cr3tt0ken"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of this machine's loopback, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_path, key_path = folder / "cert.pem", folder / "key.pem"
    certificate_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    return certificate_path, key_path


class Posts:
    """What was posted, and what the server answers."""

    def __init__(self) -> None:
        self.host = ""
        self.status = 200
        self.got: list[tuple[str, dict[str, Any]]] = []


@pytest_asyncio.fixture
async def posts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Posts]:
    """A TLS server that the libraries trust."""
    kept, app = Posts(), FastAPI()

    @app.post("/{path:path}")
    async def post(path: str, request: Request) -> Response:
        kept.got.append((path, await request.json()))
        return Response("{}", kept.status, media_type="application/json")

    certificate_path, key_path = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate_path))
    listening = socket.create_server(("127.0.0.1", 0))
    kept.host = f"127.0.0.1:{listening.getsockname()[1]}"
    config = uvicorn.Config(
        app, log_level="error", lifespan="off", ssl_certfile=str(certificate_path), ssl_keyfile=str(key_path)
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield kept
    finally:
        server.should_exit = True
        await serving
        listening.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A house with keys of its own."""
    return Settings(home=tmp_path, public_url="https://statements.example")


async def test_an_address_is_sealed_and_never_told(engine: Database, company: Company, settings: Settings) -> None:
    """Not in the database, not in the trail; bound to its name and company."""
    await put_chat(engine, settings, company, "财务群", f"feishu://{SECRET}", SYSTEM)
    found = await company_by_code(engine, "ACME")
    assert [(one.name, one.kind, one.sealed) for one in other_chats(found)] == [("财务群", "feishu", True)]
    assert chat_address(settings, found, "财务群") == f"feishu://{SECRET}"
    async with engine.begin() as session:
        kept = (await session.execute(text("select settings::text from company"))).scalar_one()
        trail = (await session.execute(text("select string_agg(facts::text, '') from audit_event"))).scalar_one()
    assert SECRET not in kept + trail
    assert "feishu" in trail
    await drop_chat(engine, found, "财务群", SYSTEM)
    assert other_chats(await company_by_code(engine, "ACME")) == []


@pytest.mark.parametrize("address", ["json://127.0.0.1/x", "file:///etc/passwd", "syslog://", "feishu://", ""])
async def test_only_chats_are_taken(engine: Database, company: Company, settings: Settings, address: str) -> None:
    """Apprise also knows programs, files and plain http."""
    with pytest.raises(ChatAddressInvalid):
        await put_chat(engine, settings, company, "x", address, SYSTEM)


async def test_names_that_cannot_be(engine: Database, company: Company, settings: Settings) -> None:
    """And one that is not there."""
    for name in ("", "a/b", "a:b", "x" * 41):
        with pytest.raises(ChatNameInvalid):
            await put_chat(engine, settings, company, name, "feishu://abc", SYSTEM)
    with pytest.raises(ChatAddressUnknown):
        await drop_chat(engine, company, "nobody", SYSTEM)


@pytest.mark.parametrize("scheme", ["jsons://{host}/hook", "workflows://{host}/WORKFLOW/SIGNATURE"])
async def test_a_test_message_comes_with_the_link(
    engine: Database, company: Company, settings: Settings, posts: Posts, scheme: str
) -> None:
    """A hook of one's own, and Teams; what the server refuses is said."""
    await put_chat(engine, settings, company, "群", scheme.format(host=posts.host), SYSTEM)
    found = await company_by_code(engine, "ACME")
    assert (await try_chat(settings, found, "群", "zh")).outcome == "accepted"
    posts.status = 500
    assert (await try_chat(settings, found, "群", "en")).outcome == "temporary"
    told = json.dumps(posts.got[0][1], ensure_ascii=False)
    assert "https://statements.example" in told
    assert "Acme Trading" in told


async def test_a_person_puts_the_chat_first_and_mail_takes_over(
    engine: Database, company: Company, settings: Settings, posts: Posts, alice: UUID
) -> None:
    """The message goes to the chat with its link; when the chat refuses for a quarter of an hour, it goes by mail."""
    await put_chat(engine, settings, company, "群", f"jsons://{posts.host}/hook", SYSTEM)
    found = await company_by_code(engine, "ACME")
    await choose_messages(engine, found, alice, {"first": "chat:群", "second": "email"}, [])
    mailbox = Mailbox()
    async with relay(mailbox) as carriers:
        await queue(engine, found, "run_needs_you", alice, payload={"run_id": str(alice)})
        await drain(engine, found.id, settings, carriers)
    states = [(await row_of(engine, found.id, row)).state for row in await rows(engine)]
    assert (len(posts.got), len(mailbox.mails)) == (1, 0), states
    assert "https://statements.example" in json.dumps(posts.got[0][1])


async def rows(engine: Database) -> list[UUID]:
    """Every queued message."""
    async with engine.begin() as session:
        return list((await session.execute(text("select id from outbox"))).scalars())
