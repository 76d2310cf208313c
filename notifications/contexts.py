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
    unsubscribe: str = ""
    """Where this contact stops reminders."""


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


@dataclass(frozen=True, slots=True)
class ApprovalEscalated(ApprovalAsked):
    """Those who were asked first did not decide in time: now it is this person's."""


@dataclass(frozen=True, slots=True)
class ApprovalReturned(ApprovalDecided):
    """A request came back: the preparer corrects something and submits it again."""


@dataclass(frozen=True, slots=True)
class RunDecided(Letter):
    """All requests of a run are decided: one message for its preparer instead of one per statement."""

    period: str = ""
    figures: tuple[Figure, ...] = ()
    unapproved: tuple[Figure, ...] = ()
    """Label = a code of labels.DECISIONS, value = the statement's number."""


@dataclass(frozen=True, slots=True)
class Digest(Letter):
    """Many messages of one kind for one person, told as one. `gathered` is that kind."""

    gathered: str = ""
    count: int = 0
    lines: tuple[str, ...] = ()

    @property
    def more(self) -> int:
        """How many have no line of their own here."""
        return self.count - len(self.lines)


@dataclass(frozen=True, slots=True)
class DisputeAnswered(Letter):
    """To the customer: we have answered in the conversation about a dispute."""

    number: str = ""
    document: str = ""
    amount: str = ""
    currency: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class DisputeResolved(DisputeAnswered):
    """To the customer: how a dispute ended; `resolution` is a code of labels.RESOLUTIONS."""

    resolution: str = "accepted"


@dataclass(frozen=True, slots=True)
class PromiseDue(Letter):
    """To the customer: the day that they named for a payment is near."""

    number: str = ""
    amount: str = "0"
    currency: str = ""
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class PromiseBroken(PromiseDue):
    """To our people: the day has passed and the money has not come."""

    customer: str = ""
    promised_by: str = ""


@dataclass(frozen=True, slots=True)
class MailBounced(Letter):
    """A mail to a customer came back; `words` are the other server's."""

    customer: str = ""
    address: str = ""
    number: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class ReplyReceived(Letter):
    """A customer answered a mail by mail; `words` without what was quoted."""

    customer: str = ""
    number: str = ""
    answered_by: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class WorkbookRead(Letter):
    """To the customer: what we read in the workbook that they mailed; a `problem` instead of an `answer` if refused."""

    number: str = ""
    filename: str = ""
    answer: str = ""
    problem: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class PortalCode(Letter):
    """To the customer: the digits that open the portal."""

    code: str = ""
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class ConfirmationRequest(Letter):
    """To the customer: a confirmation letter 询证函; `balances` are currency and amount, none of a blank letter."""

    number: str = ""
    customer: str = ""
    as_of: date | None = None
    reply_by: date | None = None
    form: str = "positive"
    auditor: str = ""
    balances: tuple[Figure, ...] = ()
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConfirmationSecondRequest(ConfirmationRequest):
    """The same once more, to whoever has not replied."""


@dataclass(frozen=True, slots=True)
class WeeklyDigest(Letter):
    """A week in figures."""

    start: date | None = None
    end: date | None = None
    figures: tuple[Figure, ...] = ()


KINDS: dict[str, type[Letter]] = {
    "approval_asked": ApprovalAsked,
    "approval_reminded": ApprovalReminded,
    "approval_escalated": ApprovalEscalated,
    "approval_decided": ApprovalDecided,
    "approval_returned": ApprovalReturned,
    "digest": Digest,
    "run_decided": RunDecided,
    "run_needs_you": RunNeedsYou,
    "run_finished": RunFinished,
    "statement_to_customer": StatementToCustomer,
    "reminder": Reminder,
    "answer_received": AnswerReceived,
    "dispute_opened": DisputeOpened,
    "dispute_answered": DisputeAnswered,
    "dispute_resolved": DisputeResolved,
    "promise_due": PromiseDue,
    "portal_code": PortalCode,
    "confirmation_request": ConfirmationRequest,
    "confirmation_second_request": ConfirmationSecondRequest,
    "workbook_read": WorkbookRead,
    "promise_broken": PromiseBroken,
    "mail_bounced": MailBounced,
    "reply_received": ReplyReceived,
    "compliance_digest": ComplianceDigest,
    "weekly_digest": WeeklyDigest,
}
"""Every message of the house: the name of its folder and the class of its context."""
