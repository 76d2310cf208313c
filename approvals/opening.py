"""Submitting many subjects at once: those that the policy treats alike are decided once, by the same `decide`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from approvals.commands import Env, Submit
from approvals.core import covers_subject, decide
from approvals.events import Event, Submitted
from approvals.evolve import fold
from approvals.policy import Policy
from approvals.predicate import Predicate, holds
from approvals.refusals import ApprovalRefusal
from approvals.request import Request


@dataclass(frozen=True, slots=True)
class Opened:
    """A submitted request with its first events; requests treated alike share every object but facts and digest."""

    request: Request
    events: Sequence[Event]


def submit_many(new: Sequence[tuple[Request, Submit]], env: Env) -> list[Opened | ApprovalRefusal]:
    """What `decide` answers to each submission alone, in the order given."""
    exemplars: dict[Any, Opened | ApprovalRefusal] = {}
    return [_like(request, command, exemplars, env) for request, command in new]


def _like(request: Request, command: Submit, exemplars: dict[Any, Any], env: Env) -> Opened | ApprovalRefusal:
    if command.previous is not None:
        return _alone(request, command, env)
    treated = _treatment(request, command, env)
    if treated not in exemplars:
        exemplars[treated] = _alone(request, command, env)
    exemplar: Opened | ApprovalRefusal = exemplars[treated]
    if isinstance(exemplar, ApprovalRefusal):
        return exemplar
    first = exemplar.events[0]
    assert isinstance(first, Submitted)  # noqa: S101 - a submission begins so
    own = replace(first, digest=command.digest, facts=command.facts)
    begun = replace(
        exemplar.request, id=request.id, subject_id=request.subject_id, digest=command.digest, facts=command.facts
    )
    return Opened(begun, [own, *exemplar.events[1:]])


def _alone(request: Request, command: Submit, env: Env) -> Opened | ApprovalRefusal:
    events = decide(request, command, env)
    return events if isinstance(events, ApprovalRefusal) else Opened(fold(request, events), events)


def _treatment(request: Request, command: Submit, env: Env) -> tuple[Any, ...]:
    """Everything of a first submission that its events depend on beside its own facts and digest."""
    covered = covers_subject(request.subject_kind, command.facts, env)
    answers = tuple(holds(one, command.facts) for one in _conditions(env.policy))
    return (request.subject_kind, request.state, covered, answers, command.by, command.preparers)


def _conditions(policy: Policy) -> list[Predicate]:
    own = [policy.auto.condition if policy.auto else None, *(stage.condition for stage in policy.stages)]
    return [one for one in own if one is not None]
