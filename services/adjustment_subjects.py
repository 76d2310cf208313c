"""Credit memos and write-offs as subjects of an approval; the last vote posts them."""

from typing import Any
from uuid import UUID

from approvals.request import Request
from ledger.canonical import Json, canonical_json, sha256_hex
from ledger.money import decimal_text, decimals
from services.end_dispute import end_dispute
from services.subject_kinds import Description, Facts, Figure, SubjectKind, SubjectUnknown
from statements.disputes import OPEN_STATUSES, move
from storage.adjustments import (
    AdjustedItem,
    Adjustment,
    adjusted_item,
    adjustment_by_id,
    asked_on_item,
    close_adjustment,
    post_credit,
    reopen_adjustment,
)
from storage.audit import SYSTEM, Actor, record
from storage.chases import cancel_waiting_reminders, open_amounts
from storage.database import Session
from storage.disputes import change_dispute, find_dispute
from storage.items import allocate
from words.catalog import translate
from words.figures import money_text
from words.refusal import Refusal

KIND_TITLES = {"credit_memo": "Credit memo for {customer}, document {number}",
               "write_off": "Write-off for {customer}, document {number}"}  # fmt: skip


class AdjustmentInvalid(Refusal):
    """No amount, or more than is open or disputed."""

    code = "adjustment_invalid"
    sentence = "{amount} cannot be given: at most {most} can."
    remedy = "Give an amount above zero, at most what is open on the document and, in a dispute, what is disputed."


def adjustment_digest(found: Adjustment) -> str:
    """What an approver signs."""
    signed: list[Json] = [
        str(found.id), found.kind, str(found.item_id), str(found.dispute_id), found.currency, found.amount,
        found.effective_on.isoformat(), found.reason,
    ]  # fmt: skip
    return sha256_hex(canonical_json(signed))


def adjustment_facts(found: Adjustment, item: AdjustedItem) -> dict[str, Any]:
    """The facts that a policy may ask of an adjustment; documented in the handbook."""
    return {
        "customer": item.customer, "number": item.number, "currency": found.currency, "amount_minor": found.amount,
        "amount_whole": -(-found.amount // 10 ** decimals(found.currency)), "in_dispute": found.dispute_id is not None,
        "reason": found.reason,
    }  # fmt: skip


async def _digest_now(session: Session, company_id: UUID, subject_id: str, _facts: Facts) -> str:
    """Gone once it is posted or refused, or once its case has ended otherwise."""
    found = await adjustment_by_id(session, company_id, UUID(subject_id))
    if found is None or found.status != "asked":
        return ""
    if found.dispute_id is not None:
        dispute = await find_dispute(session, company_id, found.dispute_id)
        if dispute is None or dispute.status not in OPEN_STATUSES:
            return ""
    return adjustment_digest(found)


async def _describe(session: Session, company_id: UUID, subject_id: str, facts: Facts, language: str) -> Description:
    found = await adjustment_by_id(session, company_id, UUID(subject_id))
    if found is None:
        raise SubjectUnknown(kind="adjustment", id=subject_id)
    title = translate(KIND_TITLES[found.kind], language, customer=facts["customer"], number=facts["number"])
    amount = money_text(decimal_text(found.amount, 0, found.currency), found.currency, language)
    figures = (
        Figure("Amount", amount), Figure("Effective on", found.effective_on.isoformat()),
        Figure("Reason", found.reason),
    )  # fmt: skip
    path = f"/disputes/{found.dispute_id}" if found.dispute_id else f"/customers/{found.customer_id}"
    return Description(title, figures, (), path)


async def _closed(
    session: Session, company_id: UUID, subject_id: str, _facts: Facts, outcome: str, actor: Actor, reason: str
) -> None:
    """Not approved: nothing is posted, and the case goes on."""
    if outcome == "approved":
        return
    found = await adjustment_by_id(session, company_id, UUID(subject_id), lock=True)
    if found is None or not await close_adjustment(session, company_id, found.id, status="refused"):
        return
    if found.dispute_id is not None:
        dispute = await find_dispute(session, company_id, found.dispute_id, lock=True)
        if dispute is not None and dispute.status == "proposed":
            await change_dispute(session, company_id, dispute.id, status="investigating", proposal={})
    await record(
        session, company_id, actor, "adjustment_refused", ("adjustment", subject_id),
        {"outcome": outcome, "reason": reason},
    )  # fmt: skip


async def _ask_again(session: Session, company_id: UUID, subject_id: str, _facts: Facts, _actor: Actor) -> None:
    """What came back waits for approval again, where as much is still open."""
    found = await adjustment_by_id(session, company_id, UUID(subject_id), lock=True)
    item = await adjusted_item(session, company_id, found.item_id) if found is not None else None
    if found is None or item is None:
        raise SubjectUnknown(kind="adjustment", id=subject_id)
    is_open = (await open_amounts(session, company_id, [item.id])).get(item.id, 0)
    most = is_open - await asked_on_item(session, company_id, item.id)
    if found.amount > most:
        raise AdjustmentInvalid(
            amount=decimal_text(found.amount, 0, found.currency), most=decimal_text(max(0, most), 0, found.currency)
        )
    await reopen_adjustment(session, company_id, found.id)
    if found.dispute_id is not None:
        dispute = await find_dispute(session, company_id, found.dispute_id, lock=True)
        assert dispute is not None  # noqa: S101 - a case is never deleted
        status = move(dispute.status, "propose", dispute.resolution)
        offer = {
            "resolution": "credited",
            "amount": decimal_text(found.amount, 0, found.currency),
            "text": found.reason,
        }
        await change_dispute(session, company_id, dispute.id, status=status, proposal=offer)


async def _post(session: Session, company_id: UUID, request: Request) -> None:
    """Posts the credit, sets it against its document and ends the case, in the transaction of the last vote."""
    found = await adjustment_by_id(session, company_id, UUID(request.subject_id), lock=True)
    item = await adjusted_item(session, company_id, found.item_id) if found is not None else None
    assert found is not None  # noqa: S101 - the digest was compared in this transaction
    assert item is not None  # noqa: S101 - a document is never deleted
    credit_id, number = await post_credit(session, company_id, found, item)
    await allocate(session, company_id, (credit_id, item.id), found.amount, found.kind, found.effective_on)
    await close_adjustment(session, company_id, found.id, status="posted", credit_item_id=credit_id, number=number)
    actor = SYSTEM if request.closed_by is None else Actor("user", request.closed_by)
    await record(
        session, company_id, actor, "adjustment_posted", ("adjustment", str(found.id)),
        {"kind": found.kind, "number": number, "item_id": str(item.id), "amount": found.amount,
         "currency": found.currency, "request": str(request.id)},
    )  # fmt: skip
    await cancel_waiting_reminders(session, company_id, [item.customer_id])
    if found.dispute_id is not None:
        await end_dispute(
            session, company_id, found.dispute_id, "credited", f"{number}: {found.reason}", actor,
            credited=found.amount, prepared_by=found.asked_by,
        )  # fmt: skip


ADJUSTMENT_SUBJECTS = dict.fromkeys(
    ("credit_memo", "write_off"), SubjectKind(_digest_now, _describe, closed=_closed, effect=_post, again=_ask_again)
)
