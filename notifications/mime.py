"""Freezes a rendered message into MIME bytes: the same bytes on every try, with headers nobody can inject into.

The standard library's policies refuse line breaks in headers; `one_line` takes them out before, so that a
name with a line break in it is sent without, not refused.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address, AddressHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from typing import cast

import dkim  # type: ignore[import-untyped]  # it ships no stubs

from notifications.messages import Rendered, one_line

NAME_MOST = 120
"""Characters of a display name: a line of 998 bytes is the hard limit of RFC 5322, encoded Chinese is 3 × longer."""

WIDE_SHARE = 1.1
"""Bytes per character from which on a text is mostly not English."""

DKIM_HEADERS = (
    b"from", b"to", b"subject", b"date", b"message-id", b"reply-to", b"references", b"mime-version", b"content-type",
    b"list-unsubscribe", b"list-unsubscribe-post",
)  # fmt: skip
"""What a forger would change."""


WORD_MOST = 60
"""Characters of a subject's word: a longer one does not fit behind "Subject: " and would start a line of its own."""


NAMING = frozenset({"from", "to", "reply-to"})
"""Headers with an address and a person's or company's name before it."""

UNSAFE_IN_ADDRESS = frozenset('"<>(),;:\\[] ')
"""Legal inside quotes by RFC 5322, used by nobody, and the tools of every injection."""

PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]{1,60}")
"""A name that needs neither quotes nor encoding."""


class _Policy(EmailPolicy):
    """The library's policy, except for subjects and names.

    It moves a long first word of a subject to the next line, and the space that the line begins with is then shown. It
    drops the quotes of a long name when it folds, and what stands in them is then an address.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        """One header with its line ends."""
        if name.lower() == "subject":
            plain = value.isascii() and all(len(word) <= WORD_MOST for word in value.split(" "))
            folded = Header(value, "us-ascii" if plain else "utf-8", header_name=name).encode(linesep=self.linesep)
        elif name.lower() in NAMING:
            folded = self._named(name, cast("AddressHeader", value).addresses[0])
        else:
            return super().fold_binary(name, value)
        return f"{name}: {folded}{self.linesep}".encode("utf-8" if self.utf8 else "ascii")

    def _named(self, header: str, address: Address) -> str:
        if not address.display_name:
            return address.addr_spec
        if PHRASE.fullmatch(address.display_name) and "=?" not in address.display_name:
            shown = address.display_name
        else:
            shown = Header(address.display_name, "utf-8", header_name=header).encode(linesep=self.linesep)
        return f"{shown}{self.linesep} <{address.addr_spec}>"


_PLAIN = _Policy(linesep="\r\n")
_WIDE = _Policy(linesep="\r\n", utf8=True)
"""For addresses beyond ASCII (SMTPUTF8)."""


class AddressInvalidError(ValueError):
    """Not an address that mail can go to."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with the message."""

    filename: str
    content: bytes
    maintype: str
    subtype: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who writes to whom about what. `thread` is a Message-ID-like name shared by all mails of one matter."""

    sender: str
    sender_name: str
    recipient: str
    recipient_name: str
    message_id: str
    date: datetime
    thread: str = ""
    reply_to: str = ""
    unsubscribe: str = ""
    unsubscribe_link: str = ""


@dataclass(frozen=True, slots=True)
class Signing:
    """A DKIM key on disk, its domain and selector."""

    domain: str
    selector: str
    key_path: Path


def freeze(
    rendered: Rendered, envelope: Envelope, attachments: Sequence[Attachment] = (), signing: Signing | None = None
) -> bytes:
    """The message as bytes, ready for DATA."""
    wide = not (envelope.sender + envelope.recipient).isascii()
    message = EmailMessage(policy=_WIDE if wide else _PLAIN)
    _write_headers(message, rendered, envelope)
    message.set_content(rendered.text, cte=_encoding(rendered.text))
    message.add_alternative(rendered.html, subtype="html", cte=_encoding(rendered.html))
    for attached in attachments:
        message.add_attachment(
            attached.content,
            maintype=attached.maintype,
            subtype=attached.subtype,
            filename=header_text(attached.filename).replace("/", "-"),
        )
    content = message.as_bytes()
    return content if signing is None else _sign(content, signing)


def _write_headers(message: EmailMessage, rendered: Rendered, envelope: Envelope) -> None:
    message["From"] = _address(envelope.sender, envelope.sender_name)
    message["To"] = _address(envelope.recipient, envelope.recipient_name)
    message["Subject"] = header_text(rendered.subject)
    message["Date"] = format_datetime(envelope.date)
    message["Message-ID"] = one_line(envelope.message_id)
    if envelope.thread:
        message["References"] = f"<{_token(envelope.thread)}@tieout>"
        message["In-Reply-To"] = f"<{_token(envelope.thread)}@tieout>"
    if envelope.reply_to:
        message["Reply-To"] = _address(envelope.reply_to, envelope.sender_name)
    if envelope.unsubscribe:
        by_mail = f"<mailto:{check_address(envelope.unsubscribe)}?subject=unsubscribe>"
        link = one_line(envelope.unsubscribe_link)
        message["List-Unsubscribe"] = f"<{link}>, {by_mail}" if link else by_mail
        if link.startswith("https://"):
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058, which asks for https
    message["Auto-Submitted"] = "auto-generated"


def check_address(text: str) -> str:
    """The address itself, or AddressInvalidError: one address, a domain, no blanks, no control characters."""
    name, address = parseaddr(text)
    local, _, domain = address.rpartition("@")
    strange = UNSAFE_IN_ADDRESS.intersection(text)
    if name or address != text or not local or not domain or one_line(text) != text or strange:
        raise AddressInvalidError(repr(text))
    return address


def header_text(text: str) -> str:
    """One line in which nothing is an encoded word but what the library encodes: readers decode whatever looks so."""
    return one_line(text).replace("=?", "= ?")


def _address(address: str, name: str) -> Address:
    shown = header_text(name)[:NAME_MOST]
    try:
        plain = check_address(address)
        if plain.isascii():
            return Address(display_name=shown, addr_spec=plain)
        local, _, domain = plain.rpartition("@")  # the library parses ASCII addresses only
        return Address(display_name=shown, username=local, domain=domain)
    except (HeaderParseError, ValueError, IndexError) as error:
        raise AddressInvalidError(repr(address)) from error


def _encoding(text: str) -> str:
    """Quoted-printable while it is the shorter one: filters and people read it better than base64."""
    return "quoted-printable" if len(text.encode()) < len(text) * WIDE_SHARE else "base64"


def _token(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in text)


def _sign(content: bytes, signing: Signing) -> bytes:
    present = {line.partition(b":")[0].lower() for line in content.partition(b"\r\n\r\n")[0].split(b"\r\n")}
    signature: bytes = dkim.sign(
        content,
        signing.selector.encode(),
        signing.domain.encode(),
        _key(signing.key_path),
        include_headers=[name for name in DKIM_HEADERS if name in present],
    )
    return signature + content


@cache
def _key(path: Path) -> bytes:
    return path.read_bytes()
