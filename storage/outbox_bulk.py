"""Many messages queued in one statement."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from storage.bulk_json import insert_many
from storage.database import Session
from storage.identifiers import new_id
from storage.outbox import Message
from storage.schema import outbox


async def enqueue_many(session: Session, company_id: UUID, messages: Sequence[Message], due: datetime) -> int:
    """Queues the messages, due at the given instant; those whose dedup key is there already are told once. How many."""
    rows = []
    for message in messages:
        row_id = new_id()
        at = message.not_before or due
        rows.append({
            "company_id": company_id, "id": row_id, "kind": message.kind, "channel": message.channel,
            "lane": message.lane, "dedup_key": message.dedup_key, "message_id": f"<{row_id}@tieout>",
            "recipient": message.recipient, "recipient_domain": message.recipient.rpartition("@")[2].lower(),
            "subject_kind": message.subject_kind, "subject_id": message.subject_id,
            "customer_id": message.customer_id, "person_id": message.person_id, "payload": message.payload,
            "state": "pending", "not_before": at, "next_at": at,
        })  # fmt: skip
    return await insert_many(session, outbox, rows, known="company_id, dedup_key")
