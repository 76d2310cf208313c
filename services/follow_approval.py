"""What follows once an approval has been committed: approved statements are released to their customers."""

from uuid import UUID

import structlog

from approvals.refusals import ApprovalRefusal
from services.change_statement_status import StatementUnknown
from services.contact_subjects import CONTACT_CHANGE
from services.send_statement import StatementUntied, release_statement, send_to_late_address
from statements.lifecycle import GuardRefused, TransitionRefused
from storage.approvals import read_request
from storage.companies import own_company
from storage.database import Database, transaction
from storage.outbox import OutboxRow
from storage.tasks import NewTask, open_task
from words.refusal import Refusal

log = structlog.get_logger()


async def follow_approval(engine: Database, company_id: UUID, row: OutboxRow) -> int:
    """Releases what the closed request approved; answers how many. Called again, it finds them sent already.

    A statement that may not be sent after all becomes a task and stops none of the others.
    """
    if row.payload.get("outcome") != "approved":
        return 0
    async with transaction(engine, company_id) as session:
        stored = await read_request(session, company_id, UUID(str(row.payload["request_id"])))
        company = await own_company(session, company_id)
    if stored is None:
        return 0
    if stored.request.subject_kind == CONTACT_CHANGE:
        return await _send_what_waited(engine, company_id, UUID(str(stored.request.facts["customer_id"])))
    released = 0
    for statement_id in _statements(stored.request.subject_kind, stored.request.subject_id, stored.request.facts):
        try:
            await release_statement(engine, company, statement_id)
            released += 1
        except (ApprovalRefusal, StatementUntied, StatementUnknown, TransitionRefused, GuardRefused) as refusal:
            await _note(engine, company_id, statement_id, stored.request.id, refusal)
    return released


async def _send_what_waited(engine: Database, company_id: UUID, customer_id: UUID) -> int:
    """Statements that waited for an address go out to the one just approved."""
    async with transaction(engine, company_id) as session:
        return await send_to_late_address(session, company_id, customer_id)


def _statements(kind: str, subject_id: str, facts: object) -> list[UUID]:
    if kind == "statement":
        return [UUID(subject_id)]
    if kind == "statement_batch" and isinstance(facts, dict):
        return [UUID(one) for one in facts["statements"]]
    return []


async def _note(engine: Database, company_id: UUID, statement_id: UUID, request_id: UUID, refusal: Refusal) -> None:
    log.warning("release_refused", statement=str(statement_id), code=refusal.code)
    async with transaction(engine, company_id) as session:
        await open_task(
            session,
            company_id,
            NewTask(
                kind="release_refused", subject_kind="statement", subject_id=str(statement_id),
                dedup_key=f"release_refused/{statement_id}/{request_id}", facts={"code": refusal.code}, role="reviewer",
            ),
        )  # fmt: skip
