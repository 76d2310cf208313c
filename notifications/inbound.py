"""Reads a mail that came in: is it a person's reply, a bounce or a machine's, what does it answer, what does it say.

Pure: bytes in, values out. Nothing in such a mail is trusted; it is text to show and marks to look up.
"""

import email
import re
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses, parseaddr
from html.parser import HTMLParser
from uuid import UUID

from flufl.bounce import all_failures
from mailparser_reply import EmailReplyParser

from notifications.messages import one_line
from notifications.quotes import cut_chinese_quote

READ_MOST = 100_000
"""Characters of a mail that are searched for quotes: nobody answers with more, and patterns stay quick."""

LIBRARY_MOST = 3_000
"""Characters that the library of replies is given: its patterns take minutes for 90,000 made to stop it."""

WORDS_MOST = 20_000
"""Characters of a reply that are kept in words: the whole mail is kept beside them."""

REPLY_LANGUAGES = ["en", "zh", "de", "fr", "ja", "es"]
"""Whose "wrote:" lines are known; each costs a few patterns."""

MARK = re.compile(r"\+([0-9a-f]{32})@")
"""The id of an outbox row in the Reply-To address that a mail of ours carried."""

OWN_ID = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@tieout>")
"""A Message-ID of ours: it is the id of an outbox row."""

PERMANENT = re.compile(
    r"\b5\.\d{1,3}\.\d{1,3}\b|\b55[0-4]\b|不存在|无此用户|已停用|user unknown|no such user", re.IGNORECASE
)
"""In a bounce that no library reads: the address will not work tomorrow either."""

BOUNCE_SENDERS = re.compile(r"^(?:mailer-daemon|postmaster|mail\.?delivery)", re.IGNORECASE)
BOUNCE_TITLES = re.compile(
    r"退信|投递失败|发送失败|未送达|undeliver|delivery (?:status|failure)|returned mail|failure notice", re.IGNORECASE
)
AUTO_TITLES = re.compile(
    r"^\s*(?:自动回复|自动答复|外出|auto(?:matic)?[ -]?(?:reply|response)|out of (?:the )?office|abwesenheit)",
    re.IGNORECASE,
)
UNSUBSCRIBE = re.compile(r"^\s*(?:unsubscribe|退订|取消订阅)\s*$", re.IGNORECASE)

DMARC_FAILED = re.compile(r"\bdmarc\s*=\s*fail\b", re.IGNORECASE)
"""In the newest Authentication-Results (RFC 8601), which our own server writes above all others."""

MARK_HEADERS = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
ID_HEADERS = ("In-Reply-To", "References")


@dataclass(frozen=True, slots=True)
class Failure:
    """One address that did not get its mail; `permanent` = it never will."""

    address: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Inbound:
    """A mail as we understand it. `kind`: reply, bounce, auto_reply, unsubscribe.

    `rows` are outbox ids that it names, the surest first. A bounce without `failures` was not understood.
    """

    kind: str
    sender: str
    sender_name: str
    title: str
    words: str
    rows: tuple[UUID, ...]
    failures: tuple[Failure, ...] = ()
    workbooks: tuple[tuple[str, bytes], ...] = ()
    """Name and bytes of each XLSX file that came with a reply."""
    is_doubtful: bool = False
    """The receiving server says that the sender's domain did not send it."""


def read_inbound(content: bytes) -> Inbound:
    """Whatever the bytes are, an answer: a broken mail is a reply without words."""
    message = email.message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - the policy makes it one
    name, sender = parseaddr(_header(message, "From"))
    title = one_line(_header(message, "Subject"))
    text = _text_of(message)
    rows = _rows_named(message, content)
    if _is_bounce(message, sender, title):
        failures, said = _failures(message, content)
        words = said or text
        return Inbound("bounce", sender, name, title, words[:WORDS_MOST], rows, failures or _guess(words, sender))
    if _is_automatic(message, title):
        kind = "auto_reply"
    elif UNSUBSCRIBE.match(title) or UNSUBSCRIBE.match(text.strip()[:60]):
        kind = "unsubscribe"
    else:
        kind = "reply"
    return Inbound(
        kind, sender, name, title, newest_words(text)[:WORDS_MOST], rows, workbooks=_workbooks(message),
        is_doubtful=bool(DMARC_FAILED.search(_header(message, "Authentication-Results"))),
    )  # fmt: skip


def newest_words(text: str) -> str:
    """A reply without what it quotes, in Chinese and Western mail programs' habits."""
    own = cut_chinese_quote(text[:READ_MOST].replace("\r\n", "\n"))
    head, rest = own[:LIBRARY_MOST], own[LIBRARY_MOST:]
    parsed = EmailReplyParser(languages=REPLY_LANGUAGES).parse_reply(head) or head
    if rest and len(parsed.strip()) == len(head.strip()):
        parsed = own
    lines = parsed.strip().split("\n")
    while lines and (lines[-1].startswith(">") or not lines[-1].strip()):
        lines.pop()
    return "\n".join(line.rstrip() for line in lines)


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message[name] or "")
    except (MessageError, ValueError, IndexError, TypeError):  # the library raises on some malformed headers
        return ""


