"""The flow `tick`: the clock of the scaled-out form. It only makes due what the calendar says."""

from prefect import flow

from flows.house import open_database
from services.insert_due_jobs import insert_due_jobs


@flow(name="tick")
async def tick() -> int:
    """How many occasions became due; Prefect may run missed ticks one by one, the unique key makes one of them."""
    async with open_database() as (engine, _settings):
        return len(await insert_due_jobs(engine))
