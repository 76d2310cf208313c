"""The /dev catchers' side of the database: keeps mails and chat messages, and answers as the archive.

The embedded default has no mail server: the catcher is a real SMTP server on the loopback, and its table is the
archive that is asked after a crash.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from notifications.archive import Archive
from notifications.mail_catcher import CaughtMail, Faults, KeepFailedError, MailCatcher
from storage.caught import (
    caught_channel_names,
    find_caught_external,
    list_caught,
    replace_caught,
    store_caught,
    was_caught,
)
from storage.database import Database, owner_transaction

CHAT_PAGE = 200
"""Messages answered for one channel's history."""


def keep_mail(engine: Database) -> Callable[[CaughtMail], Awaitable[None]]:
    """A callback that stores each mail once per recipient, before the sender hears 250."""

    async def keep(mail: CaughtMail) -> None:
        parsed = mail.message
        try:
            async with owner_transaction(engine) as session:
                for recipient in mail.recipients:
                    await store_caught(
                        session, "email", recipient, mail.content,
                        message_id=mail.message_id, sender=mail.sender, title=str(parsed["Subject"] or ""),
                    )  # fmt: skip
        except (SQLAlchemyError, OSError) as error:
            raise KeepFailedError(str(error)) from error

    return keep


def catcher(engine: Database, faults: Faults | None = None) -> MailCatcher:
    """A mail catcher that keeps its mails in the database; start it and stop it."""
    return MailCatcher(keep_mail(engine), faults)


def caught_archive(engine: Database) -> Archive:
    """The archive question, answered from what was caught."""

    async def has(message_id: str) -> bool:
        async with owner_transaction(engine) as session:
            return await was_caught(session, message_id)

    return has


async def catch_chat(engine: Database, channel: str, timestamp: str, message: dict[str, Any]) -> None:
    """Keeps a chat message under channel and timestamp, or rewrites the one that is there."""
    content = json.dumps(message, ensure_ascii=False).encode()
    title = str(message.get("text", ""))
    external_id = f"{channel}:{timestamp}"
    async with owner_transaction(engine) as session:
        if not await replace_caught(session, external_id, content, title):
            await store_caught(session, "slack", channel, content, title=title, external_id=external_id)


async def caught_chat(engine: Database, channel: str, timestamp: str) -> dict[str, Any] | None:
    """One chat message as it stands, or None."""
    async with owner_transaction(engine) as session:
        found = await find_caught_external(session, f"{channel}:{timestamp}")
    return json.loads(found.content) if found else None


async def chat_history(engine: Database, channel: str) -> list[dict[str, Any]]:
    """A channel's messages, newest first."""
    async with owner_transaction(engine) as session:
        found = await list_caught(session, "slack", recipient=channel, limit=CHAT_PAGE)
    return [json.loads(message.content) for message in found]


async def chat_channel_names(engine: Database) -> list[str]:
    """The channels that were posted to by their names."""
    async with owner_transaction(engine) as session:
        return await caught_channel_names(session)
