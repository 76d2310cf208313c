"""How satisfied customers were after an answer: rows that only grow; the newest of an answer counts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select

from storage.database import Session
from storage.identifiers import new_id
from storage.schema import feedback


@dataclass(frozen=True, slots=True)
class Feedback:
    """score: 1 bad, 2 middling, 3 good."""

    answer_id: UUID
    score: int
    body: str
    at: datetime


async def insert_feedback(
    session: Session, company_id: UUID, statement_id: UUID, answer_id: UUID, contact_id: UUID, score: int, body: str
) -> None:
    """Adds one."""
    await session.execute(
        insert(feedback).values(
            company_id=company_id, id=new_id(), statement_id=statement_id, answer_id=answer_id, contact_id=contact_id,
            score=score, body=body,
        )
    )  # fmt: skip


async def newest_feedback(session: Session, company_id: UUID, answer_id: UUID) -> Feedback | None:
    """What was said last about the handling of this answer."""
    query = (
        select(feedback.c.answer_id, feedback.c.score, feedback.c.body, feedback.c.at)
        .where(feedback.c.company_id == company_id, feedback.c.answer_id == answer_id)
        .order_by(feedback.c.at.desc()).limit(1)
    )  # fmt: skip
    row = (await session.execute(query)).one_or_none()
    return Feedback(*row) if row else None


async def feedback_counts(session: Session, company_id: UUID) -> dict[int, int]:
    """How many answers were followed by which score, each answer once."""
    newest = (
        select(feedback.c.answer_id, func.max(feedback.c.at).label("at"))
        .where(feedback.c.company_id == company_id)
        .group_by(feedback.c.answer_id)
        .subquery()
    )
    query = (
        select(feedback.c.score, func.count())
        .join(newest, (newest.c.answer_id == feedback.c.answer_id) & (newest.c.at == feedback.c.at))
        .where(feedback.c.company_id == company_id)
        .group_by(feedback.c.score)
    )
    return {row[0]: row[1] for row in await session.execute(query)}
