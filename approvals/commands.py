"""What can be asked of a request, and what the engine must know about the moment to answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from approvals.policy import Policy
from approvals.predicate import Facts
from approvals.request import Request
from approvals.seats import Seat
from approvals.working_time import WorkingCalendar


@dataclass(frozen=True, slots=True)
class Grant:
    """A delegation: `delegate` may act for `principal` from `starts_at` up to, not including, `ends_at`."""

    principal: UUID
    delegate: UUID
    starts_at: datetime
    ends_at: datetime
    subjects: frozenset[str] = frozenset()
    """Subject kinds; empty means all."""

    def covers(self, now: datetime, subject_kind: str) -> bool:
        """Whether the grant speaks at this instant about this kind of subject."""
        return self.starts_at <= now < self.ends_at and (not self.subjects or subject_kind in self.subjects)


@dataclass(frozen=True, slots=True)
class Env:
    """The moment: database time, people and capacities now, the subject's digest now, and the request's own policy."""

    policy: Policy
    now: datetime
    digest: str
    people: Mapping[UUID, frozenset[str]]
    """Every active person of the company with all capacities: "user:<id>" and "role:<name>"s."""
    grants: tuple[Grant, ...]
    calendar: WorkingCalendar


@dataclass(frozen=True, slots=True)
class Click:
    """What every decision of a person carries: who, for whom, and exactly what was on the screen."""

    actor: UUID
    authority: UUID
    round: int
    stage: int
    digest: str
    comment: str = ""
    channel: str = "web"
    assurance: str = "session"


@dataclass(frozen=True, slots=True)
class Submit:
    """Opens the request; `previous` is the returned one whose next round this is."""

    by: UUID | None
    preparers: frozenset[UUID]
    digest: str
    facts: Facts
    previous: Request | None = None
    changed: frozenset[str] = frozenset()
    """Fields in which the subject differs from the previous round's."""


@dataclass(frozen=True, slots=True)
class Approve:
    """同意."""

    click: Click


@dataclass(frozen=True, slots=True)
class Reject:
    """拒绝: a veto, it ends the request."""

    click: Click


@dataclass(frozen=True, slots=True)
class Return:
    """退回: back to the preparer for another round."""

    click: Click


@dataclass(frozen=True, slots=True)
class Revoke:
    """A voter takes the own vote back."""

    click: Click


@dataclass(frozen=True, slots=True)
class Forward:
    """转交 to another person."""

    click: Click
    to: UUID


@dataclass(frozen=True, slots=True)
class AskOpinion:
    """Asks somebody for a view."""

    click: Click
    of: UUID
    question: str


@dataclass(frozen=True, slots=True)
class GiveOpinion:
    """Answers such a question."""

    by: UUID
    text: str


@dataclass(frozen=True, slots=True)
class AddSign:
    """加签; `where` is "beside", "before" or "after"."""

    click: Click
    seat: Seat
    where: str


@dataclass(frozen=True, slots=True)
class RemoveSign:
    """Takes an added seat (`sign` ≥ 1) or an inserted stage (`sign` 0) back."""

    by: UUID
    stage: int
    sign: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    """撤回 by the submitter."""

    by: UUID
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Remind:
    """催办 by the submitter."""

    by: UUID


@dataclass(frozen=True, slots=True)
class Fire:
    """The clock: `kind` is remind, escalate or expire, for the stage and round for which the timer was set."""

    kind: str
    stage: int
    round: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """An administrator ends the request, with a reason."""

    by: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Rescue:
    """An administrator gives a blocked stage more candidates, with a reason; never a vote."""

    by: UUID
    candidates: frozenset[str]
    reason: str


@dataclass(frozen=True, slots=True)
class ChangeSubject:
    """The system says that the document is another now."""

    digest: str
    facts: Facts
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class Recheck:
    """The system asks whether the open stage can still be filled."""

    reason: str = field(default="people changed")


@dataclass(frozen=True, slots=True)
class Consume:
    """The effect asks for its approval, in its own transaction."""


@dataclass(frozen=True, slots=True)
class Supersede:
    """A newer request takes the place of this returned or approved one."""

    reason: str


@dataclass(frozen=True, slots=True)
class SubjectGone:
    """The system says that the document is no longer there to be approved: void, or replaced by a newer version."""

    reason: str


Command = (
    Submit | Approve | Reject | Return | Revoke | Forward | AskOpinion | GiveOpinion | AddSign | RemoveSign | Withdraw
    | Remind | Fire | Cancel | Rescue | ChangeSubject | Recheck | Consume | Supersede | SubjectGone
)  # fmt: skip
