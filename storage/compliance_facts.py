"""Gathers what the compliance checks read: one query per kind of fact, over one company."""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, func, select, true
from sqlalchemy.dialects.postgresql import distinct_on

from ledger.canonical import sha256_hex
from ledger.money import decimal_text
from statements.compliance import (
    AuditFact,
    BackupFact,
    DecisionFact,
    DocumentFact,
    PolicyFact,
    SentFact,
    UnappliedFact,
    WaitingFact,
)
from storage.audit import verify_chain
from storage.database import Session
from storage.schema import (
    allocation,
    approval_act,
    approval_policy,
    approval_request,
    audit_event,
    backup,
    customer,
    open_item,
    source,
    statement,
    user_role,
)


async def decision_facts(session: Session, company_id: UUID) -> list[DecisionFact]:
    """Every vote ever cast, with who had prepared and submitted its subject and the roles of the voter today."""
    act, request = approval_act, approval_request
    query = (
        select(
            act.c.id, request.c.subject_kind, request.c.subject_id, act.c.actor_id, act.c.authority_id,
            request.c.submitted_by, request.c.projection["preparers"].label("preparers"), statement.c.prepared_by,
        )
        .join(request, (request.c.company_id == act.c.company_id) & (request.c.id == act.c.request_id))
        .outerjoin(
            statement,
            (statement.c.company_id == act.c.company_id) & (request.c.subject_kind == "statement")
            & (cast(statement.c.id, String) == request.c.subject_id),
        )
        .where(act.c.company_id == company_id, act.c.is_vote)
        .order_by(act.c.id)
    )  # fmt: skip
    roles = await _roles(session, company_id)
    facts = []
    for row in await session.execute(query):
        preparers = {str(person) for person in row.preparers or ()} | ({str(row.prepared_by)} - {"None"})
        facts.append(
            DecisionFact(
                act_id=str(row.id), subject_kind=row.subject_kind, subject_id=row.subject_id,
                actor=_text(row.actor_id), authority=_text(row.authority_id), submitted_by=_text(row.submitted_by),
                preparers=tuple(sorted(preparers)), actor_roles=roles.get(str(row.actor_id), ()),
            )
        )  # fmt: skip
    return facts


async def _roles(session: Session, company_id: UUID) -> dict[str, tuple[str, ...]]:
    query = (
        select(user_role.c.user_id, func.array_agg(user_role.c.role))
        .where(user_role.c.company_id == company_id)
        .group_by(user_role.c.user_id)
    )
    return {str(row[0]): tuple(sorted(row[1])) for row in await session.execute(query)}


async def policy_facts(session: Session, company_id: UUID) -> list[PolicyFact]:
    """Who drafted and published each policy version."""
    table = approval_policy
    query = select(table.c.id, table.c.name, table.c.version, table.c.drafted_by, table.c.published_by).where(
        table.c.company_id == company_id
    )
    return [
        PolicyFact(str(row[0]), row[1], row[2], _text(row[3]), _text(row[4])) for row in await session.execute(query)
    ]


async def sent_facts(session: Session, company_id: UUID) -> list[SentFact]:
    """Every version that left, with the digest of its content as it is now and the one whose approval was used.

    An approval is the statement's own, or that of a batch which names the statement's digest.
    """
    request = approval_request
    own = (
        select(request.c.subject_id.label("statement_id"), request.c.digest)
        .where(request.c.company_id == company_id, request.c.subject_kind == "statement", request.c.state == "consumed")
        .order_by(request.c.subject_id, request.c.closed_at.desc())
        .ext(distinct_on(request.c.subject_id))
        .subquery()
    )
    named = func.jsonb_each_text(request.c.facts["statements"]).table_valued("key", "value")
    batch = (
        select(named.c.key.label("statement_id"), func.max(named.c.value).label("digest"))
        .select_from(request.join(named, true()))
        .where(
            request.c.company_id == company_id, request.c.subject_kind == "statement_batch",
            request.c.state.in_(("approved", "consumed")),
        )
        .group_by(named.c.key)
        .subquery()
    )  # fmt: skip
    statement_id = cast(statement.c.id, String)
    query = (
        select(
            statement.c.id, statement.c.number, statement.c.digest, statement.c.content,
            func.coalesce(own.c.digest, batch.c.digest), statement.c.ties,
        )
        .outerjoin(own, own.c.statement_id == statement_id)
        .outerjoin(batch, batch.c.statement_id == statement_id)
        .where(statement.c.company_id == company_id, statement.c.sent_at.is_not(None))
        .order_by(statement.c.id)
    )  # fmt: skip
    result = await session.stream(query)
    return [SentFact(str(row[0]), row[1], row[2], sha256_hex(row[3]), row[4], row[5]) async for row in result]


