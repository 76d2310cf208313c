"""Alternative procedures: for every letter without a reply, its open items and what came in for them afterwards."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from ledger.columnar import open_frame
from ledger.items import Kind
from ledger.money import decimal_text
from services.confirmation_desk import Desk, at_desk, round_at
from statements.confirmations import UNANSWERED, percent, strength
from storage.confirmations import Letter, Round, letters_of
from storage.later_receipts import LaterReceipt, later_receipts
from storage.ledger_rows import read_ledger

MONEY = frozenset({Kind.RECEIPT.value})
"""Only money that came is evidence that the balance was owed; a credit memo rather says that it was not."""


@dataclass(frozen=True, slots=True)
class ExaminedItem:
    """An item that was open on the day, and what was set against it later; amounts in minor units."""

    number: str
    kind: str
    document_date: date
    due_date: date | None
    currency: str
    open: int
    received: int
    credited: int
    later: tuple[LaterReceipt, ...]


@dataclass(frozen=True, slots=True)
class Examined:
    """One letter without a reply. `coverage` is currency to the percentage of open debits that was paid since."""

    letter: Letter
    proves: str
    items: tuple[ExaminedItem, ...]
    coverage: dict[str, str]


@dataclass(frozen=True, slots=True)
class Worksheet:
    """All letters of a round that nobody answered."""

    round: Round
    letters: tuple[Examined, ...]


async def examine_later_receipts(desk: Desk, number: str) -> Worksheet:
    """Reads only. Raises RoundUnknown; of a round that is closed to this person the worksheet has no letters."""
    async with at_desk(desk) as session:
        one = await round_at(session, desk, number)
        letters = [
            letter for letter in await letters_of(session, desk.company.id, one.id) if letter.state in UNANSWERED
        ]
    items = await _items(desk, one, [letter.customer_id for letter in letters]) if letters else {}
    return Worksheet(one, tuple(_examined(one, letter, items.get(letter.customer_id, [])) for letter in letters))


async def _items(desk: Desk, one: Round, customers: list[UUID]) -> dict[UUID, list[ExaminedItem]]:
    ledger = await read_ledger(desk.engine, desk.company.id, None, customers, words=True)
    mine = {customer.bytes for customer in customers}
    rows = [row for row in open_frame(ledger, one.as_of).iter_rows(named=True) if row["account"] in mine]
    async with at_desk(desk) as session:
        later = await later_receipts(session, desk.company.id, [UUID(bytes=row["item"]) for row in rows], one.as_of)
    found: dict[UUID, list[ExaminedItem]] = {}
    for row in rows:
        after = later.get(UUID(bytes=row["item"]), [])
        received = sum(receipt.amount for receipt in after if receipt.kind in MONEY)
        item = ExaminedItem(
            row["number"], row["kind"], row["document_date"], row["due_date"], row["currency"], row["open"], received,
            sum(receipt.amount for receipt in after) - received, tuple(after),
        )  # fmt: skip
        found.setdefault(UUID(bytes=row["account"]), []).append(item)
    return found


def _examined(one: Round, letter: Letter, items: list[ExaminedItem]) -> Examined:
    ordered = tuple(sorted(items, key=lambda item: (item.currency, item.document_date, item.number)))
    coverage = {}
    for currency in sorted({item.currency for item in ordered}):
        debits = [item for item in ordered if item.currency == currency and item.open > 0]
        covered = sum(min(max(item.received, 0), item.open) for item in debits)
        coverage[currency] = percent(Decimal(covered), Decimal(sum(item.open for item in debits)))
    return Examined(letter, strength(one.form, letter.state), ordered, coverage)


def worksheet_json(sheet: Worksheet) -> list[dict[str, Any]]:
    """The worksheet for programs, amounts as decimal strings."""
    return [
        {
            "number": one.letter.number, "customer": one.letter.customer_code, "name": one.letter.customer_name,
            "proves": one.proves, "coverage_percent": one.coverage,
            "items": [
                {
                    "number": item.number, "kind": item.kind, "document_date": item.document_date.isoformat(),
                    "due_date": item.due_date.isoformat() if item.due_date else None, "currency": item.currency,
                    "open": decimal_text(item.open, 0, item.currency),
                    "received": decimal_text(item.received, 0, item.currency),
                    "credited": decimal_text(item.credited, 0, item.currency),
                    "later": [
                        {"kind": receipt.kind, "number": receipt.number, "date": receipt.effective_on.isoformat(),
                         "amount": decimal_text(receipt.amount, 0, item.currency), "reference": receipt.description}
                        for receipt in item.later
                    ],
                }
                for item in one.items
            ],
        }
        for one in sheet.letters
    ]  # fmt: skip
