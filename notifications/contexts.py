"""What each message needs to know: one frozen class per kind, values only, amounts as decimal strings.

A context holds nothing that is not shown. `link` is the address behind the button.
"""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a small table: an English label and a value that is shown as it is."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Check:
    """One equation of the tie-out gate, or another check, and whether it holds."""

    label: str
    holds: bool
    difference: str = ""


@dataclass(frozen=True, slots=True)
class Bucket:
    """One aging bucket: its name in policy, its bounds in days, its amount."""

    name: str
    start: int | None
    end: int | None
    amount: str


@dataclass(frozen=True, slots=True)
class UnansweredStatement:
    """A statement that the customer has not answered; `link` opens it."""

    number: str
    closing: str
    currency: str
    sent_on: date | None = None
    link: str = ""


@dataclass(frozen=True, slots=True)
class OverdueItem:
    """A document that is overdue; `amount` is what is asked for, without the disputed part."""

    number: str
    due_date: date
    days_overdue: int
    amount: str
    currency: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What every message has: the company it speaks for, whom it greets, where its button leads."""

    company: str
    name: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalAsked(Letter):
    """Somebody is asked to decide. `action` holds what a chat button sends back."""

    request_id: str = ""
    title: str = ""
    figures: tuple[Figure, ...] = ()
    checks: tuple[Check, ...] = ()
    action: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApprovalReminded(ApprovalAsked):
    """The same question again: it still waits."""


@dataclass(frozen=True, slots=True)
class ApprovalDecided(Letter):
    """A request is closed. `outcome`: approved, rejected, returned, withdrawn, expired, cancelled, superseded."""

    title: str = ""
    outcome: str = "approved"
    decided_by: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class RunNeedsYou(Letter):
    """A run waits for a person."""

    period: str = ""
    waiting: str = ""
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class RunFinished(Letter):
    """A run came to its end."""

    period: str = ""
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class StatementToCustomer(Letter):
    """A customer's statement of account."""

    number: str = ""
    start: date | None = None
    end: date | None = None
    as_of: date | None = None
    currency: str = ""
    opening: str = "0"
    debits: str = "0"
    credits: str = "0"
    closing: str = "0"
    overdue: str = "0"
    aging: tuple[Bucket, ...] = ()
    attachments: tuple[str, ...] = ()
    customer: str = ""

    @property
    def in_favour(self) -> bool:
        """The customer has more credit than debt."""
        return self.closing.startswith("-")

    @property
    def has_overdue(self) -> bool:
        """Some of it should have been paid."""
        return any(digit in "123456789" for digit in self.overdue)


@dataclass(frozen=True, slots=True)
class Reminder(Letter):
    """One grouped reminder per customer and day; level 1 asks, 2 insists, 3 announces consequences."""

    level: int = 1
    customer: str = ""
    statements: tuple[UnansweredStatement, ...] = ()
    items: tuple[OverdueItem, ...] = ()
    totals: tuple[Figure, ...] = ()
    """Label = currency, value = amount."""


@dataclass(frozen=True, slots=True)
class AnswerReceived(Letter):
    """A customer answered; `answer` is a code of labels.ANSWERS."""

    number: str = ""
    customer: str = ""
    answer: str = "agree"
    answered_by: str = ""
    closing: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class DisputeOpened(Letter):
    """A customer disputes a line or part of its amount."""

    number: str = ""
    customer: str = ""
    document: str = ""
    amount: str = ""
    currency: str = ""
    reason: str = "other"
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One finding of a compliance check; `sentence` says it in the reader's language."""

    check: str
    severity: str
    subject: str
    due_on: date | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class ComplianceDigest(Letter):
    """What the scheduled checks found."""

    findings: tuple[FindingLine, ...] = ()
    more: int = 0


KINDS: dict[str, type[Letter]] = {
    "approval_asked": ApprovalAsked,
    "approval_reminded": ApprovalReminded,
    "approval_decided": ApprovalDecided,
    "run_needs_you": RunNeedsYou,
    "run_finished": RunFinished,
    "statement_to_customer": StatementToCustomer,
    "reminder": Reminder,
    "answer_received": AnswerReceived,
    "dispute_opened": DisputeOpened,
    "compliance_digest": ComplianceDigest,
}
"""Every message of the house: the name of its folder and the class of its context."""
