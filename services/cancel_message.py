"""Calls a waiting or given-up message off, because a person said so."""

from uuid import UUID

from services.retry_message import MessageUnknown
from storage.audit import SYSTEM, Actor, record
from storage.database import Database, transaction
from storage.outbox import OutboxRow, cancel, find_row
from storage.tasks import close_tasks_about_message
from words.refusal import Refusal


class MessageGone(Refusal):
    """It is in a carrier's hands, has arrived, or is off already."""

    code = "message_gone"
    sentence = "Message {id} is {state} and cannot be called off."
    remedy = "Only what waits, or was given up, can be called off."


async def cancel_message(engine: Database, company_id: UUID, row_id: UUID, actor: Actor = SYSTEM) -> OutboxRow:
    """Calls the message off; answers the row as it was."""
    async with transaction(engine, company_id) as session:
        row = await find_row(session, company_id, row_id)
        if row is None:
            raise MessageUnknown(id=row_id)
        if not await cancel(session, company_id, row_id):
            raise MessageGone(id=row_id, state=row.state)
        await close_tasks_about_message(session, company_id, row_id)
        facts = {"kind": row.kind, "was": row.state, "recipient": row.recipient}
        await record(session, company_id, actor, "message_cancelled", ("outbox", str(row_id)), facts)
    return row
