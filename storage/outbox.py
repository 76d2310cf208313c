"""The outbox: messages as rows, written in the transaction of the fact that they tell."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from storage.database import Session
from storage.identifiers import new_id
from storage.schema import outbox


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one recipient. `payload` holds ids and values, never personal text beyond what is sent."""

    kind: str
    channel: str
    recipient: str
    dedup_key: str
    subject_kind: str
    subject_id: str
    payload: dict[str, Any]
    lane: str = "normal"
    customer_id: UUID | None = None
    person_id: UUID | None = None
    not_before: datetime | None = None


async def enqueue(session: Session, company_id: UUID, message: Message) -> UUID | None:
    """Queues the message; None when its dedup key is already there (the same issue is never told twice)."""
    row_id = new_id()
    domain = message.recipient.rpartition("@")[2].lower()
    due = message.not_before if message.not_before is not None else func.clock_timestamp()
    statement = (
        insert(outbox)
        .values(
            company_id=company_id, id=row_id, kind=message.kind, channel=message.channel, lane=message.lane,
            dedup_key=message.dedup_key, message_id=f"<{row_id}@tieout>", recipient=message.recipient,
            recipient_domain=domain, subject_kind=message.subject_kind, subject_id=message.subject_id,
            customer_id=message.customer_id, person_id=message.person_id, payload=message.payload,
            state="pending", not_before=due, next_at=due,
        )
        .on_conflict_do_nothing(index_elements=["company_id", "dedup_key"])
        .returning(outbox.c.id)
    )  # fmt: skip
    queued: UUID | None = (await session.execute(statement)).scalar_one_or_none()
    return queued
