"""What can happen to a request. Each event carries all that `evolve` needs, so that the acts alone are the truth."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from approvals.codec import Memo, from_json, object_text, parts_text, to_json
from approvals.predicate import Facts
from approvals.request import HandedOn, Stage, Vote
from approvals.seats import Seat
from ledger.canonical import Json


@dataclass(frozen=True, slots=True)
class Submitted:
    """The stages are those of the policy, some of them skipped; carried votes stand in them already."""

    at: datetime
    by: UUID | None
    preparers: frozenset[UUID]
    round: int
    digest: str
    facts: Facts
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class AutoApproved:
    """No person was asked; `rule` is the policy's reason."""

    at: datetime
    rule: str
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class StageOpened:
    """It is this stage's turn; the clock's instants are fixed now."""

    at: datetime
    stage: int
    remind_at: datetime | None
    escalate_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class StageBlocked:
    """The people left cannot fill the seats; the number is never lowered."""

    at: datetime
    stage: int
    missing: int


@dataclass(frozen=True, slots=True)
class StageUnblocked:
    """There are people enough again."""

    at: datetime
    stage: int


@dataclass(frozen=True, slots=True)
class Voted:
    """Approve or reject, by `vote.actor` for `vote.authority`."""

    stage: int
    vote: Vote


@dataclass(frozen=True, slots=True)
class VoteRevoked:
    """A voter took the vote back while the stage was open."""

    at: datetime
    stage: int
    actor: UUID
    authority: UUID


@dataclass(frozen=True, slots=True)
class StageSatisfied:
    """Each seat has a person of its own."""

    at: datetime
    stage: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The request ends in `state`: approved, rejected, returned, withdrawn, expired or cancelled."""

    at: datetime
    state: str
    by: UUID | None
    reason: str
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Consumed:
    """The effect happened, at this digest."""

    at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Superseded:
    """A newer request or a change of the subject took its place."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class SubjectChanged:
    """The document is another now: votes of `voided` stages lapse, and conditions are asked again."""

    at: datetime
    digest: str
    facts: Facts
    fields: frozenset[str]
    voided: tuple[int, ...]
    skipped: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SeatAdded:
    """加签 beside (并): one more seat in a stage."""

    at: datetime
    stage: int
    sign: int
    by: UUID
    seat: Seat


@dataclass(frozen=True, slots=True)
class StageInserted:
    """加签 before (前) or after (后) the stage `beside`."""

    at: datetime
    stage: Stage
    beside: int
    before: bool


@dataclass(frozen=True, slots=True)
class SignRemoved:
    """An added seat, or an inserted stage, was taken back by its adder. `sign` 0 is the stage itself."""

    at: datetime
    stage: int
    sign: int
    by: UUID


@dataclass(frozen=True, slots=True)
class Forwarded:
    """转交: the place in the stage passes from one person to another."""

    at: datetime
    stage: int
    handed: HandedOn


@dataclass(frozen=True, slots=True)
class OpinionAsked:
    """Somebody was asked for a view."""

    at: datetime
    by: UUID
    of: UUID
    question: str


@dataclass(frozen=True, slots=True)
class OpinionGiven:
    """The view; it never counts."""

    at: datetime
    by: UUID
    text: str


@dataclass(frozen=True, slots=True)
class Reminded:
    """The stage's people were reminded, by a person or by the clock."""

    at: datetime
    stage: int
    by: UUID | None


@dataclass(frozen=True, slots=True)
class Escalated:
    """More candidates for the stage's seats: by the clock, or by an administrator's rescue with a reason."""

    at: datetime
    stage: int
    candidates: frozenset[str]
    by: UUID | None
    reason: str


Event = (
    Submitted | AutoApproved | StageOpened | StageBlocked | StageUnblocked | Voted | VoteRevoked | StageSatisfied
    | Closed | Consumed | Superseded | SubjectChanged | SeatAdded | StageInserted | SignRemoved | Forwarded
    | OpinionAsked | OpinionGiven | Reminded | Escalated
)  # fmt: skip

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in Event.__args__}


def event_text(event: Event, memo: Memo) -> str:
    """The canonical JSON of the event as the act's row keeps it; what `act_hash` is taken of."""
    return object_text(event_parts(event, memo))


def event_parts(event: Event, memo: Memo) -> dict[str, str]:
    """The same, each field by itself."""
    return dict(sorted({**parts_text(event, memo), "kind": f'"{type(event).__name__}"'}.items()))


def event_json(event: Event) -> dict[str, Json]:
    """The event as the act's row keeps it."""
    body = to_json(event)
    assert isinstance(body, dict)  # noqa: S101 - an event is a dataclass
    return {"kind": type(event).__name__, **body}


def event_from_json(value: dict[str, Any]) -> Event:
    """The event of an act's row."""
    body = {key: part for key, part in value.items() if key != "kind"}
    event: Event = from_json(_KINDS[value["kind"]], body)
    return event
