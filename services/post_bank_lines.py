"""Puts a checked bank file's movements into the ledger inside the caller's transaction: new, known, or waiting.

Shared by the import of a file, the acceptance of one that was held, and the assignment of a line.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from connectors.bank.findings import Finding
from connectors.bank.movements import Movement, movements, payer_keys, plain_name
from connectors.bank.read import amount_text
from connectors.bank.statement import BankFile
from ledger.money import decimals, known_currencies, round_to_minor
from services.allocate_by_reference import apply_references
from storage.bank_statements import (
    customer_names,
    customers_of_payers,
    ensure_accounts,
    insert_receipts,
    insert_statements,
    known_keys,
)
from storage.bulk import new_ids
from storage.database import Session

BANK_SOURCE = "bank"
"""The source of every receipt that a bank file brings; its lock makes imports queue up."""

POSTED, UNASSIGNED, OUTGOING = "posted", "unassigned", "outgoing"


@dataclass(frozen=True, slots=True)
class BankTarget:
    """Where movements go."""

    company_id: UUID
    source_id: UUID
    file_id: UUID


@dataclass(slots=True)
class PostedLines:
    """What became of the movements of a file."""

    posted: int = 0
    unassigned: int = 0
    outgoing: int = 0
    known: int = 0
    allocations: int = 0
    findings: list[Finding] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """The figures by name."""
        return {
            "posted": self.posted, "unassigned": self.unassigned, "outgoing": self.outgoing, "known": self.known,
            "allocations": self.allocations,
        }  # fmt: skip


async def post_bank_lines(session: Session, target: BankTarget, file: BankFile) -> PostedLines:
    """Posts what is new; the caller holds the lock of the source."""
    accounts = await ensure_accounts(
        session, target.company_id, [(one.account, one.currency, one.bank) for one in file.statements if one.currency]
    )
    await insert_statements(session, target.company_id, _statement_rows(target, file, accounts))
    found = movements(file)
    known = await known_keys(session, target.company_id, [one.key for one in found])
    done = PostedLines()
    new: list[tuple[UUID, Movement]] = []
    for movement in found:
        account_id = accounts[(file.statements[movement.place].account, movement.currency)]
        if (account_id, movement.key) in known:
            done.known += 1
            done.findings.append(Finding("line_known", movement.description, movement.row, statement=movement.place))
        else:
            new.append((account_id, movement))
    payers = await _known_payers(session, target.company_id, [movement for _, movement in new])
    items, lines = _rows(target, new, payers, done)
    await insert_receipts(session, target.company_id, items, lines)
    done.allocations = (await apply_references(session, target.company_id))["allocations"] if items else 0
    return done


def receipt_row(source_id: UUID, key: str, line: Any, customer_id: UUID) -> dict[str, Any]:  # noqa: ANN401 - a Movement or a StoredLine
    """The open item of a movement: money in lowers what the customer owes, money back to them raises it."""
    return {
        "id": UUID(new_ids(1)[0]), "customer_id": customer_id, "kind": "receipt",
        "number": line.bank_reference or line.reference or f"BANK-{key[:10].upper()}", "source_id": source_id,
        "source_ref": f"bank:{key}", "document_date": line.booked_on, "currency": line.currency,
        "amount": -line.amount, "description": line.description,
        "attributes": {"payer": line.payer, "payer_account": line.payer_account},
    }  # fmt: skip


def _rows(
    target: BankTarget, new: Sequence[tuple[UUID, Movement]], payers: dict[str, tuple[UUID, str]], done: PostedLines
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    items, lines = [], []
    ids = new_ids(len(new))
    for line_id, (account_id, movement) in zip(ids, new, strict=True):
        keys = payer_keys(movement.payer, movement.payer_account)
        customer_id, found_by = next((payers[key] for key in keys if key in payers), (None, ""))
        state, item_id = _state(movement, customer_id), None
        if state == POSTED and customer_id is not None:
            item = receipt_row(target.source_id, f"{account_id.hex}:{movement.key}", movement, customer_id)
            items.append(item)
            item_id = item["id"]
        elif state == UNASSIGNED and movement.amount > 0:
            shown = movement.payer or movement.description
            done.findings.append(Finding("payer_unknown", shown, movement.row, statement=movement.place))
        setattr(done, state, getattr(done, state) + 1)
        lines.append({
            "id": UUID(line_id), "file_id": target.file_id, "account_id": account_id, "line_key": movement.key,
            "row_number": movement.row, "booked_on": movement.booked_on, "value_date": movement.value_date,
            "currency": movement.currency, "amount": movement.amount, "reversal": movement.reversal,
            "reference": movement.reference, "bank_reference": movement.bank_reference,
            "description": movement.description, "payer": movement.payer, "payer_account": movement.payer_account,
            "state": state, "customer_id": customer_id, "item_id": item_id, "found_by": found_by,
        })  # fmt: skip
    return items, lines


def _state(movement: Movement, customer_id: UUID | None) -> str:
    """Money in of a known customer is posted, so is a receipt that the bank took back.

    Other money to a customer waits for a person: they may be a supplier too.
    """
    if movement.amount > 0 or movement.reversal:
        return POSTED if customer_id is not None else UNASSIGNED
    return UNASSIGNED if customer_id is not None else OUTGOING


async def _known_payers(session: Session, company_id: UUID, found: Iterable[Movement]) -> dict[str, tuple[UUID, str]]:
    """By key: the customer, and whether people said so or the name is the customer's own."""
    keys = sorted({key for one in found for key in payer_keys(one.payer, one.payer_account)})
    if not keys:
        return {}
    by_name: dict[str, list[UUID]] = {}
    for customer_id, name in await customer_names(session, company_id):
        by_name.setdefault(f"name:{plain_name(name)}", []).append(customer_id)
    payers = {key: (by_name[key][0], "name") for key in keys if len(by_name.get(key, [])) == 1}
    learned = await customers_of_payers(session, company_id, keys)
    return payers | {key: (customer_id, "alias") for key, customer_id in learned.items()}


def _statement_rows(target: BankTarget, file: BankFile, accounts: dict[tuple[str, str], UUID]) -> list[dict[str, Any]]:
    rows = []
    for place, one in enumerate(file.statements):
        account_id = accounts.get((one.account, one.currency))
        if account_id is None:
            continue
        rows.append({
            "file_id": target.file_id, "account_id": account_id, "number": one.number, "place": place,
            "opening": _minor(one.opening, one.currency), "closing": _minor(one.closing, one.currency),
            "moved": _minor(one.moved, one.currency), "opening_date": one.opening_date,
            "closing_date": one.closing_date, "ties": one.ties,
            "difference": amount_text(one.difference, one.currency), "lines": len(one.lines),
        })  # fmt: skip
    return rows


def _minor(amount: Any, currency: str) -> int | None:  # noqa: ANN401 - a Decimal or nothing
    if amount is None or currency not in known_currencies() or amount != round(amount, decimals(currency)):
        return None
    return round_to_minor(amount, currency)[0]
