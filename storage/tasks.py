"""Work for a person: what the system cannot finish alone, with who should look and by when."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.database import Session
from storage.identifiers import new_id
from storage.schema import task

PAGE = 100
"""Rows of one listing."""


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to open. `facts` hold the values that its sentence is written from."""

    kind: str
    subject_kind: str
    subject_id: str
    dedup_key: str
    facts: dict[str, Any] = field(default_factory=dict)
    customer_id: UUID | None = None
    role: str = "clerk"
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it stands."""

    id: UUID
    kind: str
    subject_kind: str
    subject_id: str
    customer_id: UUID | None
    owner_id: UUID | None
    role: str
    facts: dict[str, Any]
    state: str
    due_on: date | None
    recorded_at: datetime


async def open_task(session: Session, company_id: UUID, new: NewTask) -> UUID | None:
    """Opens the task; None when its dedup key has one already, open or done."""
    statement = (
        insert(task)
        .values(
            company_id=company_id, id=new_id(), kind=new.kind, subject_kind=new.subject_kind,
            subject_id=new.subject_id, customer_id=new.customer_id, role=new.role, facts=new.facts,
            dedup_key=new.dedup_key, due_on=new.due_on,
        )
        .on_conflict_do_nothing(index_elements=["company_id", "dedup_key"])
        .returning(task.c.id)
    )  # fmt: skip
    opened: UUID | None = (await session.execute(statement)).scalar_one_or_none()
    return opened


async def list_tasks(
    session: Session, company_id: UUID, *, state: str | None = "open", kind: str | None = None, limit: int = PAGE
) -> list[Task]:
    """Tasks, oldest first."""
    query = (
        select(
            task.c.id, task.c.kind, task.c.subject_kind, task.c.subject_id, task.c.customer_id, task.c.owner_id,
            task.c.role, task.c.facts, task.c.state, task.c.due_on, task.c.recorded_at,
        )
        .where(task.c.company_id == company_id)
        .order_by(task.c.id)
        .limit(limit)
    )  # fmt: skip
    if state is not None:
        query = query.where(task.c.state == state)
    if kind is not None:
        query = query.where(task.c.kind == kind)
    return [Task(*row) for row in await session.execute(query)]


async def close_task(session: Session, company_id: UUID, task_id: UUID) -> bool:
    """Marks a task done; False when it was not open."""
    changed = await session.execute(
        update(task)
        .where(task.c.company_id == company_id, task.c.id == task_id, task.c.state == "open")
        .values(state="done", closed_at=func.clock_timestamp())
    )
    return changed.rowcount == 1


async def close_tasks_about(session: Session, company_id: UUID, kind: str, subject_id: str) -> None:
    """Marks every open task of this kind about this subject done."""
    await session.execute(
        update(task)
        .where(
            task.c.company_id == company_id, task.c.kind == kind, task.c.subject_id == subject_id,
            task.c.state == "open",
        )
        .values(state="done", closed_at=func.clock_timestamp())
    )  # fmt: skip


async def close_task_by_key(session: Session, company_id: UUID, dedup_key: str) -> bool:
    """Marks the task of this key done; False when none is open."""
    changed = await session.execute(
        update(task)
        .where(task.c.company_id == company_id, task.c.dedup_key == dedup_key, task.c.state == "open")
        .values(state="done", closed_at=func.clock_timestamp())
    )
    return changed.rowcount == 1


async def close_tasks_about_message(session: Session, company_id: UUID, outbox_id: UUID) -> int:
    """Closes what was asked about a message; their keys become free, so that a new failure asks again."""
    changed = await session.execute(
        update(task)
        .where(
            task.c.company_id == company_id, task.c.facts["outbox_id"].astext == str(outbox_id),
            task.c.state == "open",
        )
        .values(
            state="done", closed_at=func.clock_timestamp(),
            dedup_key=task.c.dedup_key + "/" + func.cast(task.c.id, task.c.dedup_key.type),
        )
    )  # fmt: skip
    return changed.rowcount


async def has_open_task(session: Session, company_id: UUID, customer_id: UUID, kind: str) -> bool:
    """Whether the customer has an open task of this kind."""
    query = select(task.c.id).where(
        task.c.company_id == company_id, task.c.customer_id == customer_id, task.c.kind == kind, task.c.state == "open"
    ).limit(1)  # fmt: skip
    return (await session.execute(query)).first() is not None