def _rows_named(message: EmailMessage, content: bytes) -> tuple[UUID, ...]:
    """Ids in the address it came to, then in what it answers, then (a bounce) in the returned mail's headers."""
    found: list[UUID] = []
    for name in MARK_HEADERS:
        for _, address in getaddresses([_header(message, name)]):
            found += [UUID(one) for one in MARK.findall(address.lower())]
    for name in ID_HEADERS:
        found += [UUID(one) for one in reversed(OWN_ID.findall(_header(message, name)))]
    if not found:
        text = content.decode("ascii", "ignore")
        found = [UUID(one) for one in OWN_ID.findall(text)] + [UUID(one) for one in MARK.findall(text)]
    return tuple(dict.fromkeys(found))


def _is_bounce(message: EmailMessage, sender: str, title: str) -> bool:
    if message.get_content_type() == "multipart/report":
        report = str(message.get_param("report-type") or "delivery-status").lower()
        return report == "delivery-status"
    if _header(message, "X-Failed-Recipients"):
        return True
    return bool(BOUNCE_SENDERS.match(sender) or (not sender and BOUNCE_TITLES.search(title))) and bool(
        BOUNCE_TITLES.search(title)
    )


def _is_automatic(message: EmailMessage, title: str) -> bool:
    submitted = _header(message, "Auto-Submitted").strip().lower()
    if submitted and not submitted.startswith("no"):
        return True
    if any(_header(message, name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-For")):
        return True
    precedence = _header(message, "Precedence").strip().lower()
    return precedence in {"bulk", "junk", "list", "auto_reply"} or bool(AUTO_TITLES.match(title))


def _failures(message: EmailMessage, content: bytes) -> tuple[tuple[Failure, ...], str]:
    """Addresses that failed and the other server's words: from a delivery status, else by the library of bounces."""
    told = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    found, said = [], []
    for part in told:
        for block in part.get_payload() if isinstance(part.get_payload(), list) else []:
            action = str(block.get("Action", "")).strip().lower()  # type: ignore[union-attr]  # a list of messages
            status = str(block.get("Status", "")).strip()  # type: ignore[union-attr]  # a list of messages
            address = str(block.get("Original-Recipient") or block.get("Final-Recipient") or "")  # type: ignore[union-attr]  # a list of messages
            address = address.partition(";")[2].strip().strip("<>") or address.strip()
            if action in {"failed", "delayed"} and "@" in address:
                found.append(Failure(address, permanent=action == "failed" and not status.startswith("4")))
                said.append(one_line(str(block.get("Diagnostic-Code") or status)))  # type: ignore[union-attr]  # a list of messages
    if not found:
        temporary, permanent = all_failures(email.message_from_bytes(content))
        found = [Failure(one.decode("ascii", "ignore"), permanent=True) for one in sorted(permanent)]
        found += [Failure(one.decode("ascii", "ignore"), permanent=False) for one in sorted(temporary)]
    return tuple(found), "; ".join(said)


def _guess(words: str, sender: str) -> tuple[Failure, ...]:
    """Free text of a provider that no library reads: only an address beside words that say for good is believed."""
    if not PERMANENT.search(words):
        return ()
    named = [one for one in re.findall(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", words) if one.lower() != sender.lower()]
    named = [one for one in named if not MARK.search(one.lower())]
    return (Failure(named[0], permanent=True),) if len({one.lower() for one in named}) == 1 else ()


def _workbooks(message: EmailMessage) -> tuple[tuple[str, bytes], ...]:
    found = []
    for part in message.walk():
        name = one_line(part.get_filename() or "")
        if name.lower().endswith(".xlsx"):
            content = part.get_payload(decode=True)
            found.append((name, content if isinstance(content, bytes) else b""))
    return tuple(found)


def _text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html")) if not message.is_attachment() else None
    if body is None:
        return ""
    try:
        text = str(body.get_content())
    except (LookupError, UnicodeError, KeyError):  # an unknown charset or a type without a text
        payload = body.get_payload(decode=True)
        text = payload.decode("gb18030", "replace") if isinstance(payload, bytes) else ""
    return _Words.of(text) if body.get_content_type() == "text/html" else text


class _Words(HTMLParser):
    """The words of an HTML mail without what it quotes in a blockquote."""

    _BREAKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3"})
    _SILENT = frozenset({"style", "script", "head", "title", "blockquote"})

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.silent = 0

    @classmethod
    def of(cls, html: str) -> str:
        """Its text, line by line."""
        parser = cls()
        parser.feed(html)
        parser.close()
        return re.sub(r"\n{3,}", "\n\n", "".join(parser.parts)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Enters a part."""
        del attrs
        if tag in self._SILENT:
            self.silent += 1
        elif tag in self._BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """Leaves a part."""
        if tag in self._SILENT:
            self.silent = max(0, self.silent - 1)

    def handle_data(self, data: str) -> None:
        """Keeps words that are the writer's own."""
        if not self.silent:
            self.parts.append(data)
