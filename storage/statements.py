"""Statement versions: bulk inserts of drafts, one row's change of status, and what the pages list."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy import and_, func, select, text, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from storage.bulk import among, stage
from storage.database import Session
from storage.schema import audit_event, customer, delivery_event, dispute, statement

OPEN_DISPUTES = ("open", "investigating", "proposed")
"""A dispute in one of these keeps its statement from being settled."""

NEAR = 8_000
"""Characters that hold a content's aging, policy and checks, which stand before its closing balance."""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One version, without its content. Amounts in whole minor units (the content has the exact ones)."""

    id: UUID
    number: str
    run_id: UUID | None
    customer_id: UUID
    currency: str
    period: str
    form: str
    version: int
    status: str
    row_version: int
    digest: str
    figures_digest: str
    opening: int
    debits: int
    credits: int
    closing: int
    overdue: int
    ties: bool
    supersedes_id: UUID | None
    difference: dict[str, Any] | None
    prepared_by: UUID | None
    reason: str | None
    sent_at: datetime | None
    answered_at: datetime | None
    created_at: datetime


STAGED_STATEMENT = {
    "id": "uuid", "number": "text", "customer_id": "uuid", "currency": "char(3)", "version": "integer",
    "content": "text", "digest": "text", "figures_digest": "text", "opening": "bigint", "debits": "bigint",
    "credits": "bigint", "closing": "bigint", "overdue": "bigint", "ties": "boolean", "supersedes_id": "uuid",
    "difference": "jsonb",
}  # fmt: skip
"""A draft about to be written, as it is staged."""


@dataclass(frozen=True, slots=True)
class DraftedFor:
    """What all drafts of a batch have in common."""

    run_id: UUID | None
    period: str
    form: str
    status: str
    prepared_by: UUID | None


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of a statement's timeline."""

    at: datetime
    kind: str
    verb: str
    facts: str


_COLUMNS = [statement.c[name] for name in StatementRow.__dataclass_fields__]


async def statement_by_id(
    session: Session, company_id: UUID, statement_id: UUID, *, lock: bool = False
) -> StatementRow | None:
    """The version with this id; `lock` holds the row until the commit."""
    query = select(*_COLUMNS).where(statement.c.company_id == company_id, statement.c.id == statement_id)
    row = (await session.execute(query.with_for_update() if lock else query)).one_or_none()
    return StatementRow(*row) if row else None


async def statement_by_number(session: Session, company_id: UUID, number: str) -> StatementRow | None:
    """The version with this number."""
    query = select(*_COLUMNS).where(statement.c.company_id == company_id, statement.c.number == number)
    row = (await session.execute(query)).one_or_none()
    return StatementRow(*row) if row else None


async def content_of(session: Session, company_id: UUID, statement_id: UUID) -> str:
    """The canonical JSON of a version that exists."""
    query = select(statement.c.content).where(statement.c.company_id == company_id, statement.c.id == statement_id)
    content: str = (await session.execute(query)).scalar_one()
    return content


async def latest_versions(
    session: Session, company_id: UUID, period: str, customer_ids: Sequence[UUID] | None = None, *, lock: bool = False
) -> dict[tuple[UUID, str], StatementRow]:
    """The newest version per customer and currency of a period, dead ones too."""
    query = (
        select(*_COLUMNS)
        .where(statement.c.company_id == company_id, statement.c.period == period)
        .order_by(statement.c.customer_id, statement.c.currency, statement.c.version)
    )
    if customer_ids is not None:
        query = query.where(among(statement.c.customer_id, customer_ids))
    rows = await session.execute(query.with_for_update() if lock else query)
    found = (StatementRow(*row) for row in rows)
    return {(row.customer_id, row.currency): row for row in found}


async def versions_of(session: Session, company_id: UUID, row: StatementRow) -> list[StatementRow]:
    """All versions of the same customer, currency and period, oldest first."""
    query = (
        select(*_COLUMNS)
        .where(
            statement.c.company_id == company_id, statement.c.customer_id == row.customer_id,
            statement.c.currency == row.currency, statement.c.period == row.period,
        )
        .order_by(statement.c.version)
    )  # fmt: skip
    return [StatementRow(*one) for one in await session.execute(query)]


async def insert_drafts(
    session: Session, company_id: UUID, drafts: pl.DataFrame, drafted_for: DraftedFor
) -> set[UUID] | None:
    """Writes the drafts (columns of STAGED_STATEMENT), once per transaction.

    None when all were written, as a rule; else the ids of those whose version nobody else wrote meanwhile.
    """
    await stage(session, "staged_statement", STAGED_STATEMENT, drafts)
    names = ", ".join(STAGED_STATEMENT)
    written = await session.execute(
        text(
            f"insert into statement (company_id, run_id, period, form, status, prepared_by, {names}) "  # noqa: S608 - our own names
            f"select :company, :run_id, :period, :form, :status, :prepared_by, {names} from staged_statement "
            "on conflict do nothing"
        ),
        {"company": company_id, **asdict(drafted_for)},
    )
    if written.rowcount == drafts.height:
        return None
    kept = await session.execute(
        text("select s.id from staged_statement s join statement t on t.company_id = :company and t.id = s.id"),
        {"company": company_id},
    )
    return set(kept.scalars())


