"""Kills a whole period again and again, from the ledger file to the last reminder, and compares how it ended."""

import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from notifications.failpoints import FAILPOINTS
from notifications.mail_catcher import CaughtMail, MailCatcher
from scripts.faults.lives import Death, Lives, any_moment, zygote
from scripts.faults.period_child import APPROVERS, COMPANY, PeriodPlace
from scripts.faults.sink import SERVER_IDLE, Sink
from services.add_company import add_company, company_by_code
from services.add_profile import add_profile
from services.add_user import add_user
from services.verify_audit import verify_audit
from storage.clusters import MAINTENANCE_DATABASE, url_with_database
from storage.database import engine_for

CUSTOMERS = 24
LIFE = (0.02, 1.0)
"""Seconds that a process lives: dozens of deaths on the way through a period of some six seconds."""

PATIENCE = 1.15
"""Each death without a step finished lets the next process live longer by this: a busy machine gets on too."""

NAMED_SHARE = 0.3
"""Of the deaths at named places, the others at any moment."""

END_MOST = 300.0
"""Seconds for a period that nobody kills; far more than it takes on a busy machine."""

PROFILE = Path(__file__).parent.parent.parent / "examples" / "profiles" / "ibm-ar.toml"
POINTS = [point for point in FAILPOINTS if not point.startswith("slack")]


@dataclass(slots=True)
class PeriodTrial:
    """How many kills are asked for, and what happened."""

    kills: int
    done: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    @property
    def killed(self) -> int:
        """However they died."""
        return self.done["killed"]

    def note(self, death: Death) -> None:
        """Counts one death before the period's end."""
        self.done["killed"] += death.killed
        self.done["killed at a failpoint"] += death.at_failpoint
        self.done["failed"] += not death.killed

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


async def run_period_trial(
    trial: PeriodTrial, url: str, folder: Path, seed: int, tell: Callable[[str], None] = print
) -> dict[str, int]:
    """Runs the period once in peace, then as often as it takes to kill it `kills` times; counts what differs."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable trial
    await _set_up(url)
    started = time.monotonic()
    async with zygote("period_child") as lives:
        async with _stage(url, folder, "calm", chance, trial) as (place, sink):
            sink.calm = True
            await _calm_life(lives, place)
            wanted = await end_state(place)
        while trial.killed < trial.kills:
            trial.done["periods"] += 1
            tell(f"{trial.killed} of {trial.kills} killed")
            async with _stage(url, folder, f"storm{trial.done['periods']}", chance, trial) as (place, _sink):
                await _storm(trial, lives, place, chance)
                _compare(trial, wanted, await end_state(place))
                _count_mails(trial, place)
    return {
        "kills": trial.killed, "of them at a failpoint": trial.done["killed at a failpoint"],
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
) -> AsyncIterator[tuple[PeriodPlace, KeepingSink]]:
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
            yield PeriodPlace(copied, port, str(own)), sink
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


async def _storm(trial: PeriodTrial, lives: Lives, place: PeriodPlace, chance: random.Random) -> None:
    """Starts the period until it ends by itself; kills it at a named place or at any moment."""
    finished, longest = 0, LIFE[1]
    while True:
        steps = _finished_steps(place)
        longest = LIFE[1] if steps > finished else longest * PATIENCE
        finished = steps
        if trial.killed >= trial.kills:
            await _calm_life(lives, place)
            return
        named = chance.random() < NAMED_SHARE
        point = f"{chance.choice(POINTS)}:{chance.randint(1, 9)}" if named else None
        seconds = longest if named else any_moment(chance, LIFE[0], longest)
        death = await lives.live(asdict(place), seconds, point)
        if death.status == 0:
            return
        trial.note(death)


def _finished_steps(place: PeriodPlace) -> int:
    return sum(1 for _ in Path(place.folder).glob("step*.done"))


async def _calm_life(lives: Lives, place: PeriodPlace) -> None:
    """One process that nobody kills."""
    death = await lives.live(asdict(place), END_MOST)
    if death.killed:
        raise TimeoutError(f"the period did not end within {END_MOST:.0f} s")
    if death.status:
        raise RuntimeError(f"the period ended with status {death.status}")


async def end_state(place: PeriodPlace) -> dict[str, Any]:
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


def _arrived(place: PeriodPlace) -> Counter[str]:
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


def _count_mails(trial: PeriodTrial, place: PeriodPlace) -> None:
    arrived = Counter(line for line in place.archive.read_text().split("\n") if line)
    with psycopg.connect(place.database) as connection:
        query = "select message_id, state from outbox where channel = 'email' and state <> 'cancelled'"
        rows = connection.execute(query).fetchall()
    trial.done["mails"] += len(arrived)
    trial.done["lost"] += sum(message_id not in arrived for message_id, _ in rows)
    trial.done["repeated"] += sum(count - 1 for count in arrived.values())
    trial.done["unresolved"] += sum(state != "accepted" for _, state in rows)
