"""The scheduled checks: each takes facts of one kind and answers findings; none reads a clock or a table."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

from ledger.business_calendar import working_days_between

NOTICE, WARNING, BREACH = "notice", "warning", "breach"

UNANSWERED_WORKING_DAYS = 10
"""Two weeks of work: after that a letter without an answer is a matter for a person, not for another reminder."""

UNAPPLIED_DAYS = 30
"""A month: money that belongs to nobody's invoice at the next close distorts both ageing and chasing."""

BACKUP_DAYS = 2
"""Backups are daily; one may be late by a holiday, two may not."""

SERIES_MINIMUM = 5
"""Fewer documents do not make a number series."""

SERIES_DENSITY = 0.8
"""Numbers are called consecutive when at least this share of the range is used; account numbers are not."""

MAX_RANGES = 50
"""Gaps listed in one finding; the count says how many there are."""


@dataclass(frozen=True, slots=True)
class Breach:
    """One finding. `key` stays the same as long as the same thing is wrong: it keeps a finding from opening twice."""

    check: str
    code: str
    severity: str
    subject_kind: str
    subject_id: str
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Identity of the finding within the company."""
        return f"{self.check}/{self.code}/{self.subject_kind}/{self.subject_id}"


@dataclass(frozen=True, slots=True)
class DecisionFact:
    """One vote: who acted, in whose name, and who had prepared and submitted what was decided."""

    act_id: str
    subject_kind: str
    subject_id: str
    actor: str | None
    authority: str | None
    submitted_by: str | None
    preparers: tuple[str, ...]
    actor_roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyFact:
    """Who drafted and who published one version of an approval policy."""

    policy_id: str
    name: str
    version: int
    drafted_by: str | None
    published_by: str | None


@dataclass(frozen=True, slots=True)
class SentFact:
    """A version that left the house: its digest now, the digest that was approved (None = no used approval)."""

    statement_id: str
    number: str
    digest: str
    content_digest: str
    approved_digest: str | None
    ties: bool


@dataclass(frozen=True, slots=True)
class WaitingFact:
    """A sent version without an answer."""

    statement_id: str
    number: str
    customer: str
    country: str
    sent_on: date
    closing: str
    currency: str


@dataclass(frozen=True, slots=True)
class DocumentFact:
    """A document's number within its source and kind; `item_id` is its own."""

    item_id: str
    source: str
    kind: str
    number: str
    customer: str
    amount: str
    currency: str


@dataclass(frozen=True, slots=True)
class UnappliedFact:
    """A receipt or credit with something not applied; `open` is a positive decimal string."""

    item_id: str
    number: str
    customer: str
    currency: str
    open: str
    received_on: date


