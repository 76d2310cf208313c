"""A mail server of the tests that keeps what it takes, on a thread of its own, and what its mails say."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.ports import free_port

LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it came over SMTP."""

    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def to(self) -> str:
        """Its only envelope recipient."""
        assert len(self.recipients) == 1
        return self.recipients[0]

    @property
    def subject(self) -> str:
        """The decoded subject."""
        return str(self.message["Subject"])

    @property
    def message_id(self) -> str:
        """What makes it one mail, however often it is handed over."""
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        """The plain part."""
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    def link(self, room: str) -> str:
        """The first link into a room of ours, such as "/s"."""
        found: list[str] = LINK.findall(self.text)
        return next(link for link in found if f"{room}#" in link or f"{room}/" in link)

    def attachment(self, ending: str) -> bytes:
        """The attached file of that kind."""
        (found,) = [part for part in self.message.iter_attachments() if str(part.get_filename()).endswith(ending)]
        content = found.get_content()
        assert isinstance(content, bytes)
        return content


class MailSink:
    """A real SMTP server on the loopback; use it as a context manager."""

    def __init__(self) -> None:
        self._arrived = threading.Condition()
        self._mails: list[Mail] = []
        self.port = free_port()
        self._server = Controller(self, hostname="127.0.0.1", port=self.port, enable_SMTPUTF8=True)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self._server.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keeps the mail, then says so."""
        del server, session
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        with self._arrived:
            self._mails.append(Mail(tuple(envelope.rcpt_tos), message))
            self._arrived.notify_all()
        return "250 2.0.0 taken"

    def mails(self, *, to: str = "", subject: str = "") -> list[Mail]:
        """What came so far for an address, with words in the subject."""
        with self._arrived:
            return [mail for mail in self._mails if to in mail.recipients[0] and subject in mail.subject]

    def wait(self, what: Callable[[list[Mail]], bool], seconds: float) -> list[Mail]:
        """All mails once they satisfy `what`; fails with what came when they never do."""
        with self._arrived:
            fine = self._arrived.wait_for(lambda: what(self._mails), seconds)
            assert fine, [(mail.recipients, mail.subject) for mail in self._mails]
            return list(self._mails)

    def wait_for(self, *, to: str, subject: str, seconds: float = 60.0) -> Mail:
        """The first mail to an address with words in its subject."""

        def fits(mail: Mail) -> bool:
            return to in mail.recipients and subject in mail.subject

        return next(filter(fits, self.wait(lambda mails: any(map(fits, mails)), seconds)))
