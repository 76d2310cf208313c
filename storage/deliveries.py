"""The delivery ledger: what happened to each message of a subject, who is suppressed, and who is written to."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from ledger.money import decimal_text
from storage.database import Session
from storage.identifiers import new_id
from storage.people import CONFIRMED_CHAT
from storage.schema import (
    app_user,
    approval_act,
    approval_request,
    contact,
    customer,
    delivery_attempt,
    delivery_event,
    dispute,
    open_item,
    outbox,
    statement,
    suppression,
)


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """One thing that happened to a message: queued, accepted, bounced, opened, answered, no_address."""

    outbox_id: UUID | None
    recipient: str
    kind: str
    facts: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a message addresses: a contact of a customer, or one of our own people."""

    id: UUID
    name: str
    email: str | None
    language: str
    slack_user_id: str | None = None


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """What a mail and a release need of a statement."""

    id: UUID
    number: str
    version: int
    status: str
    digest: str
    stored: str
    content: dict[str, Any]
    customer_id: UUID
    customer_code: str
    customer_name: str
    ties: bool
    thread: str


async def note_event(
    session: Session,
    company_id: UUID,
    kind: str,
    subject: tuple[str, str],
    *,
    outbox_id: UUID | None = None,
    recipient: str = "",
    facts: dict[str, Any] | None = None,
) -> None:
    """Appends one event about a subject (kind, id)."""
    await session.execute(
        insert(delivery_event).values(
            company_id=company_id, id=new_id(), outbox_id=outbox_id, subject_kind=subject[0], subject_id=subject[1],
            recipient=recipient, kind=kind, facts=facts or {},
        )
    )  # fmt: skip


async def events_of(session: Session, company_id: UUID, subject: tuple[str, str]) -> list[DeliveryEvent]:
    """Every event of a subject, oldest first."""
    query = (
        select(
            delivery_event.c.outbox_id, delivery_event.c.recipient, delivery_event.c.kind, delivery_event.c.facts,
            delivery_event.c.at,
        )
        .where(
            delivery_event.c.company_id == company_id,
            delivery_event.c.subject_kind == subject[0],
            delivery_event.c.subject_id == subject[1],
        )
        .order_by(delivery_event.c.at, delivery_event.c.id)
    )  # fmt: skip
    return [DeliveryEvent(*row) for row in await session.execute(query)]


async def attempts_of(session: Session, company_id: UUID, row_id: UUID) -> list[dict[str, Any]]:
    """Every try of a message: number, phase, outcome, the server's words, when."""
    query = (
        select(
            delivery_attempt.c.number, delivery_attempt.c.phase, delivery_attempt.c.outcome,
            delivery_attempt.c.answer, delivery_attempt.c.at,
        )
        .where(delivery_attempt.c.company_id == company_id, delivery_attempt.c.outbox_id == row_id)
        .order_by(delivery_attempt.c.number)
    )  # fmt: skip
    return [dict(row) for row in (await session.execute(query)).mappings()]


async def suppress(session: Session, company_id: UUID, address: str, reason: str) -> None:
    """Nothing goes to this address until a person lifts it."""
    await session.execute(
        upsert(suppression)
        .values(company_id=company_id, address=address.lower(), reason=reason)
        .on_conflict_do_nothing(index_elements=["company_id", "address"])
    )


async def lift_suppression(session: Session, company_id: UUID, address: str) -> bool:
    """Lets messages go to the address again."""
    gone = await session.execute(
        suppression.delete().where(suppression.c.company_id == company_id, suppression.c.address == address.lower())
    )
    return gone.rowcount == 1


async def suppression_reason(session: Session, company_id: UUID, address: str) -> str | None:
    """Why nothing goes to this address, or None."""
    query = select(suppression.c.reason).where(
        suppression.c.company_id == company_id, suppression.c.address == address.lower()
    )
    reason: str | None = (await session.execute(query)).scalar_one_or_none()
    return reason


