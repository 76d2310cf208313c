"""Sends messages, then decides thousands of requests, over calls that fail or are done without a word.

Whoever hears nothing, or an error that is not a refusal, asks again under the same key, as a browser or a chat does.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from scripts.bench.decide_work import fill_drafts, open_run
from scripts.faults.liar import SWALLOWED_SHARE, Liar
from scripts.faults.relay_child import relay
from scripts.faults.relay_count import NEVER_WITH_ARCHIVE, count_messages
from scripts.faults.relay_stage import relay_stage
from services.decide_approval import decide
from storage.database import Database, engine_for

TOGETHER = 8
"""Clicks at a time; those that meet share a transaction, and a failure hits them all."""

TRIES_MOST = 50
"""Times that one click is made again before the trial gives up: a run of fifty failures is no bad luck."""

MESSAGES_PER_RUN = 0.1
"""Messages sent for each decision, before the many."""

WAITING = text(
    "select q.company_id, q.id, q.digest, u.id as alice from approval_request q join app_user u using (company_id) "
    "where q.state = 'open' and u.name = 'alice' order by q.id"
)

EFFECTS = {
    "votes": "select count(*) from approval_act where kind = 'Voted'",
    "audit rows": "select count(*) from audit_event where verb = 'approval_approved'",
    "messages about the end": "select count(*) from outbox where kind = 'approval_closed'",
    "statements approved once": "select count(*) from statement where status = 'approved' and row_version = 3",
}
"""Each has to come out as often as there were runs; a statement is made, put into review and approved: version 3."""


@dataclass(slots=True)
class CallsTrial:
    """How many decisions are asked for, and what happened."""

    runs: int
    seed: int
    silent: float = SWALLOWED_SHARE
    """Of the decisions' commits."""
    done: Counter[str] = field(default_factory=Counter)

    def holds(self, counts: dict[str, int]) -> bool:
        """Every effect as often as there were runs, and no message lost, repeated or left open."""
        return all(counts[name] == self.runs for name in EFFECTS) and not any(
            counts[name] for name in NEVER_WITH_ARCHIVE
        )


async def run_calls_trial(
    trial: CallsTrial, url: str, folder: Path, tell: Callable[[str], None] = print
) -> dict[str, int]:
    """Sends through the liar, opens the requests in peace, decides them through it, and counts the effects."""
    chance = random.Random(trial.seed)  # noqa: S311 - a repeatable trial
    started = time.monotonic()
    liar = Liar(url, chance, trial.done)
    server, lying = await liar.start()
    counts = await _send_all(trial, url, lying, folder, chance)
    tell(f"{counts['messages']} messages sent")
    await fill_drafts(url, trial.runs)
    await open_run(url)
    liar.silent = trial.silent
    effects = await _decide_all(trial, url, lying)
    server.close()
    return {**effects, **counts, "seconds in all": round(time.monotonic() - started)}


async def _decide_all(trial: CallsTrial, url: str, lying: str) -> dict[str, int]:
    honest, engine = engine_for(url), engine_for(lying)
    async with honest.begin() as session:
        waiting = iter((await session.execute(WAITING)).all())

    async def clicker() -> None:
        for row in waiting:
            await _insist(trial, engine, row.company_id, row.id, row.alice, row.digest)

    await asyncio.gather(*(clicker() for _ in range(TOGETHER)))
    async with honest.begin() as session:
        effects = {name: int((await session.execute(text(query))).scalar_one()) for name, query in EFFECTS.items()}
    await engine.dispose()
    await honest.dispose()
    return effects


async def _insist(
    trial: CallsTrial, engine: Database, company: UUID, request: UUID, person: UUID, digest: str
) -> None:  # fmt: skip
    """One click, made again under its key until it is answered."""
    for _ in range(TRIES_MOST):
        try:
            answer = await decide(
                engine, company, request, "approve", actor_id=person, authority_id=person, round=1, stage=1,
                digest=digest, key=f"faults/{request}",
            )  # fmt: skip
        except (SQLAlchemyError, OSError):
            trial.done["clicks that ended in an error"] += 1
            continue
        trial.done["clicks answered from the first one's record"] += answer.replayed
        return
    raise TimeoutError(f"request {request} was never answered")


async def _send_all(
    trial: CallsTrial, url: str, lying: str, folder: Path, chance: random.Random
) -> dict[str, int]:  # fmt: skip
    """One relay whose database, mail server and chat all fail now and then."""
    async with relay_stage(url, folder, chance, trial.done, with_archive=True) as stage:
        await stage.queue(max(1, round(trial.runs * MESSAGES_PER_RUN)))
        stop = asyncio.Event()
        relaying = asyncio.create_task(relay(replace(stage.place, database=lying), stop))
        await stage.settle_down()
        stop.set()
        await relaying
        return await count_messages(stage.engine, stage.sink, stage.queued, with_archive=True)
