"""Takes the buttons off the chat messages of a closed request, and says there who decided."""

from uuid import UUID

from storage.database import Database, transaction
from storage.outbox import Message, OutboxRow, enqueue, rows_of_subject

ASKING = frozenset({"approval_asked", "approval_reminded", "approval_escalated"})
"""Messages with buttons."""

REPLACES = "replaces"
"""Payload key: the chat message that is rewritten instead of a new one posted."""


async def lock_chat_messages(engine: Database, company_id: UUID, row: OutboxRow) -> int:
    """Queues one rewrite per posted message of the request; answers how many. Told again, it queues nothing."""
    queued = 0
    async with transaction(engine, company_id) as session:
        for asked in await rows_of_subject(session, company_id, row.subject_kind, row.subject_id):
            if asked.channel != "slack" or asked.kind not in ASKING or asked.external_id is None:
                continue
            message = Message(
                kind="approval_decided", channel="slack", lane="urgent", recipient=asked.recipient,
                dedup_key=f"lock/{asked.id}", subject_kind=row.subject_kind, subject_id=row.subject_id,
                payload={
                    "request_id": row.payload.get("request_id", row.subject_id),
                    "title": asked.payload.get("title", ""),
                    "url_path": asked.payload.get("url_path"),
                    REPLACES: asked.external_id,
                },
                person_id=asked.person_id,
            )  # fmt: skip
            queued += await enqueue(session, company_id, message) is not None
    return queued
