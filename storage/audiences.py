"""Who among the staff hears of something: the enabled people of a role."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from storage.database import Session
from storage.schema import app_user, user_role


@dataclass(frozen=True, slots=True)
class Listener:
    """One person who is to be told."""

    id: UUID
    name: str
    email: str
    language: str


async def listeners(session: Session, company_id: UUID, role: str) -> list[Listener]:
    """The enabled people of the role, by address."""
    query = (
        select(app_user.c.id, app_user.c.name, app_user.c.email, app_user.c.language)
        .join(user_role, (user_role.c.company_id == app_user.c.company_id) & (user_role.c.user_id == app_user.c.id))
        .where(app_user.c.company_id == company_id, user_role.c.role == role, app_user.c.disabled_at.is_(None))
        .order_by(app_user.c.email)
    )
    return [Listener(*row) for row in await session.execute(query)]
