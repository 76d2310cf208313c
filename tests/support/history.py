"""Account histories as text, read into items and allocations.

One fact per line; later facts may name earlier documents by number:

    2026-01-05 invoice INV-1 1000.00 CNY due 02-04
    2026-01-20 receipt RC-1 600.00 CNY for INV-1
    2026-01-25 credit_memo CM-1 50.00 CNY at SHOP known 2026-02-01
    2026-02-01 apply CM-1 to INV-1 30.00
    2026-02-03 undo CM-1 to INV-1

Receipts, credit memos and write-offs are written as positive amounts. `at` names the account (HQ without it), `known`
the day on which the fact was recorded, `disputed` an amount, `reverses` the document taken back.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import pairwise
from uuid import NAMESPACE_URL, UUID, uuid5

from ledger.allocations import plan, recorded, undo
from ledger.items import Allocation, Kind, OpenItem
from ledger.money import round_to_minor

CREDIT_KINDS = {Kind.CREDIT_MEMO, Kind.RECEIPT, Kind.WRITE_OFF}


def id_of(name: str) -> UUID:
    """The same id for the same name in every test."""
    return uuid5(NAMESPACE_URL, name)


def instant_of(day: date) -> datetime:
    """Noon in UTC."""
    return datetime.combine(day, time(12), UTC)


@dataclass
class History:
    """What a text says."""

    items: list[OpenItem] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)

    def item(self, number: str) -> OpenItem:
        """The document with this number."""
        return next(item for item in self.items if item.number == number)

    def of(self, account: str) -> list[OpenItem]:
        """One account's documents, in entry order."""
        return [item for item in self.items if item.customer_id == id_of(account)]


def read(text: str) -> History:
    """The history of a text."""
    history = History()
    for line in text.strip().splitlines():
        words = line.split()
        if words:
            _read_line(history, words)
    return history


def _read_line(history: History, words: list[str]) -> None:
    day = date.fromisoformat(words[0])
    options = dict(pairwise(words[3:]))
    known = instant_of(date.fromisoformat(options["known"]) if "known" in words else day)
    if words[1] == "apply":
        credit, debit = history.item(words[2]), history.item(words[4])
        amount = round_to_minor(Decimal(words[5]), credit.currency)[0]
        _apply(history, credit, debit, amount, day, known)
    elif words[1] == "undo":
        pair = (history.item(words[2]).id, history.item(words[4]).id)
        one = next(
            a for a in reversed(history.allocations) if (a.credit_item_id, a.debit_item_id) == pair and a.amount > 0
        )
        counter = undo(one, history.allocations, day)
        history.allocations.append(recorded(counter, id_of(f"undo {one.id}"), known))
    else:
        _document(history, day, words, options, known)


def _document(history: History, day: date, words: list[str], options: dict[str, str], known: datetime) -> None:
    kind, number, currency = Kind(words[1]), words[2], words[4]
    minor, residue = round_to_minor(Decimal(words[3]), currency)
    sign = -1 if kind in CREDIT_KINDS else 1
    due = options.get("due")
    disputed = options.get("disputed")
    item = OpenItem(
        id=id_of(number),
        customer_id=id_of(options.get("at", "HQ")),
        kind=kind,
        number=number,
        currency=currency,
        amount=sign * minor,
        residue=sign * residue,
        document_date=day,
        due_date=_due(day, due) if due is not None else None,
        recorded_at=known,
        disputed=sign * round_to_minor(Decimal(disputed), currency)[0] if disputed is not None else 0,
        reverses_id=id_of(options["reverses"]) if "reverses" in options else None,
    )
    history.items.append(item)
    if "for" in options:
        debit = history.item(options["for"])
        _apply(history, item, debit, min(abs(item.amount), debit.amount), day, known)


def _due(day: date, text: str) -> date:
    return date.fromisoformat(text if text.count("-") == 2 else f"{day.year}-{text}")


def _apply(history: History, credit: OpenItem, debit: OpenItem, amount: int, day: date, known: datetime) -> None:
    planned = plan(credit, debit, amount, day, history.allocations)
    new_id = id_of(f"{credit.number}>{debit.number}#{len(history.allocations)}")
    fact = recorded(planned, new_id, known)
    history.allocations.append(replace(fact, credit_number=credit.number, debit_number=debit.number))
