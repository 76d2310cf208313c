"""Ends a case without giving money away: accepted, withdrawn, or credited and corrected by documents that came."""

from typing import Any
from uuid import UUID

from services.end_dispute import end_dispute
from statements.disputes import OPEN_STATUSES, RESOLUTIONS, DisputeClosed
from storage.adjustments import credit_with_number
from storage.answers import answerable_statement
from storage.audit import Actor
from storage.companies import Company
from storage.database import Database, transaction
from storage.disputes import find_dispute
from words.refusal import Refusal

__all__ = ["RESOLUTIONS", "DisputeClosed", "DisputeNoteMissing", "DisputeUnknown", "resolve_dispute"]
"""What a page needs to end a case."""


class DisputeUnknown(Refusal):
    """No such dispute in this company."""

    code = "dispute_unknown"
    sentence = "There is no such dispute."
    remedy = "Choose a dispute from the list."


class DisputeNoteMissing(Refusal):
    """The outcome needs words: the customer and the auditor read them."""

    code = "dispute_note_missing"
    sentence = "Say how the dispute was resolved."
    remedy = "Write a short note, for a credit with its number, and try again."


class CreditNotFound(Refusal):
    """A credit that nobody approved here must have come with the ledger."""

    code = "credit_not_found"
    sentence = "The ledger has no credit {number} of this customer."
    remedy = "Import the credit first and give its number, or ask for a credit here, which needs an approval."


async def resolve_dispute(
    engine: Database, company: Company, dispute_id: UUID, resolution: str, note: str, actor: Actor, *,
    document: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Ends the case with a note. `credited` and `corrected` name the credit (`document`) that the ledger brought.

    Giving money away is asked for by `ask_adjustment` and ends the case when it is approved.
    """
    assert resolution in RESOLUTIONS, resolution  # noqa: S101 - the pages offer these four
    if not note.strip():
        raise DisputeNoteMissing
    async with transaction(engine, company.id) as session:
        found = await find_dispute(session, company.id, dispute_id)
        if found is None:
            raise DisputeUnknown
        if found.status not in OPEN_STATUSES:
            raise DisputeClosed(resolution=found.resolution or found.status)
        statement = await answerable_statement(session, company.id, found.statement_id)
        assert statement is not None  # noqa: S101 - a foreign key says so
        if resolution == "credited":
            credit = await credit_with_number(
                session, company.id, statement.customer_id, found.item_id, document.strip()
            )
            if credit is None:
                raise CreditNotFound(number=document.strip() or "–")
        words = f"{document.strip()}: {note.strip()}" if document.strip() else note.strip()
        credited = found.amount if resolution == "credited" else 0
        status = await end_dispute(
            session, company.id, dispute_id, resolution, words, actor, credited=credited, prepared_by=actor.id
        )
    return {"dispute_id": str(dispute_id), "resolution": resolution, "statement_status": status}
