"""What a customer may say about a statement, and what must hold before any of it is written down."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from ledger.canonical import Json, canonical_json, sha256_hex
from ledger.money import decimal_text, round_to_minor
from words.refusal import Refusal

STANCES = frozenset({"agree", "agree_except", "dispute"})
"""agree = the whole statement; agree_except = all but the disputed lines; dispute = only that these lines are wrong."""

KINDS = STANCES | {"already_paid", "promise", "wrong_person"}
"""The others leave open whether the balance is right. Payments and promises may come with any but wrong_person."""

REASONS = (
    "price", "quantity", "quality", "not_received", "already_paid", "not_ours", "duplicate", "missing_credit",
    "date", "tax_form", "other",
)  # fmt: skip
"""Why a line is disputed; root causes are counted by these codes."""

MAX_NAME = 120
"""Longer is not a person's name."""

MAX_TEXT = 2_000
"""A page of explanation for one line; more belongs in a conversation."""

MAX_REFERENCE = 140
"""As long as the remittance text of a bank transfer."""

MAX_DISPUTED_LINES = 500
"""Beyond this the customer means the whole statement: one row per line would flood the clerks."""

MAX_PARTS = 12
"""Payments told, or dates promised, in one answer: a year of instalments."""

PROMISE_DAYS = 366
"""Beyond a year a promise is a new credit, which needs a contract."""

PAID_YEARS = 5
"""Banks keep no older transfers at hand; an older date is a slip of the pen."""

_AMOUNT = re.compile(r"([0-9]{1,15}|[0-9]{1,3}(,[0-9]{3}){1,4})(\.[0-9]{1,4})?")
_EMAIL = re.compile(r"[^@\s<>,;]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")


class AnswerIncomplete(Refusal):
    """Something that an answer needs is missing or too long."""

    code = "answer_incomplete"
    sentence = "The answer is not complete: {what}."
    remedy = "Fill in the field and send the answer again."


class DisputeLineInvalid(Refusal):
    """A disputed line that does not exist, has nothing open or less open than claimed."""

    code = "dispute_line_invalid"
    sentence = "Line {line} cannot be disputed for {amount}: {open} is open on it."
    remedy = "Choose a line with an open amount and dispute at most that amount."


class PaymentInvalid(Refusal):
    """A told payment without a usable amount or date."""

    code = "payment_invalid"
    sentence = "A payment of {amount} on {day} cannot be recorded."
    remedy = "Give an amount above zero and the day on which it was paid, today at the latest."


class PromiseInvalid(Refusal):
    """A promise without a usable amount or date."""

    code = "promise_invalid"
    sentence = "A promise of {amount} for {day} cannot be recorded."
    remedy = "Give an amount above zero and a day from today on, within one year."


class PromiseTooLarge(Refusal):
    """More is promised than is open."""

    code = "promise_too_large"
    sentence = "{promised} is promised, but only {open} is open and undisputed."
    remedy = "Promise at most what is open."


@dataclass(frozen=True, slots=True)
class DisputedLine:
    """One disputed line: its number on the statement, a reason code, a positive decimal amount and a text."""

    line: int
    reason: str
    amount: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ToldPayment:
    """Money that the customer says is on its way or has arrived: a positive decimal amount, an ISO date."""

    amount: str
    paid_on: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class PromisedPart:
    """One payment to come: a positive decimal amount, an ISO date."""

    amount: str
    due_on: str


@dataclass(frozen=True, slots=True)
class Colleague:
    """Who should have had the statement, in the words of who got it."""

    name: str
    email: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file that came with an answer; `about` is "payment" or the number of a disputed line."""

    filename: str
    content: bytes
    about: str = ""


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What the page sends. `digest` is of the content that was shown, `nonce` the one of that page view."""

    kind: str
    name: str
    digest: str
    nonce: str
    position: str = ""
    lines: tuple[DisputedLine, ...] = field(default=())
    payments: tuple[ToldPayment, ...] = field(default=())
    promises: tuple[PromisedPart, ...] = field(default=())
    colleague: Colleague | None = None
    files: tuple[GivenFile, ...] = field(default=())
    occasion: str = ""
    """What came once without a page view (a mail) is recorded once under this name instead of the nonce."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A disputed part of one item, in minor units; `number` is the document's, for people."""

    line: int
    item_id: UUID
    reason: str
    amount: int
    text: str
    number: str


