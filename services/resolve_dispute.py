"""Closes a dispute with its outcome, and settles the statement once none is left."""

from typing import Any
from uuid import UUID

from services.change_statement_status import change_statement_status
from storage.answers import answerable_statement, database_now
from storage.audit import Actor, record
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.disputes import OPEN_STATUSES, Dispute, close_dispute, disputes_of, find_dispute
from words.refusal import Refusal

RESOLUTIONS = ("accepted", "credited", "corrected", "withdrawn")
"""accepted = the customer accepts the line as it is; credited = a credit note follows; corrected = a new version
follows; withdrawn = the customer took the dispute back."""


class DisputeUnknown(Refusal):
    """No such dispute in this company."""

    code = "dispute_unknown"
    sentence = "There is no such dispute."
    remedy = "Choose a dispute from the list."


class DisputeClosed(Refusal):
    """It was resolved before."""

    code = "dispute_closed"
    sentence = "This dispute is resolved already: {resolution}."
    remedy = "Reload the page to see how."


class DisputeNoteMissing(Refusal):
    """The outcome needs words: the customer and the auditor read them."""

    code = "dispute_note_missing"
    sentence = "Say how the dispute was resolved."
    remedy = "Write a short note, for a credit with its number, and try again."


async def resolve_dispute(
    engine: Database, company: Company, dispute_id: UUID, resolution: str, note: str, actor: Actor
) -> dict[str, Any]:
    """Resolves the dispute; a statement whose last dispute was accepted or withdrawn is confirmed, else settled."""
    assert resolution in RESOLUTIONS, resolution  # noqa: S101 - the pages offer these four
    if not note.strip():
        raise DisputeNoteMissing
    async with transaction(engine, company.id) as session:
        found = await find_dispute(session, company.id, dispute_id, lock=True)
        if found is None:
            raise DisputeUnknown
        if found.status not in OPEN_STATUSES:
            raise DisputeClosed(resolution=found.resolution or found.status)
        # The statement's lock orders this against an answer that is being recorded.
        statement = await answerable_statement(session, company.id, found.statement_id, lock=True)
        await close_dispute(session, company.id, dispute_id, resolution, await database_now(session))
        await record(
            session, company.id, actor, "dispute_resolved", ("dispute", str(dispute_id)),
            {"statement_id": str(found.statement_id), "resolution": resolution, "note": note.strip(),
             "amount": found.amount, "currency": found.currency},
        )  # fmt: skip
        status = statement.status if statement else ""
        if statement is not None and statement.status == "disputed":
            status = await _follow_status(session, company, found, actor)
    return {"dispute_id": str(dispute_id), "resolution": resolution, "statement_status": status}


async def _follow_status(session: Session, company: Company, found: Dispute, actor: Actor) -> str:
    of_statement = await disputes_of(session, company.id, found.statement_id)
    if any(dispute.status in OPEN_STATUSES for dispute in of_statement):
        return "disputed"
    # Money changed hands or figures changed: the statement is history, not agreed as it stands.
    changed = any(dispute.resolution in ("credited", "corrected") for dispute in of_statement)
    command = "settle" if changed else "confirm"
    facts = {"dispute_id": str(found.id)}
    return await change_statement_status(session, company.id, found.statement_id, command, actor, facts)
