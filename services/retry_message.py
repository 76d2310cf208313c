"""Sends a given-up message again, with the same Message-ID, because a person said so."""

from uuid import UUID

from storage.audit import SYSTEM, Actor, record
from storage.database import Database, transaction
from storage.deliveries import lift_suppression
from storage.outbox import OutboxRow, find_row, retry
from storage.tasks import close_tasks_about_message
from words.refusal import Refusal


class MessageUnknown(Refusal):
    """No such message in this company."""

    code = "message_unknown"
    sentence = "Message {id} is not in the outbox."
    remedy = "List the messages with: tieout outbox list"


class MessageNotGivenUp(Refusal):
    """It waits, is under way, or has arrived."""

    code = "message_not_given_up"
    sentence = "Message {id} is {state} and cannot be sent again."
    remedy = "Only what was given up can be sent again."


async def retry_message(engine: Database, company_id: UUID, row_id: UUID, actor: Actor = SYSTEM) -> OutboxRow:
    """Queues the message again; a suppressed address is tried once more. Answers the row."""
    async with transaction(engine, company_id) as session:
        row = await find_row(session, company_id, row_id)
        if row is None:
            raise MessageUnknown(id=row_id)
        if not await retry(session, company_id, row_id):
            raise MessageNotGivenUp(id=row_id, state=row.state)
        if row.state == "suppressed":
            await lift_suppression(session, company_id, row.recipient)
        await close_tasks_about_message(session, company_id, row_id)
        facts = {"kind": row.kind, "was": row.state, "recipient": row.recipient}
        await record(session, company_id, actor, "message_retried", ("outbox", str(row_id)), facts)
        queued = await find_row(session, company_id, row_id)
    return queued if queued is not None else row
