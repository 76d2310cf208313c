"""Measures promises to pay by the calendar and the money that came: kept, broken, or still open."""

from collections import Counter
from datetime import date
from zoneinfo import ZoneInfo

from ledger.money import decimal_text
from statements.promises import Outcome, Promise, judge_promises
from storage.audit import SYSTEM, record
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.promises import PromiseRow, promises_to_judge, receipts_since, write_outcome
from storage.tasks import NewTask, open_task


async def judge_promises_of(engine: Database, company: Company, today: date) -> dict[str, int]:
    """Closes what is kept or broken on `today` (business date); a broken promise becomes a task. Can be repeated."""
    counts: Counter[str] = Counter()
    zone = ZoneInfo(company.timezone)
    async with transaction(engine, company.id) as session:
        for (customer_id, currency), rows in (await promises_to_judge(session, company.id)).items():
            given = [Promise(r.id, r.amount, r.due_on, r.given_at.astimezone(zone).date()) for r in rows]
            first = min(one.given_on for one in given)
            receipts = await receipts_since(session, company.id, customer_id, currency, first)
            outcomes = judge_promises(given, [one for one in receipts if one.day <= today], today)
            for row in rows:
                counts[outcomes[row.id].status] += await _close(session, company, row, outcomes[row.id])
    return {"kept": counts["kept"], "broken": counts["broken"]}


async def _close(session: Session, company: Company, row: PromiseRow, outcome: Outcome) -> bool:
    if (
        row.status != "open"
        or outcome.status == "open"
        or not await write_outcome(session, company.id, row.id, outcome)
    ):
        return False
    amounts = {
        "amount": decimal_text(row.amount, 0, row.currency),
        "received": decimal_text(outcome.received, 0, row.currency),
        "currency": row.currency,
        "due_on": row.due_on.isoformat(),
    }
    await record(
        session, company.id, SYSTEM, f"promise_{outcome.status}", ("statement", str(row.statement_id)),
        {"promise_id": str(row.id), **amounts},
    )  # fmt: skip
    if outcome.status == "broken":
        await open_task(
            session, company.id,
            NewTask(
                kind="promise_broken", subject_kind="statement", subject_id=str(row.statement_id),
                customer_id=row.customer_id, dedup_key=f"promise_broken/{row.id}", facts=amounts,
            ),
        )  # fmt: skip
    return True
