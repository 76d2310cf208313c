"""The embedded clock: once a minute it makes due what the calendar says, and does nothing else.

Several clocks at once are harmless: the unique key of a job's occasion decides.
"""

import asyncio

from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]  # it has no types
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]  # it has no types

from services.insert_due_jobs import insert_due_jobs
from storage.database import Database


async def run_clock(engine: Database, ending: asyncio.Event) -> None:
    """Ticks at once, to catch up what was missed, and then each full minute until `ending` is set."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        insert_due_jobs, CronTrigger(second=0, timezone="UTC"), [engine],
        coalesce=True, max_instances=1, misfire_grace_time=None,
    )  # fmt: skip
    scheduler.start()
    try:
        await insert_due_jobs(engine)
        await ending.wait()
    finally:
        scheduler.shutdown(wait=False)
