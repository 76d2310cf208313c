"""Writes down what an answer says about money: payments that were made already, and payments that are promised."""

from collections.abc import Sequence
from uuid import UUID

from ledger.money import decimal_text
from statements.answers import Part, Payment
from storage.answers import Answer, AnswerableStatement
from storage.database import Session
from storage.identifiers import new_id
from storage.promises import (
    HintRow,
    PromiseRow,
    close_hint,
    hints_of,
    insert_hints,
    insert_promises,
    replace_promises,
    versions_with,
)
from storage.tasks import NewTask, open_task


async def note_payments(
    session: Session, company_id: UUID, found: AnswerableStatement, new: Answer, payments: Sequence[Payment]
) -> list[HintRow]:
    """The newest answer that speaks of payments says them all: repeated ones stay, others give way; answers the new."""
    if not payments:
        return []
    versions = await versions_with(session, company_id, found.id)
    waiting = [hint for hint in await hints_of(session, company_id, versions) if hint.status == "open"]
    fresh = []
    for one in payments:
        same = next(
            (h for h in waiting if (h.amount, h.paid_on, h.reference) == (one.amount, one.paid_on, one.reference)), None
        )
        if same is not None:
            waiting.remove(same)
            continue
        fresh.append(
            HintRow(new_id(), found.id, new.id, found.customer_id, found.currency, one.amount, one.paid_on,
                    one.reference, "open", new.at, None)
        )  # fmt: skip
    for hint in waiting:
        await close_hint(session, company_id, hint.id, "replaced")
    await insert_hints(session, company_id, fresh)
    for hint in fresh:
        await open_task(
            session, company_id,
            NewTask(
                kind="payment_told", subject_kind="statement", subject_id=str(found.id), customer_id=found.customer_id,
                dedup_key=f"payment_told/{hint.id}",
                facts={"statement": found.number, "amount": decimal_text(hint.amount, 0, hint.currency),
                       "currency": hint.currency, "paid_on": hint.paid_on.isoformat(), "reference": hint.reference},
            ),
        )  # fmt: skip
    return fresh


async def note_promises(
    session: Session, company_id: UUID, found: AnswerableStatement, new: Answer, parts: Sequence[Part]
) -> list[PromiseRow]:
    """The newest promise in a currency says all that is promised there: earlier open ones give way."""
    if not parts:
        return []
    await replace_promises(session, company_id, found.customer_id, found.currency, new.at)
    rows = [
        PromiseRow(new_id(), found.id, new.id, found.customer_id, found.currency, part.amount, part.due_on, "open", 0,
                   new.at, None)
        for part in parts
    ]  # fmt: skip
    await insert_promises(session, company_id, rows)
    return rows
