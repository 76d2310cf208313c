"""The flow `release`: what is approved is handed over for delivery, once."""

from typing import Any

from prefect import flow

from flows.steps import work_stage


@flow(name="release", flow_run_name="release {run}", validate_parameters=True)
async def release(company: str, run: str) -> dict[str, Any]:
    """Figures of the stage."""
    return await work_stage(company, run, "send")
