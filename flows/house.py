"""What a flow run is given to work with: ids come in as text, the database and the company come from here."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from flows.tether import die_with_parent
from services.add_company import company_by_code
from services.settings import Settings
from storage.companies import Company
from storage.database import Database, engine_for

STARTED_BY_RUNNER = "PREFECT__FLOW_RUN_ID"
"""Prefect's runner sets it in the process of a flow run; a flow called by other code belongs to its caller."""


class DatabaseUnsetError(RuntimeError):
    """A flow run has no DATABASE_URL; `tieout up` sets it, and so must whoever runs workers."""


@asynccontextmanager
async def open_database() -> AsyncIterator[tuple[Database, Settings]]:
    """The database of a flow run, whose process ends with the runner that started it."""
    if STARTED_BY_RUNNER in os.environ:
        die_with_parent()
    settings = Settings()
    if settings.database_url is None:
        raise DatabaseUnsetError
    engine = engine_for(settings.database_url)
    try:
        yield engine, settings
    finally:
        await engine.dispose()


@asynccontextmanager
async def house(company_code: str) -> AsyncIterator[tuple[Database, Company, Settings]]:
    """The database and the company with this code."""
    async with open_database() as (engine, settings):
        yield engine, await company_by_code(engine, company_code), settings
