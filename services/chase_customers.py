"""Sends today's reminders: one message per customer about all that is overdue, undisputed or unanswered."""

from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID

from ledger.money import decimal_text
from services.charge_customer import charge_customer
from statements.chasing import ChasePolicy, Debtor, Reminder, Skip, plan_reminder, policy_from
from storage.audit import SYSTEM, record
from storage.chases import (
    ChasedCustomer,
    cancel_waiting_reminders,
    chased_customers,
    claim_chase,
    last_reminders,
    overdue_items,
    reminder_contacts,
    unanswered_statements,
)
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.outbox import Message, enqueue
from storage.tasks import NewTask, has_open_task, open_task

BATCH = 500
"""Customers per transaction: a killed run repeats at most one batch, and holds the audit chain for that long only."""


async def chase_customers(engine: Database, company: Company, today: date) -> dict[str, Any]:
    """Reminds whoever is due on `today` (business date); a second call on the same day sends nothing more.

    Answers counts: reminded, no_address, and customers skipped by reason.
    """
    policy = policy_from(company.settings.get("chasing"))
    counts: Counter[str] = Counter()
    async with transaction(engine, company.id) as session:
        # What yesterday left in the queue was computed from yesterday's figures.
        counts["withdrawn"] = await cancel_waiting_reminders(session, company.id, but_of=today)
    last: UUID | None = None
    while True:
        async with transaction(engine, company.id) as session:
            batch = await chased_customers(session, company.id, last, BATCH)
            if not batch:
                break
            counts.update(await _chase_batch(session, company, batch, policy, today))
        last = batch[-1].id
    return {"day": today.isoformat(), "reminded": counts.pop("reminded", 0), **counts}


async def preview_chase(engine: Database, company: Company, today: date) -> list[dict[str, Any]]:
    """What `chase_customers` would send on that day, without sending."""
    policy = policy_from(company.settings.get("chasing"))
    planned = []
    last: UUID | None = None
    async with transaction(engine, company.id) as session:
        while batch := await chased_customers(session, company.id, last, BATCH):
            for customer, debtor in zip(batch, await _debtors(session, company, batch, policy, today), strict=True):
                plan = plan_reminder(debtor, policy, today)
                if isinstance(plan, Reminder):
                    planned.append({"customer": customer.code, "name": customer.name, **_payload(plan, today)})
            last = batch[-1].id
    return planned


async def _chase_batch(
    session: Session, company: Company, batch: list[ChasedCustomer], policy: ChasePolicy, today: date
) -> Counter[str]:
    counts: Counter[str] = Counter()
    contacts = await reminder_contacts(session, company.id, [customer.id for customer in batch])
    for customer, debtor in zip(batch, await _debtors(session, company, batch, policy, today), strict=True):
        plan = plan_reminder(debtor, policy, today)
        if isinstance(plan, Skip):
            counts[plan.value] += 1
        elif plan.channel != "email":
            counts[plan.channel if await _ask_person(session, company, customer, plan, today) else "already_asked"] += 1
        elif customer.id not in contacts:
            await _ask_for_address(session, company, customer, today)
            counts["no_address"] += 1
        else:
            sent = await _send(session, company, customer, plan, contacts[customer.id], today)
            counts["reminded" if sent else "already_reminded"] += 1
    return counts


async def _debtors(
    session: Session, company: Company, batch: list[ChasedCustomer], policy: ChasePolicy, today: date
) -> list[Debtor]:
    ids = [customer.id for customer in batch]
    statements = await unanswered_statements(session, company.id, ids, company.timezone, today)
    items, unapplied = await overdue_items(session, company.id, ids, today, company.timezone, policy.days_ahead)
    last = await last_reminders(session, company.id, ids, today)
    return [
        Debtor(
            customer_id=customer.id, country=customer.country or company.country,
            statements=tuple(statements.get(customer.id, ())), items=tuple(items.get(customer.id, ())),
            unapplied=unapplied.get(customer.id), last=last.get(customer.id), stopped=_stopped(customer, today),
            skipped=customer.chasing.get("skip_on") == today.isoformat(),
        )
        for customer in batch
    ]  # fmt: skip


def _stopped(customer: ChasedCustomer, today: date) -> str | None:
    """The reason given for leaving the customer alone, while it holds."""
    if not customer.chasing.get("stopped"):
        return None
    until = customer.chasing.get("until")
    if until is not None and date.fromisoformat(until) < today:
        return None
    return str(customer.chasing.get("reason", ""))


