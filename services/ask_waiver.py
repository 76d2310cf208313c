"""Asks that a finding be waived: a request under the policy `waivers`, decided by two people who are not the asker."""

from uuid import UUID

from services.assign_finding import FindingReasonMissing, open_finding
from services.open_approvals import open_approval
from services.waiver_subjects import finding_digest, waiver_kind
from storage.approval_subjects import finding_row
from storage.companies import Company
from storage.database import Database, transaction


async def ask_waiver(engine: Database, company: Company, finding_id: UUID, reason: str, asked_by: UUID) -> UUID:
    """The request's id; asked again while it is open, the same one, brought up to the finding as it is now."""
    if not reason.strip():
        raise FindingReasonMissing
    async with transaction(engine, company.id) as session:
        found = await open_finding(session, company, finding_id)
        row = await finding_row(session, company.id, finding_id)
        assert row is not None  # noqa: S101 - locked above
        facts = {
            "check": found.check, "code": found.code, "severity": found.severity, "reason": reason.strip(),
            **{name: value for name, value in found.facts.items() if isinstance(value, str | int)},
        }  # fmt: skip
        return await open_approval(
            session, company.id, waiver_kind(found.check), str(finding_id), finding_digest(row), facts, asked_by
        )
