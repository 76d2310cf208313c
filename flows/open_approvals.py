"""The flow `open_approvals`: the tie-out gate, then a request per statement; people decide outside of any flow."""

from typing import Any

from prefect import flow

from flows.steps import work_stage


@flow(name="open_approvals", flow_run_name="open_approvals {run}", validate_parameters=True)
async def open_approvals(company: str, run: str) -> dict[str, Any]:
    """Figures of the stage; it ends at the gate."""
    return await work_stage(company, run, "review")
