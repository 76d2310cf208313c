"""Records how a customer found the way their account was handled; a bad word becomes a task."""

from uuid import UUID

from services.open_statement_page import LinkInvalid, nonce_holds, resolve_answer_link
from statements.answers import MAX_TEXT, AnswerIncomplete
from storage.answers import answerable_statement, answers_of
from storage.audit import Actor, record
from storage.database import Database, Session, transaction
from storage.feedback import insert_feedback, newest_feedback
from storage.tasks import NewTask, open_task

SCORES = {"good": 3, "middling": 2, "bad": 1}
"""One tap each."""


async def record_feedback(engine: Database, plain_token: str, nonce: str, word: str, body: str = "") -> int:
    """Keeps the score for the newest answer to the statement behind the link; the same again writes nothing."""
    link = await resolve_answer_link(engine, plain_token)
    if not nonce_holds(plain_token, nonce):
        raise LinkInvalid
    if word not in SCORES or len(body) > MAX_TEXT:
        raise AnswerIncomplete(what="how satisfied you are")
    score = SCORES[word]
    async with transaction(engine, link.company_id) as session:
        found = await answerable_statement(session, link.company_id, link.statement_id, lock=True)
        answers = await answers_of(session, link.company_id, link.statement_id)
        if found is None or not answers:
            raise AnswerIncomplete(what="agree or dispute")
        answer = answers[-1]
        known = await newest_feedback(session, link.company_id, answer.id)
        if known is not None and (known.score, known.body) == (score, body.strip() or known.body):
            return score
        await insert_feedback(session, link.company_id, found.id, answer.id, link.contact_id, score, body.strip())
        if score == SCORES["bad"] or body.strip():
            await _follow_up(session, link.company_id, found.customer_id, found.number, answer.id, word)
        await record(
            session, link.company_id, Actor("customer", link.contact_id), "feedback_given",
            ("statement", str(found.id)), {"answer_id": str(answer.id), "score": score},
        )  # fmt: skip
    return score


async def _follow_up(
    session: Session, company_id: UUID, customer_id: UUID, number: str, answer_id: UUID, word: str
) -> None:
    await open_task(
        session, company_id,
        NewTask(
            kind="feedback", subject_kind="answer", subject_id=str(answer_id), customer_id=customer_id,
            dedup_key=f"feedback/{answer_id}", facts={"statement": number, "score": word},
        ),
    )  # fmt: skip
