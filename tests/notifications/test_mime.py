"""MIME parsed back by the standard library: parts, names, threads, marks; headers that cannot be injected."""

import email
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import dkim  # type: ignore[import-untyped]  # it ships no stubs
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.messages import Rendered, one_line, render
from notifications.mime import AddressInvalidError, Attachment, Envelope, Signing, check_address, freeze, header_text
from notifications.samples import samples

WHEN = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
ENVELOPE = Envelope(
    sender="accounts@acme.example", sender_name="海港仪器有限公司", recipient="wang@customer.example",
    recipient_name="王建国", message_id="<0198@tieout>", date=WHEN, thread="c1.2026-06.CNY",
    reply_to="answers+0198@acme.example",
)  # fmt: skip
FILES = (
    Attachment("对账单 2026-06 C00123 CNY.pdf", b"%PDF-1.7 x", "application", "pdf"),
    Attachment("对账单 2026-06 C00123 CNY.xlsx", b"PK\x03\x04", "application", "zip"),
)
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "References", "In-Reply-To", "Reply-To", "Auto-Submitted",
    "MIME-Version", "Content-Type",
}  # fmt: skip
DOMAIN, SELECTOR = "acme.example", "tieout"


def parsed(content: bytes) -> EmailMessage:
    """Read back by the standard library."""
    message = email.message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_statement_mail_is_read_back_whole() -> None:
    """Text, HTML, both files with Chinese names, and the headers that mail programs act on."""
    rendered = render("statement_to_customer", samples("zh")["statement_to_customer"], "zh")
    message = parsed(freeze(rendered, ENVELOPE, FILES))
    assert message["Subject"] == rendered.subject
    assert message["To"].addresses[0].display_name == "王建国"
    assert message["Message-ID"] == "<0198@tieout>"
    assert message["References"] == "<c1.2026-06.CNY@tieout>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == rendered.text
    assert "截至" in html.get_content()
    assert [part.get_filename() for part in message.iter_attachments()] == [file.filename for file in FILES]
    assert [part.get_content() for part in message.iter_attachments()] == [file.content for file in FILES]


def test_freezing_twice_differs_only_in_boundaries_and_lines_stay_short() -> None:
    """No line is longer than RFC 5321 lets through, whatever is in it."""
    rendered = render("reminder", samples("zh")["reminder"], "zh")
    content = freeze(rendered, ENVELOPE)
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert content.isascii()


def test_reminders_can_be_unsubscribed() -> None:
    """The header appears where an address for it is given."""
    rendered = render("reminder", samples("en")["reminder"], "en")
    envelope = Envelope(
        ENVELOPE.sender, "Acme", ENVELOPE.recipient, "Dana", "<1@tieout>", WHEN, unsubscribe="answers@acme.example"
    )
    assert parsed(freeze(rendered, envelope))["List-Unsubscribe"] == "<mailto:answers@acme.example?subject=unsubscribe>"


def test_addresses_beyond_ascii() -> None:
    """An address in Chinese makes a message for SMTPUTF8."""
    envelope = Envelope(ENVELOPE.sender, "Acme", "财务@例子.广告", "", "<1@tieout>", WHEN)
    message = parsed(freeze(Rendered("hello", "x\n", "<p>x</p>", []), envelope))
    raw = message["To"].addresses[0].addr_spec  # the standard library reads raw UTF-8 in headers as escaped bytes
    assert raw.encode("utf-8", "surrogateescape").decode() == "财务@例子.广告"


