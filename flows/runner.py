"""Serves the flows: one process that starts a child per flow run, by dotted entrypoints, from our state folder.

`python -m flows.runner`. The Prefect server may be away; the runner comes back when the supervisor restarts it.
"""

import asyncio
import warnings
from datetime import timedelta
from typing import Any

from prefect import Flow, aserve
from prefect.deployments.runner import RunnerDeployment
from prefect.types.entrypoint import EntrypointType

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
from flows.tether import die_with_parent
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
    await aserve(*served, limit=RUNS_AT_ONCE, pause_on_shutdown=False, print_starting_message=False)


def main() -> None:
    """Entry point of the child process."""
    die_with_parent()
    warnings.filterwarnings("ignore", "coroutine 'Runner.astop'")  # Prefect's own signal handler does not await it
    asyncio.run(serve_flows(Settings()))


if __name__ == "__main__":
    main()
