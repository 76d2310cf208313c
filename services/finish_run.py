"""The end of a run: follows its mails, closes it when nothing is on its way any more, and tells the staff."""

from typing import Any

from ledger.money import decimal_text
from services.run_batches import Report
from services.tell_staff import tell_staff
from storage.audit import SYSTEM, record
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.runs import Run, StatusFigures, mails_on_the_way, statements_by_status


async def follow_up(
    engine: Database, company: Company, run: Run, _report: Report | None
) -> tuple[dict[str, Any], bool]:
    """The stage `follow_up`: over when the relay has settled every mail of the run."""
    async with transaction(engine, company.id) as session:
        waiting = await mails_on_the_way(session, company.id, run.id)
        rows = await statements_by_status(session, company.id, run.id)
    counts = count_by_status(rows)
    figures = {"customers": sum(row.customers for row in rows), "money": {}, "findings": 0}
    return {**figures, "counts": {**counts, "mails_waiting": waiting}}, waiting == 0


def count_by_status(rows: list[StatusFigures]) -> dict[str, int]:
    """How many statements there are in each status."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.status] = counts.get(row.status, 0) + row.statements
    return counts


def run_figures(rows: list[StatusFigures]) -> list[dict[str, str]]:
    """The small table of a message: an English label and a value as it is shown."""
    totals: dict[str, int] = {}
    for row in rows:
        totals[row.currency] = totals.get(row.currency, 0) + row.closing
    statements = [{"label": "Statements", "value": str(sum(row.statements for row in rows))}]
    return statements + [
        {"label": "Total", "value": f"{currency} {decimal_text(minor, 0, currency)}"}
        for currency, minor in sorted(totals.items())
    ]


async def tell_finished(session: Session, company: Company, run: Run) -> None:
    """Tells the staff in the transaction that closes the run: a kill before it leaves nothing told or recorded."""
    rows = await statements_by_status(session, company.id, run.id)
    payload = {"run_id": str(run.id), "period": run.period, "figures": run_figures(rows)}
    occasion = f"run_finished/{run.id}/{run.as_known.isoformat()}"
    await tell_staff(
        session, company.id, "run_finished", payload, role="manager", subject=("run", str(run.id)), occasion=occasion
    )
    await record(session, company.id, SYSTEM, "run_finished", ("run", str(run.id)), {"period": run.period})