async def statement_facts(session: Session, company_id: UUID, statement_id: UUID) -> StatementFacts | None:
    """A statement as a mail needs it; `thread` is the same for all its versions."""
    query = (
        select(statement, customer.c.code.label("customer_code"), customer.c.name.label("customer_name"))
        .join(
            customer,
            (customer.c.company_id == statement.c.company_id) & (customer.c.id == statement.c.customer_id),
        )
        .where(statement.c.company_id == company_id, statement.c.id == statement_id)
    )
    row = (await session.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    return StatementFacts(
        id=row["id"], number=row["number"], version=row["version"], status=row["status"], digest=row["digest"],
        stored=row["content"], content=json.loads(row["content"]), customer_id=row["customer_id"],
        customer_code=row["customer_code"], customer_name=row["customer_name"], ties=row["ties"],
        thread=f"{row['customer_id']}.{row['period']}.{row['currency'].strip()}",
    )  # fmt: skip


async def statement_contacts(session: Session, company_id: UUID, customer_id: UUID) -> list[Person]:
    """The customer's living contacts for statements, in the order in which they were added."""
    query = (
        select(contact.c.id, contact.c.name, contact.c.email, func.coalesce(contact.c.language, customer.c.language))
        .join(customer, (customer.c.company_id == contact.c.company_id) & (customer.c.id == contact.c.customer_id))
        .where(
            contact.c.company_id == company_id,
            contact.c.customer_id == customer_id,
            contact.c.purpose == "statement",
            contact.c.disabled_at.is_(None),
        )
        .order_by(contact.c.id)
    )
    return [Person(*row) for row in await session.execute(query)]


async def find_contact(session: Session, company_id: UUID, contact_id: UUID) -> Person | None:
    """One contact by id."""
    query = (
        select(contact.c.id, contact.c.name, contact.c.email, func.coalesce(contact.c.language, customer.c.language))
        .join(customer, (customer.c.company_id == contact.c.company_id) & (customer.c.id == contact.c.customer_id))
        .where(contact.c.company_id == company_id, contact.c.id == contact_id)
    )
    row = (await session.execute(query)).one_or_none()
    return Person(*row) if row else None


async def find_user(session: Session, company_id: UUID, user_id: UUID) -> Person | None:
    """One of our own people by id."""
    query = select(app_user.c.id, app_user.c.name, app_user.c.email, app_user.c.language, CONFIRMED_CHAT).where(
        app_user.c.company_id == company_id, app_user.c.id == user_id
    )
    row = (await session.execute(query)).one_or_none()
    return Person(*row) if row else None


async def customer_name(session: Session, company_id: UUID, customer_id: UUID) -> str | None:
    """A customer's name."""
    query = select(customer.c.name).where(customer.c.company_id == company_id, customer.c.id == customer_id)
    name: str | None = (await session.execute(query)).scalar_one_or_none()
    return name


async def decision_facts(session: Session, company_id: UUID, request_id: UUID) -> tuple[str, list[str]] | None:
    """How a request stands, and the names of those who voted, in order."""
    state = (
        await session.execute(
            select(approval_request.c.state).where(
                approval_request.c.company_id == company_id, approval_request.c.id == request_id
            )
        )
    ).scalar_one_or_none()
    if state is None:
        return None
    voters = (
        select(app_user.c.name)
        .join(
            approval_act,
            (approval_act.c.company_id == app_user.c.company_id) & (approval_act.c.actor_id == app_user.c.id),
        )
        .where(approval_act.c.company_id == company_id, approval_act.c.request_id == request_id, approval_act.c.is_vote)
        .order_by(approval_act.c.number)
    )
    return state, list(dict.fromkeys((await session.execute(voters)).scalars()))


async def dispute_facts(session: Session, company_id: UUID, dispute_id: UUID) -> dict[str, Any] | None:
    """A dispute with its statement, customer and document."""
    query = (
        select(
            dispute.c.statement_id, dispute.c.reason, dispute.c.currency, dispute.c.amount, dispute.c.explanation,
            statement.c.number.label("statement"), customer.c.name.label("customer"),
            open_item.c.number.label("document"),
        )
        .join(statement, (statement.c.company_id == dispute.c.company_id) & (statement.c.id == dispute.c.statement_id))
        .join(customer, (customer.c.company_id == statement.c.company_id) & (customer.c.id == statement.c.customer_id))
        .join(open_item, (open_item.c.company_id == dispute.c.company_id) & (open_item.c.id == dispute.c.item_id))
        .where(dispute.c.company_id == company_id, dispute.c.id == dispute_id)
    )  # fmt: skip
    row = (await session.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    return {**row, "amount_text": decimal_text(row["amount"], 0, row["currency"])}


async def statements_of_run(session: Session, company_id: UUID, run_id: UUID, statuses: Sequence[str]) -> list[UUID]:
    """Ids of a run's statements in these statuses, by number."""
    query = (
        select(statement.c.id)
        .where(
            statement.c.company_id == company_id, statement.c.run_id == run_id, statement.c.status.in_(statuses)
        )
        .order_by(statement.c.number)
    )  # fmt: skip
    return list((await session.execute(query)).scalars())


async def messages_of_statement(session: Session, company_id: UUID, statement_id: UUID) -> list[dict[str, Any]]:
    """The messages about a statement with the server's words: recipient, channel, state, tries, answer, times."""
    query = (
        select(
            outbox.c.id, outbox.c.kind, outbox.c.channel, outbox.c.recipient, outbox.c.state, outbox.c.tries,
            outbox.c.answer, outbox.c.message_id, outbox.c.created_at, outbox.c.accepted_at,
        )
        .where(
            outbox.c.company_id == company_id,
            outbox.c.subject_kind == "statement",
            outbox.c.subject_id == str(statement_id),
        )
        .order_by(outbox.c.id)
    )  # fmt: skip
    return [dict(row) for row in (await session.execute(query)).mappings()]


async def statement_id_of(session: Session, company_id: UUID, number: str) -> UUID | None:
    """The id behind a statement's number."""
    query = select(statement.c.id).where(statement.c.company_id == company_id, statement.c.number == number)
    found: UUID | None = (await session.execute(query)).scalar_one_or_none()
    return found
