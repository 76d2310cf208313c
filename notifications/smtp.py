"""Hands mails to an SMTP server over kept connections, and says exactly how far it came.

MAIL and RCPT first, then the caller's hook commits that the content leaves, then DATA: whatever breaks after the
hook is `uncertain`, whatever breaks before it has certainly not arrived.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import aiosmtplib

from notifications.carrying import Answer
from notifications.failpoints import failpoint
from notifications.places import DOMAIN_FLIGHT, DOMAIN_FLIGHT_MOST, SLOW_SECONDS, Places, Width
from notifications.smtp_talk import Reply, Talk, bracketed, is_fine

CONNECTIONS = 8
"""Open at once unless the settings say otherwise: small servers refuse more, and one message takes 20 ms."""

MESSAGES_PER_CONNECTION = 200
"""Servers close busy connections in their own way; we part first, politely."""

QUICK_DOMAINS_MOST = 1_000
"""Domains that are known to answer quickly; beyond so many, all begin anew."""

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
        self._idle: list[Talk] = []
        self._places = Places(connections, slow)
        self._slow = slow
        self.widths: dict[str, Width] = {}
        """How many mails at once each domain has earned by its answers."""

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
            began = time.monotonic()
            answer = await self._send(sender, [recipient, *copies], content, before_data)
            quick = answer.outcome != "uncertain" and time.monotonic() - began < self._slow
            self._note(recipient.rpartition("@")[2].lower(), quick=quick)
            return answer

    def _note(self, domain: str, *, quick: bool) -> None:
        if len(self.widths) >= QUICK_DOMAINS_MOST and domain not in self.widths:
            self.widths.clear()
        self.widths.setdefault(domain, Width(DOMAIN_FLIGHT, DOMAIN_FLIGHT_MOST)).note(quick=quick)

    async def _send(
        self, sender: str, recipients: list[str], content: bytes, before_data: Callable[[], Awaitable[bool]]
    ) -> Answer:
        while True:
            kept = self._kept()
            try:
                talk = kept or await self._connect()
            except NotTaken as refused:
                return refused.answer
            except (aiosmtplib.SMTPException, OSError) as error:
                return Answer("temporary", words_of(error), connection=True)
            failpoint("smtp.connected")
            try:
                answer = await self._hand_over(talk, sender, recipients, content, before_data)
            except Lost as lost:
                talk.close()
                if kept is not None:
                    continue  # the server had closed it meanwhile
                return Answer("temporary", str(lost))
            except BaseException:
                talk.close()  # the hook failed: what was begun on it is nobody's
                raise
            await self._give_back(talk, answer)
            return answer

    async def close(self) -> None:
        """Says goodbye on every kept connection."""
        while self._idle:
            await self._part(self._idle.pop())

    def _kept(self) -> Talk | None:
        while self._idle:
            talk = self._idle.pop()
            if talk.is_open:
                return talk
        return None

    async def _connect(self) -> Talk:
        """A new connection, greeted and signed in. The library's errors say that the server cannot be reached."""
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host, port=server.port, username=server.username, password=server.password,
            use_tls=server.tls == "tls", start_tls={"starttls": True, "tls": False}.get(server.tls),
            timeout=self._timeout,
        )  # fmt: skip
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await _greet(client)
        except BaseException:
            client.close()
            raise
        if not isinstance(client.transport, asyncio.Transport):
            raise aiosmtplib.SMTPServerDisconnected("The connection was lost.")
        offers = client.supports_extension
        return Talk(client.transport, takes_many=offers("pipelining"), takes_utf8=offers("smtputf8"))

    async def _give_back(self, talk: Talk, answer: Answer) -> None:
        talk.used += 1
        if answer.outcome == "uncertain" or not talk.is_open:
            talk.close()
        elif talk.used >= MESSAGES_PER_CONNECTION or len(self._idle) >= self.connections:
            await self._part(talk)
        elif answer.outcome == "accepted" or await self._is_reset(talk):
            self._idle.append(talk)

    async def _is_reset(self, talk: Talk) -> bool:
        """Takes a begun transaction back, so that the next mail does not join it."""
        try:
            (reply,) = await talk.ask(["RSET"], self._timeout)
        except OSError:
            talk.close()
            return False
        return is_fine(reply)

    async def _part(self, talk: Talk) -> None:
        try:
            await talk.ask(["QUIT"], self._timeout)
        except OSError:
            pass  # it has gone already
        finally:
            talk.close()

    async def _hand_over(
        self,
        talk: Talk,
        sender: str,
        recipients: list[str],
        content: bytes,
        before_data: Callable[[], Awaitable[bool]],
    ) -> Answer:
        try:
            await self._open_transaction(talk, sender, recipients)
            failpoint("smtp.recipients_taken")
            if not await before_data():
                return Answer("fenced", "The lease ran out before the content left.")
            failpoint("outbox.data_committed")
            await self._ask_for_content(talk)
        except NotTaken as refused:
            return refused.answer
        try:
            talk.say(_on_the_wire(content))
            reply = await talk.reply(self._timeout)
        except OSError as error:
            return Answer("uncertain", words_of(error))
        failpoint("smtp.answered")
        if reply.code != TAKEN:
            return _refused_content(reply)
        return Answer("accepted", _said(reply.code, reply.words))

    async def _open_transaction(self, talk: Talk, sender: str, recipients: list[str]) -> None:
        """MAIL and RCPT."""
        wide = not all(address.isascii() for address in (sender, *recipients))
        if wide and not talk.takes_utf8:
            raise NotTaken(Answer("permanent", "This server does not take addresses beyond ASCII (SMTPUTF8)."))
        mail = f"MAIL FROM:{bracketed(sender)}{' SMTPUTF8 BODY=8BITMIME' if wide else ''}"
        replies = await self._ask(talk, [mail, *(f"RCPT TO:{bracketed(recipient)}" for recipient in recipients)])
        for position, reply in enumerate(replies):
            if not is_fine(reply):
                raise NotTaken(_refused_address(position, reply))

    async def _ask_for_content(self, talk: Talk) -> None:
        """DATA up to the server's "go on"."""
        (reply,) = await self._ask(talk, ["DATA"])
        if reply.code != GO_ON:
            raise NotTaken(_refused_content(reply))

    async def _ask(self, talk: Talk, commands: list[str]) -> list[Reply]:
        try:
            return await talk.ask(commands, self._timeout)
        except ConnectionError as error:
            raise Lost(words_of(error)) from error
        except OSError as error:
            # Too late: this recipient's server may be slow, which says nothing about ours.
            talk.close()
            raise NotTaken(Answer("temporary", words_of(error))) from error


