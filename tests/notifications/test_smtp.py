"""The SMTP side: logins, certificates, kept connections, international addresses, and what each refusal means."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from notifications.mail_catcher import CaughtMail, Faults, MailCatcher
from notifications.smtp import SmtpCarrier, SmtpServer, parse_smtp_url

CONTENT = b"Subject: x\r\nMessage-ID: <1@tieout>\r\n\r\nhello\r\n"


async def yes() -> bool:
    """The lease holds."""
    return True


async def no() -> bool:
    """The lease is gone."""
    return False


class _Greedy:
    """Takes everything; counts connections by their greetings."""

    def __init__(self) -> None:
        self.taken = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Takes it."""
        del server, session, envelope
        self.taken += 1
        return "250 ok"


class _Speaker(asyncio.Protocol):
    """Answers RCPT with these bytes, or hangs up; takes all else."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greets."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 hello\r\n")

    def data_received(self, data: bytes) -> None:
        """One command."""
        if not data.startswith(b"RCPT"):
            self._transport.write(b"250 ok\r\n")
        elif self._answer is None:
            self._transport.abort()
        else:
            self._transport.write(self._answer + b"\r\n")


@asynccontextmanager
async def smtp_server(protocol: Callable[[], asyncio.Protocol]) -> AsyncIterator[int]:
    """A server of this protocol; its port."""
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


def test_addresses_of_servers() -> None:
    """Scheme, port, and an escaped password that no repr shows."""
    server = parse_smtp_url("smtps://me%40acme.example:p%40ss@mail.acme.example")
    assert (server.host, server.port, server.username, server.tls) == (
        "mail.acme.example",
        465,
        "me@acme.example",
        "tls",
    )
    assert server.password == "p@ss"
    assert "p@ss" not in repr(server)
    assert parse_smtp_url("smtp://relay.acme.example").port == 25
    assert parse_smtp_url("smtp+starttls://relay.acme.example:2587").tls == "starttls"
    with pytest.raises(ValueError, match="not an SMTP address"):
        parse_smtp_url("https://relay.acme.example")


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")  # aiosmtpd about its own login
@pytest.mark.parametrize(("password", "outcome"), [("right", "accepted"), ("wrong", "temporary")])
async def test_login(password: str, outcome: str) -> None:
    """A right password sends; a wrong one is our fault and says nothing about the recipient."""
    handler = _Greedy()

    def check(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password == b"right"
        return AuthResult(success=right, handled=False)

    def protocol() -> SMTP:
        return SMTP(handler, auth_required=True, auth_require_tls=False, authenticator=check, loop=loop)

    loop = asyncio.get_running_loop()
    async with smtp_server(protocol) as port:
        carrier = SmtpCarrier(SmtpServer("127.0.0.1", port, "me", password, "none"), timeout=5)
        answer = await carrier.send("a@acme.example", "b@customer.example", CONTENT, yes)
        await carrier.close()
    assert answer.outcome == outcome
    assert not answer.bad_address


async def test_a_certificate_that_nobody_vouches_for_is_not_talked_to(tmp_path: Path) -> None:
    """STARTTLS with a self-signed certificate: nothing is handed over."""
    handler = _Greedy()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*_self_signed(tmp_path))
    loop = asyncio.get_running_loop()
    async with smtp_server(lambda: SMTP(handler, tls_context=context, loop=loop)) as port:
        carrier = SmtpCarrier(SmtpServer("127.0.0.1", port, tls="starttls"), timeout=5)
        answer = await carrier.send("a@acme.example", "b@customer.example", CONTENT, yes)
        await carrier.close()
    assert (answer.outcome, answer.connection) == ("temporary", True)
    assert "certificate" in answer.words.lower()
    assert handler.taken == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # aiosmtpd about its own login
@pytest.mark.parametrize(("password", "outcome"), [("right", "accepted"), ("wrong", "temporary")])
async def test_starttls_then_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str, outcome: str
) -> None:
    """With a certificate that this machine trusts the mail goes over TLS, and no password is shown before."""
    handler = _Greedy()
    certificate, key = _self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    over_tls: list[bool] = []

    def check(_server: SMTP, session: Session, _envelope: Envelope, _mechanism: str, data: object) -> AuthResult:
        over_tls.append(session.ssl is not None)
        return AuthResult(success=isinstance(data, LoginPassword) and data.password == b"right", handled=False)

    loop = asyncio.get_running_loop()
    async with smtp_server(
        lambda: SMTP(
            handler, tls_context=context, require_starttls=True, auth_required=True, authenticator=check, loop=loop
        )
    ) as port:
        carrier = SmtpCarrier(SmtpServer("127.0.0.1", port, "me", password, "starttls"), timeout=5)
        answers = [await carrier.send("a@acme.example", "b@customer.example", CONTENT, yes) for _ in range(2)]
        await carrier.close()
    assert [answer.outcome for answer in answers] == [outcome] * 2
    assert over_tls
    assert all(over_tls)
    assert handler.taken == (2 if outcome == "accepted" else 0)


async def test_no_mail_and_no_password_without_the_tls_that_is_insisted_on() -> None:
    """A server, or somebody between, that offers no STARTTLS gets nothing."""
    handler = _Greedy()
    loop = asyncio.get_running_loop()
    async with smtp_server(lambda: SMTP(handler, loop=loop)) as port:
        carrier = SmtpCarrier(SmtpServer("127.0.0.1", port, "me", "right", "starttls"), timeout=5)
        answer = await carrier.send("a@acme.example", "b@customer.example", CONTENT, yes)
        await carrier.close()
    assert answer.outcome == "temporary"
    assert handler.taken == 0


def _self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    return folder / "cert.pem", folder / "key.pem"


@asynccontextmanager
async def catching(
    faults: Faults | None = None,
) -> AsyncIterator[tuple[SmtpCarrier, list[CaughtMail]]]:
    """A carrier on a catcher, and what was caught."""
    mails: list[CaughtMail] = []

    async def keep(mail: CaughtMail) -> None:
        mails.append(mail)

    server = MailCatcher(keep, faults)
    carrier = SmtpCarrier(SmtpServer("127.0.0.1", await server.start(), tls="none"), timeout=5)
    yield carrier, mails
    await carrier.close()
    await server.stop()


@pytest.mark.parametrize(
    ("reply", "outcome", "bad_address"),
    [
        ("450 4.2.0 busy", "temporary", False),
        ("421 4.3.2 going down", "temporary", False),
        ("550 5.1.1 no such user", "permanent", True),
        ("553 5.1.3 bad syntax", "permanent", True),
    ],
)
async def test_refused_recipients(reply: str, outcome: str, bad_address: bool) -> None:
    """4xx comes again, 5xx is the address's end."""
    async with catching(Faults(on_recipient=lambda _: reply)) as (carrier, mails):
        answer = await carrier.send("a@acme.example", "b@customer.example", CONTENT, yes)
        assert (answer.outcome, answer.bad_address, answer.words) == (outcome, bad_address, reply)
        assert mails == []


