"""The relay that gets killed: one process on a database and a mail server, with a failpoint to die at."""

import asyncio
import contextlib
import logging
import os
import signal
from pathlib import Path

from notifications.failpoints import VARIABLE
from notifications.slack import SlackCarrier
from notifications.smtp import SmtpCarrier, SmtpServer
from services.carriers import Carriers
from services.relay_outbox import relay_companies
from services.settings import Settings
from storage.claims import Pace
from storage.database import engine_for

PACE = Pace(lease=1.0, quiet=0.8, backoff=0.1, backoff_most=0.5)
"""The proportions of the real thing, sixty times faster; the mail server parts with silent connections in 0.5 s."""

BATCH = 4
"""Small, so that a kill takes few others with it and the next child finds work at once."""


def run_relay(database: str, port: int, archive: str | None, slack: str, failpoint: str | None) -> None:
    """Relays until killed or, on SIGTERM, to the end of the round."""
    if failpoint is not None:
        os.environ[VARIABLE] = failpoint
    logging.disable(logging.WARNING)
    asyncio.run(_relay(database, port, archive, slack))


async def _relay(database: str, port: int, archive: str | None, slack_url: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    engine = engine_for(database)
    smtp = SmtpCarrier(SmtpServer("127.0.0.1", port, tls="none"), timeout=PACE.lease / 2)

    async def has(message_id: str) -> bool:
        return message_id in (await asyncio.to_thread(Path(str(archive)).read_text)).split("\n")

    slack = SlackCarrier("xoxb-local", slack_url)
    carriers = Carriers(smtp, slack, has if archive is not None else None, PACE, batch=BATCH)
    with contextlib.suppress(asyncio.CancelledError):
        await relay_companies(engine, Settings(), stop, carriers, idle=0.05, database_wait=0.2)
    await smtp.close()
    await engine.dispose()
