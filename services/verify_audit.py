"""Checks that a company's audit trail is whole, from its first event to its head."""

from typing import Any

from storage.audit import verify_chain
from storage.companies import Company
from storage.database import Database, transaction


async def verify_audit(engine: Database, company: Company) -> dict[str, Any]:
    """How many events hold, and the first break if there is one; reads only."""
    async with transaction(engine, company.id) as session:
        events, broken = await verify_chain(session, company.id)
    if broken is None:
        return {"company": company.code, "holds": True, "events": events, "break": None}
    return {
        "company": company.code, "holds": False, "events": events,
        "break": {"number": broken.number, "reason": broken.reason},
    }  # fmt: skip
