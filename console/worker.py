"""`tieout worker`: outbox relay, clock and job loop in one process; any number may run on one database."""

import asyncio
import logging
import signal
import sys

from console.context import connected
from flows.clock import run_clock
from flows.job_loop import job_loop
from flows.tether import die_with_supervisor
from services.relay_outbox import relay_forever
from services.settings import Settings


def worker_command() -> None:
    """Run the outbox relay, the clock and the job loop until SIGTERM.

    Example: DATABASE_URL=postgresql://… tieout worker
    """
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("tieout").setLevel(logging.INFO)
    die_with_supervisor()
    asyncio.run(_work(Settings()))


async def _work(settings: Settings) -> None:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    async with connected(settings) as context, asyncio.TaskGroup() as tasks:
        tasks.create_task(relay_forever(context.engine, settings, ending))
        tasks.create_task(job_loop(context.engine, settings, ending))
        if settings.clock == "embedded":
            tasks.create_task(run_clock(context.engine, ending))


if __name__ == "__main__":
    worker_command()
