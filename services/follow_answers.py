"""What follows answers by the clock: promises are judged, late cases go to a manager, what is paid is settled."""

from typing import Any
from zoneinfo import ZoneInfo

from ledger.money import decimal_text
from services.judge_promises import judge_promises_of, remind_of_promises
from services.open_disputes import escalate
from services.settle_statements import settle_paid_statements
from services.tell_staff import DEFAULT_CHANNEL
from storage.companies import Company
from storage.database import Database, transaction
from storage.disputes import change_dispute, dispute_listing, overdue_disputes
from storage.presence import database_now


async def follow_answers(engine: Database, company: Company, slack_channel: str = DEFAULT_CHANNEL) -> dict[str, Any]:
    """Counts of promises kept and broken, cases escalated, statements settled; can be repeated at any time."""
    async with transaction(engine, company.id) as session:
        today = (await database_now(session)).astimezone(ZoneInfo(company.timezone)).date()
    counts: dict[str, Any] = await judge_promises_of(engine, company, today, slack_channel)
    return {
        **counts,
        "promises_due": await remind_of_promises(engine, company, today),
        "escalated": await escalate_disputes(engine, company),
        "settled": await settle_paid_statements(engine, company),
    }


async def escalate_disputes(engine: Database, company: Company) -> int:
    """Hands cases past their service standard to a manager, each once; answers how many."""
    async with transaction(engine, company.id) as session:
        now = await database_now(session)
        late = await overdue_disputes(session, company.id, now)
        for one in late:
            listed = await dispute_listing(session, company.id, one.id)
            assert listed is not None  # noqa: S101 - it is locked by this transaction
            await change_dispute(session, company.id, one.id, escalated_at=now)
            facts: dict[str, object] = {
                "statement": listed.statement_number, "item": listed.item_number, "reason": one.reason,
                "amount": decimal_text(one.amount, 0, one.currency), "currency": one.currency, "round": one.round,
            }  # fmt: skip
            await escalate(session, company, one, listed.customer_id, facts)
    return len(late)
