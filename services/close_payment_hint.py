"""Ends a told payment: found in the ledger, or not found, after which its amount is asked for again."""

from uuid import UUID

from storage.audit import Actor, record
from storage.companies import Company
from storage.database import Database, transaction
from storage.promises import close_hint, hint_by_id
from storage.tasks import close_task_by_key
from words.refusal import Refusal

ENDINGS = ("found", "not_found")


class PaymentHintUnknown(Refusal):
    """No such told payment."""

    code = "payment_hint_unknown"
    sentence = "There is no such payment."
    remedy = "Choose one from the list of answers."


class PaymentHintClosed(Refusal):
    """It was ended before."""

    code = "payment_hint_closed"
    sentence = "Somebody has looked into this payment already."
    remedy = "Reload the page to see what was found."


async def close_payment_hint(engine: Database, company: Company, hint_id: UUID, ending: str, actor: Actor) -> None:
    """Writes how the search ended and closes its task."""
    assert ending in ENDINGS, ending  # noqa: S101 - the page offers these two
    async with transaction(engine, company.id) as session:
        found = await hint_by_id(session, company.id, hint_id)
        if found is None:
            raise PaymentHintUnknown
        if not await close_hint(session, company.id, hint_id, ending):
            raise PaymentHintClosed
        await close_task_by_key(session, company.id, f"payment_told/{hint_id}")
        await record(
            session, company.id, actor, f"payment_{ending}", ("statement", str(found.statement_id)),
            {"hint_id": str(hint_id), "amount": found.amount, "currency": found.currency},
        )  # fmt: skip
