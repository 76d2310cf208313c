"""A cash application problem as a file states it (invoices, payments, remittance lines), and its answer."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from ledger.money import MAX_MINOR, known_currencies
from matching.amounts import places
from matching.facts import AdviceLine, Application, Document, Receipt
from words.refusal import Refusal


class ProblemInvalid(Refusal):
    """A part of the file cannot be read."""

    code = "problem_invalid"
    sentence = "{where}: {what} cannot be read."
    remedy = (
        "Correct the file: lists of invoices, payments and remittance_lines, amounts as numbers, dates as 2025-03-17."
    )


class ProblemRepeated(Refusal):
    """An id stands twice."""

    code = "problem_repeated"
    sentence = "{where}: {what} stands there twice."
    remedy = "Each invoice and each payment needs an id of its own."


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be matched; `stray_lines` are remittance lines of payments that are not in the file."""

    documents: tuple[Document, ...]
    receipts: tuple[Receipt, ...]
    stray_lines: int


def read_problem(given: object) -> Problem:
    """The problem in a parsed JSON document; keys that it does not know are left alone. Raises a `Refusal`."""
    if not isinstance(given, Mapping):
        raise ProblemInvalid(where="file", what="the document (an object is expected)")
    given = _one_currency(given)
    lines: dict[str, list[AdviceLine]] = defaultdict(list)
    currencies = {str(row.get("payment_id")): _currency(row, "payments", n) for n, row in _rows(given, "payments")}
    stray = 0
    for n, row in _rows(given, "remittance_lines", needed=False):
        payment = _text(row, "payment_id", "remittance_lines", n)
        if payment not in currencies:
            stray += 1
            continue
        amount = _minor(row, "amount", currencies[payment], ("remittance_lines", n), needed=False)
        lines[payment].append(AdviceLine(_maybe(row, "invoice_ref"), amount, _maybe(row, "memo")))
    documents = tuple(_document(row, n) for n, row in _rows(given, "invoices"))
    receipts = tuple(_receipt(row, n, lines) for n, row in _rows(given, "payments"))
    _once("invoices", [one.id for one in documents])
    _once("payments", [one.id for one in receipts])
    return Problem(documents, receipts, stray)


def _one_currency(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where one currency is stated and some rows state none, they mean that one."""
    names = ("invoices", "payments")
    stated = {_maybe(row, "currency") for name in names for _, row in _rows(given, name)}
    if len(stated) != 2 or "" not in stated:  # noqa: PLR2004 - one currency and none
        return given
    only = max(stated)
    return {**given, **{name: [{**row, "currency": only} for _, row in _rows(given, name)] for name in names}}


def _document(row: Mapping[str, Any], n: int) -> Document:
    place = "invoices", n
    number = _text(row, "invoice_id", *place)
    customer = _maybe(row, "customer_id") or _maybe(row, "customer_name")
    currency = _currency(row, *place)
    return Document(
        number, number, customer, _maybe(row, "customer_name") or customer, currency,
        _minor(row, "amount", currency, place) or 0, _day(row, "invoice_date", place), _day(row, "due_date", place),
    )  # fmt: skip


def _receipt(row: Mapping[str, Any], n: int, lines: Mapping[str, list[AdviceLine]]) -> Receipt:
    place = "payments", n
    key = _text(row, "payment_id", *place)
    currency = _currency(row, *place)
    return Receipt(
        key, _maybe(row, "payer_name"), currency, _minor(row, "amount", currency, place) or 0,
        _day(row, "payment_date", place), _maybe(row, "reference_info"), tuple(lines.get(key, ())),
    )  # fmt: skip


def _rows(given: Mapping[str, Any], name: str, *, needed: bool = True) -> list[tuple[int, Mapping[str, Any]]]:
    rows = given.get(name)
    if rows is None and not needed:
        return []
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise ProblemInvalid(where="file", what=f"{name} (a list is expected)")
    for n, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise ProblemInvalid(where=f"{name}[{n}]", what="the entry (an object is expected)")
    return list(enumerate(rows))


def _text(row: Mapping[str, Any], key: str, name: str, n: int) -> str:
    text = _maybe(row, key)
    if not text:
        raise ProblemInvalid(where=f"{name}[{n}]", what=key)
    return text


def _maybe(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return str(value).strip() if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else ""


def _currency(row: Mapping[str, Any], name: str, n: int) -> str:
    currency = _maybe(row, "currency").upper()
    if currency and currency not in known_currencies():
        raise ProblemInvalid(where=f"{name}[{n}]", what=f"currency {currency}")
    return currency


def _minor(
    row: Mapping[str, Any], key: str, currency: str, place: tuple[str, int], *, needed: bool = True
) -> int | None:
    value = row.get(key)
    if not needed and value in {None, ""}:
        return None
    refused = ProblemInvalid(where=f"{place[0]}[{place[1]}]", what=f"{key} {value!r}"[:80])
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal | float):
        raise refused
    try:
        amount = Decimal(str(value).strip().replace(",", ""))
        minor = int(amount.scaleb(places(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    except (InvalidOperation, ValueError, OverflowError):
        raise refused from None
    if abs(minor) > MAX_MINOR:
        raise refused
    return minor


def _day(row: Mapping[str, Any], key: str, place: tuple[str, int]) -> date | None:
    text = _maybe(row, key)
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        raise ProblemInvalid(where=f"{place[0]}[{place[1]}]", what=f"{key} {text!r}"[:80]) from None


def _once(name: str, ids: list[str]) -> None:
    seen: set[str] = set()
    for key in ids:
        if key in seen:
            raise ProblemRepeated(where=name, what=key)
        seen.add(key)


def answer(problem: Problem, applications: Sequence[Application], language: str) -> dict[str, Any]:
    """The answer's document: amounts as decimal strings, reasons in both languages."""
    currency_of = {document.id: document.currency for document in problem.documents}
    paid = {one.receipt for one in applications}
    settled = {one.document for one in applications}
    return {
        "applications": [
            {
                "payment_id": one.receipt,
                "invoice_id": one.document,
                "applied_amount": amount_text(one.amount, currency_of[one.document]),
                "band": one.band.value,
                "reason": one.reason.text(language),
                "reasons": {each: one.reason.text(each) for each in ("en", "zh")},
            }
            for one in applications
        ],
        "unmatched_payments": [one.id for one in problem.receipts if one.id not in paid],
        "unapplied_invoices": [one.id for one in problem.documents if one.id not in settled],
        "stray_remittance_lines": problem.stray_lines,
    }


def amount_text(minor: int, currency: str) -> str:
    """A plain decimal string."""
    return f"{Decimal(minor).scaleb(-places(currency)):f}"
