"""What only the sample company needs: a past, whose mails count as delivered and whose months as sent in their time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select

from storage.companies import Company
from storage.customers import Contact, Customer, add_contact, find_customer, insert_customer
from storage.database import Session
from storage.identifiers import new_id
from storage.schema import (
    app_user,
    company,
    contact,
    customer,
    delivery_event,
    outbox,
    statement,
    statement_run,
)


@dataclass(frozen=True, slots=True)
class SentSample:
    """A statement of the past that waits for its made-up answer."""

    id: UUID
    customer_code: str
    contact_id: UUID | None


async def keep_settings(session: Session, known: Company, settings: dict[str, Any]) -> None:
    """Writes the company's settings."""
    await session.execute(company.update().where(company.c.id == known.id).values(settings=settings))


async def keep_password(session: Session, company_id: UUID, user_id: UUID, hashed: str) -> None:
    """Gives a member of the sample's staff the demo's password."""
    await session.execute(
        app_user.update().where(app_user.c.company_id == company_id, app_user.c.id == user_id).values(
            password_hash=hashed
        )
    )  # fmt: skip


async def keep_customer(
    session: Session, company_id: UUID, new: Customer, contacts: list[tuple[str, str | None, str]]
) -> bool:
    """Adds the customer with its contacts (name, address, purpose); False when it is there."""
    if await find_customer(session, company_id, new.code) is not None:
        return False
    await insert_customer(session, company_id, new, {})
    for name, email, purpose in contacts:
        await add_contact(session, company_id, Contact(new_id(), new.id, name, email, new.language, purpose))
    return True


async def waiting_samples(session: Session, company_id: UUID, run_id: UUID) -> list[SentSample]:
    """The run's statements that nobody has answered, with one contact each, by customer."""
    first = (
        select(contact.c.id)
        .where(
            contact.c.company_id == statement.c.company_id, contact.c.customer_id == statement.c.customer_id,
            contact.c.email.is_not(None),
        )
        .order_by(contact.c.id).limit(1).scalar_subquery()
    )  # fmt: skip
    query = (
        select(statement.c.id, customer.c.code, first)
        .join(customer, (customer.c.company_id == statement.c.company_id) & (customer.c.id == statement.c.customer_id))
        .where(statement.c.company_id == company_id, statement.c.run_id == run_id, statement.c.status == "sent")
        .order_by(customer.c.code, statement.c.currency)
    )
    return [SentSample(*row) for row in await session.execute(query)]


async def date_back(session: Session, company_id: UUID, run_id: UUID, sent_at: datetime) -> None:
    """Moves the run and its sent statements to where they would have been."""
    await session.execute(
        statement.update()
        .where(statement.c.company_id == company_id, statement.c.run_id == run_id, statement.c.sent_at.is_not(None))
        .values(sent_at=sent_at)
    )
    await session.execute(
        statement_run.update()
        .where(statement_run.c.company_id == company_id, statement_run.c.id == run_id)
        .values(started_at=sent_at)
    )


async def settle_history(session: Session, company_id: UUID, accepted_at: datetime) -> int:
    """Counts every waiting message as taken by a mail server then: the past is not mailed again. Answers how many."""
    moved = await session.execute(
        outbox.update()
        .where(outbox.c.company_id == company_id, outbox.c.state == "pending")
        .values(state="accepted", accepted_at=accepted_at, created_at=accepted_at, answer="250 sample history")
        .returning(outbox.c.id, outbox.c.kind, outbox.c.subject_kind, outbox.c.subject_id, outbox.c.recipient)
    )
    rows = moved.all()
    events = [
        {
            "company_id": company_id, "id": new_id(), "outbox_id": row.id, "subject_kind": row.subject_kind,
            "subject_id": row.subject_id, "recipient": row.recipient, "kind": "accepted", "at": accepted_at,
        }
        for row in rows
        if row.kind == "statement_to_customer"
    ]  # fmt: skip
    if events:
        await session.execute(insert(delivery_event), events)
    return len(rows)


async def sample_counts(session: Session, company_id: UUID) -> dict[str, int]:
    """How many customers, items, statements and the like there are."""
    counts: dict[str, int] = {}
    for table in (customer, contact, statement, statement_run):
        query = select(func.count()).select_from(table).where(table.c.company_id == company_id)
        counts[f"{table.name}s"] = int((await session.execute(query)).scalar_one())
    return counts
