"""Sets a refused row of an import aside for good, with the reason."""

from uuid import UUID

from storage.audit import Actor, record
from storage.database import Database, transaction
from storage.page_edits import discard_raw_record
from words.refusal import Refusal


class RowClosed(Refusal):
    """The row is not open (any more)."""

    code = "row_closed"
    sentence = "This row is not open any more: it was repaired or discarded."
    remedy = "Reload the list of exceptions."


class ReasonRequired(Refusal):
    """Leaving a row out needs words."""

    code = "reason_required"
    sentence = "Say why this row is left out."
    remedy = "Write a reason; the auditor reads it."


async def discard_row(engine: Database, company_id: UUID, record_id: UUID, reason: str, actor: Actor) -> None:
    """Discards the row; it stays on record."""
    if not reason.strip():
        raise ReasonRequired
    async with transaction(engine, company_id) as session:
        if not await discard_raw_record(session, company_id, record_id, actor.id):
            raise RowClosed
        await record(
            session, company_id, actor, "row_discarded", ("raw_record", str(record_id)), {"reason": reason.strip()}
        )
