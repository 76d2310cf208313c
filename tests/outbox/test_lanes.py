"""Who waits for whom: nobody for a slow mail domain, an approval for no statements, a claim for no long queue."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from notifications.mail_catcher import CaughtMail
from notifications.places import ASIDE, DOMAIN_FLIGHT
from services.add_company import add_company
from services.carriers import Carriers
from services.relay_outbox import relay_companies
from services.settings import Settings
from storage.claims import LOOKED_AT_A_PLACE, claim
from storage.database import Database, transaction
from storage.outbox import Message
from storage.outbox_bulk import enqueue_many
from tests.outbox.support import PACE, Mailbox, relay, scalar

SECONDS_MOST = 60
"""After so long a mail that waits for nobody has failed, however busy the machine is."""


@pytest.fixture
async def company(engine: Database) -> UUID:
    """A company."""
    return await add_company(engine, "ACME", "Acme Trading", "CNY", "Asia/Shanghai")


@dataclass(slots=True)
class Tarpit(Mailbox):
    """Takes mails to `slow` domains only when it is released; tells what sticks and when all have come."""

    slow: str = ""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    stuck: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    wanted: int = 0
    all_there: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep(self, mail: CaughtMail) -> None:
        """Takes one, now or later."""
        if self.slow in mail.recipients[0]:
            self.stuck.release()
            await self.released.wait()
        self.mails.append(mail)
        if len(self.mails) == self.wanted:
            self.all_there.set()


async def queue(engine: Database, company: UUID, domains: list[str], lane: str = "normal") -> None:
    """News for these domains, in their order."""
    messages = [
        Message(
            "run_finished", "email", f"a{number}@{domain}", f"{lane}/{number}", "run", "1",
            {"run_id": "1", "period": "2026-06"}, lane=lane,
        )
        for number, domain in enumerate(domains)
    ]  # fmt: skip
    async with transaction(engine, company) as session:
        await enqueue_many(session, company, messages, datetime(2026, 7, 1, tzinfo=UTC))


@asynccontextmanager
async def relaying(engine: Database, carriers: Carriers) -> AsyncIterator[None]:
    """The relay as a worker runs it."""
    stop = asyncio.Event()
    running = asyncio.create_task(relay_companies(engine, Settings(), stop, carriers, idle=0.05))
    yield
    stop.set()
    await running


async def test_a_tarpit_delays_nobody(engine: Database, company: UUID) -> None:
    """All mails to quick domains arrive while a slow domain, first in the queue, holds no more than its few."""
    await queue(engine, company, ["tarpit.example"] * 20 + [f"d{number}.example" for number in range(20)])
    mailbox = Tarpit(slow="@tarpit.example", wanted=20)
    async with relay(mailbox) as carriers, relaying(engine, carriers):
        async with asyncio.timeout(SECONDS_MOST):
            await mailbox.all_there.wait()
        held = await scalar(
            engine, "select count(*) from outbox where state = 'sending' and recipient_domain ~ 'tarpit'"
        )
        assert held == DOMAIN_FLIGHT
        assert not any("tarpit" in mail.recipients[0] for mail in mailbox.mails)
        mailbox.wanted, mailbox.all_there = 40, asyncio.Event()
        mailbox.released.set()
        async with asyncio.timeout(SECONDS_MOST):
            await mailbox.all_there.wait()
    assert len(set(mailbox.ids())) == 40


async def test_an_approval_passes_a_queue_that_stands_still(engine: Database, company: UUID) -> None:
    """Every place that statements may have is taken by a server that does not answer: the urgent one goes through."""
    await queue(engine, company, [f"slow{number}.example" for number in range(30)], "bulk")
    mailbox = Tarpit(slow="@slow", wanted=1)
    async with relay(mailbox) as carriers, relaying(engine, carriers):
        carriers.smtp._timeout = SECONDS_MOST
        async with asyncio.timeout(SECONDS_MOST):
            for _ in range(carriers.smtp.connections + ASIDE):
                await mailbox.stuck.acquire()
            await queue(engine, company, ["acme.example"], "urgent")
            await mailbox.all_there.wait()
        assert [mail.recipients[0] for mail in mailbox.mails] == ["a0@acme.example"]
        mailbox.released.set()
    assert await scalar(engine, "select count(*) from delivery_attempt where outcome <> 'accepted'") == 0


async def test_a_claim_reads_no_more_than_it_looks_at(engine: Database, company: UUID) -> None:
    """Behind 5,000 due messages a claim walks an index and stops: the same work at any length of the queue."""
    await queue(engine, company, [f"d{number}.example" for number in range(5_000)], "bulk")
    async with engine.connect() as session:
        await (await session.execution_options(isolation_level="AUTOCOMMIT")).execute(text("vacuum analyze outbox"))
    read = "select seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_user_tables where relname = 'outbox'"
    before = await scalar(engine, read)
    async with transaction(engine, company) as session:
        assert len(await claim(session, company, 20, PACE)) > 0
        await session.execute(text("select pg_stat_force_next_flush()"))
    after = await scalar(engine, read)
    assert isinstance(before, int)
    assert isinstance(after, int)
    assert after - before <= 4 * 20 * LOOKED_AT_A_PLACE
