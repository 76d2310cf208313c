"""Works a run's batches: claims one after another, keeps the claim alive, adds the figures up, tells how far it is."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from storage.companies import Company
from storage.database import Database, transaction
from storage.presence import HEARTBEAT_SECONDS, presence
from storage.runs import Batch, BatchRow, Run, batches_of, beat, claim_batch, end_batch, plan_batches, put_stage_figures

BATCH_CUSTOMERS = 500
"""Large enough that a batch's overhead (a claim, two commits) vanishes, small enough to lose little by a kill."""

POLL_SECONDS = 0.25
"""How soon a worker without a free batch looks again whether the others have finished or died."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is. `money` holds decimal strings per currency; `seconds_left` is None until it can be known."""

    stage: str
    done: int
    total: int
    money: dict[str, str]
    seconds_left: float | None


@dataclass(slots=True)
class Figures:
    """What a batch or a stage comes to. `money` holds decimal strings per currency."""

    customers: int = 0
    money: dict[str, str] = field(default_factory=dict)
    findings: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)

    def add_money(self, currency: str, amount: str) -> None:
        """Adds an exact decimal string to the currency's sum."""
        self.money[currency] = f"{Decimal(self.money.get(currency, '0')) + Decimal(amount):f}"

    def count(self, what: str, number: int = 1) -> None:
        """Counts something by name."""
        self.counts[what] = self.counts.get(what, 0) + number

    def as_json(self) -> dict[str, Any]:
        """The form in which figures are kept."""
        return {
            "customers": self.customers, "money": dict(sorted(self.money.items())), "findings": self.findings,
            "seconds": round(self.seconds, 3), "counts": dict(sorted(self.counts.items())),
        }  # fmt: skip


Report = Callable[[Progress], None]
Work = Callable[[Batch], Awaitable[Figures]]


def add_up(parts: Iterable[dict[str, Any]]) -> Figures:
    """The sum of figures in their kept form."""
    total = Figures()
    for part in parts:
        total.customers += part.get("customers", 0)
        total.findings += part.get("findings", 0)
        total.seconds += part.get("seconds", 0.0)
        for currency, amount in part.get("money", {}).items():
            total.add_money(currency, amount)
        for what, number in part.get("counts", {}).items():
            total.count(what, number)
    return total


async def run_batches(
    engine: Database, company: Company, run: Run, stage: str, work: Work, report: Report | None = None,
    size: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Does what is left of a stage and answers its figures; several processes may do so at once.

    Ends when every batch is done, whoever did it. An error in a batch marks it failed and is raised; the next call
    tries it again.
    """
    async with transaction(engine, company.id) as session:
        await plan_batches(session, company.id, run, stage, size or BATCH_CUSTOMERS)
    async with presence(engine) as token, _heartbeat(engine, company.id, run.id, token):
        started = time.monotonic()
        first_done: int | None = None
        while True:
            rows = await _rows(engine, company.id, run.id, stage)
            done = sum(row.customers for row in rows if row.state == "done")
            first_done = done if first_done is None else first_done
            await _tell(engine, company.id, run.id, stage, rows, report, (started, first_done))
            if all(row.state == "done" for row in rows):
                return _stage_figures(rows)
            async with transaction(engine, company.id) as session:
                batch = await claim_batch(session, company.id, run.id, stage, token)
            if batch is None:
                await asyncio.sleep(POLL_SECONDS)
                continue
            await _do(engine, company.id, batch, token, work)


async def _do(engine: Database, company_id: UUID, batch: Batch, token: UUID, work: Work) -> None:
    started = time.monotonic()
    state, result = "failed", {}
    try:
        figures = await work(batch)
        figures.customers = len(batch.customer_ids)
        figures.seconds = time.monotonic() - started
        state, result = "done", figures.as_json()
    finally:
        error = sys.exception()
        if error is not None:
            result = {"error": f"{type(error).__name__}: {error}"}
        async with transaction(engine, company_id) as session:
            await end_batch(session, company_id, batch.id, token, state, result)


async def _rows(engine: Database, company_id: UUID, run_id: UUID, stage: str) -> list[BatchRow]:
    async with transaction(engine, company_id) as session:
        return await batches_of(session, company_id, run_id, stage)


def _stage_figures(rows: list[BatchRow]) -> dict[str, Any]:
    figures = add_up(row.figures for row in rows if row.state == "done").as_json()
    total = sum(row.customers for row in rows)
    return {**figures, "done": figures["customers"], "total": total, "batches": len(rows)}


async def _tell(
    engine: Database, company_id: UUID, run_id: UUID, stage: str, rows: list[BatchRow],
    report: Report | None, pace: tuple[float, int],
) -> None:  # fmt: skip
    """Writes how far the stage is where the pages read it, and tells the caller."""
    figures = _stage_figures(rows)
    started, first_done = pace
    gained, left = figures["done"] - first_done, figures["total"] - figures["done"]
    elapsed = time.monotonic() - started
    seconds_left = round(elapsed * left / gained, 1) if gained > 0 else None
    async with transaction(engine, company_id) as session:
        await put_stage_figures(session, company_id, run_id, stage, {**figures, "seconds_left": seconds_left})
    if report is not None:
        report(Progress(stage, figures["done"], figures["total"], figures["money"], seconds_left))


@asynccontextmanager
async def _heartbeat(engine: Database, company_id: UUID, run_id: UUID, token: UUID) -> AsyncIterator[None]:
    async def beating() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            async with transaction(engine, company_id) as session:
                await beat(session, company_id, run_id, token)

    task = asyncio.create_task(beating())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
