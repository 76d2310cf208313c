"""Who may sit where: exclusions, the people left for a stage, and what follows when a stage is full or cannot be."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from approvals import events as e
from approvals.commands import Env
from approvals.evolve import fold
from approvals.request import APPROVED, Request, Stage
from approvals.seats import all_filled, covers, match_seats

EXCLUDED_REASONS = {
    "submitter": "the submitter does not approve",
    "preparers": "who prepared the document does not approve it",
    "earlier_stages": "this person has decided in another stage already",
    "administrators": "administrators do not approve",
}
"""English keys of the sentences that explain an exclusion."""


def exclusion(request: Request, stage: Stage, person: UUID, env: Env) -> str | None:
    """Which rule of the policy keeps the person out of the stage, None when none does."""
    rules = env.policy.exclude
    if "submitter" in rules and person == request.submitted_by:
        return "submitter"
    if "preparers" in rules and person in request.preparers:
        return "preparers"
    if "administrators" in rules and "role:administrator" in env.people.get(person, frozenset()):
        return "administrators"
    if "earlier_stages" in rules and person in _voters_elsewhere(request, stage):
        return "earlier_stages"
    return None


def _voters_elsewhere(request: Request, stage: Stage) -> set[UUID]:
    return {
        person
        for other in request.stages
        if other.number != stage.number and other.status != "void"
        for vote in other.votes
        for person in (vote.actor, vote.authority)
    }


def possible_people(request: Request, stage: Stage, env: Env) -> dict[UUID, frozenset[str]]:
    """Who could still approve the stage now, with the capacities that they would carry; delegates not counted."""
    voted = {person for vote in stage.votes for person in (vote.actor, vote.authority)}
    demand = stage.demand()
    possible = {person: stage.capacities(person, own) for person, own in env.people.items() if person not in voted}
    return {
        person: capacities
        for person, capacities in possible.items()
        if covers(capacities, demand) and exclusion(request, stage, person, env) is None
    }


def seats_missing(request: Request, stage: Stage, env: Env) -> int:
    """How many seats nobody is left for."""
    people: Mapping[UUID, frozenset[str]] = {**possible_people(request, stage, env), **stage.approvals()}
    demand = stage.demand()
    return len(demand) - len(match_seats(demand, people))


def recheck(request: Request, env: Env) -> list[e.Event]:
    """Blocks or unblocks the open stage as the people now stand."""
    stage = request.current()
    missing = seats_missing(request, stage, env)
    if missing and stage.status == "open":
        return [e.StageBlocked(env.now, stage.number, missing)]
    if not missing and stage.status == "blocked":
        return [e.StageUnblocked(env.now, stage.number)]
    return []


def settle(request: Request, env: Env) -> list[e.Event]:
    """After a person's act on the open stage: closes it when it is full and goes on, or looks who is left."""
    stage = request.current()
    if not all_filled(stage.demand(), stage.approvals()):
        return recheck(request, env)
    satisfied: list[e.Event] = [e.StageSatisfied(env.now, stage.number)]
    return satisfied + advance(fold(request, satisfied), env)


def advance(request: Request, env: Env) -> list[e.Event]:
    """Opens the next stage, passing those that carried votes fill already; approves after the last."""
    events: list[e.Event] = []
    for stage in request.stages:
        if stage.status != "waiting":
            continue
        opened = open_stage(stage, env)
        events.append(opened)
        request = fold(request, [opened])
        if not all_filled(stage.demand(), stage.approvals()):
            return events + recheck(request, env)
        satisfied = e.StageSatisfied(env.now, stage.number)
        events.append(satisfied)
        request = fold(request, [satisfied])
    last = max((vote for stage in request.stages for vote in stage.votes), key=lambda vote: vote.at, default=None)
    return [*events, e.Closed(env.now, APPROVED, last.actor if last else None, "", valid_until(env))]


def open_stage(stage: Stage, env: Env) -> e.StageOpened:
    """The stage's turn, with its instants in working time."""
    clock = env.policy.clock

    def due(hours: int | None) -> datetime | None:
        return None if hours is None else env.calendar.add_hours(env.now, hours)

    return e.StageOpened(env.now, stage.number, due(clock.remind), due(clock.escalate), due(clock.expire))


def valid_until(env: Env) -> datetime:
    """Until when an approval given now may be used."""
    return env.calendar.add_hours(env.now, env.policy.valid_hours)
