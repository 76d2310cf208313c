"""Shows one statement version: its row, its content as it was written, its versions and its timeline."""

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.change_statement_status import StatementUnknown
from statements.lifecycle import possible
from storage.companies import Company, list_companies
from storage.database import Database, Session, owner_transaction, transaction
from storage.statements import (
    Moment,
    StatementRow,
    content_of,
    statement_by_id,
    statement_by_number,
    timeline,
    versions_of,
)


@dataclass(frozen=True, slots=True)
class StatementView:
    """Everything that a page about one version needs. `content` is exactly what the digest was taken of."""

    row: StatementRow
    content: dict[str, Any]
    versions: list[StatementRow]
    timeline: list[Moment]
    commands: list[str]


async def show_statement(session: Session, company_id: UUID, number_or_id: str | UUID) -> StatementView:
    """The version with this number or id. Raises StatementUnknown."""
    row = await _find(session, company_id, number_or_id)
    if row is None:
        raise StatementUnknown(number=number_or_id)
    drafted = Moment(row.created_at, "user" if row.prepared_by else "system", "statement_draft", "")
    return StatementView(
        row=row,
        content=json.loads(await content_of(session, company_id, row.id)),
        versions=await versions_of(session, company_id, row),
        timeline=[drafted, *await timeline(session, company_id, row.id)],
        commands=possible(row.status),
    )


async def find_statement(engine: Database, number_or_id: str, code: str | None = None) -> tuple[Company, StatementView]:
    """The version in the company with this code, or in whichever company has it. Raises StatementUnknown."""
    async with owner_transaction(engine) as session:
        companies = [one for one in await list_companies(session) if code is None or one.code == code]
    for company in companies:
        async with transaction(engine, company.id) as session:
            with suppress(StatementUnknown):
                return company, await show_statement(session, company.id, number_or_id)
    raise StatementUnknown(number=number_or_id)


async def _find(session: Session, company_id: UUID, number_or_id: str | UUID) -> StatementRow | None:
    if isinstance(number_or_id, UUID):
        return await statement_by_id(session, company_id, number_or_id)
    found = await statement_by_number(session, company_id, number_or_id)
    if found is not None:
        return found
    try:
        return await statement_by_id(session, company_id, UUID(number_or_id))
    except ValueError:
        return None
