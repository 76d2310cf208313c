"""Asks the archive mailbox whether a mail arrived: the one question that closes the gap between 250 and our commit."""

import asyncio
import imaplib
import re
import ssl
from collections.abc import Awaitable, Callable
from urllib.parse import unquote, urlsplit

Archive = Callable[[str], Awaitable[bool]]
"""Message-ID in, "it is there" out. Raises ArchiveSilentError when nobody answers."""

TIMEOUT = 30.0
"""Seconds for one look into the mailbox."""

MESSAGE_ID = re.compile(r"<[A-Za-z0-9.@-]+>")
"""Ours only: nothing else is ever searched for."""


class ArchiveSilentError(RuntimeError):
    """The archive could not be asked: that is not a no."""


def imap_archive(url: str, folder: str = "INBOX") -> Archive:
    """An archive behind `imaps://user:password@host:port` (`imap://` without TLS)."""

    async def has(message_id: str) -> bool:
        try:
            return await asyncio.to_thread(_search, url, folder, message_id)
        except (imaplib.IMAP4.error, OSError) as error:
            raise ArchiveSilentError(str(error)) from error

    return has


def _search(url: str, folder: str, message_id: str) -> bool:
    if MESSAGE_ID.fullmatch(message_id) is None:
        raise ValueError(f"not a Message-ID of ours: {message_id!r}")
    parts = urlsplit(url)
    host = parts.hostname or ""
    mailbox = (
        imaplib.IMAP4_SSL(host, parts.port or 993, ssl_context=ssl.create_default_context(), timeout=TIMEOUT)
        if parts.scheme == "imaps"
        else imaplib.IMAP4(host, parts.port or 143, timeout=TIMEOUT)
    )
    with mailbox:
        mailbox.login(unquote(parts.username or ""), unquote(parts.password or ""))
        mailbox.select(folder, readonly=True)
        _, found = mailbox.search(None, "HEADER", "Message-ID", f'"{message_id}"')
        return bool(found and found[0] and found[0].split())
