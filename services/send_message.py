"""One claimed message on its way: held or let go, frozen, handed over, settled.

Nothing is sent inside a transaction. Each step commits before the next, fenced by the claim's lease; messages that come
to a step at the same time share its commit.
"""

import json
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from notifications.carrying import Answer
from notifications.chat_channels import post_chat
from notifications.failpoints import failpoint
from services.carriers import Carriers
from services.chat_addresses import chat_address
from services.choose_sender import envelope_sender
from services.freeze_message import freeze_message
from services.group_commits import Group
from services.hold_message import hold_back
from services.internal_work import WORK
from services.lock_chat_messages import REPLACES
from services.message_reasons import MessageOutdatedError, MessageTooEarlyError, always_true
from services.settings import Settings
from services.settle_message import settle_internal_error, settle_refused, told_otherwise
from storage.claims import Outcome, settle
from storage.claims_bulk import Acceptance, Throttle, enter_data, settle_accepted, take_slots
from storage.companies import own_company
from storage.database import Database, Session, transaction
from storage.outbox import OutboxRow
from storage.presence import database_now

SERVER_DOWN_SECONDS = 15.0
"""After a refused connection the mail server is left alone this long."""

DOMAIN_INTERVAL, DOMAIN_BURST = 0.05, 5.0
"""Twenty mails a second per domain, a hundred at once: large providers defer faster senders."""

CHAT_INTERVAL = 1.0
"""Slack takes one message per second and channel."""

TOGETHER = 100
"""Messages that share one commit: a row's lock is held for milliseconds only."""

LINGER = 0.003
"""Seconds that a commit waits for others while connections wait for it."""

FROZEN_TOGETHER, FREEZERS = 10, 2
"""Statements are drawn one after the other in a transaction, on as many cores as a small machine has."""

log = logging.getLogger(__name__)


