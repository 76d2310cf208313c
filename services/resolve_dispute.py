"""Ends a case without giving money away: accepted, withdrawn, or credited and corrected by documents that came."""

from typing import Any
from uuid import UUID

from services.end_dispute import end_dispute
from statements.disputes import OPEN_STATUSES, RESOLUTIONS, DisputeClosed
from storage.adjustments import correction_since, credit_with_number
from storage.answers import answerable_statement
from storage.audit import Actor
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.disputes import Dispute, find_dispute
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


class CorrectionNotFound(Refusal):
    """A corrected document must have come with the ledger since the case was opened."""

    code = "correction_not_found"
    sentence = "No corrected document {number} has come with the ledger since the dispute was opened."
    remedy = "Import the corrected document first and give its number, or choose another end."


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
        await _check_document(session, company.id, statement.customer_id, found, resolution, document.strip())
        words = f"{document.strip()}: {note.strip()}" if document.strip() else note.strip()
        credited = found.amount if resolution == "credited" else 0
        status = await end_dispute(
            session, company.id, dispute_id, resolution, words, actor, credited=credited, prepared_by=actor.id
        )
    return {"dispute_id": str(dispute_id), "resolution": resolution, "statement_status": status}


async def _check_document(
    session: Session, company_id: UUID, customer_id: UUID, found: Dispute, resolution: str, number: str
) -> None:
    if resolution == "credited":
        if await credit_with_number(session, company_id, customer_id, found.item_id, number) is None:
            raise CreditNotFound(number=number or "–")
    elif resolution == "corrected" and await correction_since(session, company_id, customer_id, found, number) is None:
        raise CorrectionNotFound(number=number or "–")
