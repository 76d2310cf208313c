"""What the contenders of decide.py do, one in a process."""

import asyncio
import gc
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
from sqlalchemy import event

from api.app import create_app
from approvals.commands import Submit
from approvals.opening import Opened, Submission, submit_many
from approvals.refusals import ApprovalRefusal
from console.start import YOUNG_OBJECTS
from scripts.bench.measure import timed
from services.add_company import add_company, company_by_code
from services.add_user import add_user
from services.apply_approval import moment
from services.approval_subjects import facts_of_statement
from services.decide_alone import Decision, Press
from services.decide_approval import decide
from services.decide_many import decide_many
from services.fire_approval_timers import fire_approval_timers
from services.open_approvals import BATCH, LANES, open_approvals_for_run
from services.policies_in_force import policies_or_defaults
from services.settings import Settings
from services.show_inbox import inbox
from storage.approval_acts import ActMeta
from storage.approval_openings import NewRequest, insert_requests
from storage.approval_subjects import drafts_of_run, statement_facts
from storage.companies import Company
from storage.database import Database, engine_for, transaction
from storage.identifiers import new_id

Told = dict[str, float]

CONNECTIONS = 16
"""More are slower on two cores."""

PAGES = 200
"""Inbox pages of one run: enough for the slowest twentieth."""

POLLS = 200
"""Of the timers of which none is due."""

COPIED = ("approval_request", "approval_act", "approval_task", "approval_timer")
"""The tables that opening fills."""

PASSWORD = "one for the bench"  # noqa: S105 - of a company that lives for a minute
ORIGIN = "http://bench.example"
AFTER = re.compile(r'after=([^&"]+)')

_DRAFTS = """
    with c as (insert into customer(company_id, id, code, name)
               select %(company)s, gen_random_uuid(), 'C' || n, 'Customer ' || n from generate_series(1, %(count)s) n
               returning id, code)
    insert into statement(company_id, id, number, run_id, customer_id, currency, period, form, version, status, content,
                          digest, opening, debits, credits, closing, overdue, ties)
    select %(company)s, gen_random_uuid(), '2026-06/' || code || '/CNY/v1', %(run)s, id, 'CNY', '2026-06', 'OPEN_ITEM',
           1, 'draft', '{"checks":[],"closing":"80000.00","disputes":[],"lines":[' ||
           (select string_agg('{"amount":"10.00","disputed":"0.00","line":' || l || '}', ',')
              from generate_series(1, 20) l) || '],"number":"' || code || '"}',
           encode(sha256(code::bytea), 'hex'), 0, 8000000, 0, 8000000, 0, true
      from c"""
_RUN = """insert into statement_run(company_id, id, period, form, as_of, as_known, stage)
          values (%s, gen_random_uuid(), '2026-06', 'OPEN_ITEM', '2026-06-30', now(), 'review') returning id"""
_ONE_STATEMENT = """
    with r as (select id, act_count, head from approval_request where company_id = %(company)s and id = %(request)s
                  and state = 'open' and stage = 1 and round = 1 and digest = %(digest)s for update),
    a as (insert into approval_act(company_id, id, request_id, number, kind, actor_id, authority_id, event, channel,
                                   assurance, digest, stage, round, is_vote, idempotency_key, previous_hash, hash, at)
          select %(company)s, gen_random_uuid(), r.id, r.act_count + 1, 'Voted', %(alice)s, %(alice)s, '{}', 'web',
                 'session', %(digest)s, 1, 1, true, 'bare/' || r.id, r.head, r.head, clock_timestamp() from r),
    u as (update approval_request q set state = 'approved', act_count = q.act_count + 1, closed_at = clock_timestamp()
            from r where q.company_id = %(company)s and q.id = r.id),
    t as (update approval_task set state = 'done'
           where company_id = %(company)s and request_id = %(request)s and state = 'open'),
    m as (delete from approval_timer
           where company_id = %(company)s and request_id = %(request)s and fired_at is null),
    s as (update statement set status = 'approved', row_version = row_version + 1
           where company_id = %(company)s and id = %(subject)s),
    e as (insert into audit_event(company_id, number, actor_id, actor_kind, verb, subject_kind, subject_id, facts, at,
                                  previous_hash, hash)
          values (%(company)s, %(number)s, %(alice)s, 'user', 'approval_voted', 'approval', %(request)s, '{}',
                  clock_timestamp(), '', ''))
    insert into outbox(company_id, id, kind, channel, lane, dedup_key, message_id, recipient, recipient_domain,
                       subject_kind, subject_id, payload, state, not_before, next_at)
    values (%(company)s, gen_random_uuid(), 'approval_closed', 'internal', 'bulk', %(request)s, %(request)s, '', '',
            'approval', %(request)s, '{}', 'pending', clock_timestamp(), clock_timestamp())"""


