"""What approvals must know of the things they approve: digests now, and the facts that policies ask about."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update

from storage.database import Session
from storage.schema import finding, statement


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """One statement as a policy sees it; amounts in minor units."""

    id: UUID
    number: str
    status: str
    digest: str
    currency: str
    opening: int
    debits: int
    credits: int
    closing: int
    overdue: int
    ties: bool
    form: str
    period: str
    version: int
    run_id: UUID | None
    prepared_by: UUID | None
    supersedes_id: UUID | None
    customer_code: str
    customer_name: str
    heads_group: bool
    earlier_form: str | None
    findings: int
    disputed: bool
    difference: dict[str, Any] | None


_STATEMENT_FACTS = text(r"""
    with open_finding as materialized (
        select f.subject_id, count(*) as findings from finding f
         where f.company_id = :company and f.subject_kind = 'statement' and f.status = 'open' and f.severity <> 'notice'
         group by f.subject_id),
    head as materialized (
        select distinct m.parent_id from customer m where m.company_id = :company and m.parent_id is not null)
    select s.id, s.number, s.status, s.digest, s.currency, s.opening, s.debits, s.credits, s.closing, s.overdue, s.ties,
           s.form, s.period, s.version, s.run_id, s.prepared_by, s.supersedes_id,
           c.code as customer_code, c.name as customer_name, c.id in (select parent_id from head) as heads_group,
           (select e.form from statement e
             where e.company_id = s.company_id and e.customer_id = s.customer_id and e.currency = s.currency
               and e.period < s.period and e.status in ('sent', 'confirmed', 'disputed', 'settled')
             order by e.period desc, e.version desc limit 1) as earlier_form,
           coalesce((select sum(f.findings) from open_finding f where f.subject_id in (s.number, s.id::text)), 0)::int
             as findings,
           position('"disputes":[{' in s.content) > 0 or s.content ~ '"disputed":"-?[0.]*[1-9]' as disputed,
           s.difference
      from statement s
      join customer c on c.company_id = s.company_id and c.id = s.customer_id
     where s.company_id = :company and s.id = any(:ids)
     order by s.number
""")
"""Whether something is disputed is read off the canonical text, which has one way to say it: parsing takes ten times
as long."""


async def statement_facts(session: Session, company_id: UUID, ids: Sequence[UUID]) -> list[StatementFacts]:
    """The facts of these statements by number; one query however many they are."""
    rows = await session.execute(_STATEMENT_FACTS, {"company": company_id, "ids": list(ids)})
    return [StatementFacts(*row) for row in rows]


async def statement_digests(session: Session, company_id: UUID, ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Digest and status of each statement now."""
    rows = await session.execute(
        select(statement.c.id, statement.c.digest, statement.c.status).where(
            statement.c.company_id == company_id, statement.c.id.in_(ids)
        )
    )
    return {row.id: (row.digest, row.status) for row in rows}


async def drafts_of_run(session: Session, company_id: UUID, run_id: UUID) -> list[UUID]:
    """Drafts of a run that tie and may be submitted, by number."""
    rows = await session.execute(
        select(statement.c.id)
        .where(
            statement.c.company_id == company_id,
            statement.c.run_id == run_id,
            statement.c.status == "draft",
            statement.c.ties,
        )
        .order_by(statement.c.number)
    )
    return [row.id for row in rows]


async def statement_content(session: Session, company_id: UUID, statement_id: UUID) -> dict[str, Any] | None:
    """The canonical content of a statement."""
    content = (
        await session.execute(
            select(statement.c.content).where(statement.c.company_id == company_id, statement.c.id == statement_id)
        )
    ).scalar_one_or_none()
    return None if content is None else json.loads(content)


@dataclass(frozen=True, slots=True)
class StatementCard:
    """What whoever decides on a statement sees of it; amounts in minor units."""

    id: UUID
    number: str
    customer_name: str
    currency: str
    opening: int
    debits: int
    credits: int
    closing: int
    overdue: int
    checks: list[dict[str, Any]]
    difference: dict[str, Any] | None


_STATEMENT_CARDS = text("""
    select s.id, s.number, c.name, s.currency, s.opening, s.debits, s.credits, s.closing, s.overdue,
           coalesce(cast(s.content as json) -> 'checks', '[]'), s.difference
      from statement s
      join customer c on c.company_id = s.company_id and c.id = s.customer_id
     where s.company_id = :company and s.id = any(:ids)
""")


async def statement_cards(session: Session, company_id: UUID, ids: Sequence[UUID]) -> list[StatementCard]:
    """The cards of these statements; one query however many they are."""
    rows = await session.execute(_STATEMENT_CARDS, {"company": company_id, "ids": list(ids)})
    return [StatementCard(*row) for row in rows]


async def finding_row(session: Session, company_id: UUID, finding_id: UUID) -> dict[str, Any] | None:
    """The finding that a waiver is about."""
    rows = await session.execute(
        select(
            finding.c.check_name, finding.c.subject_kind, finding.c.subject_id, finding.c.severity, finding.c.code,
            finding.c.facts, finding.c.status,
        ).where(finding.c.company_id == company_id, finding.c.id == finding_id)
    )  # fmt: skip
    row = rows.mappings().one_or_none()
    return dict(row) if row else None


async def waive_finding(session: Session, company_id: UUID, finding_id: UUID) -> bool:
    """Ends an open finding as waived; False when it was not open."""
    waived = await session.execute(
        update(finding)
        .where(finding.c.company_id == company_id, finding.c.id == finding_id, finding.c.status == "open")
        .values(status="waived", closed_at=func.clock_timestamp())
    )
    return waived.rowcount == 1
