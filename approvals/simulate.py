"""What a policy would do with a subject: the same pure function as in earnest, with nobody asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from approvals.commands import Env, Submit
from approvals.core import decide
from approvals.evolve import fold
from approvals.policy import Policy
from approvals.predicate import Facts
from approvals.refusals import ApprovalRefusal
from approvals.request import APPROVED, Request, new_request
from approvals.staffing import possible_people, seats_missing
from approvals.working_time import WorkingCalendar
from ledger.canonical import Json

_NOBODY = UUID(int=0)
_SOME_TIME = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""A Monday; only differences between instants matter here."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """`outcome` is approved, asked or not_covered; `stages` say who would be asked, in order."""

    outcome: str
    reason: str
    stages: tuple[dict[str, Any], ...]

    def as_json(self) -> dict[str, Json]:
        """For the command line and the settings page."""
        return {"outcome": self.outcome, "reason": self.reason, "stages": list(self.stages)}


def simulate(
    policy: Policy, subject_kind: str, facts: Facts, people: dict[UUID, frozenset[str]],
    submitted_by: UUID | None = None, preparers: frozenset[UUID] = frozenset(),
) -> Simulated:  # fmt: skip
    """What would happen if this subject were submitted now."""
    env = Env(policy, _SOME_TIME, "digest", people, (), WorkingCalendar("", "UTC"))
    begun = new_request(_NOBODY, subject_kind, "simulated")
    answer = decide(begun, Submit(submitted_by, preparers, "digest", facts), env)
    if isinstance(answer, ApprovalRefusal):
        return Simulated("not_covered", answer.text("en"), ())
    request = fold(begun, answer)
    stages = tuple(_stage(request, number, env) for number in range(len(request.stages)))
    if request.state == APPROVED:
        return Simulated("approved", request.reason, stages)
    return Simulated("asked", "", stages)


def _stage(request: Request, index: int, env: Env) -> dict[str, Any]:
    stage = request.stages[index]
    applies = stage.status != "skipped" and request.state != APPROVED
    people = possible_people(request, stage, env) if applies else {}
    return {
        "stage": stage.number, "name": stage.name, "applies": applies,
        "seats": [sorted(seat) for seat in stage.seats] if applies else [],
        "people": sorted(str(person) for person in people),
        "missing": seats_missing(request, stage, env) if applies else 0,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Changed:
    """A past subject that another policy would have treated differently."""

    subject_id: str
    title: str
    """The document's own number where its facts have one."""
    before: Simulated
    after: Simulated


def compare(
    before: Policy, after: Policy, history: Sequence[tuple[str, str, Facts]], people: dict[UUID, frozenset[str]]
) -> list[Changed]:
    """Which of the past subjects (kind, id, facts) the second policy treats differently, e.g. of the last quarter."""
    changed = []
    for kind, subject_id, facts in history:
        one, other = simulate(before, kind, facts, people), simulate(after, kind, facts, people)
        if replace(one, reason="") != replace(other, reason=""):
            changed.append(Changed(subject_id, str(facts.get("number", subject_id)), one, other))
    return changed
