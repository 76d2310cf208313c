"""Marks a task as done."""

from uuid import UUID

from storage.audit import Actor, record
from storage.database import Database, transaction
from storage.tasks import close_task as close_row
from words.refusal import Refusal


class TaskClosed(Refusal):
    """Somebody did it before, or it never was."""

    code = "task_closed"
    sentence = "This task is done already."
    remedy = "Reload the page."


async def close_task(engine: Database, company_id: UUID, task_id: UUID, actor: Actor) -> None:
    """Closes the task."""
    async with transaction(engine, company_id) as session:
        if not await close_row(session, company_id, task_id):
            raise TaskClosed
        await record(session, company_id, actor, "task_done", ("task", str(task_id)), {})
