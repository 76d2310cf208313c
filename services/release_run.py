"""Sends what is approved: hands each approved statement of a run over for delivery, once."""

from collections import Counter
from typing import Any
from uuid import UUID

from ledger.money import decimal_text
from services.report_run import GONE_OUT
from services.run_batches import Figures, Progress, Report
from services.send_statement import release_statement
from storage.companies import Company
from storage.database import Database, transaction
from storage.runs import Run, statements_by_status, statements_with_status
from words.refusal import Refusal

PAGE = 500
"""Ids read at once; each statement is a transaction of its own."""

FIRST = UUID(int=0)

UNDECIDED = frozenset({"draft", "in_review", "returned"})
"""Statements that still wait for a person; a run with one of them is not past its review."""

NOT_GONE = UNDECIDED | {"approved"}


async def release_run(
    engine: Database, company: Company, run: Run, report: Report | None
) -> tuple[dict[str, Any], bool]:
    """The stage `send`: figures of what has gone out so far, and whether nothing is left to send."""
    refused = await release_approved(engine, company, run.id, report)
    async with transaction(engine, company.id) as session:
        rows = await statements_by_status(session, company.id, run.id)
    figures = Figures()
    for row in rows:
        if row.status in GONE_OUT:
            figures.customers += row.customers
            figures.count("sent", row.statements)
            figures.add_money(row.currency, decimal_text(row.closing, 0, row.currency))
        elif row.status not in NOT_GONE:
            figures.count(row.status, row.statements)
    figures.findings = sum(refused.values())
    return {**figures.as_json(), "refused": dict(refused)}, not any(row.status in NOT_GONE for row in rows)


async def release_approved(
    engine: Database, company: Company, run_id: UUID, report: Report | None = None
) -> Counter[str]:
    """Releases every approved statement of the run; answers refusals by code. The relay may do the same meanwhile."""
    refused: Counter[str] = Counter()
    done, last = 0, FIRST
    while True:
        async with transaction(engine, company.id) as session:
            page = await statements_with_status(session, company.id, run_id, "approved", last, PAGE)
        if not page:
            return refused
        for statement_id in page:
            try:
                await release_statement(engine, company, statement_id)
                done += 1
            except Refusal as refusal:
                refused[refusal.code] += 1
        last = page[-1]
        if report is not None:
            report(Progress("send", done, done, {}, None))
