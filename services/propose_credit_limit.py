"""Proposes what a customer may owe us; it holds once the company's policy has heard whom it asks."""

from uuid import UUID

from ledger.money import decimal_text, decimals, known_currencies
from services.credit_subjects import CREDIT_LIMIT, limit_digest
from services.open_approvals import open_approval
from services.other_proposal import need_no_other_proposal
from statements.answers import minor_of_typed
from storage.companies import Company
from storage.credit_limits import Limit, limit_now, owed
from storage.database import Database, transaction
from storage.pages import business_today
from words.refusal import Refusal


class LimitInvalid(Refusal):
    """No amount, no currency, or no reason."""

    code = "limit_invalid"
    sentence = "“{value}” cannot be used as {field}."
    remedy = "Give an amount like 50000.00, or nothing to lift the limit, a currency like CNY, and a reason."


async def propose_credit_limit(
    engine: Database, company: Company, customer: tuple[UUID, str], amount: str, currency: str, reason: str, by: UUID
) -> UUID:
    """The request's id; `customer` is (id, code), an empty amount lifts the limit.

    Whoever proposed may propose otherwise while nobody has decided; the request then has the new facts.
    """
    currency, reason = currency.strip().upper(), reason.strip()
    if currency not in known_currencies():
        raise LimitInvalid(value=currency, field="currency")
    if not reason:
        raise LimitInvalid(value=reason, field="reason")
    async with transaction(engine, company.id) as session:
        proposed = Limit(customer[0], currency, _minor(amount, currency), reason)
        before = await limit_now(session, company.id, customer[0], currency)
        today = await business_today(session, company.timezone)
        balance = await owed(session, company.id, customer[0], currency, today)
        facts = {
            "customer": customer[1], "customer_id": str(customer[0]), "currency": currency, "reason": reason,
            "amount_minor": proposed.amount, "before_minor": before, "owed_minor": balance,
            "amount_whole": -(-(proposed.amount or 0) // 10 ** decimals(currency)),
            "raised": proposed.amount is None or (before is not None and proposed.amount > before) or before is None,
            "lifted": proposed.amount is None,
        }  # fmt: skip
        digest, subject_id = limit_digest(proposed, before), f"{customer[0]}/{currency}"
        await need_no_other_proposal(session, company.id, (CREDIT_LIMIT, subject_id), digest, by)
        return await open_approval(session, company.id, CREDIT_LIMIT, subject_id, digest, facts, by)


def _minor(amount: str, currency: str) -> int | None:
    typed = amount.strip()
    if not typed:
        return None
    if typed in ("0", decimal_text(0, 0, currency)):
        return 0
    minor = minor_of_typed(typed, currency)
    if minor is None:
        raise LimitInvalid(value=typed, field="amount")
    return minor
