"""Who acts for whom: grants in half-open intervals, which only ever end earlier."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select

from storage.database import Session
from storage.schema import delegation


@dataclass(frozen=True, slots=True)
class StoredDelegation:
    """One grant as a page shows it; `subjects` empty means every kind."""

    id: UUID
    principal_id: UUID
    delegate_id: UUID
    starts_at: datetime
    ends_at: datetime
    subjects: tuple[str, ...]
    revoked_at: datetime | None
    over: bool


async def delegations_of(
    session: Session, company_id: UUID, person_id: UUID, limit: int = 50
) -> list[StoredDelegation]:
    """Grants by or to the person, the latest first."""
    rows = await session.execute(
        select(
            delegation.c.id, delegation.c.principal_id, delegation.c.delegate_id, delegation.c.starts_at,
            delegation.c.ends_at, delegation.c.scope, delegation.c.revoked_at,
            (delegation.c.ends_at <= func.statement_timestamp()).label("over"),
        )
        .where(
            delegation.c.company_id == company_id,
            or_(delegation.c.principal_id == person_id, delegation.c.delegate_id == person_id),
        )
        .order_by(delegation.c.starts_at.desc(), delegation.c.id)
        .limit(limit)
    )  # fmt: skip
    return [
        StoredDelegation(
            row.id, row.principal_id, row.delegate_id, row.starts_at, row.ends_at,
            tuple(row.scope.get("subjects", ())), row.revoked_at, row.over or row.revoked_at is not None,
        )
        for row in rows
    ]  # fmt: skip
