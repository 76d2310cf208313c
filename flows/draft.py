"""The flow `draft`: the statements of the run, built in batches of customers."""

from typing import Any

from prefect import flow

from flows.steps import work_stage


@flow(name="draft", flow_run_name="draft {run}", validate_parameters=True)
async def draft(company: str, run: str) -> dict[str, Any]:
    """Figures of the stage."""
    return await work_stage(company, run, "draft")
