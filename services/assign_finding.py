"""Gives a finding an owner and a due date, and ends it as fixed."""

from datetime import date
from uuid import UUID

from services.end_waivers import end_waivers
from storage.audit import Actor, record
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.findings import StoredFinding, assign, close, find_finding, is_enabled_user
from words.refusal import Refusal

ENDINGS = ("fixed",)
"""What one person may say. A waiver is an approval: services/ask_waiver.py."""


class FindingUnknown(Refusal):
    """No such finding in this company."""

    code = "finding_unknown"
    sentence = "There is no such finding."
    remedy = "Choose a finding from the list."


class FindingClosed(Refusal):
    """It was closed before."""

    code = "finding_closed"
    sentence = "This finding is closed already: {status}."
    remedy = "If it is true again, the next check opens it again."


class FindingOwnerUnknown(Refusal):
    """Only a person of the company who can sign in sees to a finding."""

    code = "finding_owner_unknown"
    sentence = "This person cannot own the finding."
    remedy = "Choose an enabled user of this company."


class FindingReasonMissing(Refusal):
    """Closing needs a reason: it is what the auditor reads."""

    code = "finding_reason_missing"
    sentence = "Say why the finding is closed."
    remedy = "Write a short reason and try again."


async def assign_finding(
    engine: Database, company: Company, finding_id: UUID, owner_id: UUID, due_on: date, actor: Actor
) -> None:
    """Names who sees to the finding and by when."""
    async with transaction(engine, company.id) as session:
        await open_finding(session, company, finding_id)
        if not await is_enabled_user(session, company.id, owner_id):
            raise FindingOwnerUnknown
        await assign(session, company.id, finding_id, owner_id, due_on)
        facts = {"owner_id": str(owner_id), "due_on": due_on.isoformat()}
        await record(session, company.id, actor, "finding_assigned", ("finding", str(finding_id)), facts)


async def close_finding(
    engine: Database, company: Company, finding_id: UUID, ending: str, reason: str, actor: Actor
) -> None:
    """Ends the finding as fixed: it opens again when the check still finds it."""
    assert ending in ENDINGS, ending  # noqa: S101 - the pages offer no other
    if not reason.strip():
        raise FindingReasonMissing
    async with transaction(engine, company.id) as session:
        found = await open_finding(session, company, finding_id)
        await close(session, company.id, finding_id, ending)
        await end_waivers(session, company.id)
        facts = {"reason": reason.strip(), "check": found.check, "code": found.code}
        await record(session, company.id, actor, f"finding_{ending}", ("finding", str(finding_id)), facts)


async def open_finding(session: Session, company: Company, finding_id: UUID) -> StoredFinding:
    """The finding, locked, or why nothing is left to do about it."""
    found = await find_finding(session, company.id, finding_id, lock=True)
    if found is None:
        raise FindingUnknown
    if found.status != "open":
        raise FindingClosed(status=found.status)
    return found