async def fill_drafts(url: str, count: int) -> None:
    """A company with people and a run of so many drafts that tie."""
    engine = engine_for(url)
    company_id = await add_company(engine, "BENCH", "Bench", "CNY", "UTC")
    for name, role in (("alice", "reviewer"), ("bob", "reviewer"), ("mona", "manager"), ("root", "administrator")):
        await add_user(engine, company_id, f"{name}@bench.example", name, frozenset({role}), password=PASSWORD)
    await engine.dispose()
    with psycopg.connect(url, autocommit=True) as connection:
        (run,) = connection.execute(_RUN, (company_id,)).fetchall()
        connection.execute(_DRAFTS, {"company": company_id, "count": count, "run": run[0]})
        connection.execute("analyze")


async def open_run(url: str) -> Told:
    """Opens the run's requests, as the stage of review does."""
    engine = engine_for(url)
    company = await company_by_code(engine, "BENCH")
    run = await _run_of(engine, company)
    async with transaction(engine, company.id) as session:
        asked = len(await drafts_of_run(session, company.id, run))
    started = time.perf_counter()
    opened = (await open_approvals_for_run(engine, company, run))["opened"]
    per_second = opened / (time.perf_counter() - started)
    await _count(engine, company, asked)
    await engine.dispose()
    return {"a second": per_second}


async def _run_of(engine: Database, company: Company) -> UUID:
    async with transaction(engine, company.id) as session:
        run: UUID = (await session.exec_driver_sql("select id from statement_run")).scalar_one()
        return run


async def _open_requests(url: str) -> Told:
    """The same requests without their statements: facts are at hand, as for any other subject."""
    engine = engine_for(url)
    company = await company_by_code(engine, "BENCH")
    run = await _run_of(engine, company)
    async with transaction(engine, company.id) as session:
        rows = await statement_facts(session, company.id, await drafts_of_run(session, company.id, run))
        (policy,) = [one for one in await policies_or_defaults(session, company.id) if one.name == "statements"]
    new = [(new_id(), str(row.id), row.digest, facts_of_statement(row)) for row in rows]
    batches = iter([new[start : start + BATCH] for start in range(0, len(new), BATCH)])

    async def lane() -> None:
        for batch in batches:
            async with transaction(engine, company.id) as session:
                env = await moment(session, company.id, policy.id, "")
                asked = [Submission(one, "statement", subject, Submit(None, frozenset(), digest, facts))
                         for one, subject, digest, facts in batch]  # fmt: skip
                opened = [_accepted(one) for one in submit_many(asked, env)]
                await insert_requests(session, company.id, [
                    NewRequest(policy.id, one, ActMeta(None, None, "system", "session", f"submit/{one.id}"))
                    for one in opened
                ])  # fmt: skip

    started = time.perf_counter()
    await asyncio.gather(*[lane() for _ in range(LANES)])
    per_second = len(new) / (time.perf_counter() - started)
    await _count(engine, company, len(rows))
    await engine.dispose()
    return {"a second": per_second}


