"""Tells the people of a role by mail, and the company's channel by chat, in the caller's transaction."""

from typing import Any
from uuid import UUID

from storage.audiences import listeners
from storage.database import Session
from storage.outbox import Message, enqueue

DEFAULT_CHANNEL = "#receivables"
"""Where chat news goes unless the settings name another channel."""


async def tell_staff(
    session: Session,
    company_id: UUID,
    kind: str,
    payload: dict[str, Any],
    *,
    role: str,
    subject: tuple[str, str],
    occasion: str,
    channel: str = DEFAULT_CHANNEL,
) -> int:
    """Queues one mail per person of `role` and one chat message; `occasion` makes it told once. Answers how many."""
    queued = 0
    for person in await listeners(session, company_id, role):
        mail = Message(
            kind=kind, channel="email", recipient=person.email, dedup_key=f"{occasion}/{person.id}/email",
            subject_kind=subject[0], subject_id=subject[1], payload=payload, person_id=person.id,
        )  # fmt: skip
        queued += await enqueue(session, company_id, mail) is not None
    chat = Message(
        kind=kind, channel="slack", recipient=channel, dedup_key=f"{occasion}/slack",
        subject_kind=subject[0], subject_id=subject[1], payload=payload,
    )  # fmt: skip
    return queued + (await enqueue(session, company_id, chat) is not None)