async def _greet(client: aiosmtplib.SMTP) -> None:
    """EHLO, which a connection without TLS and login has not seen yet."""
    try:
        await client.ehlo()
    except (aiosmtplib.SMTPException, OSError) as error:
        raise NotTaken(Answer("temporary", words_of(error))) from error


def _refused_address(position: int, reply: Reply) -> Answer:
    """What a refusal of MAIL (0), of the recipient (1) or of the archive (after it) says about the message."""
    words = _said(reply.code, reply.words)
    if position == 0:
        return Answer("temporary", words)  # the sender: that says nothing about the recipient's address
    if position > 1:
        # Without the copy nobody could prove or ask for the mail later, so it waits.
        return Answer("temporary", f"archive copy: {words}")
    permanent = reply.code >= PERMANENT
    return Answer("permanent" if permanent else "temporary", words, bad_address=permanent)


def _on_the_wire(content: bytes) -> bytes:
    """The content with its end, lines that begin with a dot given a second one (RFC 5321, 4.5.2)."""
    if content.startswith(b"."):
        content = b"." + content
    if b"\r\n." in content:
        content = content.replace(b"\r\n.", b"\r\n..")
    return content + (b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")


def _refused_content(reply: Reply) -> Answer:
    words = _said(reply.code, reply.words)
    if TEMPORARY <= reply.code < PERMANENT:
        return Answer("temporary", words)
    if PERMANENT <= reply.code < BEYOND:
        return Answer("permanent", words, bad_address=BAD_ADDRESS.search(words) is not None)
    return Answer("uncertain", words)


def words_of(error: BaseException) -> str:
    """The server's words, or the error's."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _said(error.code, error.message.encode("utf-8", "surrogateescape"))
    return f"{type(error).__name__}: {error}"


def _said(code: int, raw: bytes) -> str:
    """An answer as text that can be kept: servers write their own encodings."""
    for encoding in ("utf-8", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = raw.decode("ascii", "replace")
    return f"{code} {text.replace(NUL, '')}"
