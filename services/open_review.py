"""The gate of a run: every equation must hold, then each draft becomes a request for approval."""

from collections import Counter
from typing import Any

from ledger.money import decimal_text
from services.end_waivers import end_waivers
from services.finish_run import count_by_status, run_figures
from services.open_approvals import open_approvals_for_run
from services.release_run import UNDECIDED, release_approved
from services.run_batches import Figures, Report
from services.start_run import period_of
from services.tell_staff import tell_staff
from services.tie_out import tie_out
from services.waiver_subjects import TIE_OUT_CHECK
from statements.tie_out import STATEMENTS_ARE_SUBLEDGER
from storage.audit import SYSTEM, record
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.findings import NewFinding, keep_finding, settle_absent
from storage.runs import Run, StatusFigures, statements_by_status


async def open_review(
    engine: Database, company: Company, run: Run, report: Report | None
) -> tuple[dict[str, Any], bool]:
    """The stage `review`: over when no statement waits for a person any more.

    A difference that nobody has waived keeps the whole run at the gate. What is approved at once is sent at once.
    """
    equations = await _equations(engine, company, run)
    blocked = await _keep_breaches(engine, company, run, [one for one in equations if not one["ties"]])
    opened = Counter(run.figures.get("review", {}).get("opened", {}))
    if not blocked:
        now = await open_approvals_for_run(engine, company, run.id, run.started_by)
        opened.update({name: number for name, number in now.items() if name != "waiting"})
        await release_approved(engine, company, run.id, report)
    async with transaction(engine, company.id) as session:
        rows = await statements_by_status(session, company.id, run.id)
    figures = _figures(rows, len(blocked))
    over = not blocked and not any(row.status in UNDECIDED for row in rows)
    return {**figures, "equations": len(equations), "blocked": blocked, "opened": dict(opened)}, over


async def _equations(engine: Database, company: Company, run: Run) -> list[dict[str, Any]]:
    gate = await tie_out(engine, company, period_of(run.period), run.as_of)
    named = [*gate["equations"], *gate["breaches"]]
    # A run of one segment states a part of the books only.
    return [one for one in named if run.segment == "all" or one["equation"] != STATEMENTS_ARE_SUBLEDGER]


async def _keep_breaches(
    engine: Database, company: Company, run: Run, breaches: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Keeps each difference as a finding, closes those that are gone, and answers the ones that nobody has waived.

    The amount is part of a finding's name: who waived one cent has not waived the next thousand.
    """
    prefix = f"{TIE_OUT_CHECK}/{run.period}/"
    blocked, keys = [], []
    async with transaction(engine, company.id) as session:
        for one in breaches:
            key = f"{prefix}{one['equation']}/{one['currency']}/{one.get('customer', '')}/{one['difference']}"
            keys.append(key)
            facts = {"period": run.period, **{name: value for name, value in one.items() if name != "ties"}}
            new = NewFinding(TIE_OUT_CHECK, "run", str(run.id), "breach", "tie_out_difference", facts, key)
            if await keep_finding(session, company.id, new) != "waived":
                blocked.append(facts)
        if await settle_absent(session, company.id, prefix, keys):
            await end_waivers(session, company.id)
        if blocked:
            await _tell(session, company, run, len(blocked))
    return blocked


async def _tell(session: Session, company: Company, run: Run, waiting: int) -> None:
    rows = await statements_by_status(session, company.id, run.id)
    payload = {
        "run_id": str(run.id), "period": run.period, "waiting": str(waiting), "figures": run_figures(rows)
    }  # fmt: skip
    subject = ("run", str(run.id))
    occasion = f"run_blocked/{run.id}/{run.as_known.isoformat()}"
    if await tell_staff(
        session, company.id, "run_needs_you", payload, role="manager", subject=subject, occasion=occasion
    ):
        await record(session, company.id, SYSTEM, "run_blocked", subject, {"differences": waiting})


def _figures(rows: list[StatusFigures], findings: int) -> dict[str, Any]:
    figures = Figures(findings=findings, counts=count_by_status(rows))
    for row in rows:
        figures.customers += row.customers
        figures.add_money(row.currency, decimal_text(row.closing, 0, row.currency))
    kept = figures.as_json()
    del kept["seconds"]
    return kept