@dataclass(frozen=True, slots=True)
class AuditFact:
    """How many events of the trail hold, and the first that does not."""

    events: int
    broken_at: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BackupFact:
    """The newest backup's day, if there ever was one, and the day of the books' first event."""

    newest: date | None
    first_event: date | None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the checks read, gathered on `today`."""

    today: date
    decisions: Sequence[DecisionFact] = ()
    policies: Sequence[PolicyFact] = ()
    sent: Sequence[SentFact] = ()
    waiting: Sequence[WaitingFact] = ()
    documents: Sequence[DocumentFact] = ()
    unapplied: Sequence[UnappliedFact] = ()
    audit: AuditFact | None = None
    backup: BackupFact | None = None


def duties_separated(facts: Facts) -> list[Breach]:
    """Nobody decided their own work, decided as a mere administrator, or published the policy they had drafted."""
    found = []
    for act in facts.decisions:
        people = {person for person in (act.actor, act.authority) if person is not None}
        own = people & ({act.submitted_by} | set(act.preparers))
        evidence = {
            "subject": f"{act.subject_kind} {act.subject_id}",
            "people": sorted(people),
            "own": sorted(map(str, own)),
        }
        if own:
            found.append(_breach("duties_separated", "decided_own_work", BREACH, ("act", act.act_id), evidence))
        if set(act.actor_roles) == {"administrator"}:
            found.append(_breach("duties_separated", "administrator_decided", BREACH, ("act", act.act_id), evidence))
    found += [
        _breach(
            "duties_separated", "published_own_policy", BREACH, ("policy", policy.policy_id),
            {"policy": policy.name, "version": policy.version, "person": policy.published_by},
        )
        for policy in facts.policies
        if policy.published_by is not None and policy.published_by == policy.drafted_by
    ]  # fmt: skip
    return found


def sent_approved_and_tied(facts: Facts) -> list[Breach]:
    """Every version that left was approved at exactly that digest, holds the content of its digest, and tied."""
    found = []
    for sent in facts.sent:
        subject = ("statement", sent.statement_id)
        evidence = {"number": sent.number, "digest": sent.digest, "approved_digest": sent.approved_digest}
        if sent.approved_digest is None:
            found.append(_breach("sent_approved", "sent_without_approval", BREACH, subject, evidence))
        elif sent.approved_digest != sent.digest:
            found.append(_breach("sent_approved", "sent_other_than_approved", BREACH, subject, evidence))
        if sent.content_digest != sent.digest:
            found.append(_breach("sent_approved", "content_changed", BREACH, subject, evidence))
        if not sent.ties:
            found.append(_breach("sent_approved", "sent_untied", BREACH, subject, evidence))
    return found


def unanswered(facts: Facts) -> list[Breach]:
    """Sent versions that have waited too many working days for an answer."""
    found = []
    for waiting in facts.waiting:
        days = working_days_between(waiting.sent_on, facts.today, waiting.country)
        if days > UNANSWERED_WORKING_DAYS:
            evidence = {
                "number": waiting.number, "customer": waiting.customer, "sent_on": waiting.sent_on.isoformat(),
                "working_days": days, "closing": waiting.closing, "currency": waiting.currency,
            }  # fmt: skip
            subject = ("statement", waiting.statement_id)
            found.append(_breach("unanswered", "no_answer", WARNING, subject, evidence))
    return found


def number_gaps(facts: Facts) -> list[Breach]:
    """Numbers missing inside a consecutive series of a source: documents that were perhaps never recorded (漏记)."""
    series: dict[tuple[str, str, str, int], set[int]] = defaultdict(set)
    for document in facts.documents:
        split = _split_number(document.number)
        if split is not None:
            prefix, digits = split
            series[document.source, document.kind, prefix, len(digits)].add(int(digits))
    found = []
    for (source, kind, prefix, width), numbers in sorted(series.items()):
        missing = _missing(numbers)
        if not missing:
            continue
        ranges = [f"{prefix}{a:0{width}d}" + (f"–{prefix}{b:0{width}d}" if b > a else "") for a, b in missing]
        evidence = {
            "source": source, "kind": kind, "ranges": ranges[:MAX_RANGES],
            "missing": sum(b - a + 1 for a, b in missing), "present": len(numbers),
        }  # fmt: skip
        subject = ("series", f"{source}/{kind}/{prefix}{'#' * width}")
        found.append(_breach("number_gaps", "numbers_missing", WARNING, subject, evidence))
    return found


def duplicates(facts: Facts) -> list[Breach]:
    """One number on several documents of a source, or one customer's document in several sources."""
    in_source: dict[tuple[str, str, str], list[DocumentFact]] = defaultdict(list)
    of_customer: dict[tuple[str, str, str], list[DocumentFact]] = defaultdict(list)
    for document in facts.documents:
        in_source[document.source, document.kind, document.number].append(document)
        of_customer[document.customer, document.kind, document.number].append(document)
    found = [
        _breach("duplicates", "number_used_twice", WARNING, ("document", "/".join(key)), _documents(group))
        for key, group in sorted(in_source.items())
        if len(group) > 1
    ]
    return found + [
        _breach("duplicates", "entered_twice", WARNING, ("document", "/".join(key)), _documents(group))
        for key, group in sorted(of_customer.items())
        if len({document.source for document in group}) > 1
    ]


def _documents(group: list[DocumentFact]) -> dict[str, Any]:
    first = group[0]
    return {
        "number": first.number, "kind": first.kind, "customer": first.customer,
        "documents": [f"{d.source}: {d.customer} {d.amount} {d.currency}" for d in group],
    }  # fmt: skip


def unapplied_cash(facts: Facts) -> list[Breach]:
    """Receipts that have not been set against anything for too long."""
    found = []
    for receipt in facts.unapplied:
        age = (facts.today - receipt.received_on).days
        if age > UNAPPLIED_DAYS:
            evidence = {
                "number": receipt.number, "customer": receipt.customer, "open": receipt.open,
                "currency": receipt.currency, "received_on": receipt.received_on.isoformat(), "days": age,
            }  # fmt: skip
            found.append(_breach("unapplied_cash", "cash_too_old", WARNING, ("item", receipt.item_id), evidence))
    return found


def audit_chain(facts: Facts) -> list[Breach]:
    """The trail holds from its first event to its head."""
    if facts.audit is None or facts.audit.broken_at is None:
        return []
    evidence = {"events": facts.audit.events, "number": facts.audit.broken_at, "reason": facts.audit.reason}
    return [_breach("audit_chain", "chain_broken", BREACH, ("audit", str(facts.audit.broken_at)), evidence)]


