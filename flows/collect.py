"""The flow `collect`: what the imports brought, counted per customer."""

from typing import Any

from prefect import flow

from flows.steps import work_stage


@flow(name="collect", flow_run_name="collect {run}", validate_parameters=True)
async def collect(company: str, run: str) -> dict[str, Any]:
    """Figures of the stage."""
    return await work_stage(company, run, "collect")
