"""Hands mails to an SMTP server over kept connections, and says exactly how far it came.

MAIL and RCPT first, then the caller's hook commits that the content leaves, then DATA: whatever breaks after the
hook is `uncertain`, whatever breaks before it has certainly not arrived.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol

from notifications.carrying import Answer
from notifications.failpoints import failpoint
from notifications.places import SLOW_SECONDS, Places

CONNECTIONS = 8
"""Open at once unless the settings say otherwise: small servers refuse more, and one message takes 20 ms."""

MESSAGES_PER_CONNECTION = 200
"""Servers close busy connections in their own way; we part first, politely."""

CONNECT_TIMEOUT = 20.0
"""Seconds for a connection or an answer before DATA."""

TEMPORARY, PERMANENT, BEYOND = 400, 500, 600
"""Where SMTP's classes of answers begin; outside them an answer says nothing."""

GO_ON, TAKEN = 354, 250
"""What a server says to DATA, and to the content."""

NUL = "\0"
"""The one character that PostgreSQL keeps in no text."""

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


class Lost(Exception):
    """The connection broke before the content left: nothing of this mail is there."""


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

    def __init__(
        self,
        server: SmtpServer,
        timeout: float = CONNECT_TIMEOUT,
        connections: int = CONNECTIONS,
        slow: float = SLOW_SECONDS,
    ) -> None:
        """`timeout` in seconds also bounds the answer to DATA: keep it below the lease."""
        self.connections = connections
        self._server = server
        self._timeout = timeout
        self._idle: list[tuple[aiosmtplib.SMTP, int]] = []
        self._places = Places(connections, slow)

    async def send(
        self,
        sender: str,
        recipient: str,
        content: bytes,
        before_data: Callable[[], Awaitable[bool]],
        copies: Sequence[str] = (),
        *,
        urgent: bool = False,
    ) -> Answer:
        """Sends one mail to its recipient and to `copies` (the archive) in one transaction; urgent ones first.

        `content` ends its lines with CR LF, as `mime.freeze` does.
        """
        async with self._places.one(urgent=urgent):
            while True:
                try:
                    client, used = await self._connection()
                except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
                    return Answer("temporary", words_of(error), connection=True)
                failpoint("smtp.connected")
                try:
                    answer = await self._hand_over(client, sender, [recipient, *copies], content, before_data)
                except Lost as lost:
                    client.close()
                    if used:
                        continue  # a kept connection that the server had closed meanwhile
                    return Answer("temporary", str(lost))
                except BaseException:
                    client.close()  # the hook failed: what was begun on it is nobody's
                    raise
                await self._give_back(client, used + 1, answer)
                return answer

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
        elif used >= MESSAGES_PER_CONNECTION or len(self._idle) >= self.connections:
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

    async def _hand_over(
        self,
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
            protocol = await self._ask_for_content(client)
        except NotTaken as refused:
            return refused.answer
        try:
            # Not the library's way, which looks at every line end twice: ours are CRLF since the message was frozen.
            protocol.write(_on_the_wire(content))
            response = await protocol.read_response(timeout=self._timeout)
        except (aiosmtplib.SMTPException, OSError) as error:
            return Answer("uncertain", words_of(error))
        failpoint("smtp.answered")
        if response.code != TAKEN:
            return _refused_content(aiosmtplib.SMTPDataError(response.code, response.message))
        return Answer("accepted", _said(response.code, response.message))

    async def _ask_for_content(self, client: aiosmtplib.SMTP) -> SMTPProtocol:
        """DATA up to the server's "go on"."""
        protocol = client.protocol
        if protocol is None:
            raise Lost("The connection was lost.")
        try:
            response = await protocol.execute_command(b"DATA", timeout=self._timeout)
        except aiosmtplib.SMTPServerDisconnected as error:
            raise Lost(words_of(error)) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise NotTaken(Answer("temporary", words_of(error))) from error
        if response.code != GO_ON:
            raise NotTaken(_refused_content(aiosmtplib.SMTPDataError(response.code, response.message)))
        return protocol


def _on_the_wire(content: bytes) -> bytes:
    """The content with its end, lines that begin with a dot given a second one (RFC 5321, 4.5.2)."""
    if content.startswith(b"."):
        content = b"." + content
    if b"\r\n." in content:
        content = content.replace(b"\r\n.", b"\r\n..")
    return content + (b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")


async def _part(client: aiosmtplib.SMTP) -> None:
    try:
        await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        client.close()


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
    except aiosmtplib.SMTPServerDisconnected as error:
        raise Lost(words_of(error)) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        # Too late, or not SMTP: this recipient's server may be slow, which says nothing about ours.
        raise NotTaken(Answer("temporary", words_of(error))) from error


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
        return _said(error.code, error.message)
    return f"{type(error).__name__}: {error}"


def _said(code: int, message: str) -> str:
    """An answer as text that can be kept: servers write their own encodings, and the library keeps those bytes raw."""
    raw = message.encode("utf-8", "surrogateescape")
    for encoding in ("utf-8", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = raw.decode("ascii", "replace")
    return f"{code} {text.replace(NUL, '')}"
