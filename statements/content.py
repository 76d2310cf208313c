"""The canonical content of one statement: the only source of its page, PDF, workbook and mail.

`lines` of an OPEN_ITEM statement are its open debits (section "open"); credits and receipts that wait to be applied
stand in `unapplied.lines`, so that closing = Σ lines.open + Σ unapplied.lines.open. BALANCE_FORWARD has the movements,
DETAILED the prior items, the movements and the ending debits. All amounts are exact decimal strings.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import chain
from typing import Any
from uuid import UUID

from ledger.aging import AgingPolicy, age, bucket_label, days_overdue, disputed_part, due_day, overdue
from ledger.balances import AccountView, Movement, OpenAmount, running
from ledger.business_calendar import Period
from ledger.canonical import Json, canonical_json, sha256_hex
from ledger.items import Kind, OpenItem
from ledger.money import RESIDUE_PER_MINOR, decimal_text, decimals, minor_of_parts, parts_text
from statements.tie_out import SECTIONS_ARE_CLOSING, Equation, Figures, account_equations

SCHEMA = "tieout.statement/1"
"""Named in every statement; what reads one may rely on the shape."""

NOT_FIGURES = ("number", "version", "as_known", "company", "customer", "disputes", "promises")
"""What may differ between two builds without the account having changed."""


class Form(StrEnum):
    """Three views over the one ledger function."""

    OPEN_ITEM = "OPEN_ITEM"
    BALANCE_FORWARD = "BALANCE_FORWARD"
    DETAILED = "DETAILED"


@dataclass(frozen=True, slots=True)
class Party:
    """Who a statement is about."""

    code: str
    name: str
    language: str = "en"
    country: str | None = None


@dataclass(frozen=True, slots=True)
class KnownDispute:
    """A disputed part of an item, in positive minor units."""

    item_id: UUID
    amount: int
    reason: str
    status: str


@dataclass(frozen=True, slots=True)
class KnownPromise:
    """A promised payment in positive minor units; status is open or broken."""

    amount: int
    due_on: date
    status: str


@dataclass(frozen=True, slots=True)
class Account:
    """One customer's account in the statement's currency: a group statement has several."""

    party: Party
    view: AccountView


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything that one statement says, before it is written down. `as_known` is an ISO instant."""

    company: Party
    customer: Party
    currency: str
    form: Form
    period: Period
    as_of: date
    as_known: str
    policy: AgingPolicy
    accounts: tuple[Account, ...]
    disputes: tuple[KnownDispute, ...] = ()
    promises: tuple[KnownPromise, ...] = ()

    @property
    def ending(self) -> list[OpenAmount]:
        """What is open over all accounts."""
        return [line for account in self.accounts for line in account.view.ending]

    @property
    def says_something(self) -> bool:
        """Whether there is a movement, an open item or a balance to state."""
        return any(
            one.view.movements or one.view.ending or one.view.closing or one.view.opening for one in self.accounts
        )


def statement_number(period: str, customer: str, currency: str, version: int) -> str:
    """The human number: 2026-06/C00123/CNY/v2."""
    return f"{period}/{customer}/{currency}/v{version}"


def build_content(subject: Subject, version: int) -> dict[str, Any]:
    """The content of one version."""
    currency = subject.currency
    totals = figures(subject)
    lines = _numbered(_lines(subject))
    unapplied = _numbered(_unapplied_lines(subject), after=len(lines))
    checks = [equation.as_json() for equation in equations(subject, totals)]
    views = [account.view for account in subject.accounts]
    return {
        "schema": SCHEMA,
        "number": statement_number(subject.period.label, subject.customer.code, currency, version),
        "version": version,
        "form": subject.form.value,
        "currency": currency,
        "decimals": decimals(currency),
        "company": {"code": subject.company.code, "name": subject.company.name},
        "customer": {
            "code": subject.customer.code,
            "name": subject.customer.name,
            "language": subject.customer.language,
            "country": subject.customer.country,
        },
        "period": {
            "label": subject.period.label,
            "start": subject.period.start.isoformat(),
            "end": subject.period.end.isoformat(),
        },
        "as_of": subject.as_of.isoformat(),
        "as_known": subject.as_known,
        "opening": parts_text(totals.opening, currency),
        "debits": parts_text(sum(view.debits for view in views), currency),
        "credits": parts_text(sum(view.credits for view in views), currency),
        "closing": parts_text(totals.closing, currency),
        "overdue": parts_text(sum(line.parts for line in overdue(subject.ending, subject.as_of)), currency),
        "lines": lines,
        "aging": _aging(subject),
        "unapplied": _unapplied(subject, unapplied),
        "sections": _sections(subject),
        "disputes": _disputes(subject, lines),
        "promises": [
            {
                "amount": decimal_text(one.amount, 0, currency),
                "due_on": one.due_on.isoformat(),
                "status": one.status,
            }
            for one in subject.promises
        ],
        "aging_policy": policy_content(subject.policy),
        "rounding": _rounding(totals.closing, currency),
        "checks": checks,
        "flags": sorted(_flags(subject, totals.closing)),
    }


