"""Five hundred payloads through every field of every message and every header: nothing escapes from text."""

import email
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from io import BytesIO
from typing import Any

import pytest
from imap_tools import MailMessage

from notifications.messages import Rendered, one_line, render
from notifications.mime import AddressInvalidError, Attachment, Envelope, check_address, freeze
from notifications.samples import samples
from reports.plain_table import safe_text
from tests.notifications.test_messages import tags_of

CORES = (
    "<script>alert(9359)</script>", "<img src=x onerror=alert(1)>", "</td></tr></table><h1>x</h1>",
    "<a href='javascript:x'>y</a>", "<style>*{display:none}</style>", "<!--", "<![CDATA[x]]>", "&lt;b&gt;&amp;",
    "{{ 1337 * 7 }}", "{% for x in (1,) %}9359{% endfor %}", "${1337*7}", "#{1337*7}",
    "{{ c.__class__.__mro__ }}", "{{ ''.__class__ }}", "<!channel>", "<!here|here>", "<@U012345>",
    "<https://evil.example|click>", "\r\nBcc: victim@evil.example", "\nX-Injected: yes", "\r\n\r\n<html>",
    '","type":"actions","x":"', "=cmd|'/c calc'!A1", "@SUM(1+1)", "%0d%0aBcc:x@y.example",
)  # fmt: skip
WRAPS = (
    "{}", '"{}"', "'{}'", "{}{}", ">{}<", "a {} b", "\u202e{}", "\ufeff{}", "\x00{}", "\u2028{}\u2029",
    "\x85{}\x0b", "*{}*", "`{}`", "]]>{}", "-->{}", "=?utf-8?q?{}?=", "北风{}商贸", "\\{}", "/*{}*/",
    "{}" + "x" * 300,
)  # fmt: skip
PAYLOADS = [wrap.replace("{}", core) for core, wrap in itertools.product(CORES, WRAPS)]
TOGETHER = 10
"""Payloads in one value: escaping knows no neighbours, and 1,400 renderings take seconds instead of minutes."""

NOT_TEXT = {
    "opening", "debits", "credits", "closing", "overdue", "amount", "currency", "link", "unsubscribe", "action",
    "due_date", "answer", "outcome",
}  # fmt: skip
"""Amounts and codes that services compute, and addresses, which have tests of their own."""

KINDS = sorted(samples("en"))


