"""Mail: 45 kB messages into a sink, a tarpit among other domains, and an approval behind a long queue.

The sink is Postfix's `smtp-sink` and the limit its `smtp-source` where the package is installed; else a small sink of
ours, and no limit.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import aiosmtplib
from sqlalchemy import text

from notifications.contexts import RunFinished
from notifications.messages import render
from notifications.mime import Attachment, Envelope, freeze
from notifications.slack import SlackCarrier
from notifications.smtp import SmtpCarrier, SmtpServer
from scripts.bench.house import Bench, bench_house
from scripts.bench.measure import Comparison, Contender, Given, compare, timed
from services.add_company import add_company
from services.carriers import Carriers
from services.relay_outbox import relay_companies
from services.settings import Settings
from storage.claims import Pace
from storage.database import Database, engine_for, transaction
from storage.outbox import Message, enqueue

MAILS = 500
"""At 1 ×: a second of work at the least figure that is wanted."""

SIZE = 45_000
"""Bytes of one mail: a statement with its PDF."""

CONNECTIONS = 16
QUEUED = 50_000
DOMAINS = 20
TARPIT = "tarpit.example"
PACE = Pace(lease=60, quiet=900)
USER = ["-u", "nobody"] if os.geteuid() == 0 else []
"""smtp-sink refuses to serve as root."""

SOURCE, SINK = shutil.which("smtp-source"), shutil.which("smtp-sink")


def bench(given: Given) -> Iterator[Comparison]:
    """The carrier beside peers and limit; then the relay with its database."""
    absent = () if SOURCE else ("smtp-source (Debian's package postfix)",)
    with _sink() as port:
        for mails in given.sizes(MAILS):
            contenders = [
                _own("kept connections, MIME frozen once", "ours", "carrier", port, mails),
                _own("aiosmtplib.send", "peer", "aiosmtplib", port, mails),
            ]
            if SOURCE is not None:
                source = [
                    SOURCE, "-s", str(CONNECTIONS), "-l", str(SIZE), "-m", str(mails), "-d", "-f", "a@bench.example",
                    "-t", "b@bench.example", f"127.0.0.1:{port}",
                ]  # fmt: skip
                contenders.append(Contender(f"smtp-source x{CONNECTIONS}", source, "limit"))
            yield compare(
                "mail of 45 kB into a sink", mails, "mails", contenders, given, wanted="0.25 x smtp-source's wall",
                absent=absent,
            )  # fmt: skip
    with bench_house() as house, _sink(slow=TARPIT) as port:
        yield _tarpit(house, port, given)
        yield _behind_a_queue(house, port, given)


def _own(name: str, role: str, what: str, port: int, count: int, url: str = "") -> Contender:
    command = [sys.executable, "-m", "scripts.bench.mail", what, str(port), str(count), url]
    return Contender(name, command, role, times_itself=True)


def _tarpit(house: Bench, port: int, given: Given) -> Comparison:
    """The same mails to quick domains, alone and with a domain that takes ten seconds to answer."""
    url = house.fresh_database("tarpit")
    contenders = [
        _own("with a tarpit", "ours", "tarpit", port, MAILS, url),
        _own("without", "limit", "quick", port, MAILS, url),
    ]
    return compare("mails to quick domains, through the relay", MAILS, "mails", contenders, given, wanted="+ 10 % wall")


def _behind_a_queue(house: Bench, port: int, given: Given) -> Comparison:
    """Wall seconds until an approval request is accepted that was queued behind statements."""
    url = house.fresh_database("queue")
    contenders = [_own(f"approval behind {QUEUED:,} queued mails", "ours", "urgent", port, QUEUED, url)]
    return compare("approval request", 1, "message", contenders, given, wanted="<= 5 s wall")


@contextmanager
def _sink(slow: str = "") -> Iterator[int]:
    """A server that takes everything; one of ours when a domain is to be slow, which smtp-sink cannot be."""
    if SINK is not None and not slow:
        port = 20_000 + os.getpid() % 20_000
        process = subprocess.Popen([SINK, *USER, f"127.0.0.1:{port}", "1000"], stdout=subprocess.DEVNULL, text=True)
    else:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.bench.smtp_sink", slow], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None  # noqa: S101 - asked for above
        port = int(process.stdout.readline())
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def _content() -> bytes:
    rendered = render("run_finished", RunFinished("Bench", "Ann", "https://bench.example", period="2026-06"), "en")
    envelope = Envelope(
        "a@bench.example", "Bench", "b@bench.example", "Ann", "<1@tieout>", datetime(2026, 7, 1, tzinfo=UTC)
    )
    file = Attachment("s.pdf", os.urandom(SIZE // 2), "application", "pdf")
    return freeze(rendered, envelope, [file])


async def _with_carrier(port: int, count: int) -> None:
    carrier = SmtpCarrier(SmtpServer("127.0.0.1", port, tls="none"), connections=CONNECTIONS)
    content = _content()

    async def go() -> bool:
        return True

    answers = await asyncio.gather(
        *(carrier.send("a@bench.example", "b@bench.example", content, go) for _ in range(count))
    )
    assert all(answer.outcome == "accepted" for answer in answers)  # noqa: S101 - a bench that sends nothing is none
    await carrier.close()


async def _with_aiosmtplib(port: int, count: int) -> None:
    content = _content()
    places = asyncio.Semaphore(CONNECTIONS)

    async def one() -> None:
        async with places:
            await aiosmtplib.send(
                content, sender="a@bench.example", recipients=["b@bench.example"], hostname="127.0.0.1", port=port,
                start_tls=False,
            )  # fmt: skip

    await asyncio.gather(*(one() for _ in range(count)))


async def _queue(engine: Database, company: UUID, count: int, domain: str, lane: str = "bulk") -> None:
    async with transaction(engine, company) as session:
        for number in range(count):
            to = f"someone{number}@{domain.format(number % DOMAINS)}"
            message = Message(
                "run_finished", "email", to, f"{domain}/{number}", "run", "1", {"run_id": "1", "period": "2026-06"},
                lane=lane,
            )  # fmt: skip
            await enqueue(session, company, message)


async def _relay(url: str, port: int, what: str, count: int) -> None:
    """Empties the database's outbox, queues, and times the relay until what is waited for is accepted."""
    engine = engine_for(url)
    async with engine.begin() as session:
        await session.execute(text("truncate company cascade"))
    company = await add_company(engine, "BENCH", "Bench", "CNY", "UTC")
    if what == "urgent":
        await _queue(engine, company, count, "d{}.example")
    else:
        await _queue(engine, company, count, "d{}.example", lane="normal")
        if what == "tarpit":
            await _queue(engine, company, 50, TARPIT, lane="normal")
    waited = "lane = 'urgent'" if what == "urgent" else f"recipient_domain <> '{TARPIT}'"
    smtp = SmtpCarrier(SmtpServer("127.0.0.1", port, tls="none"), connections=CONNECTIONS)
    stop = asyncio.Event()
    carriers = Carriers(smtp, SlackCarrier("x", "http://127.0.0.1:9/"), None, PACE)
    running = asyncio.create_task(relay_companies(engine, Settings(), stop, carriers))
    if what == "urgent":
        await asyncio.sleep(2)  # the relay is in the midst of its queue
        await _queue(engine, company, 1, "approvals.example", lane="urgent")
    await asyncio.to_thread(timed, lambda: asyncio.run(_until_accepted(url, waited)))
    running.cancel()
    await engine.dispose()


async def _until_accepted(url: str, waited: str) -> None:
    engine = engine_for(url)
    query = text(f"select count(*) from outbox where state <> 'accepted' and {waited}")  # noqa: S608 - ours
    while True:
        async with engine.begin() as session:
            if not (await session.execute(query)).scalar_one():
                break
        await asyncio.sleep(0.02)
    await engine.dispose()


def main() -> None:
    """One contender in this process."""
    what, port, count, url = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    if what == "carrier":
        timed(lambda: asyncio.run(_with_carrier(port, count)))
    elif what == "aiosmtplib":
        timed(lambda: asyncio.run(_with_aiosmtplib(port, count)))
    else:
        asyncio.run(_relay(url, port, what, count))


if __name__ == "__main__":
    main()
