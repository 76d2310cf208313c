"""What follows from where a request stands: inbox tasks of its open stage and the clock's timers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, or_, select, text, update

from approvals.events import Event, StageOpened
from approvals.request import OPEN, Request
from storage.bulk_json import insert_many
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


def candidates_of(request: Request) -> set[str]:
    """Who is asked now, "user:<id>" or "role:<name>": those whom the open stage names, and to whom it was handed."""
    if request.state != OPEN or request.stage == 0:
        return set()
    stage = request.current()
    named = set().union(*stage.demand())
    return {str(one) for one in named} | {f"user:{handed.to}" for handed in stage.handed_on}


async def renew_tasks_and_timers(
    session: Session, company_id: UUID, changed: Sequence[tuple[Request, StageOpened | None]]
) -> None:
    """Brings tasks and timers to where the requests stand now; each comes with the stage that has just opened, if any.

    One open task per candidate of the open stage, a role being one; tasks of other stages are done. Timers of a stage
    just opened replace the earlier ones; a closed request has none, so none can fire.
    """
    await _renew_tasks(session, company_id, [request for request, _ in changed])
    over = [request.id for request, opened in changed if opened is not None or request.state != OPEN]
    if over:
        await session.execute(
            delete(approval_timer).where(
                approval_timer.c.company_id == company_id, approval_timer.c.request_id == func.any(over),
                approval_timer.c.fired_at.is_(None),
            )
        )  # fmt: skip
    timers = [
        _timer(company_id, request, opened.stage, kind, due)
        for request, opened in changed
        if opened is not None and request.state == OPEN
        for kind, due in timers_of(opened).items()
    ]
    await insert_many(session, approval_timer, timers)


async def _renew_tasks(session: Session, company_id: UUID, requests: Sequence[Request]) -> None:
    over = [one.id for one in requests if not candidates_of(one)]
    if over:
        await session.execute(
            update(approval_task)
            .where(
                approval_task.c.company_id == company_id, approval_task.c.request_id == func.any(over),
                approval_task.c.state == "open",
            )
            .values(state="done")
        )  # fmt: skip
    requests = [one for one in requests if one.id not in over]
    if not requests:
        return
    wanted = {(one.id, candidate, one.stage, one.round) for one in requests for candidate in candidates_of(one)}
    rows = await session.execute(
        select(approval_task.c.id, approval_task.c.request_id, approval_task.c.user_id, approval_task.c.role,
               approval_task.c.stage, approval_task.c.round)
        .where(
            approval_task.c.company_id == company_id, approval_task.c.state == "open",
            approval_task.c.request_id == func.any([one.id for one in requests]),
        )
    )  # fmt: skip
    there = {(row.request_id, _candidate(row), row.stage, row.round): row.id for row in rows}
    stale = [task_id for place, task_id in there.items() if place not in wanted]
    if stale:
        await session.execute(
            update(approval_task)
            .where(approval_task.c.company_id == company_id, approval_task.c.id == func.any(stale))
            .values(state="done")
        )
    missing = wanted - there.keys()
    tasks = [
        _task(company_id, one, candidate)
        for one in requests
        for candidate in sorted(candidates_of(one))
        if (one.id, candidate, one.stage, one.round) in missing
    ]
    await insert_many(session, approval_task, tasks)


def _candidate(row: Any) -> str:  # noqa: ANN401 - a row of mixed columns
    return f"user:{row.user_id}" if row.user_id is not None else f"role:{row.role}"


def _task(company_id: UUID, request: Request, candidate: str) -> dict[str, Any]:
    own = {"company_id": company_id, "id": new_id(), "request_id": request.id, "state": "open"}
    return {**own, **task_of(request, candidate)}


def task_of(request: Request, candidate: str) -> dict[str, Any]:
    """What a candidate is asked to do, the same for all requests that stand alike."""
    kind, _, name = candidate.partition(":")
    stage = request.current()
    return {
        "stage": request.stage, "round": request.round, "user_id": UUID(name) if kind == "user" else None,
        "role": name if kind == "role" else None, "opened_at": stage.opened_at, "due_at": stage.expires_at,
    }  # fmt: skip


def opened_in(events: Sequence[Event]) -> StageOpened | None:
    """The stage whose turn it has become."""
    return next((event for event in reversed(events) if isinstance(event, StageOpened)), None)


def timers_of(opened: StageOpened) -> dict[str, datetime]:
    """When the clock reminds, escalates and expires a stage that has just opened, as far as it does."""
    instants = {"remind": opened.remind_at, "escalate": opened.escalate_at, "expire": opened.expires_at}
    return {kind: due for kind, due in instants.items() if due is not None}


def _timer(company_id: UUID, request: Request, stage: int, kind: str, due: datetime) -> dict[str, Any]:
    return {
        "company_id": company_id, "id": new_id(), "request_id": request.id, "kind": kind, "stage": stage,
        "round": request.round, "due_at": due,
    }  # fmt: skip


async def set_timer(session: Session, company_id: UUID, request: Request, kind: str, due: datetime) -> None:
    """One more timer of the open stage: the next reminder."""
    await session.execute(insert(approval_timer).values(**_timer(company_id, request, request.stage, kind, due)))


_DUE = """
    select id, request_id, kind, stage, round from approval_timer
     where company_id = :company and fired_at is null and due_at <= {instant}
     order by due_at limit :limit
"""
_DUE_NOW = text(_DUE.format(instant="statement_timestamp()"))
_DUE_THEN = text(_DUE.format(instant=":now"))


async def due_timers(session: Session, company_id: UUID, limit: int, now: datetime | None = None) -> Sequence[DueTimer]:
    """Unfired timers whose instant has come, oldest first."""
    given: dict[str, object] = {"company": company_id, "limit": limit}
    due = _DUE_NOW if now is None else _DUE_THEN
    rows = await session.execute(due, given if now is None else {**given, "now": now})
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
