"""Kills a whole period again and again, from the ledger file to the last reminder, and compares how it ended."""

import asyncio
import json
import multiprocessing
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from notifications.failpoints import FAILPOINTS
from notifications.mail_catcher import CaughtMail, MailCatcher
from scripts.fault_sink import SERVER_IDLE, Sink
from scripts.period_child import APPROVERS, COMPANY, Place, run_period
from services.add_company import add_company, company_by_code
from services.add_profile import add_profile
from services.add_user import add_user
from services.verify_audit import verify_audit
from storage.clusters import MAINTENANCE_DATABASE, url_with_database
from storage.database import engine_for

CUSTOMERS = 24
LIFE = (0.1, 1.3)
"""Seconds that a process lives: about ten deaths on the way through a period of some six seconds."""

PATIENCE = 1.15
"""Each death without a step finished lets the next process live longer by this: a busy machine gets on too."""

NAMED_SHARE = 0.3
"""Of the deaths at named places, the others at any moment."""

END_MOST = 180.0
"""Seconds for a period that nobody kills; far more than it takes on a busy machine."""

PROFILE = Path(__file__).parent.parent / "examples" / "profiles" / "ibm-ar.toml"
POINTS = [point for point in FAILPOINTS if not point.startswith("slack")]


@dataclass(slots=True)
class PeriodTrial:
    """How many kills are asked for, and what happened."""

    kills: int
    done: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def sink_faults(self) -> Counter[str]:
        """What the mail server did wrong meanwhile."""
        return Counter({what: number for what, number in self.done.items() if "answered" in what or "cut" in what})

    def holds(self) -> bool:
        """Nothing lost, repeated or left open, no error, and every end like the undisturbed one."""
        return not self.differences and not any(
            self.done[what] for what in ("lost", "repeated", "unresolved", "failed")
        )


@dataclass(slots=True)
class KeepingSink(Sink):
    """The mail server of a period: the archive's line, and the mail itself for the customers to read."""

    folder: Path = Path()

    async def keep(self, mail: CaughtMail) -> None:
        """Both on disk before the 250."""
        number = len(list((self.folder / "mails").iterdir()))
        (self.folder / "mails" / f"{number:05}.eml").write_bytes(mail.content)
        await Sink.keep(self, mail)