async def _claim(
    session: Session, company: Company, customer: ChasedCustomer, plan: Reminder, today: date, recipient: str
) -> dict[str, Any] | None:
    """The payload, once the day is this customer's and its charges are posted; None when the day is taken."""
    payload = _payload(plan, today)
    subjects = sorted([str(s.statement_id) for s in plan.statements] + [str(i.item_id) for i in plan.items])
    facts = {
        "subjects": subjects, "totals": payload["totals"], "closings": payload["closings"], "tone": plan.tone,
        "channel": plan.channel, "recipient": recipient, "charges": payload["charges"],
    }  # fmt: skip
    if any(one.kind == "interest" for one in plan.charges):
        facts["interest_until"] = today.isoformat()
    if not await claim_chase(session, company.id, customer.id, today, plan.level, facts):
        return None
    await charge_customer(session, company.id, customer.id, customer.code, plan.charges, today)
    await record(
        session, company.id, SYSTEM, "customer_reminded", ("customer", str(customer.id)),
        {"day": today.isoformat(), "level": plan.level, "channel": plan.channel, "totals": payload["totals"],
         "statements": [s.number for s in plan.statements], "items": len(plan.items)},
    )  # fmt: skip
    return payload


async def _ask_person(
    session: Session, company: Company, customer: ChasedCustomer, plan: Reminder, today: date
) -> bool:
    """A level that machines cannot do: somebody calls, or writes a letter."""
    payload = await _claim(session, company, customer, plan, today, "")
    if payload is None:
        return False
    await open_task(
        session, company.id,
        NewTask(
            kind=plan.channel, subject_kind="customer", subject_id=str(customer.id), customer_id=customer.id,
            dedup_key=f"chase/{customer.id}/{today}", due_on=today,
            facts={"customer": customer.code, "level": plan.level, "totals": payload["totals"]},
        ),
    )  # fmt: skip
    return True


async def _send(
    session: Session, company: Company, customer: ChasedCustomer, plan: Reminder, to: tuple[UUID, str], today: date
) -> bool:
    payload = await _claim(session, company, customer, plan, today, to[1])
    if payload is None:
        return False
    await enqueue(
        session, company.id,
        Message(
            kind="reminder", channel="email", lane="bulk", recipient=to[1], dedup_key=f"chase/{customer.id}/{today}",
            subject_kind="customer", subject_id=str(customer.id), customer_id=customer.id, person_id=to[0],
            payload=payload,
        ),
    )  # fmt: skip
    return True


def _payload(plan: Reminder, today: date) -> dict[str, Any]:
    return {
        "customer_id": str(plan.customer_id),
        "level": plan.level,
        "tone": plan.tone,
        "statements": [
            {
                "statement_id": str(s.statement_id), "number": s.number, "currency": s.currency,
                "closing": decimal_text(s.closing, 0, s.currency), "sent_on": s.sent_on.isoformat(),
            }
            for s in plan.statements
        ],
        "items": [
            {
                "item_id": str(i.item_id), "number": i.number, "currency": i.currency,
                "due_date": i.due_date.isoformat(),
                "open": decimal_text(i.open, 0, i.currency), "disputed": decimal_text(i.disputed, 0, i.currency),
                "amount": decimal_text(i.chased, 0, i.currency), "days_overdue": (today - i.due_date).days,
            }
            for i in plan.items
        ],
        "totals": {currency: decimal_text(total, 0, currency) for currency, total in plan.totals.items()},
        "closings": {currency: decimal_text(total, 0, currency) for currency, total in plan.closings.items()},
        "channel": plan.channel,
        "charges": [
            {"kind": one.kind, "currency": one.currency, "amount": decimal_text(one.amount, 0, one.currency)}
            for one in plan.charges
        ],
    }  # fmt: skip


async def _ask_for_address(session: Session, company: Company, customer: ChasedCustomer, today: date) -> None:
    """One open task per customer, whether a statement or a reminder found no address first."""
    if await has_open_task(session, company.id, customer.id, "no_address"):
        return
    await open_task(
        session, company.id,
        NewTask(
            kind="no_address", subject_kind="customer", subject_id=str(customer.id), customer_id=customer.id,
            dedup_key=f"no_address/{customer.id}/{today}", facts={"customer": customer.code, "name": customer.name},
        ),
    )  # fmt: skip
