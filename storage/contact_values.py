"""A contact as people see and sign it."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from storage.database import Session
from storage.schema import contact


async def contact_now(session: Session, company_id: UUID, contact_id: UUID) -> dict[str, Any]:
    """Name, address, language and purpose; empty when there is no such contact in use."""
    query = select(contact.c.name, contact.c.email, contact.c.language, contact.c.purpose).where(
        contact.c.company_id == company_id, contact.c.id == contact_id, contact.c.disabled_at.is_(None)
    )
    row = (await session.execute(query)).mappings().one_or_none()
    return dict(row) if row else {}