class Desk:
    """One company's messages in one relay; every step gathers those that come to it at the same time."""

    def __init__(self, engine: Database, company_id: UUID, settings: Settings, carriers: Carriers) -> None:
        self.engine = engine
        self.company_id = company_id
        self.settings = settings
        self.carriers = carriers
        self._letting_go: Group[OutboxRow, bool] = Group(self._let_go, TOGETHER)
        self._freezing: Group[OutboxRow, bytes | None] = Group(self._freeze, FROZEN_TOGETHER, FREEZERS)
        self._noting: Group[OutboxRow | Acceptance, bool] = Group(self._note, TOGETHER, linger=LINGER)

    async def deliver(self, row: OutboxRow) -> None:
        """One message; whatever goes wrong with it delays nobody else."""
        try:
            await self._work(row) if row.channel == "internal" else await self._send(row)
        except SQLAlchemyError:
            raise
        except Exception as error:  # the relay's edge: a poison message must not stop the others
            log.exception("Message %s (%s) failed.", row.id, row.kind)
            words = f"{type(error).__name__}: {error}"
            await settle_internal_error(self.engine, self.company_id, row, self.carriers.pace, words)

    async def _work(self, row: OutboxRow) -> None:
        steps = WORK.get(row.kind)
        if steps is None:
            raise LookupError(f"nobody does {row.kind}")
        for step in steps:
            await step(self.engine, self.company_id, row)
        await self._noting.do(Acceptance(row, "done"))

    async def _send(self, row: OutboxRow) -> None:
        urgent = row.lane == "urgent"
        if not await self._letting_go.do(row, urgent=urgent):
            return
        ready = row.frozen is not None and always_true(row.kind)
        frozen = row.frozen if ready else await self._freezing.do(row, urgent=urgent)
        if frozen is None:
            return
        failpoint("outbox.frozen")
        answer = await self._carry(row, frozen)
        if answer.outcome == "fenced":
            log.info("Message %s was taken over by another relay.", row.id)
            return
        if row.channel == "email" and answer.connection:
            self.carriers.down_until = time.monotonic() + SERVER_DOWN_SECONDS
        failpoint("outbox.before_settle")
        if answer.outcome == "accepted":
            await self._noting.do(Acceptance(row, answer.words, answer.external_id))
        else:
            jitter = random.random()  # noqa: S311 - spread, not secrecy
            await settle_refused(self.engine, self.company_id, row, self.carriers.pace, answer, jitter=jitter)
        failpoint("outbox.settled")

    async def _let_go(self, rows: Sequence[OutboxRow]) -> list[bool]:
        """Which of them may go now: by what people want, the mail server's state, and the queues of their domains."""
        async with transaction(self.engine, self.company_id) as session:
            held = await hold_back(session, self.company_id, rows)
            rest = [row for row in rows if row.id not in held]
            down = self.carriers.down_until - time.monotonic()
            if down > 0:  # a mail server that cannot be reached is not asked by every message
                waiting = Outcome(
                    "pending", "", wait=down, count_try=False, answer="The mail server cannot be reached."
                )
                for row in rest:
                    if row.channel == "email":
                        held[row.id] = await told_otherwise(session, self.company_id, row, waiting)
                rest = [row for row in rest if row.channel != "email"]
            if rest:
                waits = await take_slots(session, self.company_id, [_throttle(row) for row in rest])
                for row, wait in zip(rest, waits, strict=True):
                    if wait > 0:
                        held[row.id] = Outcome("pending", "", wait=wait, count_try=False)
            await self._settle_held(session, rows, held)
        return [row.id not in held for row in rows]

    async def _settle_held(self, session: Session, rows: Sequence[OutboxRow], held: dict[UUID, Outcome]) -> None:
        for row in rows:
            if row.id in held:
                await settle(session, self.company_id, row, held[row.id])

    async def _freeze(self, rows: Sequence[OutboxRow]) -> list[bytes | None]:
        """Their bytes; None for those that have nothing to tell now, or are no longer ours."""
        found: list[bytes | None] = []
        async with transaction(self.engine, self.company_id) as session:
            now = await database_now(session)
            for row in rows:
                try:
                    found.append(await freeze_message(session, self.company_id, row, self.settings, now))
                    continue
                except MessageOutdatedError as outdated:  # before anything is written: the others stay as they are
                    outcome = Outcome("cancelled", "outdated", str(outdated))
                except MessageTooEarlyError as early:
                    outcome = Outcome("pending", "", str(early), wait=early.seconds, count_try=False)
                await settle(session, self.company_id, row, outcome)
                found.append(None)
        return found

    async def _note(self, notes: Sequence[OutboxRow | Acceptance]) -> list[bool]:
        """In one commit: these enter their data phase now, and those were accepted. Which of them are still ours."""
        entering = [note for note in notes if isinstance(note, OutboxRow)]
        accepted = [note for note in notes if isinstance(note, Acceptance)]
        held: frozenset[UUID] = frozenset()
        async with transaction(self.engine, self.company_id) as session:
            if accepted:
                held |= await settle_accepted(session, self.company_id, accepted)
            if entering:
                held |= await enter_data(session, self.company_id, entering, self.carriers.pace)
        return [(note.row.id if isinstance(note, Acceptance) else note.id) in held for note in notes]

    async def _carry(self, row: OutboxRow, frozen: bytes) -> Answer:
        carriers, before_data = self.carriers, partial(self._noting.do, row)
        if row.channel == "email":
            sender = envelope_sender(self.settings, row.id)
            return await carriers.smtp.send(
                sender, row.recipient, frozen, before_data, carriers.copies, urgent=row.lane == "urgent"
            )
        content = json.loads(frozen)
        if row.channel == "slack":
            replaces = row.payload.get(REPLACES)
            if replaces:
                return await carriers.slack.update(str(replaces), content["text"], content["blocks"], before_data)
            recipient = row.recipient or self.settings.slack_channel
            return await carriers.slack.post(recipient, content["text"], content["blocks"], str(row.id), before_data)
        if row.channel == "chat":
            return await self._carry_chat(row, content, before_data)
        raise LookupError(f"no carrier for {row.channel}")

    async def _carry_chat(
        self, row: OutboxRow, content: dict[str, str], before_data: Callable[[], Awaitable[bool]]
    ) -> Answer:
        async with transaction(self.engine, self.company_id) as session:
            company = await own_company(session, self.company_id)
        address = chat_address(self.settings, company, row.recipient)
        if address is None:
            return Answer("permanent", f"no chat channel is called {row.recipient}", bad_address=True)
        if not await before_data():
            return Answer("fenced", "The lease ran out before the content left.")
        return await post_chat(address, content["title"], content["text"])


def _throttle(row: OutboxRow) -> Throttle:
    if row.channel == "email":
        return Throttle(f"email/{row.recipient_domain}", DOMAIN_INTERVAL, DOMAIN_BURST)
    return Throttle(f"{row.channel}/{row.recipient}", CHAT_INTERVAL, 0.0)
