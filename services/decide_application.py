"""What people decide about receipts: accept, refuse, apply by hand, park, undo; and the rules from it."""

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from ledger.money import decimal_text, round_to_minor
from matching import reasons
from matching.payers import writing_key
from matching.reasons import Reason
from storage.audit import Actor, record
from storage.chases import withdraw_paid_reminders
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.items import allocate
from storage.receipts_matching import (
    OpenSide,
    Planned,
    ProposalRow,
    allocation_between,
    find_proposal,
    forget_rule,
    insert_decided,
    learn_rule,
    open_side,
    park,
    settle_proposal,
    undo_allocation,
    unpark,
)
from words.refusal import Refusal


class ProposalUnknown(Refusal):
    """No such proposal in this company."""

    code = "proposal_unknown"
    sentence = "There is no such proposal."
    remedy = "Go back to the list of receipts."


class ProposalStale(Refusal):
    """Somebody, or a newer run, was there first."""

    code = "proposal_stale"
    sentence = "This proposal has changed since you saw it."
    remedy = "Look at the receipt again and decide on what it shows now."


class NothingLeft(Refusal):
    """One side has nothing open any more."""

    code = "nothing_left"
    sentence = "The receipt or the document has not that much left."
    remedy = "Look at what is open now and choose a smaller amount."


class AmountInvalid(Refusal):
    """Not an amount to apply."""

    code = "application_amount_invalid"
    sentence = "{given} is not an amount that can be applied."
    remedy = "Write a positive amount such as 1250.00."


class ItemsDoNotMatch(Refusal):
    """Not a receipt and a debit of one currency."""

    code = "items_do_not_match"
    sentence = "A receipt can only be set against an open debit in its currency."
    remedy = "Choose a document from the receipt's list."


class ReceiptUnknown(Refusal):
    """No such parked receipt."""

    code = "receipt_unknown"
    sentence = "There is no such parked receipt."
    remedy = "Go back to the list of receipts."


class RuleUnknown(Refusal):
    """No such rule."""

    code = "rule_unknown"
    sentence = "There is no such rule."
    remedy = "Go back to the list of rules."


async def accept_proposal(
    engine: Database, company: Company, proposal_id: UUID, row_version: int, actor: Actor
) -> dict[str, Any]:
    """Posts the proposal as it is."""
    async with transaction(engine, company.id) as session:
        found = await _waiting(session, company, proposal_id, row_version)
        allocation_id = await _allocated(session, company, found.receipt_id, found.document_id, found.amount)
        if not await settle_proposal(session, company.id, found, "applied", actor.id, allocation_id=allocation_id):
            raise ProposalStale
        await _learn(session, company, found.receipt_id, found.document_id, actor)
        await _tell(session, company, actor, "application_accepted", found.receipt_id, found.document_id, found.amount)
    return {"allocation": str(allocation_id)}


async def refuse_proposal(
    engine: Database, company: Company, proposal_id: UUID, row_version: int, actor: Actor
) -> None:
    """Keeps the pair from being proposed again."""
    async with transaction(engine, company.id) as session:
        found = await _waiting(session, company, proposal_id, row_version)
        if not await settle_proposal(session, company.id, found, "refused", actor.id):
            raise ProposalStale
        await _tell(session, company, actor, "application_refused", found.receipt_id, found.document_id, found.amount)


async def apply_by_hand(
    engine: Database, company: Company, receipt_id: UUID, parts: list[tuple[UUID, str]], actor: Actor
) -> dict[str, Any]:
    """Splits a receipt over documents as a person says; all parts or none."""
    async with transaction(engine, company.id) as session:
        receipt = await open_side(session, company.id, receipt_id)
        if receipt is None or receipt.kind != "receipt":
            raise ItemsDoNotMatch
        for document_id, given in parts:
            document = await open_side(session, company.id, document_id)
            if document is None or document.currency != receipt.currency or document.kind == "receipt":
                raise ItemsDoNotMatch
            amount = _amount(given, receipt.currency)
            allocation_id = await _allocated(session, company, receipt_id, document_id, amount)
            await _lapse_and_keep(session, company, (receipt, document), amount, allocation_id, actor)
            await _learn(session, company, receipt_id, document_id, actor)
            await _tell(session, company, actor, "application_made", receipt_id, document_id, amount)
    return {"parts": len(parts)}


async def _lapse_and_keep(
    session: Session, company: Company, pair: tuple[OpenSide, OpenSide], amount: int, allocation_id: UUID, actor: Actor
) -> None:
    receipt, document = pair
    paid = decimal_text(amount, 0, receipt.currency)
    why = Reason(reasons.DECIDED, reasons.APPLIED, {"paid": paid})
    planned = Planned(receipt.id, document.id, amount, "review", why.text("en"), why.text("zh"))
    await insert_decided(session, company.id, planned, allocation_id, actor.id)


