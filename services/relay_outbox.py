"""The relay: takes due messages, hands them to a carrier, writes down what the other side said.

Nothing is sent inside a transaction; each step is a transaction of its own, fenced by the claim's lease.
"""

import asyncio
import json
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from notifications.carrying import Answer
from notifications.chat_channels import post_chat
from notifications.failpoints import failpoint
from services.carriers import Carriers, open_carriers
from services.choose_sender import envelope_sender
from services.fold_floods import fold_floods
from services.freeze_message import freeze_message
from services.hold_message import hold
from services.internal_work import WORK
from services.judge_uncertain import judge_once
from services.lock_chat_messages import REPLACES
from services.message_reasons import MessageOutdatedError, MessageTooEarlyError
from services.settings import Settings
from services.settle_message import settle_answer, settle_internal_error, told_otherwise
from storage.claims import NOBODY, Crowd, Outcome, Pace, claim, enter_data, settle, sweep_abandoned, take_slot
from storage.companies import list_companies, own_company
from storage.database import RELAY, Database, as_reader, owner_transaction, transaction
from storage.outbox import OutboxRow
from storage.presence import database_now

IDLE_SECONDS = 1.0
"""How long an idle relay sleeps: an approval request leaves within a second."""

DATABASE_RETRY_SECONDS = 5.0
"""How long a relay waits for a database that went away."""

SERVER_DOWN_SECONDS = 15.0
"""After a refused connection the mail server is left alone this long."""

DOMAIN_INTERVAL, DOMAIN_BURST = 0.05, 5.0
"""Twenty mails a second per domain, a hundred at once: large providers defer faster senders."""

DOMAIN_FLIGHT = 3
"""Messages under way to one mail domain: a tarpit then holds three places of a batch, and nobody behind them."""

URGENT_PART = 5
"""One fifth of a batch is for urgent messages: an approval leaves while all other places wait for slow servers."""

CHAT_INTERVAL = 1.0
"""Slack takes one message per second and channel."""

log = logging.getLogger(__name__)


@as_reader(RELAY)
async def relay_once(engine: Database, company_id: UUID, settings: Settings, carriers: Carriers) -> int:
    """One round for one company: frees what was abandoned, folds floods, sends what is due, judges what is uncertain.

    Answers how many messages it took in hand.
    """
    rows = await _claim(engine, company_id, carriers, carriers.batch)
    await asyncio.gather(*(_guarded(engine, company_id, settings, carriers, row) for row in rows))
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
    flight = Flight()
    while not stop.is_set():
        wait = idle
        try:
            if await _round(engine, settings, carriers, flight):
                continue
        except (SQLAlchemyError, OSError):
            log.warning("The relay cannot reach the database.", exc_info=True)
            wait = database_wait
        await flight.pause(stop, wait)
    await flight.land()


