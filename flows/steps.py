"""The one task of the stage flows: a stage of a run, re-entrant, so that Prefect may repeat it as it likes."""

from typing import Any
from uuid import UUID

from prefect import task
from prefect.runtime import flow_run

from flows.house import house
from services.run_stage import run_stage
from storage.database import transaction
from storage.runs import tie_prefect_run

RETRIES = 2
"""A lost database connection is back within seconds; what fails a third time needs a person."""

RETRY_SECONDS = 5


@task(name="stage", retries=RETRIES, retry_delay_seconds=RETRY_SECONDS, task_run_name="{stage}")
async def work_stage(company: str, run: str, stage: str) -> dict[str, Any]:
    """Figures of the stage after it went as far as it can."""
    async with house(company) as (engine, owner, _settings):
        return await run_stage(engine, owner, UUID(run), stage)


@task(name="tie to run")
async def tie_to_run(company: str, run: str) -> None:
    """Notes the Prefect run on ours, so that the pages link to each other."""
    async with house(company) as (engine, owner, _settings), transaction(engine, owner.id) as session:
        await tie_prefect_run(session, owner.id, UUID(run), str(flow_run.id))