async def undo_application(
    engine: Database, company: Company, proposal_id: UUID, row_version: int, actor: Actor
) -> None:
    """Takes a posted application back by a counter-allocation; the pair is not proposed again."""
    async with transaction(engine, company.id) as session:
        found = await find_proposal(session, company.id, proposal_id)
        if found is None:
            raise ProposalUnknown
        if found.state != "applied" or found.row_version != row_version or found.allocation_id is None:
            raise ProposalStale
        undone = await undo_allocation(session, company.id, found.allocation_id)
        await settle_proposal(session, company.id, found, "undone", actor.id)
        await _tell(session, company, actor, "application_undone", found.receipt_id, found.document_id, undone)


async def park_receipt(engine: Database, company: Company, receipt_id: UUID, reason: str, actor: Actor) -> None:
    """Sets a receipt aside until somebody knows more."""
    async with transaction(engine, company.id) as session:
        receipt = await open_side(session, company.id, receipt_id)
        if receipt is None or receipt.kind != "receipt":
            raise ItemsDoNotMatch
        if await park(session, company.id, receipt_id, reason.strip(), actor.id):
            await record(session, company.id, actor, "receipt_parked", ("item", str(receipt_id)), {"reason": reason})


async def unpark_receipt(engine: Database, company: Company, receipt_id: UUID, actor: Actor) -> None:
    """Takes a receipt up again; the next run proposes for it."""
    async with transaction(engine, company.id) as session:
        if not await unpark(session, company.id, receipt_id):
            raise ReceiptUnknown
        await record(session, company.id, actor, "receipt_unparked", ("item", str(receipt_id)), {})


async def agree_oldest_first(engine: Database, company: Company, customer_id: UUID, actor: Actor) -> None:
    """Money of this customer that names nothing pays the oldest documents from now on."""
    async with transaction(engine, company.id) as session:
        if await learn_rule(session, company.id, "oldest_first", "", customer_id, actor.id):
            subject = ("customer", str(customer_id))
            await record(session, company.id, actor, "rule_learned", subject, {"kind": "oldest_first"})


async def remove_rule(engine: Database, company: Company, rule_id: UUID, actor: Actor) -> None:
    """Forgets a rule; what it led to stays."""
    async with transaction(engine, company.id) as session:
        if not await forget_rule(session, company.id, rule_id):
            raise RuleUnknown
        await record(session, company.id, actor, "rule_removed", ("rule", str(rule_id)), {})


async def _waiting(session: Session, company: Company, proposal_id: UUID, row_version: int) -> ProposalRow:
    found = await find_proposal(session, company.id, proposal_id)
    if found is None:
        raise ProposalUnknown
    if found.state != "waiting" or found.row_version != row_version:
        raise ProposalStale
    return found


async def _allocated(session: Session, company: Company, receipt_id: UUID, document_id: UUID, amount: int) -> UUID:
    """The allocation of exactly this amount."""
    if await allocate(session, company.id, (receipt_id, document_id), amount, "matched") != amount:
        raise NothingLeft
    await withdraw_paid_reminders(session, company.id)
    return await allocation_between(session, company.id, receipt_id, document_id)


async def _learn(session: Session, company: Company, receipt_id: UUID, document_id: UUID, actor: Actor) -> None:
    """A payer who was seen to pay another customer's document may do so again."""
    receipt = await open_side(session, company.id, receipt_id)
    document = await open_side(session, company.id, document_id)
    if receipt is None or document is None or not receipt.payer or receipt.customer_id == document.customer_id:
        return
    writing = writing_key(receipt.payer)
    if await learn_rule(session, company.id, "pays_for", writing, document.customer_id, actor.id):
        facts: dict[str, Any] = {"kind": "pays_for", "writing": writing}
        await record(session, company.id, actor, "rule_learned", ("customer", str(document.customer_id)), facts)


async def _tell(
    session: Session, company: Company, actor: Actor, verb: str, receipt_id: UUID, document_id: UUID, amount: int
) -> None:
    facts: dict[str, Any] = {"document": str(document_id), "amount": amount}
    await record(session, company.id, actor, verb, ("item", str(receipt_id)), facts)


def _amount(given: str, currency: str) -> int:
    try:
        minor, residue = round_to_minor(Decimal(given.replace(",", "").strip()), currency)
    except (InvalidOperation, ValueError):
        raise AmountInvalid(given=given) from None
    if minor <= 0 or residue:
        raise AmountInvalid(given=given)
    return minor