def _accepted(answer: Opened | ApprovalRefusal) -> Opened:
    if isinstance(answer, ApprovalRefusal):
        raise answer
    return answer


async def _count(engine: Database, company: Company, wanted: int) -> None:
    """What is measured must have been done."""
    async with transaction(engine, company.id) as session:
        found = (
            await session.exec_driver_sql("select count(*) from approval_request where state = 'open'")
        ).scalar_one()
    if found != wanted:
        raise RuntimeError(f"{found} requests are open instead of {wanted}")


def record_scripts(url: str, folder: Path) -> str:
    """Decides on everything once, one after another, and writes its statements as scripts for pgbench."""
    transactions: list[list[str]] = []
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor) as connection:

        def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:  # noqa: ANN401, FBT001 - SQLAlchemy's event
            written = psycopg.ClientCursor(connection).mogrify(statement.encode(), parameters or None)
            transactions[-1].append(written)

        asyncio.run(_decide_all(url, 1, note, lambda: transactions.append([])))
    return _scripts(folder / "same", [f"begin;\n{_ended(each)}commit;\n" for each in transactions])


def write_one_statement(url: str, folder: Path) -> str:
    """One bare statement per open request, as scripts for pgbench."""
    company_id, alice, waiting = asyncio.run(_waiting_at(url))
    with psycopg.connect(url) as connection:
        cursor = psycopg.ClientCursor(connection)
        rows = connection.execute("select id, subject_id::uuid from approval_request").fetchall()
        subjects: dict[UUID, UUID] = dict(rows)
        written = [
            cursor.mogrify(_ONE_STATEMENT.encode(), {
                "company": company_id, "request": request, "digest": digest, "alice": alice,
                "subject": subjects[request], "number": 1_000_000 + number,
            })
            for number, (request, digest) in enumerate(waiting)
        ]  # fmt: skip
    return _scripts(folder / "bare", [_ended([one]) for one in written])


def _ended(statements: list[str]) -> str:
    return "".join(f"{one};\n" for one in statements)


def _scripts(folder: Path, transactions: list[str]) -> str:
    folder.mkdir(exist_ok=True)
    for number in range(CONNECTIONS):
        (folder / f"{number}.sql").write_text("".join(transactions[number::CONNECTIONS]))
    return str(folder)


async def _decide_all(
    url: str, together: int, note: Callable[..., None] | None = None, begun: Callable[[], None] = lambda: None
) -> Told:
    engine = engine_for(url)
    company_id, alice, waiting = await _waiting(engine)
    if note is not None:
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    gate = asyncio.Semaphore(together)
    took: list[float] = []

    async def one(request_id: UUID, digest: str) -> None:
        async with gate:
            begun()
            with _timing(took):
                await decide(
                    engine, company_id, request_id, "approve", actor_id=alice, authority_id=alice, round=1, stage=1,
                    digest=digest, key=f"bench/{request_id}",
                )  # fmt: skip

    await asyncio.gather(*(one(*each) for each in waiting))
    await engine.dispose()
    return {"p50 ms": _percentile(took, 50), "p99 ms": _percentile(took, 99)}


@contextmanager
def _timing(took: list[float]) -> Iterator[None]:
    started = time.perf_counter()
    yield
    took.append((time.perf_counter() - started) * 1_000)


def _percentile(took: list[float], percent: int) -> float:
    return statistics.quantiles(took, n=100, method="inclusive")[percent - 1]


async def _waiting(engine: Database) -> tuple[UUID, UUID, list[tuple[UUID, str]]]:
    company = await company_by_code(engine, "BENCH")
    async with transaction(engine, company.id) as session:
        alice = (await session.exec_driver_sql("select id from app_user where name = 'alice'")).scalar_one()
        rows = await session.exec_driver_sql("select id, digest from approval_request where state = 'open' order by id")
        return company.id, alice, [(row.id, row.digest) for row in rows]