def poisoned(value: Any, payload: str, name: str = "") -> Any:  # noqa: ANN401 - any part of a context
    """The same value with every text in it replaced, however deep."""
    if isinstance(value, str):
        return value if name in NOT_TEXT else payload
    if isinstance(value, tuple):
        return tuple(poisoned(one, payload, name) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        money = getattr(value, "label", "") in {"CNY", "USD"}  # totals: a currency and its amount
        changed = {part.name: poisoned(getattr(value, part.name), payload, part.name) for part in fields(value)}
        return value if money else replace(value, **changed)
    return value


def texts_of(blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every text object of a chat message."""
    for block in blocks:
        for part in [block.get("text"), *block.get("elements", [])]:
            if isinstance(part, dict):
                yield part.get("text") if isinstance(part.get("text"), dict) else part  # type: ignore[misc]  # checked


def test_there_are_five_hundred() -> None:
    """All different."""
    assert len(set(PAYLOADS)) == 500


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", KINDS)
def test_no_field_of_any_message_escapes(name: str, language: str) -> None:
    """The same tags and blocks as with calm words, no mention or link, one line of subject, no template run."""
    kind, letter = name.split(".", maxsplit=1)[0], samples(language)[name]
    calm = render(kind, poisoned(letter, "calm"), language)
    for number, start in enumerate(range(0, len(PAYLOADS), TOGETHER)):
        if (number % 2 == 0) != (language == "en"):
            continue  # each language takes every other one
        payload = " ".join(PAYLOADS[start : start + TOGETHER])
        evil = render(kind, poisoned(letter, payload), language)
        assert tags_of(evil.html).tags == tags_of(calm.html).tags
        assert tags_of(evil.html).dangerous == []
        assert evil.subject == one_line(evil.subject)
        assert "9359" not in re.sub(r"alert\(9359\)?|%\}9359", "", evil.text + evil.subject)
        assert [block["type"] for block in evil.blocks] == [block["type"] for block in calm.blocks]
        for part in texts_of(evil.blocks):
            if part.get("type") == "mrkdwn":
                assert "<" not in part["text"]
                assert ">" not in part["text"]
        json.dumps(evil.blocks)


def second_parser(content: bytes) -> MailMessage:
    """The mail as another library reads it."""
    return MailMessage([(b"1 (UID 1 RFC822 {%d}" % len(content), content), b")"])


def unfolded(text: str) -> str:
    """The other library leaves a folded header's line ends in."""
    return " ".join(text.split())


def test_no_header_recipient_or_file_name_escapes() -> None:
    """Each payload in every header: the envelope stays, nothing is added, two parsers read the same."""
    headers = {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type", "References",
        "In-Reply-To",
    }  # fmt: skip
    for payload in PAYLOADS:
        envelope = Envelope(
            sender="accounts@acme.example", sender_name=payload, recipient="wang@customer.example",
            recipient_name=payload, message_id="<1@tieout>", date=datetime(2026, 7, 1, tzinfo=UTC), thread=payload,
        )  # fmt: skip
        file = Attachment(payload, b"%PDF", "application", "pdf")
        content = freeze(Rendered(payload, "text", "<p>html</p>", []), envelope, [file])
        parsed = email.message_from_bytes(content, policy=default)
        assert isinstance(parsed, EmailMessage)
        assert set(parsed.keys()) == headers
        assert [one.addr_spec for one in parsed["To"].addresses] == ["wang@customer.example"]
        assert [one.addr_spec for one in parsed["From"].addresses] == ["accounts@acme.example"]
        assert len(list(parsed.iter_attachments())) == 1
        other = second_parser(content)
        assert (other.from_, other.to) == ("accounts@acme.example", ("wang@customer.example",))
        assert (other.bcc, other.cc) == ((), ())
        assert unfolded(other.subject) == unfolded(str(parsed["Subject"]))
        assert len(other.attachments) == 1


def test_no_payload_is_an_address() -> None:
    """Neither alone nor around one, nor as a second one."""
    for payload in PAYLOADS:
        for address in (payload, f"{payload}@x.example", f"a@x.example{payload}", f"a@x.example, {payload}"):
            try:
                assert one_line(check_address(address)) == address
            except AddressInvalidError:
                continue
            assert address.count("@") >= 1
            assert not any(char in address for char in " \r\n,<>;")


def test_no_payload_is_a_formula() -> None:
    """In a spreadsheet's cell."""
    assert all(safe_text(payload)[:1] not in "=+-@\t\r" for payload in PAYLOADS)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", KINDS)
def test_two_parsers_read_every_mail_alike(name: str, language: str) -> None:
    """Subject, both bodies, addresses and files, by the standard library and by another."""
    rendered = render(name.split(".", maxsplit=1)[0], samples(language)[name], language)
    envelope = Envelope(
        sender="accounts@acme.example", sender_name="海港仪器", recipient="王@客户.example", recipient_name="王建国",
        message_id="<1@tieout>", date=datetime(2026, 7, 1, tzinfo=UTC),
    )  # fmt: skip
    if name != "statement_to_customer":
        envelope = replace(envelope, recipient="wang@customer.example")
    content = freeze(rendered, envelope, [Attachment("对账单.pdf", b"%PDF", "application", "pdf")])
    one, other = email.message_from_bytes(content, policy=default), second_parser(content)
    assert isinstance(one, EmailMessage)
    text, html = one.get_body(("plain",)), one.get_body(("html",))
    assert text is not None
    assert html is not None
    assert one["Subject"] == unfolded(other.subject) == rendered.subject
    assert text.get_content().replace("\r\n", "\n") == other.text.replace("\r\n", "\n") == rendered.text
    assert html.get_content().strip().replace("\r\n", "\n") == other.html.strip().replace("\r\n", "\n")
    assert [file.filename for file in other.attachments] == ["对账单.pdf"]
    assert BytesIO(other.attachments[0].payload).read() == b"%PDF"
