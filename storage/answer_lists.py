"""What the staff's page of answers lists: newest first, with all that came with each."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from storage.answers import ANSWER_COLUMNS, Answer
from storage.attachments import Attachment, attachments_of
from storage.database import Session
from storage.feedback import Feedback
from storage.promises import HintRow, PromiseRow, hints_by_answer, promises_by_answer
from storage.schema import answer, customer, feedback, statement, task

PAGE = 50
"""Answers per page: each may carry a dozen lines of its own."""


@dataclass(frozen=True, slots=True)
class AnswerListing:
    """An answer with the words that stand beside it; `to_forward` while nobody has decided on the named person."""

    answer: Answer
    statement_number: str
    customer_id: UUID
    customer_name: str
    payments: list[HintRow]
    promises: list[PromiseRow]
    files: list[Attachment]
    feedback: Feedback | None
    to_forward: bool


async def list_answers(
    session: Session, company_id: UUID, *, kind: str = "", after: UUID | None = None, limit: int = PAGE
) -> list[AnswerListing]:
    """A keyset page of answers, newest first; one kind or all."""
    query = (
        select(*ANSWER_COLUMNS, statement.c.number, customer.c.id, customer.c.name)
        .join(statement, (statement.c.company_id == answer.c.company_id) & (statement.c.id == answer.c.statement_id))
        .join(customer, (customer.c.company_id == statement.c.company_id) & (customer.c.id == statement.c.customer_id))
        .where(answer.c.company_id == company_id)
        .order_by(answer.c.id.desc())
        .limit(limit)
    )
    if kind:
        query = query.where(answer.c.kind == kind)
    if after is not None:
        query = query.where(answer.c.id < after)
    rows = [(Answer(*row[:-3]), *row[-3:]) for row in await session.execute(query)]
    ids = [row[0].id for row in rows]
    hints = await hints_by_answer(session, company_id, ids)
    promises = await promises_by_answer(session, company_id, ids)
    files = await attachments_of(session, company_id, "answer", ids)
    words = await _feedback(session, company_id, ids)
    waiting = await _to_forward(session, company_id)
    return [
        AnswerListing(
            one, number, customer_id, name, hints.get(one.id, []), promises.get(one.id, []), files.get(one.id, []),
            words.get(one.id), f"wrong_person/{one.id}" in waiting,
        )
        for one, number, customer_id, name in rows
    ]  # fmt: skip


async def _feedback(session: Session, company_id: UUID, answer_ids: list[UUID]) -> dict[UUID, Feedback]:
    query = (
        select(feedback.c.answer_id, feedback.c.score, feedback.c.body, feedback.c.at)
        .where(feedback.c.company_id == company_id, feedback.c.answer_id.in_(answer_ids))
        .order_by(feedback.c.at)
    )
    return {row[0]: Feedback(*row) for row in await session.execute(query)}


async def _to_forward(session: Session, company_id: UUID) -> set[str]:
    query = select(task.c.dedup_key).where(
        task.c.company_id == company_id, task.c.kind == "wrong_person", task.c.state == "open"
    )
    return set((await session.execute(query)).scalars())


async def answer_counts(session: Session, company_id: UUID) -> dict[str, int]:
    """How many answers there are of each kind."""
    query = select(answer.c.kind, func.count()).where(answer.c.company_id == company_id).group_by(answer.c.kind)
    return {row[0]: row[1] for row in await session.execute(query)}
