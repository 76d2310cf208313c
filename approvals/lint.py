"""Faults of a policy that parse well: stages nobody reaches, seats nobody fills, duties that cannot be separated."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from uuid import UUID

from approvals.policy import Policy, StageRule
from approvals.predicate import Facts, Predicate, facts_named, holds
from approvals.seats import all_filled, match_seats
from ledger.canonical import Json
from words.catalog import translate

MAX_SAMPLES = 4_096
"""Combinations of constants that are tried; beyond it only the first values of each fact are."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `code`, the stage (0: the policy), and the values that its sentence is written from."""

    code: str
    stage: int
    detail: str
    severity: str = "breach"


FAULT_SENTENCES = {
    "seats_without_people": "Stage {stage}: for {detail} of its seats nobody is there.",
    "nobody_to_spare": "Stage {stage}: it needs every one of the {detail} people who can sit there.",
    "duties_not_separable": "All stages together need {detail} more people, because each may decide in one stage only.",
    "stage_unreachable": "Stage {stage}, {detail}: its condition can never hold.",
    "no_stage_applies": "A subject with these facts is covered, but asked of nobody and approved by no rule: {detail}",
}
"""English sentence of each fault's code."""


def fault_words(fault: Fault, language: str) -> str:
    """The fault in a sentence."""
    return translate(FAULT_SENTENCES[fault.code], language, stage=fault.stage, detail=fault.detail)


def lint(policy: Policy, people: Mapping[UUID, frozenset[str]]) -> list[Fault]:
    """Every fault that can be found without history. `people` are the company's, with all capacities."""
    faults = [*_staffing(policy, people), *_separation(policy, people)]
    samples = _samples(policy)
    faults += [fault for stage in policy.stages for fault in _reachable(policy, stage, samples)]
    return faults + _coverage(policy, samples)


def _staffing(policy: Policy, people: Mapping[UUID, frozenset[str]]) -> list[Fault]:
    voters = _voters(policy, people)
    faults = []
    for stage in policy.stages:
        missing = len(stage.seats) - len(match_seats(stage.seats, voters))
        if missing:
            faults.append(Fault("seats_without_people", stage.number, str(missing)))
        alone = [person for person, own in voters.items() if any(own & seat for seat in stage.seats)]
        if not missing and len(alone) == len(stage.seats):
            faults.append(Fault("nobody_to_spare", stage.number, str(len(alone)), "notice"))
    return faults


def _separation(policy: Policy, people: Mapping[UUID, frozenset[str]]) -> list[Fault]:
    """All stages at once need different people when earlier voters are excluded."""
    if "earlier_stages" not in policy.exclude:
        return []
    seats = [seat for stage in policy.stages for seat in stage.seats]
    voters = _voters(policy, people)
    each_fits = all(all_filled(stage.seats, voters) for stage in policy.stages)
    if each_fits and not all_filled(seats, voters):
        return [Fault("duties_not_separable", 0, str(len(seats) - len(match_seats(seats, voters))))]
    return []


def _voters(policy: Policy, people: Mapping[UUID, frozenset[str]]) -> dict[UUID, frozenset[str]]:
    barred = "role:administrator" if "administrators" in policy.exclude else ""
    return {person: own for person, own in people.items() if barred not in own}


def _reachable(policy: Policy, stage: StageRule, samples: list[Facts]) -> list[Fault]:
    if stage.condition is None or not samples:
        return []
    covered = [facts for facts in samples if policy.when is None or holds(policy.when, facts) is True]
    asked = [facts for facts in covered if policy.auto is None or holds(policy.auto.condition, facts) is not True]
    if not any(holds(stage.condition, facts) is not False for facts in asked):
        return [Fault("stage_unreachable", stage.number, stage.name)]
    return []


def _coverage(policy: Policy, samples: list[Facts]) -> list[Fault]:
    """A subject that the policy covers must be asked somewhere or be approved by the automatic rule."""
    for facts in samples:
        if policy.when is not None and holds(policy.when, facts) is not True:
            continue
        if policy.auto is not None and holds(policy.auto.condition, facts) is True:
            continue
        if all(stage.condition is not None and holds(stage.condition, facts) is False for stage in policy.stages):
            return [Fault("no_stage_applies", 0, str(dict(facts)))]
    return []


def _samples(policy: Policy) -> list[Facts]:
    """Facts around every constant of the policy: each side of a threshold, each named value and another one."""
    values: dict[str, list[Json]] = {}
    for predicate in _predicates(policy):
        _collect(predicate, values)
    chosen = dict(sorted(values.items()))
    while chosen and _size(chosen) > MAX_SAMPLES:
        longest = max(chosen, key=lambda name: len(chosen[name]))
        chosen[longest] = chosen[longest][: len(chosen[longest]) // 2]
    return [dict(zip(chosen, combination, strict=True)) for combination in product(*chosen.values())]


def _size(values: Mapping[str, list[Json]]) -> int:
    size = 1
    for options in values.values():
        size *= len(options)
    return size


def _predicates(policy: Policy) -> list[Predicate]:
    own = [policy.when, policy.auto.condition if policy.auto else None, *(stage.condition for stage in policy.stages)]
    return [predicate for predicate in own if predicate is not None]


def _collect(predicate: Predicate, values: dict[str, list[Json]]) -> None:
    name, body = next(iter(predicate.items()))
    if name in ("all", "any"):
        for part in body:
            _collect(part, values)
    elif name == "not":
        _collect(body, values)
    else:
        assert facts_named(predicate) == {body[0]}  # noqa: S101 - a comparison names one fact
        known = values.setdefault(body[0], [])
        known += [value for value in _around(body[1]) if value not in known or _of_new_type(value, known)]


def _of_new_type(value: Json, known: list[Json]) -> bool:
    """True and 1 are equal in Python and different facts."""
    return all(type(value) is not type(other) or value != other for other in known)


def _around(constant: Json) -> list[Json]:
    if isinstance(constant, bool):
        return [True, False]
    if isinstance(constant, int):
        return [constant - 1, constant, constant + 1]
    if isinstance(constant, str):
        return [constant, "another"]
    assert isinstance(constant, list | tuple)  # noqa: S101 - the constant of "in"
    return [value for one in constant for value in _around(one)]
