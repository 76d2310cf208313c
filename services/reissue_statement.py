"""Makes the new version that a worked-off dispute calls for; where no figure changed, the statement is settled."""

from datetime import date
from typing import Any
from uuid import UUID

from ledger.business_calendar import parse_period
from services.build_statements import build_statements
from services.change_statement_status import change_statement_status
from services.open_approvals import open_statement_approval
from statements.disputes import OPEN_STATUSES
from statements.lifecycle import Status
from storage.answers import answerable_statement, content_of
from storage.audit import SYSTEM
from storage.companies import own_company
from storage.database import Database, transaction
from storage.disputes import disputes_of_versions
from storage.outbox import OutboxRow
from storage.promises import versions_with
from storage.statements import statement_by_id


async def reissue_statement(
    engine: Database, company_id: UUID, statement_id: UUID, prepared_by: UUID | None = None
) -> dict[str, Any]:
    """The new version, submitted for review, or how the old one stands; called again it finds its work done."""
    async with transaction(engine, company_id) as session:
        company = await own_company(session, company_id)
        row = await statement_by_id(session, company_id, statement_id)
        found = await answerable_statement(session, company_id, statement_id)
    if row is None or found is None or row.status in {Status.SUPERSEDED, Status.VOID, Status.SETTLED}:
        return {"number": row.number if row else "", "new": False}
    as_of = date.fromisoformat(content_of(found)["as_of"])
    built = await build_statements(
        engine, company, parse_period(row.period), row.form, [row.customer_id], row.run_id, prepared_by, as_of
    )
    line = next((one for one in built if one["currency"] == row.currency), None)
    if line is not None and UUID(line["id"]) != statement_id and line["status"] == Status.DRAFT:
        async with transaction(engine, company_id) as session:
            await open_statement_approval(session, company_id, UUID(line["id"]), prepared_by)
        return {"number": line["number"], "new": True}
    return {"number": row.number, "new": False, "status": await _settle(engine, company_id, statement_id)}


async def _settle(engine: Database, company_id: UUID, statement_id: UUID) -> str:
    """The credit counts from a later day: this version stays as it was, and is history."""
    async with transaction(engine, company_id) as session:
        row = await statement_by_id(session, company_id, statement_id, lock=True)
        versions = await versions_with(session, company_id, statement_id)
        cases = await disputes_of_versions(session, company_id, versions)
        if row is None or row.status != Status.DISPUTED or any(one.status in OPEN_STATUSES for one in cases):
            return row.status if row is not None else ""
        facts = {"reason": "the credit counts from a later day"}
        return await change_statement_status(session, company_id, statement_id, "settle", SYSTEM, facts)


async def follow_reissue(engine: Database, company_id: UUID, row: OutboxRow) -> dict[str, Any]:
    """What the relay calls for the internal message."""
    prepared_by = row.payload.get("prepared_by")
    return await reissue_statement(
        engine, company_id, UUID(str(row.payload["statement_id"])), UUID(str(prepared_by)) if prepared_by else None
    )