def backup_age(facts: Facts) -> list[Breach]:
    """There is a backup, and it is recent; a house younger than that owes none yet."""
    if facts.backup is None or facts.backup.first_event is None:
        return []
    reference = facts.backup.newest or facts.backup.first_event
    age = (facts.today - reference).days
    if age <= BACKUP_DAYS:
        return []
    if facts.backup.newest is None:
        return [_breach("backup_age", "never_backed_up", BREACH, ("backup", "newest"), {"days": age})]
    evidence = {"newest": facts.backup.newest.isoformat(), "days": age}
    return [_breach("backup_age", "backup_too_old", WARNING, ("backup", "newest"), evidence)]


CHECKS: dict[str, Callable[[Facts], list[Breach]]] = {
    "duties_separated": duties_separated,
    "sent_approved": sent_approved_and_tied,
    "unanswered": unanswered,
    "number_gaps": number_gaps,
    "duplicates": duplicates,
    "unapplied_cash": unapplied_cash,
    "audit_chain": audit_chain,
    "backup_age": backup_age,
}
"""Every check by the name under which it is asked for and its findings are kept."""

SENTENCES: dict[str, tuple[str, str]] = {
    "tie_out_difference": (
        "{equation} does not hold in {currency} for {period}: {left} against {right}, a difference of {difference}.",
        "Correct the books and close the period again.",
    ),
    "decided_own_work": (
        "A person decided what they had prepared or submitted: {subject}.",
        "Have a second person review the decision, and correct the roles.",
    ),
    "administrator_decided": (
        "An administrator without another role decided: {subject}.",
        "Have somebody with the reviewer's role review the decision.",
    ),
    "published_own_policy": (
        "Policy {policy} version {version} was published by the person who drafted it.",
        "Have a second person publish the policy again.",
    ),
    "sent_without_approval": (
        "Statement {number} was sent without an approval.",
        "Find out how it left, and have it reviewed now.",
    ),
    "sent_other_than_approved": (
        "Statement {number} was sent with other content than was approved.",
        "Compare both contents, and send a corrected version.",
    ),
    "content_changed": (
        "The content of statement {number} is not the one that its digest was taken of.",
        "Restore the content from a backup, and find out who changed it.",
    ),
    "sent_untied": (
        "Statement {number} was sent although its figures did not tie.",
        "Correct the ledger, and send a new version.",
    ),
    "no_answer": (
        "Statement {number} to {customer} has had no answer for {working_days} working days.",
        "Call the customer, or send the statement to another contact.",
    ),
    "numbers_missing": (
        "{missing} numbers are missing in {kind} numbers of {source}: {ranges}.",
        "Find the missing documents, or note why the numbers were not used.",
    ),
    "number_used_twice": (
        "The number {number} stands on several documents: {documents}.",
        "Keep the right document, and reverse the other.",
    ),
    "entered_twice": (
        "Document {number} of {customer} is in several sources: {documents}.",
        "Keep the right document, and reverse the other.",
    ),
    "cash_too_old": (
        "{currency} {open} from {customer} ({number}) has not been applied for {days} days.",
        "Apply it to open invoices, or ask the customer what it was for.",
    ),
    "chain_broken": (
        "The audit trail does not hold from event {number}: {reason}.",
        "Stop work that changes data, and compare with a backup.",
    ),
    "never_backed_up": (
        "There has never been a backup.",
        "Run: tieout backup FILE, and let the clock do it daily.",
    ),
    "backup_too_old": (
        "The newest backup is {days} days old.",
        "Run: tieout backup FILE, and look at why the daily one failed.",
    ),
}
"""What each code says and what to do about it, in English with places for the finding's facts."""


def run_checks(facts: Facts, names: Iterable[str]) -> list[Breach]:
    """The findings of the named checks, in the order of `CHECKS`."""
    wanted = set(names)
    return [breach for name, check in CHECKS.items() if name in wanted for breach in check(facts)]


def _breach(check: str, code: str, severity: str, subject: tuple[str, str], facts: dict[str, Any]) -> Breach:
    return Breach(check, code, severity, subject[0], subject[1], facts)


def _split_number(number: str) -> tuple[str, str] | None:
    """Prefix and digits at the end, "INV-" and "000123" of "INV-000123"; None without digits there."""
    match = re.fullmatch(r"(.*?)([0-9]{1,15})", number)
    return (match[1], match[2]) if match else None


def _missing(numbers: set[int]) -> list[tuple[int, int]]:
    """The ranges absent between the first and last number, or none when the numbers are not consecutive at all."""
    if len(numbers) < SERIES_MINIMUM:
        return []
    ordered = sorted(numbers)
    if len(ordered) / (ordered[-1] - ordered[0] + 1) < SERIES_DENSITY:
        return []
    return [(a + 1, b - 1) for a, b in pairwise(ordered) if b - a > 1]
