"""The relay that gets killed: one process on a database, a mail server and a chat."""

import asyncio
import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from notifications.slack import SlackCarrier
from notifications.smtp import SmtpCarrier, SmtpServer
from services.carriers import Carriers
from services.relay_outbox import relay_companies
from services.settings import Settings
from storage.claims import Pace
from storage.database import engine_for

PACE = Pace(lease=2.0, quiet=1.6, backoff=0.1, backoff_most=0.5)
"""The proportions of the real thing, thirty times faster; the mail server parts with silent connections in 1.2 s."""

BATCH = 3
"""Small, so that a kill takes few others with it and the next child finds work at once; a place for each lane."""

WARM_SECONDS = 1.0
"""Enough for each kind of message to go out once, which compiles templates and statements."""

IDLE, DATABASE_WAIT = 0.03, 0.2
"""Seconds that a relay waits when nothing is due, and when the database is away."""

own_engine = cache(engine_for)
"""One per process, made before the fork, without connections: what it has compiled serves every child."""


@dataclass(frozen=True, slots=True)
class RelayPlace:
    """The database, the mail server's port, the archive's file if there is one, the chat's address."""

    database: str
    port: int
    archive: str | None
    slack: str


def run(place: dict[str, Any]) -> None:
    """Relays until killed."""
    logging.disable(logging.WARNING)
    asyncio.run(relay(RelayPlace(**place), asyncio.Event()))


def warm(place: dict[str, Any]) -> None:
    """Relays for a moment."""

    async def for_a_moment() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(WARM_SECONDS, stop.set)
        await relay(RelayPlace(**place), stop)

    logging.disable(logging.WARNING)
    asyncio.run(for_a_moment())


async def relay(place: RelayPlace, stop: asyncio.Event, *, idle: float = IDLE) -> None:
    """Until `stop` is set; what is under way then comes to its end."""
    engine = own_engine(place.database)
    smtp = SmtpCarrier(SmtpServer("127.0.0.1", place.port, tls="none"), timeout=PACE.lease / 2)
    archive = Path(place.archive) if place.archive is not None else None

    async def has(message_id: str) -> bool:
        return archive is not None and f"{message_id}\n" in await asyncio.to_thread(archive.read_text)

    slack = SlackCarrier("xoxb-local", place.slack)
    carriers = Carriers(smtp, slack, has if archive is not None else None, PACE, batch=BATCH)
    await relay_companies(engine, Settings(), stop, carriers, idle=idle, database_wait=DATABASE_WAIT)
    await smtp.close()
    await engine.dispose()
