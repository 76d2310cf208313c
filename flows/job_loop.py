"""Runs due jobs: claims one, calls the service of its name, writes what it did. Any number of loops may run."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from flows.job_services import SERVICES
from services.settings import Settings
from storage.companies import Company, list_companies
from storage.database import Database, owner_transaction, transaction
from storage.jobs import Job, beat_jobs, claim_job, finish_job, give_back_job
from storage.presence import HEARTBEAT_SECONDS, presence

IDLE_SECONDS = 1.0
"""How soon a due job is seen; five claims a second would be five times the work for nothing."""

log = logging.getLogger("tieout.jobs")

__all__ = ["job_loop", "run_due_jobs"]


async def job_loop(engine: Database, settings: Settings, ending: asyncio.Event) -> None:
    """Works due jobs until `ending` is set; a job in hand is finished first."""
    async with presence(engine) as token:
        while not ending.is_set():
            if await run_due_jobs(engine, settings, token):
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), IDLE_SECONDS)


async def run_due_jobs(engine: Database, settings: Settings, token: UUID) -> int:
    """One job of each company, if it has one that is due; answers how many were worked."""
    async with owner_transaction(engine) as session:
        companies = await list_companies(session)
    worked = 0
    for company in companies:
        async with transaction(engine, company.id) as session:
            job = await claim_job(session, company.id, token)
        if job is not None:
            worked += 1
            await _work(engine, settings, company, job, token)
    return worked


async def _work(engine: Database, settings: Settings, company: Company, job: Job, token: UUID) -> None:
    try:
        async with _beating(engine, company.id, token):
            figures = await SERVICES[job.name](engine, settings, company, job.period)
    except Exception as error:
        log.exception("%s %s of %s failed, try %s", job.name, job.period, company.code, job.tries)
        async with transaction(engine, company.id) as session:
            await give_back_job(session, company.id, job, token, f"{type(error).__name__}: {error}")
        return
    async with transaction(engine, company.id) as session:
        await finish_job(session, company.id, job, token, figures)


@asynccontextmanager
async def _beating(engine: Database, company_id: UUID, token: UUID) -> AsyncIterator[None]:
    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            async with transaction(engine, company_id) as session:
                await beat_jobs(session, company_id, token)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
