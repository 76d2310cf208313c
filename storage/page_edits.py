"""What staff change by hand on pages: contacts, and refused rows."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update

from storage.database import Session
from storage.schema import access_token, contact, raw_record, task


async def put_contact(
    session: Session, company_id: UUID, customer_id: UUID, contact_id: UUID, values: dict[str, Any], *, is_new: bool
) -> str | None:
    """Writes the contact and answers the address before ("" for none); None when there is no such contact."""
    if is_new:
        await session.execute(
            insert(contact).values(company_id=company_id, id=contact_id, customer_id=customer_id, **values)
        )
        return ""
    here = (
        contact.c.company_id == company_id,
        contact.c.customer_id == customer_id,
        contact.c.id == contact_id,
    )
    row = (await session.execute(select(contact.c.email).where(*here).with_for_update())).one_or_none()
    if row is None:
        return None
    await session.execute(update(contact).where(*here).values(**values, disabled_at=None))
    return row.email or ""


async def disable_contact(session: Session, company_id: UUID, customer_id: UUID, contact_id: UUID) -> bool:
    """Whether there was an enabled contact to disable."""
    done = await session.execute(
        update(contact)
        .where(
            contact.c.company_id == company_id,
            contact.c.customer_id == customer_id,
            contact.c.id == contact_id,
            contact.c.disabled_at.is_(None),
        )
        .values(disabled_at=func.clock_timestamp())
    )
    return done.rowcount == 1


async def revoke_links_of(session: Session, company_id: UUID, person_id: UUID) -> None:
    """Ends every open link of this person."""
    await session.execute(
        update(access_token)
        .where(
            access_token.c.company_id == company_id,
            access_token.c.person_id == person_id,
            access_token.c.revoked_at.is_(None),
        )
        .values(revoked_at=func.clock_timestamp())
    )


async def close_tasks_of_customer(
    session: Session, company_id: UUID, customer_id: UUID, kind: str
) -> list[tuple[str, str]]:
    """Closes a customer's open tasks of one kind, and answers the subjects (kind, id) that they were about."""
    closed = await session.execute(
        update(task)
        .where(
            task.c.company_id == company_id, task.c.customer_id == customer_id, task.c.kind == kind,
            task.c.state == "open",
        )
        .values(state="done", closed_at=func.clock_timestamp())
        .returning(task.c.subject_kind, task.c.subject_id)
    )  # fmt: skip
    return [(row.subject_kind, row.subject_id) for row in closed]


async def discard_raw_record(session: Session, company_id: UUID, record_id: UUID, user_id: UUID | None) -> bool:
    """Whether there was an open row to discard."""
    done = await session.execute(
        update(raw_record)
        .where(raw_record.c.company_id == company_id, raw_record.c.id == record_id, raw_record.c.state == "open")
        .values(state="discarded", repaired_by=user_id, repaired_at=func.clock_timestamp())
    )
    return done.rowcount == 1
