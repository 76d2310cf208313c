"""Ends an uncertain message because a person knows that it arrived: nothing is sent again."""

from uuid import UUID

from services.retry_message import MessageUnknown
from storage.audit import SYSTEM, Actor, record
from storage.claims import note_attempt
from storage.database import Database, transaction
from storage.deliveries import note_event
from storage.outbox import OutboxRow, confirm, find_row
from storage.tasks import close_tasks_about_message
from words.refusal import Refusal


class MessageNotUncertain(Refusal):
    """Whether it arrived is known, or not asked."""

    code = "message_not_uncertain"
    sentence = "Message {id} is {state}; only an uncertain one can be confirmed."
    remedy = "Reload the page to see how it stands."


async def confirm_arrival(engine: Database, company_id: UUID, row_id: UUID, actor: Actor = SYSTEM) -> OutboxRow:
    """Marks the message as accepted on a person's word; answers the row as it was."""
    async with transaction(engine, company_id) as session:
        row = await find_row(session, company_id, row_id)
        if row is None:
            raise MessageUnknown(id=row_id)
        if not await confirm(session, company_id, row_id):
            raise MessageNotUncertain(id=row_id, state=row.state)
        await note_attempt(session, company_id, row_id, "judged", "confirmed", "A person says it arrived.")
        facts = {"answer": "A person says it arrived.", "kind": row.kind, "channel": row.channel}
        await note_event(
            session, company_id, "accepted", (row.subject_kind, row.subject_id), outbox_id=row_id,
            recipient=row.recipient, facts=facts,
        )  # fmt: skip
        await close_tasks_about_message(session, company_id, row_id)
        told = {"kind": row.kind, "recipient": row.recipient}
        await record(session, company_id, actor, "message_confirmed", ("outbox", str(row_id)), told)
    return row