async def test_archive_copy_is_of_the_same_transaction() -> None:
    """Both recipients in one mail; without the archive nothing is sent."""
    async with catching() as (carrier, mails):
        await carrier.send("a@acme.example", "b@customer.example", CONTENT, yes, ["archive@acme.example"])
        assert [mail.recipients for mail in mails] == [("b@customer.example", "archive@acme.example")]

    def full(address: str) -> str | None:
        return "552 5.2.2 full" if address.startswith("archive") else None

    async with catching(Faults(on_recipient=full)) as (carrier, mails):
        answer = await carrier.send("a@acme.example", "b@customer.example", CONTENT, yes, ["archive@acme.example"])
        assert (answer.outcome, answer.bad_address) == ("temporary", False)
        assert mails == []


@pytest.mark.parametrize(("cut", "arrived"), [("before", 0), ("after", 1)])
async def test_a_cut_connection_is_uncertain(cut: str, arrived: int) -> None:
    """Whether it arrived cannot be known from here."""
    async with catching(Faults(cut=lambda _: cut)) as (carrier, mails):
        answer = await carrier.send("a@acme.example", "b@customer.example", CONTENT, yes)
        assert answer.outcome == "uncertain"
        assert len(mails) == arrived


@pytest.mark.parametrize("hook", [yes, no])
async def test_the_hook_decides_before_the_content(hook: Callable[[], Awaitable[bool]]) -> None:
    """No content leaves when the hook says no; the connection is good for the next mail."""
    async with catching() as (carrier, mails):
        first = await carrier.send("a@acme.example", "b@customer.example", CONTENT, hook)
        second = await carrier.send("a@acme.example", "c@customer.example", CONTENT, yes)
        assert first.outcome == ("accepted" if hook is yes else "fenced")
        assert second.outcome == "accepted"
        assert len(mails) == (2 if hook is yes else 1)


async def test_addresses_beyond_ascii_travel() -> None:
    """SMTPUTF8 end to end."""
    async with catching() as (carrier, mails):
        answer = await carrier.send("a@acme.example", "财务@例子.广告", CONTENT, yes)
        assert answer.outcome == "accepted"
        assert mails[0].recipients == ("财务@例子.广告",)


async def test_lines_that_begin_with_a_dot() -> None:
    """They arrive with the one dot that they have, whatever stands before them."""
    content = b"Subject: x\r\n\r\n.\r\n..two\r\n.css { }\r\n\r\n.\r\nend without a line break"
    async with catching() as (carrier, mails):
        for _ in range(2):
            assert (await carrier.send("a@acme.example", "b@customer.example", content, yes)).outcome == "accepted"
    assert [mail.content for mail in mails] == [content + b"\r\n"] * 2


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "cp1252"])
async def test_answers_in_any_encoding_can_be_kept(encoding: str) -> None:
    """A server's words are text that PostgreSQL takes, in Chinese too."""
    words = "naïve" if encoding == "cp1252" else "邮件已收到"

    async with smtp_server(lambda: _Speaker(f"550 5.1.1 {words}".encode(encoding))) as port:
        carrier = SmtpCarrier(SmtpServer("127.0.0.1", port, tls="none"), timeout=5)
        answer = await carrier.send("a@acme.example", "b@customer.example", CONTENT, yes)
        await carrier.close()
    assert (answer.outcome, answer.bad_address) == ("permanent", True)
    answer.words.encode("utf-8")
    assert encoding == "cp1252" or words in answer.words


async def test_a_server_that_only_parts_is_not_down() -> None:
    """It hung up on this recipient: the mail comes again, and the others need not wait for it."""
    async with smtp_server(lambda: _Speaker(None)) as port:
        carrier = SmtpCarrier(SmtpServer("127.0.0.1", port, tls="none"), timeout=5)
        answer = await carrier.send("a@acme.example", "b@customer.example", CONTENT, yes)
        assert (answer.outcome, answer.connection) == ("temporary", False)
    carrier = SmtpCarrier(SmtpServer("127.0.0.1", 9, tls="none"), timeout=5)
    answer = await carrier.send("a@acme.example", "b@customer.example", CONTENT, yes)
    assert (answer.outcome, answer.connection) == ("temporary", True)
