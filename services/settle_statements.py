"""Settles statements whose matter is at an end: agreed after a dispute was worked off, or agreed and paid."""

from uuid import UUID

from services.change_statement_status import change_statement_status
from storage.audit import SYSTEM
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.disputes import disputes_of_versions
from storage.promises import versions_with
from storage.settlements import paid_statements

BATCH = 500
"""Statements per transaction: the audit chain is held for seconds at most."""


async def settle_after_dispute(session: Session, company_id: UUID, statement_id: UUID) -> str:
    """Settles a version just confirmed that corrects an earlier one; answers the status now.

    What was disputed, corrected and then agreed needs nothing more of the customer.
    """
    versions = await versions_with(session, company_id, statement_id)
    earlier = [
        one for one in await disputes_of_versions(session, company_id, versions) if one.statement_id != statement_id
    ]
    if not any(one.resolution in {"credited", "corrected"} for one in earlier):
        return "confirmed"
    facts = {"reason": "agreed after a dispute was worked off"}
    return await change_statement_status(session, company_id, statement_id, "settle", SYSTEM, facts)


async def settle_paid_statements(engine: Database, company: Company) -> int:
    """Settles confirmed statements on which nothing is open any more; answers how many."""
    settled = 0
    while True:
        async with transaction(engine, company.id) as session:
            batch = await paid_statements(session, company.id, BATCH)
            for statement_id in batch:
                facts = {"reason": "paid"}
                await change_statement_status(session, company.id, statement_id, "settle", SYSTEM, facts)
        settled += len(batch)
        if len(batch) < BATCH:
            return settled
