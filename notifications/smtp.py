"""Hands mails to an SMTP server over kept connections, and says exactly how far it came.

MAIL and RCPT first, then the caller's hook commits that the content leaves, then DATA: whatever breaks after the
hook is `uncertain`, whatever breaks before it has certainly not arrived.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import aiosmtplib

from notifications.carrying import Answer
from notifications.failpoints import failpoint

CONNECTIONS = 8
"""Open at once unless the settings say otherwise: small servers refuse more, and one message takes 20 ms."""

MESSAGES_PER_CONNECTION = 200
"""Servers close busy connections in their own way; we part first, politely."""

CONNECT_TIMEOUT = 20.0
"""Seconds for a connection or an answer before DATA."""

TEMPORARY, PERMANENT, BEYOND = 400, 500, 600
"""Where SMTP's classes of answers begin; outside them an answer says nothing."""

BAD_ADDRESS = re.compile(r"\b5\.(?:1\.\d+|2\.1)\b")
"""Enhanced status (RFC 3463): the mailbox or its domain does not exist, or is disabled."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes. `tls`: none, starttls or tls."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: str = "starttls_if_offered"


class NotTaken(Exception):
    """The server, or the hook, ended the hand-over before DATA."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.words)
        self.answer = answer


def parse_smtp_url(url: str) -> SmtpServer:
    """`smtp://user:password@host:port`; `smtps://` for TLS from the start, `smtp+starttls://` to insist on it."""
    parts = urlsplit(url)
    ports = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
    if parts.scheme not in ports or not parts.hostname:
        raise ValueError(f"not an SMTP address: {parts.scheme}://{parts.hostname}")
    tls = {"smtp": "starttls_if_offered", "smtps": "tls", "smtp+starttls": "starttls"}[parts.scheme]
    return SmtpServer(
        parts.hostname,
        parts.port or ports[parts.scheme],
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        tls,
    )


class SmtpCarrier:
    """A few kept connections to one server. Close it when done."""

    def __init__(self, server: SmtpServer, timeout: float = CONNECT_TIMEOUT, connections: int = CONNECTIONS) -> None:
        """`timeout` in seconds also bounds the answer to DATA: keep it below the lease."""
        self._server = server
        self._timeout = timeout
        self._idle: list[tuple[aiosmtplib.SMTP, int]] = []
        self._places = asyncio.Semaphore(connections)

    async def send(
        self,
        sender: str,
        recipient: str,
        content: bytes,
        before_data: Callable[[], Awaitable[bool]],
        copies: Sequence[str] = (),
    ) -> Answer:
        """Sends one mail to its recipient and to `copies` (the archive) in one transaction."""
        async with self._places:
            while True:
                try:
                    client, used = await self._connection()
                except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
                    return Answer("temporary", words_of(error), connection=True)
                failpoint("smtp.connected")
                answer = await _hand_over(client, sender, [recipient, *copies], content, before_data)
                await self._give_back(client, used + 1, answer)
                if not (answer.connection and used):
                    return answer
                # A kept connection that the server had closed meanwhile: nothing was said on it yet.

    async def close(self) -> None:
        """Says goodbye on every kept connection."""
        while self._idle:
            client, _ = self._idle.pop()
            await _part(client)

    async def _connection(self) -> tuple[aiosmtplib.SMTP, int]:
        while self._idle:
            client, used = self._idle.pop()
            if client.is_connected:
                return client, used
            client.close()
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host, port=server.port, username=server.username, password=server.password,
            use_tls=server.tls == "tls", start_tls={"starttls": True, "tls": False}.get(server.tls),
            timeout=self._timeout,
        )  # fmt: skip
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return client, 0

    async def _give_back(self, client: aiosmtplib.SMTP, used: int, answer: Answer) -> None:
        if answer.outcome == "uncertain" or not client.is_connected:
            client.close()
        elif used >= MESSAGES_PER_CONNECTION:
            await _part(client)
        elif answer.outcome == "accepted" or await self._is_reset(client):
            self._idle.append((client, used))

    async def _is_reset(self, client: aiosmtplib.SMTP) -> bool:
        """Takes a begun transaction back, so that the next mail does not join it."""
        try:
            await client.rset(timeout=self._timeout)
        except (aiosmtplib.SMTPException, OSError):
            client.close()
            return False
        return True


async def _part(client: aiosmtplib.SMTP) -> None:
    try:
        await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        client.close()


async def _hand_over(
    client: aiosmtplib.SMTP,
    sender: str,
    recipients: list[str],
    content: bytes,
    before_data: Callable[[], Awaitable[bool]],
) -> Answer:
    try:
        await _open_transaction(client, sender, recipients)
        failpoint("smtp.recipients_taken")
        if not await before_data():
            return Answer("fenced", "The lease ran out before the content left.")
        failpoint("outbox.data_committed")
    except NotTaken as refused:
        return refused.answer
    try:
        response = await client.data(content)
    except aiosmtplib.SMTPResponseException as error:
        return _refused_content(error)
    except (aiosmtplib.SMTPException, OSError) as error:
        return Answer("uncertain", words_of(error))
    failpoint("smtp.answered")
    return Answer("accepted", f"{response.code} {response.message}")


async def _open_transaction(client: aiosmtplib.SMTP, sender: str, recipients: list[str]) -> None:
    wide = not all(address.isascii() for address in (sender, *recipients))
    try:
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        if wide and not client.supports_extension("smtputf8"):
            raise NotTaken(Answer("permanent", "This server does not take addresses beyond ASCII (SMTPUTF8)."))
        encoding = "utf-8" if wide else "ascii"
        await client.mail(sender, options=["SMTPUTF8", "BODY=8BITMIME"] if wide else [], encoding=encoding)
        for position, recipient in enumerate(recipients):
            await _name_recipient(client, recipient, encoding, archive=position > 0)
    except aiosmtplib.SMTPResponseException as error:
        # The sender, the login or the greeting was refused: that says nothing about the recipient's address.
        raise NotTaken(Answer("temporary", words_of(error))) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise NotTaken(Answer("temporary", words_of(error), connection=True)) from error


async def _name_recipient(client: aiosmtplib.SMTP, recipient: str, encoding: str, *, archive: bool) -> None:
    try:
        await client.rcpt(recipient, encoding=encoding)
    except aiosmtplib.SMTPRecipientRefused as error:
        if archive:
            # Without the copy nobody could prove or ask for the mail later, so it waits.
            raise NotTaken(Answer("temporary", f"archive copy: {words_of(error)}")) from error
        permanent = error.code >= PERMANENT
        words = words_of(error)
        raise NotTaken(Answer("permanent" if permanent else "temporary", words, bad_address=permanent)) from error


def _refused_content(error: aiosmtplib.SMTPResponseException) -> Answer:
    words = words_of(error)
    if TEMPORARY <= error.code < PERMANENT:
        return Answer("temporary", words)
    if PERMANENT <= error.code < BEYOND:
        return Answer("permanent", words, bad_address=BAD_ADDRESS.search(words) is not None)
    return Answer("uncertain", words)


def words_of(error: BaseException) -> str:
    """The server's words, or the error's."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"
    return f"{type(error).__name__}: {error}"
