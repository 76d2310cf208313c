"""First answers of commands by key: the same click again gets the same answer, another question under the key none."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from storage.database import Session
from storage.schema import idempotency


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """What was answered when the key was new, and to which question."""

    input_sha256: str
    status: int
    response: dict[str, Any]


async def first_answer(session: Session, company_id: UUID, key: str) -> FirstAnswer | None:
    """The answer kept under the key, if any."""
    row = (
        await session.execute(
            select(idempotency.c.input_sha256, idempotency.c.status, idempotency.c.response).where(
                idempotency.c.company_id == company_id, idempotency.c.key == key
            )
        )
    ).one_or_none()
    return FirstAnswer(*row) if row else None


async def keep_answer(session: Session, company_id: UUID, key: str, answer: FirstAnswer) -> bool:
    """Keeps the first answer; False when another transaction was faster under the same key."""
    kept = await session.execute(
        insert(idempotency)
        .values(
            company_id=company_id, key=key, input_sha256=answer.input_sha256, status=answer.status,
            response=answer.response,
        )
        .on_conflict_do_nothing()
        .returning(idempotency.c.key)
    )  # fmt: skip
    return kept.one_or_none() is not None