async def run_period_trial(trial: PeriodTrial, url: str, folder: Path, seed: int) -> dict[str, int]:
    """Runs the period once in peace, then as often as it takes to kill it `kills` times; counts what differs."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable trial
    await _set_up(url)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["scripts.period_child", "scripts.period_faults"])
    started = time.monotonic()
    async with _stage(url, folder, "calm", chance, trial) as (place, sink):
        sink.calm = True
        await _one_life(context, place, END_MOST, None)
        wanted = await end_state(place)
    while trial.done["killed"] < trial.kills:
        trial.done["periods"] += 1
        async with _stage(url, folder, f"storm{trial.done['periods']}", chance, trial) as (place, _sink):
            await _storm(trial, context, place, chance)
            _compare(trial, wanted, await end_state(place))
            _count_mails(trial, place)
    return {
        "kills": trial.done["killed"], "of them at a failpoint": trial.done["killed at a failpoint"],
        "periods": trial.done["periods"], "statements per period": len(wanted["statements"]),
        "mails per period": sum(wanted["mails"].values()), "mails arrived": trial.done["mails"],
        "lost": trial.done["lost"], "repeated": trial.done["repeated"], "unresolved": trial.done["unresolved"],
        "ended by itself with an error": trial.done["failed"], "end states that differ": len(trial.differences),
        "seconds": round(time.monotonic() - started),
    }  # fmt: skip


async def _set_up(url: str) -> None:
    engine = engine_for(url)
    company = await add_company(engine, COMPANY, "Fault Trading", "USD", "UTC")
    await add_profile(engine, "ibm-ar", PROFILE.read_text(encoding="utf-8"), None)
    people = {"clara@staff.example": "clerk", APPROVERS[0]: "reviewer", APPROVERS[1]: "manager"}
    for address, role in people.items():
        await add_user(engine, company, address, role.title(), frozenset({role}))
    await engine.dispose()


def ledger_rows() -> Iterator[str]:
    """A small ledger as the public one writes it: small and clean, disputed, large; settled or not."""
    yield (
        "countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,"
        "PaperlessBill,DaysToSettle,DaysLate"
    )
    for customer in range(CUSTOMERS):
        for one in range(4):
            amount = 250_000 if customer == 5 and one == 3 else 40 + 400 * (customer % 4) + one  # noqa: PLR2004
            settled = "6/20/2012" if one == 0 else "7/15/2012" if one == 1 else "9/1/2012"
            disputed = "Yes" if customer % 7 == 0 and one == 2 else "No"  # noqa: PLR2004
            day = 3 + one * 5
            dates = f"6/{day}/2012,7/{day}/2012"
            yield f"391,C{customer:03},1/1/2012,{customer:03}{one},{dates},{amount}.50,{disputed},{settled},Paper,1,0"


@asynccontextmanager
async def _stage(
    url: str, folder: Path, name: str, chance: random.Random, trial: PeriodTrial
) -> AsyncIterator[tuple[Place, KeepingSink]]:
    """A copy of the database, a mail server and a folder for one period."""
    own = folder / name
    for inner in ("mails", "nonces"):
        (own / inner).mkdir(parents=True)
    (own / "ledger.csv").write_text("\n".join(ledger_rows()) + "\n")
    rows = [f"C{number:03},Contact,accounts@c{number:03}.example,en" for number in range(CUSTOMERS) if number % 8]
    (own / "contacts.csv").write_text("\n".join(["customer,name,email,language", *rows]) + "\n")
    sink = KeepingSink(own / "archive.log", chance, trial.done, folder=own)
    sink.archive.touch()
    server = MailCatcher(sink.keep, sink.faults(), SERVER_IDLE)
    port = await server.start()
    try:
        with _copy(url, f"period_{name}") as copied:
            yield Place(copied, port, own), sink
    finally:
        await server.stop()


@contextmanager
def _copy(url: str, name: str) -> Iterator[str]:
    original = url.partition("?")[0].rsplit("/", 1)[1]
    maintenance = url_with_database(url, MAINTENANCE_DATABASE)
    with psycopg.connect(maintenance, autocommit=True) as connection:
        made = sql.SQL("create database {} template {}")
        connection.execute(made.format(sql.Identifier(name), sql.Identifier(original)))
    yield url_with_database(url, name)
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


async def _one_life(context: ForkServerContext, place: Place, seconds: float, point: str | None) -> int | None:
    """One process; its exit status, or None when it had to be killed."""
    child = context.Process(target=run_period, args=(place, point))
    child.start()
    await asyncio.to_thread(child.join, seconds)
    status = child.exitcode
    child.kill()
    await asyncio.to_thread(child.join)
    child.close()
    return status


async def _storm(trial: PeriodTrial, context: ForkServerContext, place: Place, chance: random.Random) -> None:
    """Starts the period until it ends by itself; kills it at a named place or at any moment."""
    finished, longest = 0, LIFE[1]
    while True:
        steps = len(list(place.folder.glob("step*.done")))
        longest = LIFE[1] if steps > finished else longest * PATIENCE
        finished = steps
        peaceful = trial.done["killed"] >= trial.kills
        point = f"{chance.choice(POINTS)}:{chance.randint(1, 9)}" if chance.random() < NAMED_SHARE else None
        seconds = END_MOST if peaceful else chance.uniform(LIFE[0], longest)
        status = await _one_life(context, place, seconds, None if peaceful else point)
        if status == 0:
            return
        if status is None or status == -signal.SIGKILL:
            trial.done["killed"] += 1
            trial.done["killed at a failpoint"] += status is not None
            if peaceful:
                raise TimeoutError(f"the period did not end within {END_MOST:.0f} s")
            continue
        trial.done["failed"] += 1
        if peaceful:
            raise RuntimeError(f"the period ended with status {status}")


async def end_state(place: Place) -> dict[str, Any]:
    """All that counts, without ids and instants."""
    engine = engine_for(place.database)
    verdict = await verify_audit(engine, await company_by_code(engine, COMPANY))
    await engine.dispose()
    with psycopg.connect(place.database) as connection:

        def rows(query: str) -> list[tuple[Any, ...]]:
            return sorted(connection.execute(query.encode()).fetchall(), key=repr)

        contents = {}
        for number, status, content in connection.execute("select number, status, content from statement"):
            said = json.loads(content)
            said.pop("as_known")
            for line in (*said["lines"], *said["unapplied"]["lines"]):
                line.pop("item_id")
            contents[number] = (status, said)
        return {
            "statements": contents,
            "audit trail": (verdict["holds"], rows("select verb, count(*) from audit_event group by 1")),
            "items": rows("select kind, count(*), sum(amount) from open_item group by 1"),
            "allocations": rows("select count(*), sum(amount) from allocation"),
            "run": rows("select period, stage from statement_run"),
            "batches": rows("select stage, number, state, cardinality(customer_ids) from run_batch"),
            "requests": rows("select subject_kind, state, count(*) from approval_request group by 1, 2"),
            "outbox": rows(
                "select kind, channel, recipient, case when channel = 'slack' then '' else state end, count(*)"
                " from outbox group by 1, 2, 3, 4"
            ),
            "answers": rows("select kind, name from answer"),
            "disputes": rows("select reason, amount, status, explanation from dispute"),
            "chases": rows("select day, level, count(*) from chase group by 1, 2"),
            "tasks": rows("select kind, count(*) from task group by 1"),
            "mails": _arrived(place),
        }


def _arrived(place: Place) -> Counter[str]:
    """Kind of mail and recipient, as the database knows the Message-IDs that the server took."""
    with psycopg.connect(place.database) as connection:
        known: dict[str, str] = dict(
            connection.execute("select message_id, kind || ' ' || recipient from outbox").fetchall()
        )
    lines = [line for line in place.archive.read_text().split("\n") if line]
    return Counter(known.get(line, "unknown") for line in lines)


def _compare(trial: PeriodTrial, wanted: dict[str, Any], found: dict[str, Any]) -> None:
    different = [name for name in wanted if wanted[name] != found[name]]
    if different:
        told = "; ".join(f"{name}: {wanted[name]!r} ≠ {found[name]!r}"[:2000] for name in different)
        trial.differences.append(f"period {trial.done['periods']}: {told}")


def _count_mails(trial: PeriodTrial, place: Place) -> None:
    arrived = Counter(line for line in place.archive.read_text().split("\n") if line)
    with psycopg.connect(place.database) as connection:
        query = "select message_id, state from outbox where channel = 'email' and state <> 'cancelled'"
        rows = connection.execute(query).fetchall()
    trial.done["mails"] += len(arrived)
    trial.done["lost"] += sum(message_id not in arrived for message_id, _ in rows)
    trial.done["repeated"] += sum(count - 1 for count in arrived.values())
    trial.done["unresolved"] += sum(state != "accepted" for _, state in rows)
