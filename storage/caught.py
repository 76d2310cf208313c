"""What the /dev catchers caught: mails and chat messages of a system without a mail server or Slack.

The table has no company: a mail server knows none either.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import cast, func, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB

from storage.database import Session
from storage.schema import caught_message

PAGE = 100
"""Rows of one listing."""


@dataclass(frozen=True, slots=True)
class Caught:
    """One caught message; `content` is MIME, or the JSON of a chat message."""

    id: int
    channel: str
    message_id: str
    recipient: str
    sender: str
    title: str
    content: bytes
    external_id: str | None
    at: datetime


_COLUMNS = [
    caught_message.c.id, caught_message.c.channel, caught_message.c.message_id, caught_message.c.recipient,
    caught_message.c.sender, caught_message.c.title, caught_message.c.content, caught_message.c.external_id,
    caught_message.c.at,
]  # fmt: skip


_CHANNEL_NAME = cast(func.convert_from(caught_message.c.content, "UTF8"), JSONB)["channel_name"].astext
"""Of a chat message; a mail's content is no JSON, so only chat messages may be asked."""


async def store_caught(
    session: Session,
    channel: str,
    recipient: str,
    content: bytes,
    *,
    message_id: str = "",
    sender: str = "",
    title: str = "",
    external_id: str | None = None,
) -> int:
    """Keeps one message; answers its number."""
    statement = (
        insert(caught_message)
        .values(
            channel=channel, recipient=recipient, content=content, message_id=message_id, sender=sender,
            title=title, external_id=external_id,
        )
        .returning(caught_message.c.id)
    )  # fmt: skip
    number: int = (await session.execute(statement)).scalar_one()
    return number


async def replace_caught(session: Session, external_id: str, content: bytes, title: str) -> bool:
    """Rewrites a chat message in place, as chat platforms do."""
    changed = await session.execute(
        update(caught_message).where(caught_message.c.external_id == external_id).values(content=content, title=title)
    )
    return changed.rowcount == 1


async def list_caught(
    session: Session, channel: str, *, recipient: str | None = None, before: int | None = None, limit: int = PAGE
) -> list[Caught]:
    """Messages newest first; `before` is the last number of the page before."""
    query = select(*_COLUMNS).where(caught_message.c.channel == channel).order_by(caught_message.c.id.desc())
    if recipient is not None:
        query = query.where(caught_message.c.recipient == recipient)
    if before is not None:
        query = query.where(caught_message.c.id < before)
    return [Caught(*row) for row in await session.execute(query.limit(limit))]


async def find_caught(session: Session, number: int) -> Caught | None:
    """One message by its number."""
    row = (await session.execute(select(*_COLUMNS).where(caught_message.c.id == number))).one_or_none()
    return Caught(*row) if row else None


async def find_caught_external(session: Session, external_id: str) -> Caught | None:
    """One chat message by its channel and timestamp."""
    row = (await session.execute(select(*_COLUMNS).where(caught_message.c.external_id == external_id))).first()
    return Caught(*row) if row else None


async def was_caught(session: Session, message_id: str) -> bool:
    """Whether a mail with this Message-ID arrived."""
    query = select(func.count()).where(caught_message.c.channel == "email", caught_message.c.message_id == message_id)
    return bool((await session.execute(query)).scalar_one())


async def caught_places(session: Session, limit: int = PAGE) -> list[tuple[str, str, int]]:
    """Where chat messages went, the latest first: the place, the name it was posted under, how many."""
    name = func.max(_CHANNEL_NAME)
    query = (
        select(caught_message.c.recipient, func.coalesce(name, ""), func.count())
        .where(caught_message.c.channel == "slack")
        .group_by(caught_message.c.recipient)
        .order_by(func.max(caught_message.c.id).desc())
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in await session.execute(query)]


async def caught_channel_names(session: Session) -> list[str]:
    """The names under which chat channels were posted to."""
    query = select(_CHANNEL_NAME).where(caught_message.c.channel == "slack", _CHANNEL_NAME.is_not(None))
    return sorted(set((await session.execute(query)).scalars()))
