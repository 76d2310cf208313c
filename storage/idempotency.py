"""First answers of commands by key: the same click again gets the same answer, another question under the key none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from storage.bulk_json import insert_many
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


async def first_answers(session: Session, company_id: UUID, keys: Sequence[str]) -> dict[str, FirstAnswer]:
    """The answers kept under the keys."""
    rows = await session.execute(
        select(idempotency.c.key, idempotency.c.input_sha256, idempotency.c.status, idempotency.c.response).where(
            idempotency.c.company_id == company_id, idempotency.c.key == func.any(list(keys))
        )
    )
    return {row.key: FirstAnswer(row.input_sha256, row.status, row.response) for row in rows}


async def keep_answers(session: Session, company_id: UUID, answers: Mapping[str, FirstAnswer]) -> bool:
    """Keeps first answers; False when another transaction was faster under one of the keys."""
    rows = [
        {"company_id": company_id, "key": key, "input_sha256": one.input_sha256, "status": one.status,
         "response": one.response}
        for key, one in sorted(answers.items())
    ]  # fmt: skip
    return await insert_many(session, idempotency, rows, known="company_id, key") == len(rows)


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


async def hold_key(session: Session, company_id: UUID, key: str) -> None:
    """Keeps others with the same key waiting until the end of the transaction."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{company_id}/{key}", 0))))
