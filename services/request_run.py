"""Starts a run from a page: the run is there at once, a worker takes it up within a second."""

from uuid import UUID

from services.close_period import Closing, open_run
from storage.companies import Company
from storage.database import Database, transaction
from storage.jobs import insert_due
from storage.presence import database_now


async def request_run(engine: Database, company: Company, closing: Closing) -> UUID:
    """The run's id. Asked twice in a second it is worked once; asked again later it continues."""
    _known, run_id = await open_run(engine, company, closing)
    async with transaction(engine, company.id) as session:
        moment = await database_now(session)
        await insert_due(session, company.id, "continue_run", f"{run_id}@{moment:%Y-%m-%dT%H:%M:%SZ}")
    return run_id
