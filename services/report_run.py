"""What a run has come to: its stages with figures, and where its statements stand."""

from typing import Any
from uuid import UUID

from ledger.money import decimal_text
from services.run_batches import Figures
from services.start_run import RunUnknown
from storage.companies import Company
from storage.database import Database, transaction
from storage.jobs import jobs_page
from storage.runs import Run, find_run, mails_on_the_way, newer_records, runs_page, statements_by_status

STAGES = ("collect", "reconcile", "draft", "review", "send", "follow_up")
"""In order; then the run is closed."""

GONE_OUT = frozenset({"sent", "confirmed", "disputed", "settled"})
"""Statuses of statements that a customer has."""


async def report_run(engine: Database, company: Company, run_id: UUID) -> dict[str, Any]:
    """The run as pages, commands and programs show it; money as decimal strings per currency."""
    async with transaction(engine, company.id) as session:
        run = await find_run(session, company.id, run_id)
        if run is None:
            raise RunUnknown(run=run_id, company=company.code)
        rows = await statements_by_status(session, company.id, run_id)
        on_the_way = await mails_on_the_way(session, company.id, run_id)
        newer = await newer_records(session, company.id, run)
    statements: dict[str, Figures] = {}
    for row in rows:
        figures = statements.setdefault(row.status, Figures())
        figures.count("statements", row.statements)
        figures.add_money(row.currency, decimal_text(row.closing, 0, row.currency))
    return {
        **run_json(company, run),
        "statements": {
            status: {"count": one.counts["statements"], "money": one.money} for status, one in statements.items()
        },
        "gone_out": sum(row.ever_sent for row in rows),
        "mails_on_the_way": on_the_way,
        "newer_records": newer,
    }


async def list_runs(engine: Database, company: Company, before: UUID | None = None) -> list[dict[str, Any]]:
    """The company's runs, newest first."""
    async with transaction(engine, company.id) as session:
        return [run_json(company, run) for run in await runs_page(session, company.id, before)]


async def list_jobs(engine: Database, company: Company) -> list[dict[str, Any]]:
    """What the clock made due, newest first."""
    async with transaction(engine, company.id) as session:
        rows = await jobs_page(session, company.id)
    return [
        {
            "name": row.name, "period": row.period, "state": row.state, "tries": row.tries, "error": row.error,
            "due_at": row.due_at.isoformat(), "figures": row.figures,
            "finished_at": row.finished_at.isoformat() if row.finished_at else None,
        }
        for row in rows
    ]  # fmt: skip


def run_json(company: Company, run: Run) -> dict[str, Any]:
    """A run's own row in its public form."""
    return {
        "run_id": str(run.id),
        "company": company.code,
        "period": run.period,
        "segment": run.segment,
        "form": run.form,
        "as_of": run.as_of.isoformat(),
        "as_known": run.as_known.isoformat(),
        "stage": run.stage,
        "stages": [{"stage": stage, **run.figures.get(stage, {})} for stage in STAGES if stage in run.figures],
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "heartbeat_at": run.heartbeat_at.isoformat() if run.heartbeat_at else None,
        "prefect_run_id": run.prefect_run_id,
    }
