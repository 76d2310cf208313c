"""Leaves a customer alone for good, for a while or for one day, or starts reminding again; always with a reason."""

from datetime import date
from uuid import UUID

from ledger.canonical import Json
from storage.audit import Actor, record
from storage.chases import cancel_waiting_reminders, chasing_of, set_chasing
from storage.companies import Company
from storage.database import Database, transaction
from words.refusal import Refusal


class ChaseReasonMissing(Refusal):
    """Stopping reminders leaves money uncollected: it needs a reason."""

    code = "chase_reason_missing"
    sentence = "Say why reminders to this customer stop or start again."
    remedy = "Write a short reason and try again."


class ChasedCustomerUnknown(Refusal):
    """No such customer in this company."""

    code = "customer_unknown"
    sentence = "There is no such customer."
    remedy = "Choose a customer from the list."


async def stop_chasing(
    engine: Database, company: Company, customer_id: UUID, reason: str, actor: Actor, until: date | None = None
) -> None:
    """No reminders to this customer, until the end of `until` when it is given; takes back what waits to go."""
    await _set(engine, company, customer_id, reason, actor, stopped=True, until=until)


async def resume_chasing(engine: Database, company: Company, customer_id: UUID, reason: str, actor: Actor) -> None:
    """Reminds this customer again from the next working day."""
    await _set(engine, company, customer_id, reason, actor, stopped=False, until=None)


async def skip_reminder(
    engine: Database, company: Company, customer_id: UUID, day: date, reason: str, actor: Actor
) -> None:
    """No reminder to this customer on one day; what waits to go is taken back. A stop stays as it is."""
    if not reason.strip():
        raise ChaseReasonMissing
    async with transaction(engine, company.id) as session:
        chasing = await chasing_of(session, company.id, customer_id)
        if chasing is None:
            raise ChasedCustomerUnknown
        skipped: dict[str, Json] = {**chasing, "skip_on": day.isoformat(), "skip_reason": reason.strip()}
        await set_chasing(session, company.id, customer_id, skipped)
        await cancel_waiting_reminders(session, company.id, [customer_id])
        await record(
            session, company.id, actor, "reminder_skipped", ("customer", str(customer_id)),
            {"day": day.isoformat(), "reason": reason.strip()},
        )  # fmt: skip


async def _set(
    engine: Database, company: Company, customer_id: UUID, reason: str, actor: Actor, *, stopped: bool,
    until: date | None,
) -> None:  # fmt: skip
    if not reason.strip():
        raise ChaseReasonMissing
    last_day = until.isoformat() if until else None
    chasing: dict[str, Json] = {"stopped": stopped, "reason": reason.strip(), "until": last_day}
    async with transaction(engine, company.id) as session:
        if not await set_chasing(session, company.id, customer_id, chasing):
            raise ChasedCustomerUnknown
        if stopped:
            await cancel_waiting_reminders(session, company.id, [customer_id])
        verb = "chasing_stopped" if stopped else "chasing_resumed"
        await record(session, company.id, actor, verb, ("customer", str(customer_id)), chasing)
