"""A request for approval: what has happened to it so far, and nothing that has not."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from approvals.predicate import Facts
from approvals.seats import Seat

OPEN, APPROVED, REJECTED, RETURNED = "open", "approved", "rejected", "returned"
WITHDRAWN, EXPIRED, CANCELLED = "withdrawn", "expired", "cancelled"
CONSUMED, SUPERSEDED = "consumed", "superseded"
NEW = "new"
"""Before it is submitted."""

REQUEST_MOVES: dict[str, frozenset[str]] = {
    NEW: frozenset({OPEN, APPROVED}),
    OPEN: frozenset({APPROVED, REJECTED, RETURNED, WITHDRAWN, EXPIRED, CANCELLED}),
    APPROVED: frozenset({CONSUMED, SUPERSEDED}),
    RETURNED: frozenset({SUPERSEDED}),
    REJECTED: frozenset(), WITHDRAWN: frozenset(), EXPIRED: frozenset(), CANCELLED: frozenset(),
    CONSUMED: frozenset(), SUPERSEDED: frozenset(),
}  # fmt: skip
"""Every move that exists. `evolve` refuses any other, whoever asks."""

STAGE_MOVES: dict[str, frozenset[str]] = {
    "waiting": frozenset({"open", "blocked", "skipped", "void"}),
    "open": frozenset({"satisfied", "rejected", "void", "blocked", "waiting", "skipped"}),
    "blocked": frozenset({"open", "satisfied", "rejected", "void", "waiting", "skipped"}),
    "satisfied": frozenset({"waiting", "void", "skipped"}),
    "skipped": frozenset({"waiting", "void"}),
    "rejected": frozenset(),
    "void": frozenset(),
}
"""`waiting` again, or `skipped`, only when the subject changed; `void` when the request ends another way."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's decision with the evidence as it was at the click: all capacities, digest, channel, assurance."""

    actor: UUID
    authority: UUID
    capacities: frozenset[str]
    choice: str
    digest: str
    at: datetime
    comment: str
    channel: str
    assurance: str


@dataclass(frozen=True, slots=True)
class Sign:
    """A seat that a candidate added (加签); it only ever adds demand, and its adder may take it back."""

    number: int
    by: UUID
    seat: Seat


@dataclass(frozen=True, slots=True)
class HandedOn:
    """转交: `by` has left the stage, and `to` sits there with these capacities besides the own ones."""

    by: UUID
    to: UUID
    capacities: frozenset[str]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of one request. `number` is its name for ever; the order is that of `Request.stages`."""

    number: int
    name: str
    status: str
    seats: tuple[Seat, ...]
    watch: frozenset[str]
    assure: str
    bulk: bool
    signs: tuple[Sign, ...] = ()
    votes: tuple[Vote, ...] = ()
    lapsed_votes: tuple[Vote, ...] = ()
    handed_on: tuple[HandedOn, ...] = ()
    opened_at: datetime | None = None
    expires_at: datetime | None = None
    closed_at: datetime | None = None
    inserted_by: UUID | None = None

    def demand(self) -> tuple[Seat, ...]:
        """The policy's seats and the added ones."""
        return self.seats + tuple(sign.seat for sign in self.signs)

    def approvals(self) -> dict[UUID, frozenset[str]]:
        """Who approved, with the capacities frozen then."""
        return {vote.authority: vote.capacities for vote in self.votes if vote.choice == "approve"}

    def capacities(self, person: UUID, own: frozenset[str]) -> frozenset[str]:
        """What the person can sit as in this stage: nothing after handing it on, more after receiving it."""
        if any(handed.by == person for handed in self.handed_on):
            return frozenset()
        received = (handed.capacities for handed in self.handed_on if handed.to == person)
        return own.union(*received)

    def watches(self, fields: frozenset[str]) -> bool:
        """Whether a change of these fields touches what this stage signs; no watch list means every field."""
        return not self.watch or bool(self.watch & fields)

    def ballots_lost(self, actor: UUID, authority: UUID) -> int:
        """How many earlier votes of either were revoked or voided here: the number of their next ballot."""
        both = {actor, authority}
        return sum(bool({vote.actor, vote.authority} & both) for vote in self.lapsed_votes)


@dataclass(frozen=True, slots=True)
class Opinion:
    """A view that somebody asked for; it never counts."""

    asked_by: UUID
    of: UUID
    question: str
    asked_at: datetime
    text: str | None
    given_at: datetime | None


@dataclass(frozen=True, slots=True)
class Request:
    """The fold of its events. `stage` is the number of the stage whose turn it is, 0 when it is nobody's."""

    id: UUID
    subject_kind: str
    subject_id: str
    state: str
    round: int
    stage: int
    digest: str
    facts: Facts
    submitted_by: UUID | None
    preparers: frozenset[UUID]
    opened_at: datetime | None
    closed_at: datetime | None
    closed_by: UUID | None
    reason: str
    valid_until: datetime | None
    reminded_at: datetime | None
    stages: tuple[Stage, ...]
    opinions: tuple[Opinion, ...]

    def current(self) -> Stage:
        """The stage whose turn it is; only while the request is open."""
        return self.stage_numbered(self.stage)

    def stage_numbered(self, number: int) -> Stage:
        """The stage of this number. Raises StopIteration for a number that the request never had."""
        return next(stage for stage in self.stages if stage.number == number)

    def has_stage(self, number: int) -> bool:
        """Whether the request ever had a stage of this number."""
        return any(stage.number == number for stage in self.stages)

    def with_stage(self, changed: Stage) -> "Request":
        """The request with one stage replaced."""
        stages = tuple(changed if stage.number == changed.number else stage for stage in self.stages)
        return replace(self, stages=stages)

    def next_number(self) -> int:
        """A number for an inserted stage."""
        return max(stage.number for stage in self.stages) + 1


def new_request(request_id: UUID, subject_kind: str, subject_id: str) -> Request:
    """A request that nobody has submitted yet."""
    return Request(
        id=request_id, subject_kind=subject_kind, subject_id=subject_id, state=NEW, round=0, stage=0, digest="",
        facts={}, submitted_by=None, preparers=frozenset(), opened_at=None, closed_at=None, closed_by=None, reason="",
        valid_until=None, reminded_at=None, stages=(), opinions=(),
    )  # fmt: skip
