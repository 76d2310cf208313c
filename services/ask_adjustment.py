"""Asks for a credit memo or a write-off: money that we give away needs an approval of its own."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.money import decimal_text
from services.adjustment_subjects import AdjustmentInvalid, adjustment_digest, adjustment_facts
from services.open_approvals import open_approval
from services.resolve_dispute import DisputeNoteMissing, DisputeUnknown
from statements.answers import minor_of_typed
from statements.disputes import move
from storage.adjustments import Adjustment, adjusted_item, asked_on_item, insert_adjustment
from storage.audit import Actor, record
from storage.chases import open_amounts
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.disputes import Dispute, change_dispute, find_dispute
from storage.identifiers import new_id

KINDS = ("credit_memo", "write_off")


@dataclass(frozen=True, slots=True)
class Ask:
    """What to give: on one document, in one case or in none; a positive decimal amount; from which day."""

    kind: str
    item_id: UUID
    amount: str
    effective_on: date
    reason: str
    dispute_id: UUID | None = None


async def ask_adjustment(engine: Database, company: Company, ask: Ask, asked_by: UUID) -> UUID:
    """Opens the request under the policy `adjustments`; answers the request's id. The case waits as proposed."""
    assert ask.kind in KINDS, ask.kind  # noqa: S101 - the page offers these two
    if not ask.reason.strip():
        raise DisputeNoteMissing
    async with transaction(engine, company.id) as session:
        dispute = await _case(session, company, ask.dispute_id)
        item = await adjusted_item(session, company.id, ask.item_id)
        if item is None or (dispute is not None and dispute.item_id != item.id):
            raise DisputeUnknown
        amount = await _amount(session, company, ask, item.currency, dispute)
        new = Adjustment(
            id=new_id(), kind=ask.kind, customer_id=item.customer_id, item_id=item.id, dispute_id=ask.dispute_id,
            currency=item.currency, amount=amount, effective_on=max(ask.effective_on, item.document_date),
            reason=ask.reason.strip(), status="asked", asked_by=asked_by, credit_item_id=None, number="",
        )  # fmt: skip
        await insert_adjustment(session, company.id, new)
        if dispute is not None:
            offer = {"resolution": "credited", "amount": decimal_text(amount, 0, item.currency), "text": new.reason}
            await change_dispute(
                session, company.id, dispute.id, status=move(dispute.status, "propose"), proposal=offer
            )  # fmt: skip
        await record(
            session, company.id, Actor("user", asked_by), "adjustment_asked", ("adjustment", str(new.id)),
            {"kind": new.kind, "item_id": str(item.id), "amount": amount, "currency": item.currency,
             "dispute_id": str(ask.dispute_id) if ask.dispute_id else None},
        )  # fmt: skip
        return await open_approval(
            session, company.id, new.kind, str(new.id), adjustment_digest(new), adjustment_facts(new, item), asked_by,
            asked_by,
        )  # fmt: skip


async def _case(session: Session, company: Company, dispute_id: UUID | None) -> Dispute | None:
    if dispute_id is None:
        return None
    dispute = await find_dispute(session, company.id, dispute_id, lock=True)
    if dispute is None:
        raise DisputeUnknown
    move(dispute.status, "propose", dispute.resolution)
    return dispute


async def _amount(session: Session, company: Company, ask: Ask, currency: str, dispute: Dispute | None) -> int:
    """Together with what waits for approval never more than is open, nor in a case than is disputed."""
    is_open = (await open_amounts(session, company.id, [ask.item_id])).get(ask.item_id, 0)
    most = is_open - await asked_on_item(session, company.id, ask.item_id)
    if dispute is not None:
        most = min(most, dispute.amount)
    amount = minor_of_typed(ask.amount, currency)
    if amount is None or amount > most:
        raise AdjustmentInvalid(amount=ask.amount or "–", most=decimal_text(max(0, most), 0, currency))
    return amount
