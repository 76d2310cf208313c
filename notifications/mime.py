"""Freezes a rendered message into MIME bytes: the same bytes on every try, with headers nobody can inject into.

The library encodes words, names and addresses; parts and headers are put together here, because its messages are parsed
and walked several times before they are bytes. `one_line` takes line breaks out of what stands in a header, so that a
name with one in it is sent without, not refused; a header with one is refused.
"""

import re
from binascii import b2a_base64, b2a_qp
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.charset import SHORTEST, Charset
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address
from email.utils import encode_rfc2231, format_datetime, parseaddr
from functools import cache, lru_cache
from pathlib import Path

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

DKIM_ONCE = (b"from", b"to", b"subject", b"date", b"reply-to", b"mime-version", b"content-type")
"""Signed once more than they are there, so that a second one, which some programs would show or obey, breaks it."""


WORD_MOST = 60
"""Characters of a subject's word: a longer one does not fit behind "Subject: " and would start a line of its own."""


FOLD = "\r\n "
"""Where a header goes on in the next line."""

LINE = 76
"""Characters of base64 in a line (RFC 2045)."""

PLAIN_FILE = re.compile(r"[A-Za-z0-9 _.-]{1,60}")
"""A file's name that needs no encoding."""

ESCAPED = re.compile(r"(?:%..|[^%]){1,20}")
"""A piece of a percent-encoded name that fits into a line and parts no character's escape."""

UNSAFE_IN_ADDRESS = frozenset('"<>(),;:\\[] ')
"""Legal inside quotes by RFC 5322, used by nobody, and the tools of every injection."""

PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]{1,60}")
"""A name that needs neither quotes nor encoding."""


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
    """The message as bytes, ready for DATA: every line ends with CR LF, and no body line begins with another's mark."""
    told = _multipart("alternative", [_text("plain", rendered.text), _text("html", rendered.html)])
    parts = [told, *map(_file, attachments)]
    body = _multipart("mixed", parts) if attachments else told
    content = b"".join([*_headers(rendered, envelope), b"MIME-Version: 1.0\r\n", body])
    return content if signing is None else _sign(content, signing)


def _multipart(kind: str, parts: Sequence[bytes]) -> bytes:
    # "=_" stands in no quoted-printable and no base64 text, so no part can hold its own end.
    mark = f"=_{kind}".encode()
    head = f'Content-Type: multipart/{kind}; boundary="=_{kind}"\r\n\r\n'.encode()
    return head + b"".join(b"--%b\r\n%b\r\n" % (mark, part) for part in parts) + b"--%b--\r\n" % mark


def _text(kind: str, text: str) -> bytes:
    """Quoted-printable while it is the shorter one: filters and people read it better than base64."""
    content = b"\r\n".join(text.encode().splitlines()) + b"\r\n"
    if len(content) < len(text) * WIDE_SHARE:
        encoding, lines = "quoted-printable", b2a_qp(content, istext=True)
    else:
        encoding, lines = "base64", _base64(content)
    head = f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode() + lines


def _file(attached: Attachment) -> bytes:
    name = header_text(attached.filename).replace("/", "-")
    head = (
        f"Content-Type: {attached.maintype}/{attached.subtype}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment;\r\n {_filename(name)}\r\n\r\n"
    )
    return head.encode("ascii") + _base64(attached.content)


def _filename(name: str) -> str:
    """As RFC 2231 writes what is not plain, in pieces that fit into a line."""
    if PLAIN_FILE.fullmatch(name):
        return f'filename="{name}"'
    pieces = ESCAPED.findall(encode_rfc2231(name, "utf-8"))
    if len(pieces) == 1:
        return f"filename*={pieces[0]}"
    return ";\r\n ".join(f"filename*{number}*={piece}" for number, piece in enumerate(pieces))


def _base64(content: bytes) -> bytes:
    line = b2a_base64(content, newline=False)
    return b"\r\n".join([line[start : start + LINE] for start in range(0, len(line), LINE)]) + b"\r\n"


def _headers(rendered: Rendered, envelope: Envelope) -> Iterator[bytes]:
    yield _named("From", envelope.sender, envelope.sender_name)
    yield _named("To", envelope.recipient, envelope.recipient_name)
    yield _subject(header_text(rendered.subject))
    yield _header("Date", format_datetime(envelope.date))
    yield _header("Message-ID", one_line(envelope.message_id))
    if envelope.thread:
        yield _header("References", f"<{_token(envelope.thread)}@tieout>")
        yield _header("In-Reply-To", f"<{_token(envelope.thread)}@tieout>")
    if envelope.reply_to:
        yield _named("Reply-To", envelope.reply_to, envelope.sender_name)
    if envelope.unsubscribe:
        by_mail = f"<mailto:{check_address(envelope.unsubscribe)}?subject=unsubscribe>"
        link = one_line(envelope.unsubscribe_link)
        yield _header("List-Unsubscribe", *([f"<{link}>,"] if link else []), by_mail)
        if link.startswith("https://"):
            yield _header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")  # RFC 8058, which asks for https
    yield _header("Auto-Submitted", "auto-generated")


def _header(name: str, *words: str) -> bytes:
    """One header, each of the words on a line; with a line break inside a word it would be two headers."""
    if any(len(word.splitlines()) > 1 for word in words):
        raise HeaderParseError(f"a line break in {name}")
    return f"{name}: {FOLD.join(words)}\r\n".encode()


def _subject(text: str) -> bytes:
    """Encoded as a whole when a word is too long: a line of its own would show the space that it begins with."""
    plain = text.isascii() and all(len(word) <= WORD_MOST for word in text.split(" "))
    return _header("Subject", *_encoded("Subject", text, "us-ascii" if plain else "utf-8"))


@lru_cache(maxsize=256)
def _named(header: str, address: str, name: str) -> bytes:
    """An address behind the name of who has it; senders are the same in every mail."""
    whole = _address(address, name)
    shown = whole.display_name
    if not shown:
        return _header(header, whole.addr_spec)
    plain = PHRASE.fullmatch(shown) is not None
    words = [shown] if plain else _encoded(header, shown, "utf-8")
    return _header(header, *words, f"<{whole.addr_spec}>")


def _encoded(header: str, text: str, charset: str) -> list[str]:
    known = Charset(charset)
    if charset == "utf-8":
        known.header_encoding = SHORTEST  # whatever a library has made of it for the whole process: Apprise does
    return Header(text, known, header_name=header).encode(linesep="\r\n").split(FOLD)


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


def _token(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in text)


def _sign(content: bytes, signing: Signing) -> bytes:
    present = {line.partition(b":")[0].lower() for line in content.partition(b"\r\n\r\n")[0].split(b"\r\n")}
    signature: bytes = dkim.sign(
        content,
        signing.selector.encode(),
        signing.domain.encode(),
        _key(signing.key_path),
        include_headers=[*(name for name in DKIM_HEADERS if name in present), *DKIM_ONCE],
    )
    return signature + content


@cache
def _key(path: Path) -> bytes:
    return path.read_bytes()