@dataclass(frozen=True, slots=True)
class Payment:
    """A told payment in minor units."""

    amount: int
    paid_on: date
    reference: str


@dataclass(frozen=True, slots=True)
class Part:
    """A promised payment in minor units."""

    amount: int
    due_on: date


def check_answer(given: GivenAnswer) -> None:
    """Everything that can be said without the statement. Raises AnswerIncomplete."""
    if given.kind not in KINDS:
        raise AnswerIncomplete(what="agree or dispute")
    if not given.name.strip() or len(given.name) > MAX_NAME:
        raise AnswerIncomplete(what="your name")
    if len(given.position) > MAX_NAME:
        raise AnswerIncomplete(what="your position")
    _check_lines(given)
    _check_parts(given)


def _check_lines(given: GivenAnswer) -> None:
    if given.kind in {"agree_except", "dispute"}:
        if not 1 <= len(given.lines) <= MAX_DISPUTED_LINES:
            raise AnswerIncomplete(what="the disputed lines")
    elif given.lines:
        raise AnswerIncomplete(what="agree or dispute")
    for line in given.lines:
        if line.reason not in REASONS:
            raise AnswerIncomplete(what="the reason of the dispute")
        if len(line.text) > MAX_TEXT:
            raise AnswerIncomplete(what="the explanation")


def _check_parts(given: GivenAnswer) -> None:
    if len(given.payments) > MAX_PARTS or (given.kind == "already_paid" and not given.payments):
        raise AnswerIncomplete(what="the payments")
    if len(given.promises) > MAX_PARTS or (given.kind == "promise" and not given.promises):
        raise AnswerIncomplete(what="the promised payments")
    if any(len(payment.reference) > MAX_REFERENCE for payment in given.payments):
        raise AnswerIncomplete(what="the payment reference")
    if given.kind == "wrong_person":
        if given.payments or given.promises:
            raise AnswerIncomplete(what="agree or dispute")
        _check_colleague(given.colleague)


def _check_colleague(colleague: Colleague | None) -> None:
    if colleague is None or len(colleague.name) > MAX_NAME or len(colleague.note) > MAX_TEXT:
        raise AnswerIncomplete(what="the right person")
    if colleague.email and not _EMAIL.fullmatch(colleague.email):
        raise AnswerIncomplete(what="the right person's address")


def claims_of(content: Mapping[str, Any], currency: str, lines: Sequence[DisputedLine]) -> list[Claim]:
    """The disputed parts in minor units, none above what its line holds open, parts of one line taken together."""
    by_line = {entry["line"]: entry for entry in content["lines"]}
    left: dict[str, int] = {}
    claims = []
    for line in lines:
        entry = by_line.get(line.line)
        open_text = entry["open"] if entry else "0"
        amount = minor_of_typed(line.amount, currency)
        if amount is None or entry is None or not entry.get("item_id"):
            raise DisputeLineInvalid(line=line.line, amount=line.amount, open=open_text)
        item = entry["item_id"]
        # Whole minor units: what the source gave beyond a cent cannot be disputed apart.
        left.setdefault(item, round_to_minor(Decimal(open_text), currency)[0])
        left[item] -= amount
        if left[item] < 0:
            raise DisputeLineInvalid(line=line.line, amount=line.amount, open=open_text)
        claims.append(Claim(line.line, UUID(item), line.reason, amount, line.text.strip(), entry["number"]))
    return claims


