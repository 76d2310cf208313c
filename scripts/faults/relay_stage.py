"""Where the relay trial plays: a company whose messages never run out, a faulty mail server, a faulty chat."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from notifications.mail_catcher import MailCatcher
from scripts.fault_slack import FaultySlack, faulty_slack
from scripts.faults.relay_child import RelayPlace
from scripts.faults.sink import GONE, REFUSED, SERVER_IDLE, TARPIT, Sink
from services.add_company import add_company
from storage.database import Database, engine_for, transaction
from storage.outbox import Message, enqueue

CHAT_EVERY, GONE_EVERY, REFUSED_EVERY, TARPIT_EVERY = 10, 50, 53, 40
"""Every tenth message is a chat message, a few go to addresses that fail for good, a few into a tarpit."""

CHANNELS, DOMAINS = 50, 40

STOCK, SLICE = 60, 30
"""Messages that are there from the beginning, and how many are queued in one transaction."""

DUE_LEAST, OPEN_MOST = 20, 600
"""Messages that are kept due, so that every life has work though most of what is open waits for a lease or a quiet
period to end; and the most that are open."""

LOOK_SECONDS = 0.4
AWAY_SECONDS = 0.1
"""How long a database that is away is left alone."""

END_MOST = 120.0
"""Seconds without any progress after which a relay that nobody disturbs has failed, however busy the machine is."""

LEFT = text(
    "select count(*), count(*) filter (where state = 'pending' and next_at <= clock_timestamp()), "
    "count(*) filter (where state = 'uncertain' and next_at <= clock_timestamp()), "
    "count(*) filter (where state = 'pending' and next_at <= clock_timestamp() and channel = 'slack') "
    "from outbox where state in ('pending', 'sending') or (state = 'uncertain' and phase <> 'judged')"
)


@dataclass(frozen=True, slots=True)
class Left:
    """Messages whose end is not known; of them those that are due, wait to be judged, and are due in the chat."""

    open: int
    due: int
    doubtful: int
    chats: int


@dataclass(slots=True)
class RelayStage:
    """The trial's database and company, its servers' faults, and the keys of what was queued."""

    engine: Database
    company: UUID
    place: RelayPlace
    sink: Sink
    chat: FaultySlack
    queued: list[str] = field(default_factory=list)
    left: Left = Left(0, 0, 0, 0)

    def calm(self) -> None:
        """From now on nobody does anything wrong."""
        self.sink.calm = self.chat.calm = True

    async def feed(self) -> None:
        """Keeps enough messages due; whatever happens to the database, each is queued once."""
        while True:
            if await self.look() and self.left.due < DUE_LEAST and self.left.open < OPEN_MOST:
                await self.queue(SLICE)
            await asyncio.sleep(LOOK_SECONDS)

    async def queue(self, messages: int) -> None:
        """Queues so many; a commit whose answer was lost is made again, and the key lets it through once."""
        first = len(self.queued)
        fresh = [_message(number) for number in range(first, first + messages)]
        while True:
            if await self._is_queued(fresh):
                break
            await asyncio.sleep(AWAY_SECONDS)
        self.queued.extend(message.dedup_key for message in fresh)

    async def _is_queued(self, messages: list[Message]) -> bool:
        try:
            async with transaction(self.engine, self.company) as session:
                for message in messages:
                    await enqueue(session, self.company, message)
        except SQLAlchemyError:
            return False
        return True

    async def look(self) -> bool:
        """Notes what is left; False while the database is away."""
        try:
            async with transaction(self.engine, self.company) as session:
                self.left = Left(*(await session.execute(LEFT)).one())
        except SQLAlchemyError:
            return False
        return True

    async def settle_down(self) -> None:
        """Waits until nothing is left, or nothing moves any more."""
        loop = asyncio.get_running_loop()
        before, until = -1, 0.0
        while self.left.open != before or loop.time() < until:
            if self.left.open != before:
                before, until = self.left.open, loop.time() + END_MOST
            await asyncio.sleep(LOOK_SECONDS)
            if await self.look() and not self.left.open:
                return


@asynccontextmanager
async def relay_stage(
    url: str, folder: Path, chance: random.Random, done: Counter[str], *, with_archive: bool
) -> AsyncIterator[RelayStage]:
    """Opens the servers and adds the company."""
    archive = folder / "archive.log"
    archive.touch()
    sink = Sink(archive, chance, done)
    server = MailCatcher(sink.keep, sink.faults(), SERVER_IDLE)
    port = await server.start()
    engine = engine_for(url)
    chat = FaultySlack(chance, done)
    try:
        async with faulty_slack(engine, chat) as slack:
            company = await add_company(engine, "FAULTS", "Fault Trading", "USD", "UTC")
            place = RelayPlace(url, port, str(archive) if with_archive else None, slack)
            yield RelayStage(engine, company, place, sink, chat)
    finally:
        await server.stop()
        await engine.dispose()


def _message(number: int) -> Message:
    chat = number % CHAT_EVERY == CHAT_EVERY - 1
    name = GONE if number % GONE_EVERY == 0 else REFUSED if number % REFUSED_EVERY == 0 else "someone"
    domain = TARPIT if number % TARPIT_EVERY == 1 else f"d{number % DOMAINS}.example"
    return Message(
        "run_finished", "slack" if chat else "email", f"C{number % CHANNELS}" if chat else f"{name}{number}@{domain}",
        f"fault/{number}", "run", "1", {"run_id": "1", "period": "2026-06", "figures": {"Statements": number}},
        lane=("urgent", "normal", "bulk")[number % 3],
    )  # fmt: skip
