"""Jobs: one row per (job, occasion), inserted by any clock under the unique key, worked by any loop."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from storage.database import Session
from storage.identifiers import new_id
from storage.presence import holder_is_dead
from storage.schema import job

MOST_TRIES = 5
"""Then a job has failed for good and a person must look: the sixth try of a wrong input is no wiser."""

KEPT_DAYS = 7
"""Occasions of the minute are deleted after a week; daily ones stay, they are the record of what ran."""


@dataclass(frozen=True, slots=True)
class Job:
    """One occasion of one job, claimed."""

    id: UUID
    name: str
    period: str
    tries: int


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as a page shows it."""

    name: str
    period: str
    state: str
    tries: int
    error: str | None
    due_at: datetime
    finished_at: datetime | None
    figures: dict[str, Any]


async def insert_due(
    session: Session, company_id: UUID, name: str, period: str, figures: dict[str, Any] | None = None
) -> bool:
    """Makes the occasion due; False when it is already there, whoever inserted it."""
    query = (
        upsert(job)
        .values(company_id=company_id, id=new_id(), name=name, period=period, figures=figures or {})
        .on_conflict_do_nothing(index_elements=["company_id", "name", "period"])
        .returning(job.c.id)
    )
    return (await session.execute(query)).scalar_one_or_none() is not None


async def last_period(session: Session, company_id: UUID, name: str) -> str | None:
    """The newest occasion of a job; periods sort as text."""
    query = select(func.max(job.c.period)).where(job.c.company_id == company_id, job.c.name == name)
    found: str | None = (await session.execute(query)).scalar_one()
    return found


async def claim_job(session: Session, company_id: UUID, token: UUID) -> Job | None:
    """The next due job, or one whose worker died; its tries are counted at the claim."""
    free = or_(
        (job.c.state == "due") & (job.c.due_at <= func.statement_timestamp()),
        (job.c.state == "running") & holder_is_dead(job.c.claim_token, job.c.heartbeat_at),
    )
    row = (
        await session.execute(
            select(job.c.id, job.c.name, job.c.period, job.c.tries)
            .where(job.c.company_id == company_id, free)
            .order_by(job.c.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
    ).one_or_none()
    if row is None:
        return None
    now = func.clock_timestamp()
    await session.execute(
        update(job)
        .where(job.c.company_id == company_id, job.c.id == row.id)
        .values(state="running", claim_token=token, claimed_at=now, heartbeat_at=now, tries=job.c.tries + 1)
    )
    return Job(row.id, row.name, row.period, row.tries + 1)


async def beat_jobs(session: Session, company_id: UUID, token: UUID) -> None:
    """Says that the worker behind `token` lives."""
    await session.execute(
        update(job)
        .where(job.c.company_id == company_id, job.c.claim_token == token, job.c.state == "running")
        .values(heartbeat_at=func.clock_timestamp())
    )


async def finish_job(session: Session, company_id: UUID, claimed: Job, token: UUID, figures: dict[str, Any]) -> bool:
    """Done, with what it did; False when the claim has passed on."""
    result = await session.execute(
        update(job)
        .where(job.c.company_id == company_id, job.c.id == claimed.id, job.c.claim_token == token)
        .values(
            state="done",
            finished_at=func.clock_timestamp(),
            error=None,
            figures=job.c.figures.op("||")(literal(figures, JSONB)),
        )
    )
    return bool(result.rowcount)


async def give_back_job(session: Session, company_id: UUID, claimed: Job, token: UUID, error: str) -> None:
    """Due again after an error, or failed when it was tried often enough."""
    state = "failed" if claimed.tries >= MOST_TRIES else "due"
    await session.execute(
        update(job)
        .where(job.c.company_id == company_id, job.c.id == claimed.id, job.c.claim_token == token)
        .values(
            state=state, error=error, due_at=func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, claimed.tries)
        )
    )


async def forget_minutes(session: Session, company_id: UUID, name: str) -> int:
    """Deletes the done occasions of a job of the minute that are older than a week."""
    result = await session.execute(
        delete(job).where(
            job.c.company_id == company_id,
            job.c.name == name,
            job.c.state == "done",
            job.c.due_at < func.statement_timestamp() - text(f"interval '{KEPT_DAYS} days'"),
        )
    )
    return int(result.rowcount)


async def jobs_page(session: Session, company_id: UUID, limit: int = 100) -> list[JobRow]:
    """The newest jobs first."""
    query = (
        select(job.c.name, job.c.period, job.c.state, job.c.tries, job.c.error, job.c.due_at, job.c.finished_at,
               job.c.figures)
        .where(job.c.company_id == company_id)
        .order_by(job.c.id.desc())
        .limit(limit)
    )  # fmt: skip
    return [JobRow(*row) for row in await session.execute(query)]
