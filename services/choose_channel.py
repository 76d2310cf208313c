"""By which channel a person of ours hears something: their own order, and the next one when a channel fails."""

from dataclasses import dataclass
from uuid import UUID

from services.chat_addresses import other_chats
from services.lock_chat_messages import REPLACES
from storage.companies import own_company
from storage.database import Session
from storage.deliveries import Person, find_user
from storage.outbox import Message, OutboxRow, enqueue
from storage.preferences import Preference, preference_of

TRIED = "tried"
"""Payload key: channels by which this message was tried already, so that it goes round once."""

TOO_LONG_SECONDS = 900.0
"""A channel that has not taken a message in a quarter of an hour counts as failed: an approval cannot wait a day."""

INSTEAD = "/instead"
"""Ends the dedup key of a message that goes by another channel because the first one failed."""

USUAL = ("email", "slack")
"""The order for people who chose none."""


@dataclass(frozen=True, slots=True)
class Way:
    """A channel with the person's address there; `name` is "chat:NAME" for a channel of the company's settings."""

    name: str
    channel: str
    address: str


async def next_channel(session: Session, company_id: UUID, row: OutboxRow, chosen: Preference) -> Way | None:
    """The way that the person put first, when the message was queued for another; None when it may go as it is."""
    if not chosen.channels or row.payload.get(TRIED) or row.payload.get(REPLACES):
        return None
    ways = await _ways(session, company_id, row, chosen.channels)
    return ways[0] if ways and ways[0].channel != row.channel else None


async def fall_back(session: Session, company_id: UUID, row: OutboxRow) -> Way | None:
    """Queues a message that a channel did not take by the person's next one; None when there is none."""
    if row.payload.get(REPLACES):
        return None
    chosen = await preference_of(session, company_id, row.person_id)
    tried = [*row.payload.get(TRIED, ()), _name_of(row)]
    ways = await _ways(session, company_id, row, chosen.channels or USUAL)
    rest = [way for way in ways if way.name not in tried]
    # Whoever chose no order gets each message by every channel, so the next one may have it already.
    if not rest or not await send_by(session, company_id, row, rest[0], tried, anew=bool(chosen.channels)):
        return None
    return rest[0]


async def send_by(
    session: Session, company_id: UUID, row: OutboxRow, way: Way, tried: list[str] | None = None, *, anew: bool = False
) -> bool:
    """Queues the same message by another way; False when its sender, or an earlier failure, queued it there already.

    `anew`: that one may have been called off in favour of this one, so the message gets a key of its own.
    """
    message = Message(
        kind=row.kind, channel=way.channel, recipient=way.address, subject_kind=row.subject_kind,
        subject_id=row.subject_id, lane=row.lane, customer_id=row.customer_id, person_id=row.person_id,
        dedup_key=f"{_base(row)}/{way.name}{INSTEAD if anew else ''}",
        payload={**row.payload, TRIED: tried} if tried else row.payload,
    )  # fmt: skip
    return await enqueue(session, company_id, message) is not None


def _base(row: OutboxRow) -> str:
    """The dedup key without its channel, by which every sender in the house ends it."""
    head, _, last = row.dedup_key.removesuffix(INSTEAD).rpartition("/")
    return head if last == _name_of(row) or last == row.channel else row.dedup_key


def _name_of(row: OutboxRow) -> str:
    return f"chat:{row.recipient}" if row.channel == "chat" else row.channel


async def _ways(session: Session, company_id: UUID, row: OutboxRow, order: tuple[str, ...]) -> list[Way]:
    person = await find_user(session, company_id, row.person_id) if row.person_id is not None else None
    if person is None:
        return []
    company = await own_company(session, company_id)
    known = {one.name for one in other_chats(company)}
    return [way for name in order if (way := _way(name, person, known)) is not None]


def _way(name: str, person: Person, chats: set[str]) -> Way | None:
    if name == "email":
        return Way(name, "email", person.email) if person.email else None
    if name == "slack":
        return Way(name, "slack", person.slack_user_id) if person.slack_user_id else None
    channel = name.removeprefix("chat:")
    return Way(name, "chat", channel) if name.startswith("chat:") and channel in chats else None