def policy_content(policy: AgingPolicy) -> dict[str, Json]:
    """Which policy the statement is aged by."""
    return {
        "name": policy.name,
        "version": policy.version,
        "basis": policy.basis.value,
        "credits": policy.credits.value,
        "sha256": policy.sha256,
    }


def figures_digest(content: dict[str, Any]) -> str:
    """SHA-256 over what the account says; the same figures built again under another number have the same."""
    kept = {key: value for key, value in content.items() if key not in NOT_FIGURES}
    kept["lines"] = [_undisputed(line) for line in content["lines"]]
    kept["unapplied"] = {**content["unapplied"], "lines": [_undisputed(line) for line in content["unapplied"]["lines"]]}
    return sha256_hex(canonical_json(kept))


def _undisputed(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key != "disputed"}


def figures(subject: Subject) -> Figures:
    """The sums that the tie-out gate compares, over all accounts of the statement."""
    views = [account.view for account in subject.accounts]
    return Figures(
        currency=subject.currency,
        opening=sum(view.opening for view in views),
        movements=sum(view.debits + view.credits for view in views),
        closing=sum(view.closing for view in views),
        prior_items=sum(line.parts for view in views for line in view.prior),
        open_items=sum(line.parts for view in views for line in view.ending),
        buckets=[bucket.parts for bucket in age(subject.ending, subject.as_of, subject.policy)],
    )


def equations(subject: Subject, totals: Figures) -> list[Equation]:
    """What must hold for this statement, in whichever form."""
    found = account_equations(totals)
    if len(subject.accounts) > 1:
        sections = sum(view.opening + view.debits + view.credits for view in (one.view for one in subject.accounts))
        found.append(Equation(SECTIONS_ARE_CLOSING, subject.currency, sections, totals.closing))
    return found


def _lines(subject: Subject) -> Iterator[dict[str, Any]]:
    for account in subject.accounts:
        view = account.view
        if subject.form is Form.DETAILED:
            yield from (_open_line(subject, account, line, "prior") for line in view.prior)
        if subject.form is not Form.OPEN_ITEM:
            yield from _movement_lines(subject, account)
        if subject.form is not Form.BALANCE_FORWARD:
            section = "open" if subject.form is Form.OPEN_ITEM else "ending"
            yield from (_open_line(subject, account, line, section) for line in view.ending if line.parts > 0)


def _unapplied_lines(subject: Subject) -> Iterator[dict[str, Any]]:
    for account in subject.accounts:
        yield from (_open_line(subject, account, line, "open") for line in account.view.ending if line.parts < 0)


def _numbered(lines: Iterable[dict[str, Any]], after: int = 0) -> list[dict[str, Any]]:
    return [{"line": number, **line} for number, line in enumerate(lines, start=after + 1)]


def _movement_lines(subject: Subject, account: Account) -> Iterator[dict[str, Any]]:
    open_now = {line.item.id: line for line in account.view.ending}
    balances = running(account.view.opening, account.view.movements)
    for movement, balance in zip(account.view.movements, balances, strict=True):
        yield _movement_line(subject, account, movement, balance, open_now.get(movement.item.id))


def _movement_line(
    subject: Subject, account: Account, movement: Movement, balance: int, still_open: OpenAmount | None
) -> dict[str, Any]:
    currency, transfer = subject.currency, movement.transfer
    line = _line(account, movement.item, "movement", currency)
    line["document_date"] = movement.day.isoformat()
    line["amount"] = parts_text(movement.parts, currency)
    line["balance"] = parts_text(balance, currency)
    if transfer is not None:
        line["kind"] = "transfer"
        line["description"] = f"{transfer.credit_number} → {transfer.debit_number}"
    elif still_open is not None:
        _mark_open(line, still_open, subject)
    return line