class Flight:
    """Messages under way: as many as a batch, and of one mail domain only a few, so that none waits for a slow one."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[None], OutboxRow] = {}

    def room(self, batch: int) -> int:
        """How many more may start."""
        return batch - len(self._tasks)

    def crowd(self, batch: int) -> Crowd:
        """What the next claim leaves alone."""
        domains = Counter(row.recipient_domain for row in self._tasks.values() if row.channel == "email")
        busy = [domain for domain, number in domains.items() if number >= DOMAIN_FLIGHT]
        return Crowd(busy, DOMAIN_FLIGHT, batch // URGENT_PART)

    def start(self, row: OutboxRow, work: Coroutine[None, None, None]) -> None:
        """Lets one message go its way."""
        task = asyncio.create_task(work)
        self._tasks[task] = row
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        row = self._tasks.pop(task)
        if not task.cancelled() and task.exception() is not None:
            # The database went away: the row's lease runs out, and it is taken up again.
            log.warning("Message %s was left.", row.id, exc_info=task.exception())

    async def pause(self, stop: asyncio.Event, seconds: float) -> None:
        """Waits until a message has landed, `stop` is set, or the time is over."""
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({stopping, *self._tasks}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()

    async def land(self) -> None:
        """Waits for all that is under way."""
        if self._tasks:
            await asyncio.wait(set(self._tasks))


async def _round(engine: Database, settings: Settings, carriers: Carriers, flight: Flight) -> int:
    async with owner_transaction(engine) as session:
        companies = await list_companies(session)
    taken = 0
    for company in companies:
        room = flight.room(carriers.batch)
        rows = await _claim(engine, company.id, carriers, room, flight.crowd(carriers.batch)) if room > 0 else []
        for row in rows:
            flight.start(row, _guarded(engine, company.id, settings, carriers, row))
        taken += len(rows) + await judge_once(engine, company.id, carriers)
    return taken


async def _claim(
    engine: Database, company_id: UUID, carriers: Carriers, room: int, crowd: Crowd = NOBODY
) -> list[OutboxRow]:
    async with transaction(engine, company_id) as session:
        await sweep_abandoned(session, company_id, carriers.pace)
        await fold_floods(session, company_id)
        rows = await claim(session, company_id, room, carriers.pace, crowd)
    if rows:
        failpoint("outbox.claimed")
    return rows


async def _guarded(engine: Database, company_id: UUID, settings: Settings, carriers: Carriers, row: OutboxRow) -> None:
    """One message; whatever goes wrong with it delays nobody else."""
    try:
        await _send(engine, company_id, settings, carriers, row)
    except SQLAlchemyError:
        raise
    except Exception as error:  # the relay's edge: a poison message must not stop the others
        log.exception("Message %s (%s) failed.", row.id, row.kind)
        await settle_internal_error(engine, company_id, row, carriers.pace, f"{type(error).__name__}: {error}")


async def _send(engine: Database, company_id: UUID, settings: Settings, carriers: Carriers, row: OutboxRow) -> None:
    if row.channel == "internal":
        await _work(engine, company_id, row, carriers.pace)
        return
    if await _is_held(engine, company_id, carriers, row):
        return
    frozen = await _frozen(engine, company_id, settings, row)
    if frozen is None or not await _has_slot(engine, company_id, row):
        return
    failpoint("outbox.frozen")
    answer = await _carry(engine, company_id, settings, carriers, row, frozen)
    if answer.outcome == "fenced":
        log.info("Message %s was taken over by another relay.", row.id)
        return
    if row.channel == "email" and answer.connection:
        carriers.down_until = time.monotonic() + SERVER_DOWN_SECONDS
    failpoint("outbox.before_settle")
    await settle_answer(engine, company_id, row, carriers.pace, answer, jitter=random.random())  # noqa: S311 - spread, not secrecy
    failpoint("outbox.settled")


async def _work(engine: Database, company_id: UUID, row: OutboxRow, pace: Pace) -> None:
    steps = WORK.get(row.kind)
    if steps is None:
        raise LookupError(f"nobody does {row.kind}")
    for step in steps:
        await step(engine, company_id, row)
    await settle_answer(engine, company_id, row, pace, Answer("accepted", "done"), jitter=0.0)


async def _is_held(engine: Database, company_id: UUID, carriers: Carriers, row: OutboxRow) -> bool:
    """What the person wants, and a mail server that is down, which is not asked by every message."""
    async with transaction(engine, company_id) as session:
        outcome = await hold(session, company_id, row)
        down = carriers.down_until - time.monotonic()
        if outcome is None and row.channel == "email" and down > 0:
            outcome = Outcome("pending", "", wait=down, count_try=False, answer="The mail server cannot be reached.")
            outcome = await told_otherwise(session, company_id, row, outcome)
        if outcome is not None:
            await settle(session, company_id, row, outcome)
    return outcome is not None


async def _frozen(engine: Database, company_id: UUID, settings: Settings, row: OutboxRow) -> bytes | None:
    try:
        async with transaction(engine, company_id) as session:
            return await freeze_message(session, company_id, row, settings, await database_now(session))
    except MessageOutdatedError as outdated:
        outcome = Outcome("cancelled", "outdated", str(outdated))
    except MessageTooEarlyError as early:
        outcome = Outcome("pending", "", str(early), wait=early.seconds, count_try=False)
    async with transaction(engine, company_id) as session:
        await settle(session, company_id, row, outcome)
    return None


async def _has_slot(engine: Database, company_id: UUID, row: OutboxRow) -> bool:
    email = row.channel == "email"
    key = f"email/{row.recipient_domain}" if email else f"{row.channel}/{row.recipient}"
    interval, burst = (DOMAIN_INTERVAL, DOMAIN_BURST) if email else (CHAT_INTERVAL, 0.0)
    async with transaction(engine, company_id) as session:
        wait = await take_slot(session, company_id, key, interval, burst)
        if wait > 0:
            await settle(session, company_id, row, Outcome("pending", "", wait=wait, count_try=False))
    return wait == 0


async def _carry(
    engine: Database, company_id: UUID, settings: Settings, carriers: Carriers, row: OutboxRow, frozen: bytes
) -> Answer:
    async def before_data() -> bool:
        async with transaction(engine, company_id) as session:
            return await enter_data(session, company_id, row, carriers.pace)

    if row.channel == "email":
        return await carriers.smtp.send(
            envelope_sender(settings, row.id), row.recipient, frozen, before_data, carriers.copies
        )
    content = json.loads(frozen)
    if row.channel == "slack":
        replaces = row.payload.get(REPLACES)
        if replaces:
            return await carriers.slack.update(str(replaces), content["text"], content["blocks"], before_data)
        recipient = row.recipient or settings.slack_channel
        return await carriers.slack.post(recipient, content["text"], content["blocks"], str(row.id), before_data)
    if row.channel == "chat":
        return await _carry_chat(engine, company_id, row, content, before_data)
    raise LookupError(f"no carrier for {row.channel}")


async def _carry_chat(
    engine: Database,
    company_id: UUID,
    row: OutboxRow,
    content: dict[str, str],
    before_data: Callable[[], Awaitable[bool]],
) -> Answer:
    async with transaction(engine, company_id) as session:
        company = await own_company(session, company_id)
    address = company.settings.get("chat_channels", {}).get(row.recipient)
    if address is None:
        return Answer("permanent", f"no chat channel is called {row.recipient}", bad_address=True)
    if not await before_data():
        return Answer("fenced", "The lease ran out before the content left.")
    return await post_chat(str(address), content["title"], content["text"])