@settings(max_examples=200, deadline=None)
@given(name=st.text(max_size=200), subject=st.text(max_size=200), filename=st.text(min_size=1, max_size=60))
def test_no_text_becomes_a_header(name: str, subject: str, filename: str) -> None:
    """Any name, subject or file name, with line breaks and controls: the same headers, one recipient."""
    envelope = Envelope(
        ENVELOPE.sender,
        name,
        ENVELOPE.recipient,
        name,
        "<1@tieout>",
        WHEN,
        thread=name or "t",
        reply_to="r@acme.example",
    )
    files = (Attachment(filename, b"x", "application", "pdf"),)
    message = parsed(freeze(Rendered(subject, "text\n", "<p>html</p>", []), envelope, files))
    assert set(message.keys()) <= HEADERS
    assert len(message.keys()) == len(set(message.keys()))
    assert [address.addr_spec for address in message["To"].addresses] == [ENVELOPE.recipient]
    assert [address.addr_spec for address in message["From"].addresses] == [ENVELOPE.sender]


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x0b", "\x00"])
@pytest.mark.parametrize("field", ["sender_name", "recipient_name", "subject", "filename", "thread"])
def test_line_breaks_are_taken_out(break_: str, field: str) -> None:
    """The classic injection through each field."""
    evil = f"x{break_}Bcc: victim@example.com{break_}{break_}body"
    envelope = Envelope(
        ENVELOPE.sender, evil if field == "sender_name" else "Acme", ENVELOPE.recipient,
        evil if field == "recipient_name" else "Dana", "<1@tieout>", WHEN, thread=evil if field == "thread" else "t",
    )  # fmt: skip
    files = (Attachment(evil if field == "filename" else "a.pdf", b"x", "application", "pdf"),)
    rendered = Rendered(evil if field == "subject" else "s", "text\n", "<p>html</p>", [])
    message = parsed(freeze(rendered, envelope, files))
    assert message["Bcc"] is None
    assert [part.get_content_type() for part in message.iter_attachments()] == ["application/pdf"]


@pytest.mark.parametrize(
    "address",
    [
        "", "a", "a@", "@b", "a b@c.example", "a@b.example,c@d.example", "Ann <a@b.example>", "a@b.example\r\nBcc: x@y",
        "a@b.example\x00", "<a@b.example>", "a@b@c.example",
    ],
)  # fmt: skip
def test_what_is_not_one_address_is_refused(address: str) -> None:
    """Lists, names, blanks and line breaks are not an address."""
    with pytest.raises(AddressInvalidError):
        freeze(Rendered("s", "t\n", "<p>h</p>", []), Envelope(ENVELOPE.sender, "", address, "", "<1@t>", WHEN))


def test_an_address_is_taken_as_it_is() -> None:
    """Plain addresses, with plus and with a quoted part's worth of dots."""
    assert check_address("first.last+tag@mail.customer.example") == "first.last+tag@mail.customer.example"


def test_dkim_verifies_and_tampering_shows(tmp_path: Path) -> None:
    """The signature holds over what was frozen, and not over a changed amount."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = tmp_path / "dkim.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    record = b"v=DKIM1; k=rsa; p=" + b"".join(public.splitlines()[1:-1])

    def dns(name: bytes, timeout: int = 5) -> bytes:
        assert name == f"{SELECTOR}._domainkey.{DOMAIN}.".encode()
        return record

    rendered = render("statement_to_customer", samples("en")["statement_to_customer"], "en")
    content = freeze(rendered, ENVELOPE, FILES, Signing(DOMAIN, SELECTOR, path))
    assert dkim.verify(content, dnsfunc=dns)
    assert b"83,150.40" in content
    assert not dkim.verify(content.replace(b"83,150.40", b"83,150.41"), dnsfunc=dns)


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=190), st.sampled_from(["a@x.example", "王@x.example"]))
def test_a_subject_never_begins_with_a_fold(text: str, recipient: str) -> None:
    """Whatever its first word is: on the header's first line, short lines, read back as it was."""
    subject = one_line(text) or "x"
    content = freeze(Rendered(subject, "t", "<p>t</p>", []), replace(ENVELOPE, recipient=recipient))
    lines = content.partition(b"\nSubject:")[2].split(b"\r\n")
    assert len(lines[0].split()) >= 1
    assert all(len(line) <= 78 for line in lines[: lines.index(next(x for x in lines if x.startswith(b"Date:")))])
    assert parsed(content)["Subject"] == header_text(subject)
