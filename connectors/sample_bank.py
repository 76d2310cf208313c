"""The sample company's bank: one MT940 of its domestic account that ties, with the receipts of its own customers.

Deterministic by seed. Most receipts name a document exactly; the others are the kinds that a person has to look at.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from connectors.sample_ledger import Row, SampleBooks

ACCOUNT = "6222020200112233445"
OPENING = Decimal("1286430.55")

RECEIPTS = 40
"""A fortnight of a company of this size."""

RECENT_DAYS = 75
"""Invoices that are older stay unpaid: late payers are late in the bank's file too."""

FEE = Decimal("86.00")
"""What the bank takes for its month: money out is no receipt."""

CHARGES = (Decimal(15), Decimal(25), Decimal(10), Decimal(20), Decimal("12.50"))
"""What banks keep of a transfer."""

STRANGERS = (("临安区供销合作社", Decimal("8640.00")), ("王建国", Decimal("3200.00")))
"""Payers that no customer is called."""


@dataclass(frozen=True, slots=True)
class SampleBankFile:
    """`kinds` counts the receipts: exact, two, group, slip, charged, together, stranger."""

    name: str
    content: bytes
    kinds: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Receipt:
    kind: str
    payer: str
    text: str
    amount: Decimal


def sample_bank_file(seed: int, books: SampleBooks, today: date) -> SampleBankFile:
    """The account's statement of the days after the books' last month, up to `today`."""
    random = Random(f"{seed}/bank")  # noqa: S311 - made-up money
    receipts = _receipts(random, books)
    first = books.last + timedelta(days=1)
    span = max((today - first).days, 1)
    days = sorted(first + timedelta(days=random.randrange(span)) for _ in receipts)
    random.shuffle(receipts)
    content = _mt940(list(zip(days, receipts, strict=True)), first, max(days[-1], first))
    kinds = Counter(one.kind for one in receipts)
    return SampleBankFile(f"bank-{first:%Y-%m}.sta", content.encode(), dict(kinds))


def _receipts(random: Random, books: SampleBooks) -> list[_Receipt]:
    """The difficult ones first, while there are invoices; the rest pays what it names."""
    names = {one.code: one.name for one in books.customers}
    recent = [row for row in books.unpaid if row.day > books.last - timedelta(days=RECENT_DAYS)]
    random.shuffle(recent)
    found = [_Receipt("stranger", payer, "货款", amount) for payer, amount in STRANGERS]
    found += [_by_head_office(row, names) for row in _taken(recent, _shops(recent)[:3])]
    for number, pair in enumerate(_pairs(recent)[:2]):
        first, second = _taken(recent, pair)
        text = "货款" if number else f"货款 {first.number} {second.number}"
        kind = "together" if number else "two"
        found.append(_Receipt(kind, first.customer.name, text, first.amount + second.amount))
    for misread in ("XSO", "XS", "X50"):
        found += [_Receipt("slip", row.customer.name, f"货款 {misread}{row.number[3:]}", row.amount)
                  for row in _taken(recent, recent[:1])]  # fmt: skip
    for charge in CHARGES:
        found += [_Receipt("charged", row.customer.name, "货款 手续费内扣", row.amount - charge)
                  for row in _taken(recent, [row for row in recent if row.amount > 20 * charge][:1])]  # fmt: skip
    exact = _taken(recent, recent[: RECEIPTS - len(found)])
    return found + [_Receipt("exact", row.customer.name, f"货款 {row.number}", row.amount) for row in exact]


def _by_head_office(row: Row, names: dict[str, str]) -> _Receipt:
    return _Receipt("group", names[row.customer.parent or ""], f"代付 {row.number}", row.amount)


def _taken(rows: list[Row], chosen: Sequence[Row]) -> list[Row]:
    """The chosen rows, no longer to be had for another receipt."""
    kept = list(chosen)
    for row in kept:
        rows.remove(row)
    return kept


def _shops(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.customer.parent is not None]


def _pairs(rows: list[Row]) -> list[tuple[Row, Row]]:
    """Two invoices each of customers who have two."""
    of: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        of[row.customer.code].append(row)
    return [(own[0], own[1]) for own in of.values() if len(own) > 1]


# -- the file ----------------------------------------------------------------------------------------


def _mt940(booked: list[tuple[date, _Receipt]], first: date, last: date) -> str:
    closing = OPENING + sum((one.amount for _, one in booked), Decimal(0)) - FEE
    number = first.month
    lines = [
        f":20:STMT{first:%y%m}", f":25:{ACCOUNT}", f":28C:{number}/1", f":60F:C{first:%y%m%d}CNY{_figure(OPENING)}",
        *_booked_lines(booked),
        f":61:{last:%y%m%d}{last:%m%d}D{_figure(FEE)}NCHGNONREF//{first:%y%m}9999", ":86:/REMI/账户管理费",
        f":62F:C{last:%y%m%d}CNY{_figure(closing)}", "-", "",
    ]  # fmt: skip
    return "\r\n".join(lines)


def _booked_lines(booked: list[tuple[date, _Receipt]]) -> Iterator[str]:
    for place, (day, one) in enumerate(booked, start=1):
        yield f":61:{day:%y%m%d}{day:%m%d}C{_figure(one.amount)}NTRFNONREF//{day:%y%m}{place:04d}"
        yield f":86:/NAME/{one.payer}/REMI/{one.text}"


def _figure(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")