async def set_status(
    session: Session,
    company_id: UUID,
    statement_id: UUID,
    row_version: int,
    status: str,
    *,
    reason: str | None = None,
    sent: bool = False,
    answered: bool = False,
) -> bool:
    """Compare-and-swap on the row's version; False when somebody was faster. Called by one service only."""
    values: dict[str, Any] = {"status": status, "row_version": row_version + 1}
    if reason is not None:
        values["reason"] = reason
    if sent:
        values["sent_at"] = func.clock_timestamp()
    if answered:
        values["answered_at"] = func.clock_timestamp()
    done = await session.execute(
        update(statement)
        .where(
            statement.c.company_id == company_id, statement.c.id == statement_id,
            statement.c.row_version == row_version,
        )
        .values(values)
    )  # fmt: skip
    return done.rowcount == 1


async def open_dispute_count(session: Session, company_id: UUID, statement_id: UUID) -> int:
    """Disputes of the account that are not resolved, opened on this version or on one before it."""
    this = statement.alias("this")
    query = (
        select(func.count(dispute.c.id.distinct()))
        .join(statement, and_(statement.c.company_id == dispute.c.company_id, statement.c.id == dispute.c.statement_id))
        .join(
            this,
            and_(
                this.c.company_id == statement.c.company_id, this.c.customer_id == statement.c.customer_id,
                this.c.currency == statement.c.currency, this.c.period == statement.c.period,
            ),
        )
        .where(
            dispute.c.company_id == company_id, this.c.id == statement_id, dispute.c.status.in_(OPEN_DISPUTES)
        )
    )  # fmt: skip
    return int((await session.execute(query)).scalar_one())


async def living_closings(
    session: Session, company_id: UUID, period: str, dead: Sequence[str]
) -> list[tuple[str, str]]:
    """Currency and exact closing, out of the content, of the newest living version per customer and currency.

    A reissue that is not sent yet speaks for the account beside the version that the customer holds: only it counts.
    Keys of the content are sorted, so that the first "closing" is the statement's own, and stands near its beginning:
    unpacking and parsing all of every content would be half of a tie-out.
    """
    near = func.substring(func.substr(statement.c.content, 1, NEAR), '"closing":"(-?[0-9.]+)"')
    query = (
        select(statement.c.currency, func.coalesce(near, sql_cast(statement.c.content, JSONB)["closing"].astext))
        .where(
            statement.c.company_id == company_id, statement.c.period == period, statement.c.status.not_in(dead)
        )
        .order_by(statement.c.customer_id, statement.c.currency, statement.c.version.desc())
        .ext(distinct_on(statement.c.customer_id, statement.c.currency))
    )  # fmt: skip
    return [(row[0], row[1]) for row in await session.execute(query)]


async def statements_page(
    session: Session,
    company_id: UUID,
    *,
    period: str | None = None,
    status: str | None = None,
    run_id: UUID | None = None,
    customer_id: UUID | None = None,
    after: str | None = None,
    limit: int = 100,
) -> list[tuple[StatementRow, str, str]]:
    """A keyset page by number: rows with customer code and name; superseded versions too."""
    query = (
        select(*_COLUMNS, customer.c.code, customer.c.name)
        .join(customer, and_(customer.c.company_id == statement.c.company_id, customer.c.id == statement.c.customer_id))
        .where(statement.c.company_id == company_id)
        .order_by(statement.c.number)
        .limit(limit)
    )
    given = {"period": period, "status": status, "run_id": run_id, "customer_id": customer_id}
    for name, value in given.items():
        if value is not None:
            query = query.where(statement.c[name] == value)
    if after is not None:
        query = query.where(statement.c.number > after)
    return [(StatementRow(*row[:-2]), row[-2], row[-1]) for row in await session.execute(query)]


async def status_counts(session: Session, company_id: UUID, run_id: UUID) -> dict[str, int]:
    """How many statements of a run stand where."""
    query = (
        select(statement.c.status, func.count())
        .where(statement.c.company_id == company_id, statement.c.run_id == run_id)
        .group_by(statement.c.status)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def timeline(session: Session, company_id: UUID, statement_id: UUID) -> list[Moment]:
    """What the audit trail and the delivery ledger tell about one version, oldest first."""
    subject = str(statement_id)
    audit = select(audit_event.c.at, audit_event.c.actor_kind, audit_event.c.verb, audit_event.c.facts).where(
        audit_event.c.company_id == company_id,
        audit_event.c.subject_kind == "statement",
        audit_event.c.subject_id == subject,
    )
    delivered = select(delivery_event.c.at, delivery_event.c.kind, delivery_event.c.recipient).where(
        delivery_event.c.company_id == company_id,
        delivery_event.c.subject_kind == "statement",
        delivery_event.c.subject_id == subject,
    )
    moments = [Moment(*row) for row in await session.execute(audit)]
    moments += [Moment(row.at, "delivery", row.kind, row.recipient) for row in await session.execute(delivered)]
    return sorted(moments, key=lambda moment: moment.at)