def payments_of(given: GivenAnswer, currency: str, today: date) -> list[Payment]:
    """The told payments. `today` is the company's; where it is tomorrow already, a payment of that day is taken."""
    found = []
    for told in given.payments:
        amount, day = minor_of_typed(told.amount, currency), _day(told.paid_on)
        if amount is None or day is None or not _years_before(today, PAID_YEARS) <= day <= today + timedelta(days=1):
            raise PaymentInvalid(amount=told.amount or "–", day=told.paid_on or "–")
        found.append(Payment(amount, day, told.reference.strip()))
    return found


def parts_of_promise(given: GivenAnswer, content: Mapping[str, Any], currency: str, today: date) -> list[Part]:
    """The promised payments by day; together no more than is open on debits and not disputed in the same answer."""
    found = []
    for part in given.promises:
        amount, day = minor_of_typed(part.amount, currency), _day(part.due_on)
        if amount is None or day is None or not today <= day <= today + timedelta(days=PROMISE_DAYS):
            raise PromiseInvalid(amount=part.amount or "–", day=part.due_on or "–")
        found.append(Part(amount, day))
    disputed = sum(claim.amount for claim in claims_of(content, currency, given.lines))
    owed = _open_debits(content, currency) - disputed
    promised = sum(part.amount for part in found)
    if promised > max(0, owed):
        raise PromiseTooLarge(
            promised=decimal_text(promised, 0, currency), open=decimal_text(max(0, owed), 0, currency)
        )
    return sorted(found, key=lambda part: part.due_on)


def _open_debits(content: Mapping[str, Any], currency: str) -> int:
    """What the statement's debits hold open, each item once, in minor units."""
    opens = {line["item_id"]: Decimal(line["open"] or "0") for line in content["lines"] if line["section"] != "prior"}
    return sum(round_to_minor(amount, currency)[0] for amount in opens.values() if amount > 0)


def minor_of_typed(text: str, currency: str) -> int | None:
    """A typed amount above zero in minor units; None when it is no amount of the currency."""
    # A Chinese keyboard gives full-width digits.
    plain = unicodedata.normalize("NFKC", text).strip()
    if not _AMOUNT.fullmatch(plain):
        return None
    try:
        minor, residue = round_to_minor(Decimal(plain.replace(",", "")), currency)
    except ValueError:
        return None
    return minor if minor > 0 and not residue else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _years_before(day: date, years: int) -> date:
    return day - timedelta(days=years * 366)


def facts_of(given: GivenAnswer) -> dict[str, Any]:
    """What the answer's row keeps: every word that was given, and the digest that tells a repeat from another."""
    facts: dict[str, Any] = {
        "lines": [
            {"line": line.line, "reason": line.reason, "amount": line.amount, "text": line.text.strip()}
            for line in given.lines
        ],
        "input_sha256": input_digest(given),
    }
    if given.payments:
        facts["payments"] = [
            {"amount": one.amount, "paid_on": one.paid_on, "reference": one.reference.strip()} for one in given.payments
        ]
    if given.promises:
        facts["promises"] = [{"amount": one.amount, "due_on": one.due_on} for one in given.promises]
    if given.colleague is not None:
        facts["colleague"] = {
            "name": given.colleague.name.strip(), "email": given.colleague.email, "note": given.colleague.note.strip()
        }  # fmt: skip
    return facts


def input_digest(given: GivenAnswer) -> str:
    """SHA-256 over everything that was given."""
    lines: list[Json] = [[line.line, line.reason, line.amount, line.text] for line in given.lines]
    said: list[Json] = [given.kind, given.name, given.position, given.digest, lines]
    payments: list[Json] = [[one.amount, one.paid_on, one.reference] for one in given.payments]
    promises: list[Json] = [[one.amount, one.due_on] for one in given.promises]
    files: list[Json] = [[one.filename, one.about, hashlib.sha256(one.content).hexdigest()] for one in given.files]
    colleague: list[Json] = []
    if given.colleague is not None:
        colleague = [given.colleague.name, given.colleague.email, given.colleague.note]
    return sha256_hex(canonical_json([*said, payments, promises, colleague, files]))
