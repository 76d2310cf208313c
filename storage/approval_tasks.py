"""What follows from where a request stands: inbox tasks of its open stage and the clock's timers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, or_, select, update

from approvals.events import StageOpened
from approvals.request import OPEN, Request
from storage.database import Session
from storage.identifiers import new_id
from storage.schema import approval_request, approval_task, approval_timer


@dataclass(frozen=True, slots=True)
class DueTimer:
    """A timer whose instant has come."""

    id: UUID
    request_id: UUID
    kind: str
    stage: int
    round: int


def _candidates(request: Request) -> set[str]:
    if request.state != OPEN or request.stage == 0:
        return set()
    stage = request.current()
    named = set().union(*stage.demand())
    return {str(one) for one in named} | {f"user:{handed.to}" for handed in stage.handed_on}


async def renew_tasks(session: Session, company_id: UUID, request: Request) -> None:
    """One open task per candidate of the open stage, a role being one; tasks of other stages are done or dropped."""
    wanted = _candidates(request)
    if not wanted:
        await session.execute(
            update(approval_task)
            .where(
                approval_task.c.company_id == company_id,
                approval_task.c.request_id == request.id,
                approval_task.c.state == "open",
            )
            .values(state="done")
        )
        return
    rows = await session.execute(
        select(approval_task.c.id, approval_task.c.user_id, approval_task.c.role, approval_task.c.stage,
               approval_task.c.round)
        .where(
            approval_task.c.company_id == company_id,
            approval_task.c.request_id == request.id,
            approval_task.c.state == "open",
        )
    )  # fmt: skip
    stale: list[UUID] = []
    for row in rows:
        candidate = f"user:{row.user_id}" if row.user_id is not None else f"role:{row.role}"
        if candidate in wanted and (row.stage, row.round) == (request.stage, request.round):
            wanted.discard(candidate)
        else:
            stale.append(row.id)
    if stale:
        await session.execute(
            update(approval_task)
            .where(approval_task.c.company_id == company_id, approval_task.c.id.in_(stale))
            .values(state="done")
        )
    if wanted:
        await session.execute(insert(approval_task), [_task(company_id, request, one) for one in sorted(wanted)])


def _task(company_id: UUID, request: Request, candidate: str) -> dict[str, Any]:
    kind, _, name = candidate.partition(":")
    stage = request.current()
    return {
        "company_id": company_id, "id": new_id(), "request_id": request.id, "stage": request.stage,
        "round": request.round, "user_id": UUID(name) if kind == "user" else None,
        "role": name if kind == "role" else None, "state": "open", "opened_at": stage.opened_at,
        "due_at": stage.expires_at,
    }  # fmt: skip


async def renew_timers(session: Session, company_id: UUID, request: Request, opened: StageOpened | None) -> None:
    """Timers of the stage just opened replace the earlier ones; a closed request has none, so none can fire."""
    if opened is None and request.state == OPEN:
        return
    await session.execute(
        delete(approval_timer).where(
            approval_timer.c.company_id == company_id,
            approval_timer.c.request_id == request.id,
            approval_timer.c.fired_at.is_(None),
        )
    )
    if opened is None or request.state != OPEN:
        return
    rows = _timers(company_id, request, opened)
    if rows:
        await session.execute(insert(approval_timer), rows)


async def insert_tasks_and_timers(
    session: Session, company_id: UUID, new: Sequence[tuple[Request, StageOpened | None]]
) -> None:
    """Tasks and timers of requests that have just been written: none of them has any yet."""
    tasks = [_task(company_id, request, one) for request, _ in new for one in sorted(_candidates(request))]
    if tasks:
        await session.execute(insert(approval_task), tasks)
    timers = [timer for request, opened in new if opened for timer in _timers(company_id, request, opened)]
    if timers:
        await session.execute(insert(approval_timer), timers)


def _timers(company_id: UUID, request: Request, opened: StageOpened) -> list[dict[str, Any]]:
    instants = {"remind": opened.remind_at, "escalate": opened.escalate_at, "expire": opened.expires_at}
    return [_timer(company_id, request, opened.stage, kind, due) for kind, due in instants.items() if due is not None]


def _timer(company_id: UUID, request: Request, stage: int, kind: str, due: datetime) -> dict[str, Any]:
    return {
        "company_id": company_id, "id": new_id(), "request_id": request.id, "kind": kind, "stage": stage,
        "round": request.round, "due_at": due,
    }  # fmt: skip


async def set_timer(session: Session, company_id: UUID, request: Request, kind: str, due: datetime) -> None:
    """One more timer of the open stage: the next reminder."""
    await session.execute(insert(approval_timer).values(**_timer(company_id, request, request.stage, kind, due)))


async def due_timers(session: Session, company_id: UUID, limit: int, now: datetime | None = None) -> Sequence[DueTimer]:
    """Unfired timers whose instant has come, oldest first."""
    rows = await session.execute(
        select(approval_timer.c.id, approval_timer.c.request_id, approval_timer.c.kind, approval_timer.c.stage,
               approval_timer.c.round)
        .where(
            approval_timer.c.company_id == company_id,
            approval_timer.c.fired_at.is_(None),
            approval_timer.c.due_at <= (now if now is not None else func.clock_timestamp()),
        )
        .order_by(approval_timer.c.due_at)
        .limit(limit)
    )  # fmt: skip
    return [DueTimer(*row) for row in rows]


async def mark_fired(session: Session, company_id: UUID, timer_id: UUID) -> bool:
    """Takes the timer; False when it has been fired or replaced meanwhile. The request's lock is held."""
    fired = await session.execute(
        update(approval_timer)
        .where(
            approval_timer.c.company_id == company_id,
            approval_timer.c.id == timer_id,
            approval_timer.c.fired_at.is_(None),
        )
        .values(fired_at=func.clock_timestamp())
    )
    return fired.rowcount == 1


async def stages_open_for(session: Session, company_id: UUID, candidate_role: str) -> list[UUID]:
    """Open requests that wait for a role, for a recheck after roles changed."""
    rows = await session.execute(
        select(approval_task.c.request_id)
        .join(
            approval_request,
            (approval_request.c.company_id == approval_task.c.company_id)
            & (approval_request.c.id == approval_task.c.request_id),
        )
        .where(
            approval_task.c.company_id == company_id,
            approval_task.c.state == "open",
            approval_request.c.state == OPEN,
            or_(approval_task.c.role == candidate_role, approval_task.c.user_id.is_not(None)),
        )
        .distinct()
    )
    return [row.request_id for row in rows]
