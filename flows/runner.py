"""Serves the flows: one process that starts a child per flow run, by dotted entrypoints, from our state folder.

`python -m flows.runner`. The Prefect server may be away; the runner comes back when the supervisor restarts it. With a
work pool it is one of that pool's workers, and any number of machines may run one.
"""

import asyncio
import contextlib
import warnings
from datetime import timedelta
from typing import Any

from prefect import Flow, aserve
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectAlreadyExists
from prefect.types.entrypoint import EntrypointType
from prefect.workers.process import ProcessWorker

from flows.chase import chase
from flows.close_period import close_period
from flows.collect import collect
from flows.comply import comply
from flows.deliver import deliver
from flows.draft import draft
from flows.open_approvals import open_approvals
from flows.reconcile import reconcile
from flows.release import release
from flows.report import report
from flows.tether import die_with_supervisor
from flows.tick import tick
from services.settings import Settings

FLOWS: tuple[Flow[Any, Any], ...] = (
    close_period, collect, reconcile, draft, open_approvals, release, deliver, chase, comply, report,
)  # fmt: skip

RUNS_AT_ONCE = 2
"""A flow run is a process of 200 MB; the work in it uses every core by itself."""

TICK = timedelta(minutes=1)


async def deployments(settings: Settings) -> list[RunnerDeployment]:
    """Every flow by its dotted name; the clock's tick on a schedule only when Prefect is the chosen clock."""
    made = [await _deployment(flow) for flow in FLOWS]
    if settings.clock == "prefect":
        made.append(await _deployment(tick, interval=TICK))
    return made


async def _deployment(flow: Flow[Any, Any], interval: timedelta | None = None) -> RunnerDeployment:
    return await flow.ato_deployment(name=flow.name, entrypoint_type=EntrypointType.MODULE_PATH, interval=interval)


async def serve_flows(settings: Settings) -> None:
    """Serves until the process is told to end."""
    served = await deployments(settings)
    if settings.prefect_work_pool is not None:
        await _work_pool(settings.prefect_work_pool, served)
        return
    await aserve(*served, limit=RUNS_AT_ONCE, pause_on_shutdown=False, print_starting_message=False)


async def _work_pool(pool: str, served: list[RunnerDeployment]) -> None:
    """Writes the deployments into the pool, which is made if it is not there, and works it."""
    async with get_client() as client:
        with contextlib.suppress(ObjectAlreadyExists):
            await client.create_work_pool(WorkPoolCreate(name=pool, type=ProcessWorker.type))
    for deployment in served:
        await deployment.aapply(work_pool_name=pool)
    await ProcessWorker(work_pool_name=pool, limit=RUNS_AT_ONCE).start(printer=lambda *_: None)


def main() -> None:
    """Entry point of the child process."""
    die_with_supervisor()
    warnings.filterwarnings("ignore", "coroutine 'Runner.astop'")  # Prefect's own signal handler does not await it
    asyncio.run(serve_flows(Settings()))


if __name__ == "__main__":
    main()