async def waiting_facts(session: Session, company_id: UUID, timezone: str, country: str) -> list[WaitingFact]:
    """Sent versions without an answer; `country` stands in where the customer's is not known."""
    query = (
        select(
            statement.c.id, statement.c.number, customer.c.name, customer.c.country,
            func.date(func.timezone(timezone, statement.c.sent_at)), statement.c.closing, statement.c.currency,
        )
        .join(customer, (customer.c.company_id == statement.c.company_id) & (customer.c.id == statement.c.customer_id))
        .where(
            statement.c.company_id == company_id, statement.c.status == "sent", statement.c.sent_at.is_not(None),
            statement.c.answered_at.is_(None),
        )
        .order_by(statement.c.number)
    )  # fmt: skip
    return [
        WaitingFact(str(row[0]), row[1], row[2], row[3] or country, row[4], decimal_text(row[5], 0, row[6]), row[6])
        for row in await session.execute(query)
    ]


async def document_facts(session: Session, company_id: UUID) -> list[DocumentFact]:
    """The newest revision of every document that still stands; instalments of one document count once."""
    reversal = open_item.alias("reversal")
    reversed_ids = select(reversal.c.reverses_id).where(
        reversal.c.company_id == company_id, reversal.c.reverses_id.is_not(None)
    )
    query = (
        select(
            open_item.c.id, source.c.name, open_item.c.kind, open_item.c.number, customer.c.code, open_item.c.amount,
            open_item.c.residue, open_item.c.currency,
        )
        .join(source, (source.c.company_id == open_item.c.company_id) & (source.c.id == open_item.c.source_id))
        .join(customer, (customer.c.company_id == open_item.c.company_id) & (customer.c.id == open_item.c.customer_id))
        .where(
            open_item.c.company_id == company_id, open_item.c.instalment <= 1, open_item.c.reverses_id.is_(None),
            open_item.c.id.not_in(reversed_ids),
        )
        .order_by(open_item.c.number, open_item.c.id)
    )  # fmt: skip
    result = await session.stream(query)
    return [
        DocumentFact(str(row[0]), row[1], row[2], row[3], row[4], decimal_text(row[5], row[6], row[7]), row[7])
        async for row in result
    ]


async def unapplied_facts(session: Session, company_id: UUID, today: date) -> list[UnappliedFact]:
    """Receipts with something that is set against nothing on `today`."""
    applied = (
        select(allocation.c.credit_item_id.label("item_id"), func.sum(allocation.c.amount).label("amount"))
        .where(allocation.c.company_id == company_id, allocation.c.effective_on <= today)
        .group_by(allocation.c.credit_item_id)
        .subquery()
    )
    left: ColumnElement[int] = open_item.c.amount + func.coalesce(applied.c.amount, 0)
    query = (
        select(
            open_item.c.id, open_item.c.number, customer.c.name, open_item.c.currency, left.label("left"),
            open_item.c.document_date,
        )
        .outerjoin(applied, applied.c.item_id == open_item.c.id)
        .join(customer, (customer.c.company_id == open_item.c.company_id) & (customer.c.id == open_item.c.customer_id))
        .where(
            open_item.c.company_id == company_id, open_item.c.kind == "receipt", left < 0,
            open_item.c.document_date <= today,
        )
        .order_by(open_item.c.document_date, open_item.c.id)
    )  # fmt: skip
    return [
        UnappliedFact(str(row[0]), row[1], row[2], row[3], decimal_text(-int(row[4]), 0, row[3]), row[5])
        for row in await session.execute(query)
    ]


async def audit_fact(session: Session, company_id: UUID) -> AuditFact:
    """Whether the company's trail holds."""
    events, broken = await verify_chain(session, company_id)
    return AuditFact(events) if broken is None else AuditFact(events, broken.number, broken.reason)


async def backup_fact(session: Session, company_id: UUID, timezone: str) -> BackupFact:
    """The day of the newest backup, and of the first event of the books."""
    newest = select(func.date(func.timezone(timezone, func.max(backup.c.at)))).where(backup.c.company_id == company_id)
    first = select(func.date(func.timezone(timezone, func.min(audit_event.c.at)))).where(
        audit_event.c.company_id == company_id
    )
    return BackupFact(
        (await session.execute(newest)).scalar_one_or_none(), (await session.execute(first)).scalar_one_or_none()
    )


def _text(person: UUID | None) -> str | None:
    return None if person is None else str(person)
