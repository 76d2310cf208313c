"""The flow `report`: what a run has come to."""

from typing import Any
from uuid import UUID

from prefect import flow

from flows.house import house
from services.report_run import report_run


@flow(name="report", flow_run_name="report {run}")
async def report(company: str, run: str) -> dict[str, Any]:
    """The run as pages and programs show it."""
    async with house(company) as (engine, owner, _settings):
        return await report_run(engine, owner, UUID(run))
