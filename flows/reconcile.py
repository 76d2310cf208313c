"""The flow `reconcile`: receipts and credits applied to the documents that they name."""

from typing import Any

from prefect import flow

from flows.steps import work_stage


@flow(name="reconcile", flow_run_name="reconcile {run}", validate_parameters=True)
async def reconcile(company: str, run: str) -> dict[str, Any]:
    """Figures of the stage."""
    return await work_stage(company, run, "reconcile")
