"""Closes a period as far as it goes without people: every stage in order, up to the gate or to the end."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from ledger.business_calendar import Period
from services.report_run import STAGES, report_run
from services.run_batches import Report
from services.run_stage import run_stage
from services.start_run import run_by_id, start_run
from storage.audit import SYSTEM, Actor, record
from storage.companies import Company
from storage.database import Database, transaction
from storage.runs import find_run_by_key, reopen_run, tie_prefect_run


@dataclass(frozen=True, slots=True)
class Closing:
    """Which run is wanted. `again` reads the books once more for a run that is past its drafts."""

    period: Period
    form: str = "OPEN_ITEM"
    segment: str = "all"
    as_of: date | None = None
    started_by: UUID | None = None
    again: bool = False
    today: date | None = None


async def close_period(
    engine: Database, company: Company, closing: Closing, report: Report | None = None
) -> dict[str, Any]:
    """The run's report, with what this call added: a second call of the same period adds nothing and says so."""
    known_before, run_id = await open_run(engine, company, closing)
    before = await report_run(engine, company, run_id)
    await continue_run(engine, company, run_id, report)
    after = await report_run(engine, company, run_id)
    new = {
        "statements": _statements(after) - _statements(before),
        "sent": after["gone_out"] - before["gone_out"],
        "stages": _place(after) - _place(before),
    }
    return {**after, "continued": known_before, "new": new}


async def open_run(engine: Database, company: Company, closing: Closing) -> tuple[bool, UUID]:
    """Whether the run was there before, and its id."""
    key = (closing.period.label, closing.segment, closing.form)
    async with transaction(engine, company.id) as session:
        known = await find_run_by_key(session, company.id, key)
        if known is not None and closing.again and await reopen_run(session, company.id, known.id):
            actor = Actor("user", closing.started_by) if closing.started_by else SYSTEM
            await record(session, company.id, actor, "run_reopened", ("run", str(known.id)), {"period": known.period})
    run_id = await start_run(
        engine, company, closing.period, closing.form, closing.as_of, closing.started_by, closing.segment,
        closing.today,
    )  # fmt: skip
    return known is not None, run_id


async def continue_run(
    engine: Database, company: Company, run_id: UUID, report: Report | None = None, prefect_run_id: str | None = None
) -> str:
    """Does stage after stage until one cannot be over yet; answers the stage in which the run then is."""
    if prefect_run_id is not None:
        async with transaction(engine, company.id) as session:
            await tie_prefect_run(session, company.id, run_id, prefect_run_id)
    for stage in STAGES:
        await run_stage(engine, company, run_id, stage, report)
        reached = (await run_by_id(engine, company, run_id)).stage
        if reached == stage:
            return stage
    return "closed"


def _place(report: dict[str, Any]) -> int:
    return [*STAGES, "closed"].index(report["stage"])


def _statements(report: dict[str, Any]) -> int:
    return sum(one["count"] for one in report["statements"].values())
