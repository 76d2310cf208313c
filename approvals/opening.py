"""Submitting many subjects at once: those that the policy treats alike are decided once, by the same `decide`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from approvals.commands import Env, Submit
from approvals.core import decide
from approvals.events import Event, Submitted
from approvals.evolve import fold
from approvals.policy import Policy
from approvals.predicate import Answer, Facts, asking
from approvals.refusals import ApprovalRefusal
from approvals.request import Request, new_request


@dataclass(frozen=True, slots=True)
class Submission:
    """A subject that is submitted for the first time, and the id that its request will have."""

    id: UUID
    subject_kind: str
    subject_id: str
    command: Submit


@dataclass(frozen=True, slots=True)
class Opened:
    """A submitted request: what it shares with all that are treated alike, and what is its own.

    `like` is the request that was decided for all of them, `began` its events: ids, digest and facts there are its.
    """

    like: Request
    began: Sequence[Event]
    id: UUID
    subject_id: str
    digest: str
    facts: Facts

    @property
    def request(self) -> Request:
        """The request as it stands."""
        return replace(self.like, id=self.id, subject_id=self.subject_id, digest=self.digest, facts=self.facts)

    @property
    def events(self) -> list[Event]:
        """Its own first events."""
        first, *rest = self.began
        assert isinstance(first, Submitted)  # noqa: S101 - a submission begins so
        return [replace(first, digest=self.digest, facts=self.facts), *rest]


def submit(request: Request, command: Submit, env: Env) -> Opened | ApprovalRefusal:
    """What `decide` answers to one submission."""
    events = decide(request, command, env)
    if isinstance(events, ApprovalRefusal):
        return events
    opened = fold(request, events)
    return Opened(opened, events, opened.id, opened.subject_id, opened.digest, opened.facts)


def submit_many(new: Sequence[Submission], env: Env) -> list[Opened | ApprovalRefusal]:
    """What `decide` answers to each submission alone, in the order given."""
    conditions = _conditions(env.policy)
    exemplars: dict[Any, Opened | ApprovalRefusal] = {}
    answers: list[Opened | ApprovalRefusal] = []
    for one in new:
        command, kind = one.command, one.subject_kind
        assert command.previous is None  # noqa: S101 - a later round carries votes, which are nobody else's
        # Everything that the events of a first submission depend on beside its own facts and digest.
        treatment = (kind, command.by, command.preparers, *[answer(command.facts) for answer in conditions])
        exemplar = exemplars.get(treatment)
        if exemplar is None:
            exemplar = exemplars[treatment] = submit(new_request(one.id, kind, one.subject_id), command, env)
        if isinstance(exemplar, ApprovalRefusal):
            answers.append(exemplar)
        else:
            own = Opened(exemplar.like, exemplar.began, one.id, one.subject_id, command.digest, command.facts)
            answers.append(own)
    return answers


def _conditions(policy: Policy) -> list[Answer]:
    asked = [policy.when, policy.auto.condition if policy.auto else None, *(one.condition for one in policy.stages)]
    return [asking(one) for one in asked if one is not None]
