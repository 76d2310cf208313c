"""What became of the messages about one statement: each with every try, and the ledger of events."""

from typing import Any
from uuid import UUID

from services.change_statement_status import StatementUnknown
from storage.database import Database, transaction
from storage.deliveries import attempts_of, events_of, messages_of_statement, statement_id_of
from storage.wordings import variants_of


async def show_deliveries(engine: Database, company_id: UUID, number: str) -> dict[str, Any]:
    """`{"statement", "messages": [{…, "variant", "attempts": […]}], "events": […]}`, oldest first."""
    async with transaction(engine, company_id) as session:
        statement_id = await statement_id_of(session, company_id, number)
        if statement_id is None:
            raise StatementUnknown(number=number)
        messages = await messages_of_statement(session, company_id, statement_id)
        variants = await variants_of(session, company_id, [message["id"] for message in messages])
        for message in messages:
            message["variant"] = variants.get(message["id"])
            message["attempts"] = await attempts_of(session, company_id, message["id"])
        events = await events_of(session, company_id, ("statement", str(statement_id)))
    return {
        "statement": number,
        "messages": messages,
        "events": [
            {"kind": event.kind, "recipient": event.recipient, "at": event.at, "facts": event.facts}
            for event in events
        ],
    }  # fmt: skip
