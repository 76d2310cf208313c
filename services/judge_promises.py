"""Measures promises to pay by the calendar and the money that came: kept, broken, or still open."""

from collections import Counter
from datetime import date
from zoneinfo import ZoneInfo

from ledger.business_calendar import add_working_days
from ledger.money import decimal_text
from services.tell_staff import DEFAULT_CHANNEL, tell_staff
from statements.promises import Outcome, Promise, judge_promises
from storage.answers import answer_by_id, answerable_statement, find_addressee
from storage.audit import SYSTEM, record
from storage.companies import Company
from storage.customers import customer_by_id
from storage.database import Database, Session, transaction
from storage.outbox import Message, enqueue
from storage.promises import PromiseRow, promises_due, promises_to_judge, receipts_since, write_outcome
from storage.tasks import NewTask, open_task


async def judge_promises_of(
    engine: Database, company: Company, today: date, slack_channel: str = DEFAULT_CHANNEL
) -> dict[str, int]:
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
                counts[outcomes[row.id].status] += await _close(session, company, row, outcomes[row.id], slack_channel)
    return {"kept": counts["kept"], "broken": counts["broken"]}


async def remind_of_promises(engine: Database, company: Company, today: date) -> int:
    """Tells customers of what they have promised for the next working day, each promise once; answers how many."""
    queued = 0
    tomorrow = add_working_days(today, 1, company.country)
    async with transaction(engine, company.id) as session:
        for row, contact_id in await promises_due(session, company.id, today, tomorrow):
            contact = await find_addressee(session, company.id, contact_id)
            if contact is None or contact.disabled or not contact.email:
                continue
            mail = Message(
                kind="promise_due", channel="email", lane="bulk", recipient=contact.email,
                dedup_key=f"promise_due/{row.id}/email", subject_kind="statement", subject_id=str(row.statement_id),
                payload={"statement_id": str(row.statement_id), "promise_id": str(row.id), "currency": row.currency,
                         "amount": decimal_text(row.amount, 0, row.currency), "due_on": row.due_on.isoformat()},
                customer_id=row.customer_id, person_id=contact.id,
            )  # fmt: skip
            queued += await enqueue(session, company.id, mail) is not None
    return queued


async def _tell_staff(session: Session, company: Company, row: PromiseRow, slack_channel: str) -> None:
    answer = await answer_by_id(session, company.id, row.answer_id)
    statement = await answerable_statement(session, company.id, row.statement_id)
    customer = await customer_by_id(session, company.id, row.customer_id)
    await tell_staff(
        session, company.id, "promise_broken",
        {"customer_id": str(row.customer_id), "customer": customer.name if customer else "",
         "number": statement.number if statement else "", "amount": decimal_text(row.amount, 0, row.currency),
         "currency": row.currency, "due_on": row.due_on.isoformat(), "promised_by": answer.name if answer else ""},
        role="clerk", subject=("statement", str(row.statement_id)), occasion=f"promise_broken/{row.id}",
        channel=slack_channel,
    )  # fmt: skip


async def _close(session: Session, company: Company, row: PromiseRow, outcome: Outcome, slack_channel: str) -> bool:
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
        await _tell_staff(session, company, row, slack_channel)
        await open_task(
            session, company.id,
            NewTask(
                kind="promise_broken", subject_kind="statement", subject_id=str(row.statement_id),
                customer_id=row.customer_id, dedup_key=f"promise_broken/{row.id}", facts=amounts,
            ),
        )  # fmt: skip
    return True