async def _waiting_at(url: str) -> tuple[UUID, UUID, list[tuple[UUID, str]]]:
    engine = engine_for(url)
    try:
        return await _waiting(engine)
    finally:
        await engine.dispose()


async def _bulk(url: str) -> None:
    engine = engine_for(url)
    company_id, alice, waiting = await _waiting(engine)
    chosen = [Decision(request, alice, 1, 1, digest, f"bench/{request}") for request, digest in waiting]
    await decide_many(engine, company_id, Press("approve", alice), chosen)
    await engine.dispose()


async def _inbox(url: str) -> Told:
    """Whole pages as the browser gets them, one after another; without the network."""
    engine = engine_for(url)
    with tempfile.TemporaryDirectory() as home:
        app = create_app(Settings(home=Path(home), public_url=ORIGIN, _env_file=None), engine)  # type: ignore[call-arg] # pydantic-settings
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN}) as browser:
            await browser.post("/sign-in", data={"email": "alice@bench.example", "password": PASSWORD})
            took: list[float] = []
            place = "/inbox"
            for _ in range(PAGES):
                with _timing(took):
                    page = (await browser.get(place)).raise_for_status().text
                place = f"/inbox?after={AFTER.findall(page)[-1]}"
    await engine.dispose()
    return {"p50 ms": _percentile(took, 50), "p95 ms": _percentile(took, 95)}


async def _inbox_query(url: str) -> Told:
    engine = engine_for(url)
    company = await company_by_code(engine, "BENCH")
    _, alice, _ = await _waiting(engine)
    after = None
    took: list[float] = []
    for _ in range(PAGES):
        with _timing(took):
            async with transaction(engine, company.id) as session:
                after = (await inbox(session, company, alice, after=after)).after
    await engine.dispose()
    return {"p50 ms": _percentile(took, 50), "p95 ms": _percentile(took, 95)}


async def _poll(url: str) -> Told:
    engine = engine_for(url)
    company = await company_by_code(engine, "BENCH")
    took: list[float] = []
    for _ in range(POLLS):
        with _timing(took):
            await fire_approval_timers(engine, company)
    await engine.dispose()
    return {"p50 ms": _percentile(took, 50), "p95 ms": _percentile(took, 95)}


async def _copy_rows(url: str) -> None:
    engine = engine_for(url)
    async with engine.begin() as session:
        for table in COPIED:
            await session.exec_driver_sql(f"create table bare_{table} (like {table} including all)")
            await session.exec_driver_sql(f"insert into bare_{table} select * from {table}")  # noqa: S608 - our own table names
    await engine.dispose()


async def _replay(url: str, pgbench: str, folder: str) -> None:
    scripts = [f"{folder}/{number}.sql" for number in range(CONNECTIONS)]
    command = (pgbench, "-n", "-c", "1", "-t", "1", "-f")
    running = [
        await asyncio.create_subprocess_exec(
            *command, script, url, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        for script in scripts
    ]
    for process in running:
        _, errors = await process.communicate()
        if process.returncode or b"ERROR" in errors:
            raise RuntimeError(errors.decode()[-2_000:])


WORK: dict[str, Callable[..., Awaitable[Told | None]]] = {
    "requests": _open_requests, "open": open_run, "decide": lambda url: _decide_all(url, CONNECTIONS), "bulk": _bulk,
    "inbox": _inbox, "inbox-query": _inbox_query, "poll": _poll, "copy-rows": _copy_rows, "replay": _replay,
}  # fmt: skip


def main() -> None:
    """One contender in this process, which looks for garbage as seldom as the product's own."""
    what, *given = sys.argv[1:]
    gc.set_threshold(YOUNG_OBJECTS)
    gc.freeze()

    async def work() -> Told | None:
        return await WORK[what](*given)

    timed(lambda: asyncio.run(work()))


if __name__ == "__main__":
    main()
