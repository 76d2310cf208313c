"""Gives a bank line that waits to a customer, and remembers who pays for whom; sets it aside; forgets a rule."""

from typing import Any
from uuid import UUID

from connectors.bank.movements import payer_keys
from ledger.canonical import Json
from services.allocate_by_reference import apply_references
from services.post_bank_lines import BANK_SOURCE, receipt_row
from storage.audit import Actor, record
from storage.bank_statements import (
    StoredLine,
    change_line,
    forget_payer,
    insert_receipts,
    learn_payer,
    lock_line,
    waiting_lines,
)
from storage.companies import Company
from storage.customers import find_customer
from storage.database import Database, Session, transaction
from storage.imports import lock_source
from words.refusal import Refusal

WAITING_STATES = frozenset({"unassigned", "outgoing", "set_aside"})
"""A line becomes a receipt once; whatever has not become one can still."""


class BankLineUnknown(Refusal):
    """No such line in this company."""

    code = "bank_line_unknown"
    sentence = "There is no bank line {id}."
    remedy = "Open the page of bank files."


class BankLineDone(Refusal):
    """It is a receipt already, or was set aside."""

    code = "bank_line_done"
    sentence = "This bank line does not wait any more."
    remedy = "Open the page again to see what became of it."


class BankCustomerUnknown(Refusal):
    """No customer has this code."""

    code = "bank_customer_unknown"
    sentence = "There is no customer with the code {code}."
    remedy = "Choose one from the list."


class PayerRuleUnknown(Refusal):
    """The rule is gone already."""

    code = "payer_rule_unknown"
    sentence = "There is no such rule."
    remedy = "Open the page again."


async def assign_receipt(
    engine: Database, company: Company, line_id: UUID, code: str, actor: Actor, *, learn: bool = True
) -> dict[str, Any]:
    """Makes the line the customer's receipt, and with it other waiting lines of the same payer when that is learned.

    Answers how many receipts and allocations came of it.
    """
    async with transaction(engine, company.id) as session:
        source_id = await lock_source(session, company.id, BANK_SOURCE)
        line = await _waiting(session, company.id, line_id)
        customer = await find_customer(session, company.id, code.strip())
        if customer is None:
            raise BankCustomerUnknown(code=code)
        keys = payer_keys(line.payer, line.payer_account) if learn else []
        for key in keys:
            shown = line.payer_account if key.startswith("account:") else line.payer
            await learn_payer(session, company.id, (key, shown), customer.id, actor.id)
        others = await waiting_lines(session, company.id) if keys else []
        same = [one for one in others if keys[0] in payer_keys(one.payer, one.payer_account)]
        lines = [line, *(one for one in same if one.id != line.id)]
        for one in lines:
            await _become_receipt(session, company.id, (source_id, customer.id), one, actor)
        figures = await apply_references(session, company.id)
        facts: Json = {
            "customer": code, "lines": len(lines), "learned": len(keys), "allocations": figures["allocations"],
        }  # fmt: skip
        await record(session, company.id, actor, "receipt_assigned", ("bank_line", str(line_id)), facts)
    return {"receipts": len(lines), "allocations": figures["allocations"]}


async def set_receipt_aside(engine: Database, company: Company, line_id: UUID, reason: str, actor: Actor) -> None:
    """Leaves a line out of the receivables: interest, a transfer between own accounts."""
    async with transaction(engine, company.id) as session:
        line = await _waiting(session, company.id, line_id)
        if line.state == "set_aside":
            raise BankLineDone
        await change_line(session, company.id, line_id, {"state": "set_aside", "decided_by": actor.id})
        facts: Json = {"reason": reason.strip()[:500], "amount": line.amount, "currency": line.currency}
        await record(session, company.id, actor, "receipt_set_aside", ("bank_line", str(line_id)), facts)


async def forget_payer_rule(engine: Database, company: Company, rule_id: UUID, actor: Actor) -> None:
    """Takes a rule away; receipts that it brought stay where they are."""
    async with transaction(engine, company.id) as session:
        key = await forget_payer(session, company.id, rule_id)
        if key is None:
            raise PayerRuleUnknown
        await record(session, company.id, actor, "payer_forgotten", ("bank_payer", str(rule_id)), {"key": key})


async def _waiting(session: Session, company_id: UUID, line_id: UUID) -> StoredLine:
    line = await lock_line(session, company_id, line_id)
    if line is None:
        raise BankLineUnknown(id=line_id)
    if line.state not in WAITING_STATES:
        raise BankLineDone
    return line


async def _become_receipt(
    session: Session, company_id: UUID, owner: tuple[UUID, UUID], line: StoredLine, actor: Actor
) -> None:
    source_id, customer_id = owner
    item = receipt_row(source_id, f"{line.account_id.hex}:{line.line_key}", line, customer_id)
    await insert_receipts(session, company_id, [item], [])
    await change_line(
        session, company_id, line.id,
        {
            "state": "posted", "customer_id": customer_id, "item_id": item["id"], "found_by": "person",
            "decided_by": actor.id,
        },
    )  # fmt: skip
