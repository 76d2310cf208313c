"""The mailbox that answers and bounces come to, over IMAP: what is new in it, and the mark that it was taken in.

A mail is marked only after its words are in the database, so a process that dies in between fetches it again.
"""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailBoxUnencrypted

FETCH_MOST = 100
"""Mails of one look: the next look takes the rest."""

SIZE_MOST = 30 * 1024 * 1024
"""Bytes of a mail that are read; of a larger one only its beginning."""

TIMEOUT = 30.0
"""Seconds for one answer of the server."""

TAKEN = "$TieoutTaken"
"""Our own keyword: people may read the mailbox too, so that "seen" would say nothing about us."""


class MailboxSilentError(RuntimeError):
    """The mailbox could not be asked: another look comes in a minute."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """One mail as it lies in the mailbox."""

    uid: str
    content: bytes


def fetch_new(url: str) -> list[Fetched]:
    """Mails that were not taken in yet, oldest first. `url`: imaps://user:password@host:port/FOLDER."""
    try:
        with _opened(url) as (box, flag):
            uids = box.uids(f"UNKEYWORD {flag}" if flag == TAKEN else "UNSEEN", charset=None)
            return [Fetched(uid, _content(box, uid)) for uid in uids[:FETCH_MOST]]
    except (ImapToolsError, imaplib.IMAP4.error, OSError) as error:
        raise MailboxSilentError(f"{type(error).__name__}: {error}") from error


def mark_taken(url: str, uids: list[str]) -> None:
    """Says that these are in the database; where a server keeps no keywords, they count as seen."""
    if not uids:
        return
    try:
        with _opened(url) as (box, flag):
            # Not the library's own `flag`: it expunges, and what people have deleted is theirs.
            box.client.uid("STORE", ",".join(uids), "+FLAGS.SILENT", f"({flag})")
    except (ImapToolsError, imaplib.IMAP4.error, OSError) as error:
        raise MailboxSilentError(f"{type(error).__name__}: {error}") from error


@contextmanager
def _opened(url: str) -> Iterator[tuple[BaseMailBox, str]]:
    """The open folder, and the flag that marks a mail in it as taken."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    box: BaseMailBox = (
        MailBox(host, parts.port or 993, timeout=TIMEOUT, ssl_context=ssl.create_default_context())
        if parts.scheme == "imaps"
        else MailBoxUnencrypted(host, parts.port or 143, timeout=TIMEOUT)
    )
    try:
        box.login(unquote(parts.username or ""), unquote(parts.password or ""), initial_folder=None)
        if "ID" in box.client.capabilities:  # 网易 refuses a folder to clients that do not say who they are
            box.client.xatom("ID", '("name" "tieout")')
        box.folder.set(unquote(parts.path.strip("/")) or "INBOX")
        kept: list[bytes | None] = box.client.response("PERMANENTFLAGS")[1]
        yield box, TAKEN if any(one is not None and b"\\*" in one for one in kept) else "\\Seen"
    finally:
        with suppress(ImapToolsError, imaplib.IMAP4.error, OSError):
            box.logout()


def _content(box: BaseMailBox, uid: str) -> bytes:
    _, found = box.client.uid("fetch", uid, f"(BODY.PEEK[]<0.{SIZE_MOST}>)")
    return next((bytes(one[1]) for one in found if isinstance(one, tuple)), b"")
