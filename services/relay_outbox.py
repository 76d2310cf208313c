"""The relay: takes due messages in hand, lets each go its way (`send_message.py`), and takes more as they land."""

import asyncio
import logging
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from notifications.failpoints import failpoint
from notifications.places import DOMAIN_FLIGHT, Width
from services.carriers import Carriers, open_carriers
from services.fold_floods import fold_floods
from services.judge_uncertain import judge_once
from services.send_message import Desk
from services.settings import Settings
from storage.claims import NOBODY, Crowd, Pace, claim, sweep_abandoned
from storage.companies import list_companies
from storage.database import RELAY, Database, as_reader, owner_transaction, transaction
from storage.outbox import OutboxRow

IDLE_SECONDS = 1.0
"""How long an idle relay sleeps: an approval request leaves within a second."""

DATABASE_RETRY_SECONDS = 5.0
"""How long a relay waits for a database that went away."""

IN_HAND_SHARE = 0.1
"""Messages that are under way for less than this part of their lease make room for more; others for fewer."""

URGENT_PART = 5
"""One fifth of a batch is for urgent messages: an approval leaves while all other places wait for slow servers."""

ROUND_PART = 3
"""A round costs some queries, so the next one waits until a third of the places is free besides the urgent ones', or
nothing is left."""

SWITCH_SECONDS = 0.0005
"""How long a thread that draws statements may keep the interpreter: Python's own 5 ms at each of the hundred steps of
an approval request would hold it for a second."""

log = logging.getLogger(__name__)


@as_reader(RELAY)
async def relay_once(engine: Database, company_id: UUID, settings: Settings, carriers: Carriers) -> int:
    """One round for one company: frees what was abandoned, folds floods, sends what is due, judges what is uncertain.

    Answers how many messages it took in hand.
    """
    desk = Desk(engine, company_id, settings, carriers)
    await _sweep(desk)
    rows = await _claim(desk, carriers.batch, NOBODY)
    await asyncio.gather(*(desk.deliver(row) for row in rows))
    return len(rows) + await judge_once(engine, company_id, carriers)


async def relay_forever(engine: Database, settings: Settings, stop: asyncio.Event, *, pace: Pace | None = None) -> None:
    """Rounds for all companies until `stop` is set; waits when the database is away."""
    async with open_carriers(engine, settings, pace) as carriers:
        await relay_companies(engine, settings, stop, carriers)


@as_reader(RELAY)
async def relay_companies(
    engine: Database,
    settings: Settings,
    stop: asyncio.Event,
    carriers: Carriers,
    *,
    idle: float = IDLE_SECONDS,
    database_wait: float = DATABASE_RETRY_SECONDS,
) -> None:
    """The same on carriers that are open already; what is under way when `stop` is set comes to its end."""
    sys.setswitchinterval(SWITCH_SECONDS)
    relay = _Relay(engine, settings, carriers, idle)
    while not stop.is_set():
        wait = idle
        try:
            if await relay.round() and relay.flight.has_room():
                continue
        except (SQLAlchemyError, OSError):
            log.warning("The relay cannot reach the database.", exc_info=True)
            wait = database_wait
        await relay.flight.pause(stop, wait)
    await relay.flight.land()


class Flight:
    """Messages under way: as many as land within a part of their lease, and of one mail domain as many as it answers
    quickly, so that none waits for a slow one.
    """  # noqa: D205 - one sentence over two lines

    def __init__(self, carriers: Carriers) -> None:
        self._carriers = carriers
        self._width = Width(carriers.batch, carriers.batch_most)
        self._in_hand = carriers.pace.lease * IN_HAND_SHARE
        self._tasks: dict[asyncio.Task[None], tuple[OutboxRow, float]] = {}
        self._moved = asyncio.Event()

    @property
    def _for_urgent(self) -> int:
        return self._width.now // URGENT_PART

    def room(self) -> int:
        """How many more may start."""
        return max(self._width.now - len(self._tasks), 0)

    def has_room(self) -> bool:
        """Whether another round is worth its queries."""
        return not self._tasks or self.room() - self._for_urgent >= self._width.now / ROUND_PART

    def crowd(self) -> Crowd:
        """What the next claim leaves room for."""
        flying = Counter(row.recipient_domain for row, _ in self._tasks.values() if row.channel == "email")
        rooms = {domain: width.now for domain, width in self._carriers.smtp.widths.items()}
        for domain, number in flying.items():
            rooms[domain] = rooms.get(domain, DOMAIN_FLIGHT) - number
        return Crowd(DOMAIN_FLIGHT, rooms, self._for_urgent)

    def start(self, desk: Desk, rows: Sequence[OutboxRow]) -> None:
        """Lets messages go their way."""
        for row in rows:
            task = asyncio.create_task(desk.deliver(row))
            self._tasks[task] = row, time.monotonic()
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        row, started = self._tasks.pop(task)
        self._width.note(quick=time.monotonic() - started < self._in_hand)
        if not task.cancelled() and task.exception() is not None:
            # The database went away: the row's lease runs out, and it is taken up again.
            log.warning("Message %s was left.", row.id, exc_info=task.exception())
        if self.has_room():
            self._moved.set()

    async def pause(self, stop: asyncio.Event, seconds: float) -> None:
        """Waits until another round is worth it, `stop` is set, or the time is over."""
        self._moved.clear()
        waiting = {asyncio.create_task(stop.wait()), asyncio.create_task(self._moved.wait())}
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    async def land(self) -> None:
        """Waits for all that is under way."""
        if self._tasks:
            await asyncio.wait(set(self._tasks))


class _Relay:
    """Rounds over all companies with what is under way between them."""

    def __init__(self, engine: Database, settings: Settings, carriers: Carriers, tidy: float) -> None:
        """`tidy`: seconds between two looks for what was abandoned or is uncertain."""
        self.flight = Flight(carriers)
        self._engine, self._settings, self._carriers = engine, settings, carriers
        self._desks: dict[UUID, Desk] = {}
        self._tidy = tidy
        self._tidied = -tidy
        self._rounds = 0

    async def round(self) -> int:
        """Takes what is due of each company, another one first each time; answers how many."""
        tidies = time.monotonic() - self._tidied >= self._tidy
        if tidies:
            await self._find_companies()
        self._rounds += 1
        desks = list(self._desks.values())
        first = self._rounds % max(len(desks), 1)
        taken = 0
        for desk in desks[first:] + desks[:first]:
            if self.flight.room() > 0:
                rows = await _claim(desk, self.flight.room(), self.flight.crowd())
                self.flight.start(desk, rows)
                taken += len(rows)
        if tidies:
            for desk in desks:
                taken += await _sweep(desk) + await judge_once(self._engine, desk.company_id, self._carriers)
            self._tidied = time.monotonic()
        return taken

    async def _find_companies(self) -> None:
        async with owner_transaction(self._engine) as session:
            companies = [company.id for company in await list_companies(session)]
        new = partial(Desk, self._engine, settings=self._settings, carriers=self._carriers)
        self._desks = {company: self._desks.get(company) or new(company) for company in companies}


async def _sweep(desk: Desk) -> int:
    async with transaction(desk.engine, desk.company_id) as session:
        return await sweep_abandoned(session, desk.company_id, desk.carriers.pace)


async def _claim(desk: Desk, room: int, crowd: Crowd) -> list[OutboxRow]:
    async with transaction(desk.engine, desk.company_id) as session:
        await fold_floods(session, desk.company_id)
        rows = await claim(session, desk.company_id, room, desk.carriers.pace, crowd)
    if rows:
        failpoint("outbox.claimed")
    return rows
