"""Does one stage of a run, or what is left of it: collect, reconcile, draft, review, send, follow_up."""

import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from ledger.money import decimal_text
from services.allocate_by_reference import allocate_by_reference
from services.build_statements import build_counted
from services.finish_run import follow_up, tell_finished
from services.open_review import open_review
from services.propose_applications import propose_applications
from services.release_run import release_run
from services.report_run import STAGES
from services.run_batches import Figures, Report, run_batches
from services.start_run import period_of, run_by_id
from storage.audit import SYSTEM, record
from storage.companies import Company
from storage.database import Database, transaction
from storage.presence import alone
from storage.runs import Batch, Run, collected_in, move_run, put_stage_figures, unapplied_in, unreadable_rows
from words.refusal import Refusal

StageWork = Callable[[Database, Company, Run, Report | None], Awaitable[tuple[dict[str, Any], bool]]]
"""Answers the stage's figures and whether the run may move on."""


class StageNotReached(Refusal):
    """Stages come in order."""

    code = "stage_not_reached"
    sentence = "The run is in stage {stage}; {wanted} comes later."
    remedy = "Close the period with: tieout run close --company {company} --period {period}"


WORKED_ALONE = frozenset({"review", "send", "follow_up"})
"""Stages whose work is one list, not batches: two processes would submit the same statement at the same time."""


async def run_stage(
    engine: Database, company: Company, run_id: UUID, stage: str, report: Report | None = None
) -> dict[str, Any]:
    """The figures of the stage once it is as far as it can be; a stage that is over is not done again."""
    if stage not in WORKED_ALONE:
        return await _run_stage(engine, company, run_id, stage, report)
    async with alone(engine, gate_name(run_id)):
        return await _run_stage(engine, company, run_id, stage, report)


def gate_name(run_id: UUID) -> str:
    """The lock that a process holds while it works a run's later stages."""
    return f"run/{run_id}/gate"


async def _run_stage(
    engine: Database, company: Company, run_id: UUID, stage: str, report: Report | None
) -> dict[str, Any]:
    run = await run_by_id(engine, company, run_id)
    reached = STAGES.index(run.stage) if run.stage in STAGES else len(STAGES)
    if STAGES.index(stage) < reached:
        done: dict[str, Any] = run.figures.get(stage, {})
        return done
    if STAGES.index(stage) > reached:
        raise StageNotReached(stage=run.stage, wanted=stage, company=company.code, period=run.period)
    started = time.monotonic()
    figures, over = await _WORK[stage](engine, company, run, report)
    figures.setdefault("seconds", round(time.monotonic() - started, 3))
    async with transaction(engine, company.id) as session:
        await put_stage_figures(session, company.id, run_id, stage, figures)
        following = [*STAGES[1:], "closed"][STAGES.index(stage)]
        if over and await move_run(session, company.id, run_id, stage, following):
            facts = {"period": run.period, "stage": stage, "next": following, "customers": figures.get("customers", 0)}
            await record(session, company.id, SYSTEM, "run_stage_done", ("run", str(run_id)), facts)
            if following == "closed":
                await tell_finished(session, company, run)
    return figures


async def _collect(engine: Database, company: Company, run: Run, report: Report | None) -> tuple[dict[str, Any], bool]:
    """Counts what the imports brought: documents and money per customer, and rows that wait for a person."""

    async def count(batch: Batch) -> Figures:
        figures = Figures()
        async with transaction(engine, company.id) as session:
            items, money = await collected_in(session, company.id, batch, run.as_of)
        figures.count("items", items)
        for currency, minor in money.items():
            figures.add_money(currency, decimal_text(minor, 0, currency))
        return figures

    figures = await run_batches(engine, company, run, "collect", count, report)
    async with transaction(engine, company.id) as session:
        figures["findings"] += await unreadable_rows(session, company.id)
    return figures, True


async def _reconcile(
    engine: Database, company: Company, run: Run, report: Report | None
) -> tuple[dict[str, Any], bool]:
    """Applies what is named exactly or certain otherwise; what is left stays in its own section and is counted."""
    applied = await allocate_by_reference(engine, company)
    matched = await propose_applications(engine, company)

    async def count(batch: Batch) -> Figures:
        figures = Figures()
        async with transaction(engine, company.id) as session:
            items, money = await unapplied_in(session, company.id, batch, run.as_of)
        figures.count("unapplied", items)
        for currency, minor in money.items():
            figures.add_money(currency, decimal_text(minor, 0, currency))
        return figures

    figures = await run_batches(engine, company, run, "reconcile", count, report)
    figures["counts"]["allocations"] = applied["allocations"] + matched["posted"]
    return figures, True


async def _draft(engine: Database, company: Company, run: Run, report: Report | None) -> tuple[dict[str, Any], bool]:
    """Builds the statements; one that does not tie is a finding."""
    period = period_of(run.period)

    async def build(batch: Batch) -> Figures:
        built = await build_counted(
            engine, company, period, run.form, batch.customer_ids, run.id, run.started_by, run.as_of
        )
        figures = Figures()
        for line in built.statements:
            figures.count("statements")
            figures.add_money(line["currency"], line["closing"])
            figures.findings += not line["ties"]
        for reason, number in built.left_out.items():
            figures.count(reason, number)
        return figures

    return await run_batches(engine, company, run, "draft", build, report), True


_WORK: dict[str, StageWork] = {
    "collect": _collect,
    "reconcile": _reconcile,
    "draft": _draft,
    "review": open_review,
    "send": release_run,
    "follow_up": follow_up,
}