def _open_line(subject: Subject, account: Account, amount: OpenAmount, section: str) -> dict[str, Any]:
    line = _line(account, amount.item, section, subject.currency)
    if section == "prior":
        line["open"] = parts_text(amount.parts, subject.currency)
    else:
        _mark_open(line, amount, subject)
    return line


def _mark_open(line: dict[str, Any], amount: OpenAmount, subject: Subject) -> None:
    line["open"] = parts_text(amount.parts, subject.currency)
    line["days_overdue"] = days_overdue(amount.item, subject.as_of)
    line["bucket"] = bucket_label(amount, subject.as_of, subject.policy)
    line["disputed"] = decimal_text(disputed_part(amount), 0, subject.currency)


def _line(account: Account, item: OpenItem, section: str, currency: str) -> dict[str, Any]:
    nothing = decimal_text(0, 0, currency)
    return {
        "section": section,
        "item_id": str(item.id),
        "kind": item.kind.value,
        "number": f"{item.number}#{item.instalment}" if item.instalment else item.number,
        "document_date": item.document_date.isoformat(),
        "due_date": due_day(item).isoformat(),
        "due_date_given": item.due_date is not None,
        "amount": parts_text(item.parts, currency),
        "open": nothing,
        "balance": None,
        "days_overdue": 0,
        "bucket": None,
        "disputed": nothing,
        "description": item.description,
        "account": account.party.code,
    }


def _aging(subject: Subject) -> list[dict[str, Any]]:
    bounds = {bucket.label: (bucket.first, bucket.last) for bucket in subject.policy.buckets}
    return [
        {
            "bucket": aged.label,
            "from": bounds.get(aged.label, (None, None))[0],
            "to": bounds.get(aged.label, (None, None))[1],
            "amount": parts_text(aged.parts, subject.currency),
            "items": aged.items,
        }
        for aged in age(subject.ending, subject.as_of, subject.policy)
    ]


def _unapplied(subject: Subject, lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    waiting = [line for line in subject.ending if line.parts < 0]
    receipts = sum(line.parts for line in waiting if line.item.kind is Kind.RECEIPT)
    return {
        "receipts": parts_text(receipts, subject.currency),
        "credits": parts_text(sum(line.parts for line in waiting) - receipts, subject.currency),
        "lines": list(lines),
    }


def _sections(subject: Subject) -> list[dict[str, Any]]:
    if len(subject.accounts) == 1 and subject.accounts[0].party.code == subject.customer.code:
        return []
    return [
        {
            "account": account.party.code,
            "name": account.party.name,
            "opening": parts_text(account.view.opening, subject.currency),
            "debits": parts_text(account.view.debits, subject.currency),
            "credits": parts_text(account.view.credits, subject.currency),
            "closing": parts_text(account.view.closing, subject.currency),
        }
        for account in subject.accounts
    ]


def _disputes(subject: Subject, lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What customers dispute, then what the source marked as disputed and no customer spoke about."""
    at_line = {line["item_id"]: line for line in lines if line["section"] != "prior"}
    spoken = {dispute.item_id for dispute in subject.disputes}
    marked = (
        KnownDispute(line.item.id, abs(disputed_part(line)), "marked_by_source", "open")
        for line in subject.ending
        if line.item.disputed and line.item.id not in spoken
    )
    return [
        {
            "line": at_line[str(dispute.item_id)]["line"],
            "number": at_line[str(dispute.item_id)]["number"],
            "amount": decimal_text(dispute.amount, 0, subject.currency),
            "reason": dispute.reason,
            "status": dispute.status,
        }
        for dispute in chain(subject.disputes, marked)
        if str(dispute.item_id) in at_line
    ]


def _rounding(closing: int, currency: str) -> dict[str, str] | None:
    payable = minor_of_parts(closing)
    residue = closing - payable * RESIDUE_PER_MINOR
    if residue == 0:
        return None
    return {
        "exact_closing": parts_text(closing, currency),
        "payable": decimal_text(payable, 0, currency),
        "residue": parts_text(residue, currency),
    }


def _flags(subject: Subject, closing: int) -> set[str]:
    ending = subject.ending
    transferred = any(line.transfer is not None for one in subject.accounts for line in one.view.movements)
    marks = {
        "due_date_missing": any(line.parts > 0 and line.item.due_date is None for line in ending),
        "finer_than_minor_unit": closing % RESIDUE_PER_MINOR != 0,
        "credit_balance": closing < 0,
        "group": len(subject.accounts) > 1,
        "transfers": transferred,
    }
    return {flag for flag, holds in marks.items() if holds}
