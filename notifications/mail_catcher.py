"""A small real SMTP server on the loopback: takes every mail and gives it to a callback.

It is the mail server of a system that has none, and of the tests, which give it faults.
"""

import asyncio
import email
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.message import Message
from email.policy import default

from aiosmtpd.smtp import SMTP, Envelope, Session

IDLE_TIMEOUT = 300.0
"""Seconds after which a silent connection is closed: RFC 5321's least for a server."""

SIZE_MOST = 35 * 1024 * 1024
"""Bytes of one mail: common servers take 25 to 50 MB."""

TAKEN = "250 2.0.0 taken"
NOT_KEPT = "451 4.3.0 cannot keep it now"


class KeepFailedError(RuntimeError):
    """The callback could not keep a mail just now: the sender should come again."""


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One mail with its envelope."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> Message:
        """Parsed back by the standard library."""
        return email.message_from_bytes(self.content, policy=default)

    @property
    def message_id(self) -> str:
        """Its Message-ID, or nothing."""
        return str(self.message["Message-ID"] or "").strip()


@dataclass(slots=True)
class Faults:
    """What the server does wrong, decided per call; the default does nothing wrong.

    `on_recipient(address)` and `on_content(mail)` may answer with a refusal ("451 later"). `cut(mail)` may say
    "before" or "after": the connection dies before the mail is kept, or after, and no 250 is ever heard.
    """

    on_recipient: Callable[[str], str | None] = field(default=lambda _address: None)
    on_content: Callable[[CaughtMail], str | None] = field(default=lambda _mail: None)
    cut: Callable[[CaughtMail], str | None] = field(default=lambda _mail: None)


class MailCatcher:
    """The server; `keep` is called for each mail before its 250."""

    def __init__(
        self,
        keep: Callable[[CaughtMail], Awaitable[None]],
        faults: Faults | None = None,
        idle_timeout: float = IDLE_TIMEOUT,
    ) -> None:
        self._handler = _Handler(keep, faults or Faults())
        self._idle_timeout = idle_timeout
        self._server: asyncio.Server | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listens; answers the port, a free one by default."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, host, port)
        number: int = self._server.sockets[0].getsockname()[1]
        return number

    async def stop(self) -> None:
        """Stops listening."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _protocol(self) -> SMTP:
        return SMTP(
            self._handler,
            hostname="localhost",
            ident="Tieout catcher",
            enable_SMTPUTF8=True,
            data_size_limit=SIZE_MOST,
            timeout=self._idle_timeout,
            loop=asyncio.get_running_loop(),
        )


class _Handler:
    """What aiosmtpd asks at each command; its method names are aiosmtpd's."""

    def __init__(self, keep: Callable[[CaughtMail], Awaitable[None]], faults: Faults) -> None:
        self._keep = keep
        self._faults = faults

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Takes or refuses a recipient."""
        del server, session, options
        refusal = self._faults.on_recipient(address)
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keeps the mail, then says so."""
        del session
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        mail = CaughtMail(envelope.mail_from or "", tuple(envelope.rcpt_tos), content)
        refusal = self._faults.on_content(mail)
        if refusal is not None:
            return refusal
        cut = self._faults.cut(mail)
        if cut != "before":
            try:
                await self._keep(mail)
            except KeepFailedError:
                return NOT_KEPT
        if cut is not None and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return TAKEN
