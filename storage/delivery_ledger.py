"""The delivery ledger as people read it: one row per message, with what became of it at the other side."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, or_, select

from storage.database import Session
from storage.pages import PAGE, Page, Rows, page_of, rows_of
from storage.schema import (
    contact,
    customer,
    delivery_attempt,
    delivery_event,
    inbound_mail,
    outbox,
    statement,
    told_wording,
    wording,
)

EXPORT_MOST = 100_000
"""Rows of one export: more than a workbook's reader scrolls, and 40 MB of memory."""


async def ledger_page(
    session: Session, company_id: UUID, *, statement_id: UUID | None = None, customer_id: UUID | None = None,
    after: UUID | None = None, limit: int = PAGE,
) -> Page:  # fmt: skip
    """Messages about one statement, or to one customer, newest first; all of the company's without either."""
    query = _ledger(company_id, statement_id, customer_id)
    if after is not None:
        query = query.where(outbox.c.id < after)
    return await page_of(session, query, limit)


async def ledger_rows(
    session: Session, company_id: UUID, *, statement_id: UUID | None = None, customer_id: UUID | None = None
) -> Rows:
    """The same, whole, for an export."""
    return await rows_of(session, _ledger(company_id, statement_id, customer_id).limit(EXPORT_MOST))


async def outbox_page(session: Session, company_id: UUID, state: str, after: UUID | None) -> Page:
    """Messages in one state, newest first, with the last try's words and whether a person is asked about them."""
    query = _messages(company_id).where(outbox.c.state == state)
    if after is not None:
        query = query.where(outbox.c.id < after)
    return await page_of(session, query, PAGE)


async def tries_of(session: Session, company_id: UUID, rows: list[UUID]) -> dict[UUID, Rows]:
    """Every try of these messages, oldest first."""
    query = (
        select(
            delivery_attempt.c.outbox_id, delivery_attempt.c.number, delivery_attempt.c.phase,
            delivery_attempt.c.outcome, delivery_attempt.c.answer, delivery_attempt.c.at,
        )
        .where(delivery_attempt.c.company_id == company_id, delivery_attempt.c.outbox_id.in_(rows))
        .order_by(delivery_attempt.c.outbox_id, delivery_attempt.c.number)
    )  # fmt: skip
    found: dict[UUID, Rows] = {}
    for one in await rows_of(session, query):
        found.setdefault(one["outbox_id"], []).append(one)
    return found


def _messages(company_id: UUID) -> Select[Any]:
    return (
        select(
            outbox.c.id, outbox.c.kind, outbox.c.channel, outbox.c.lane, outbox.c.recipient, outbox.c.state,
            outbox.c.phase, outbox.c.tries, outbox.c.answer, outbox.c.message_id,
            outbox.c.subject_kind, outbox.c.subject_id, customer.c.id.label("customer_id"), outbox.c.created_at,
            outbox.c.accepted_at, outbox.c.next_at, customer.c.name.label("customer_name"),
            statement.c.number.label("statement_number"), statement.c.id.label("statement_id"),
            contact.c.name.label("contact_name"), told_wording.c.variant, wording.c.version.label("wording_version"),
            told_wording.c.problem.label("wording_problem"),
        )
        .outerjoin(statement, _of_subject())
        .outerjoin(
            customer,
            and_(
                customer.c.company_id == outbox.c.company_id,
                customer.c.id == func.coalesce(outbox.c.customer_id, statement.c.customer_id),
            ),
        )
        .outerjoin(contact, and_(contact.c.company_id == outbox.c.company_id, contact.c.id == outbox.c.person_id))
        .outerjoin(
            told_wording, and_(told_wording.c.company_id == outbox.c.company_id, told_wording.c.id == outbox.c.id)
        )
        .outerjoin(
            wording,
            and_(wording.c.company_id == told_wording.c.company_id, wording.c.id == told_wording.c.wording_id),
        )
        .where(outbox.c.company_id == company_id, outbox.c.channel != "internal")
        .order_by(outbox.c.id.desc())
    )  # fmt: skip


def _of_subject() -> ColumnElement[bool]:
    return and_(
        statement.c.company_id == outbox.c.company_id,
        outbox.c.subject_kind == "statement",
        cast(statement.c.id, Text) == outbox.c.subject_id,
    )


def _ledger(company_id: UUID, statement_id: UUID | None, customer_id: UUID | None) -> Select[Any]:
    query = _messages(company_id).add_columns(
        _event_at("opened").label("opened_at"), _event_at("answered").label("answered_at"),
        _own_event("bounced").label("bounced_words"), _replied_at().label("replied_at"),
    )  # fmt: skip
    if statement_id is not None:
        query = query.where(outbox.c.subject_kind == "statement", outbox.c.subject_id == str(statement_id))
    if customer_id is not None:
        query = query.where(
            or_(outbox.c.customer_id == customer_id, contact.c.customer_id == customer_id),
        )
    return query


def _event_at(kind: str) -> Any:  # noqa: ANN401 - SQLAlchemy's scalar subquery
    """When this recipient did it first: pages know the address that the link was made for."""
    return (
        select(func.min(delivery_event.c.at))
        .where(
            delivery_event.c.company_id == outbox.c.company_id, delivery_event.c.kind == kind,
            delivery_event.c.subject_kind == outbox.c.subject_kind,
            delivery_event.c.subject_id == outbox.c.subject_id,
            func.lower(delivery_event.c.recipient) == func.lower(outbox.c.recipient),
        )
        .scalar_subquery()
    )  # fmt: skip


def _own_event(kind: str) -> Any:  # noqa: ANN401 - SQLAlchemy's scalar subquery
    """The words of what happened to this very message."""
    return (
        select(delivery_event.c.facts["answer"].astext)
        .where(
            delivery_event.c.company_id == outbox.c.company_id, delivery_event.c.kind == kind,
            delivery_event.c.subject_kind == outbox.c.subject_kind,
            delivery_event.c.subject_id == outbox.c.subject_id, delivery_event.c.outbox_id == outbox.c.id,
        )
        .order_by(delivery_event.c.at.desc())
        .limit(1)
        .scalar_subquery()
    )  # fmt: skip


def _replied_at() -> Any:  # noqa: ANN401 - SQLAlchemy's scalar subquery
    return (
        select(func.min(inbound_mail.c.at))
        .where(
            inbound_mail.c.company_id == outbox.c.company_id, inbound_mail.c.outbox_id == outbox.c.id,
            inbound_mail.c.kind == "reply",
        )
        .scalar_subquery()
    )  # fmt: skip
