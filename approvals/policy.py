"""A policy: an immutable document that says who must agree to what. Requests keep the version they opened with.

The document (JSON)::

    {"name": "statements", "subjects": ["statement"], "when": predicate?,
     "auto": {"if": predicate, "reason": text}?,
     "stages": [{"name": text, "if": predicate?, "seats": [[candidate, …], …], "watch": [field, …]?,
                 "assure": "link|email|chat|session|mfa"?, "bulk": bool?}],
     "exclude": ["submitter", "preparers", "earlier_stages", "administrators"]?,
     "comments": ["reject", "return", …]?, "rounds": int?, "valid_hours": int?, "forward_to": [candidate, …]?,
     "clock": {"remind_hours": int?, "escalate_hours": int?, "escalate_to": [candidate, …]?, "expire_hours": int?}?}

A candidate is "role:<name>" or "user:<id>"; hours are working hours; `reject` is always a veto. Read this file first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from approvals.predicate import Predicate, PredicateInvalidError, check
from approvals.seats import Seat
from ledger.canonical import canonical_json, sha256_hex

ASSURANCE = ("link", "email", "chat", "session", "mfa")
"""How sure we are of the person, weakest first."""

EXCLUSIONS = ("submitter", "preparers", "earlier_stages", "administrators")
COMMENTED = ("approve", "reject", "return")

MAX_STAGES = 20
"""Longer chains than any company has; bounds the work of one decision."""

MAX_SEATS = 20
"""A stage of more people is a meeting, not an approval."""

DEFAULT_ROUNDS = 5
"""After five returns people should talk instead."""

DEFAULT_VALID_HOURS = 90
"""Ten working days of nine hours: an approval that is older no longer knows what it approves."""


class PolicyInvalidError(ValueError):
    """Not a policy document; says which part and why."""


@dataclass(frozen=True, slots=True)
class StageRule:
    """One stage as the policy states it; `number` counts from 1."""

    number: int
    name: str
    condition: Predicate | None
    seats: tuple[Seat, ...]
    watch: frozenset[str]
    assure: str
    bulk: bool

    def watches(self, fields: frozenset[str]) -> bool:
        """Whether a change of these fields touches what this stage signs; no watch list means every field."""
        return not self.watch or bool(self.watch & fields)


@dataclass(frozen=True, slots=True)
class AutoRule:
    """When a subject needs no people, and the reason that goes into the trail."""

    condition: Predicate
    reason: str


@dataclass(frozen=True, slots=True)
class ClockRule:
    """Working hours after a stage opens; None means never."""

    remind: int | None
    escalate: int | None
    escalate_to: frozenset[str]
    expire: int | None


@dataclass(frozen=True, slots=True)
class Policy:
    """A published document, parsed."""

    name: str
    subjects: frozenset[str]
    when: Predicate | None
    auto: AutoRule | None
    stages: tuple[StageRule, ...]
    exclude: frozenset[str]
    comments: frozenset[str]
    clock: ClockRule
    rounds: int
    valid_hours: int
    forward_to: frozenset[str]

    def candidates(self) -> frozenset[str]:
        """Every candidate that the policy names anywhere."""
        named = frozenset[str]().union(*(seat for stage in self.stages for seat in stage.seats))
        return named | self.clock.escalate_to | self.forward_to


def policy_sha256(document: Mapping[str, Any]) -> str:
    """The digest under which the document is known."""
    return sha256_hex(canonical_json(document))


def parse_policy(document: Mapping[str, Any]) -> Policy:
    """The policy of a document. Raises PolicyInvalidError."""
    known = {
        "name", "subjects", "when", "auto", "stages", "exclude", "comments", "clock", "rounds", "valid_hours",
        "forward_to",
    }  # fmt: skip
    _no_others(document, known, "policy")
    stages = document.get("stages")
    if not isinstance(stages, Sequence) or not 1 <= len(stages) <= MAX_STAGES:
        raise PolicyInvalidError(f"stages: 1 to {MAX_STAGES} stages are expected")
    return Policy(
        name=_text(document, "name", "policy"),
        subjects=_strings(document.get("subjects"), "subjects", required=True),
        when=_predicate(document.get("when"), "when"),
        auto=_auto(document.get("auto")),
        stages=tuple(_stage(number, stage) for number, stage in enumerate(stages, 1)),
        exclude=_choices(document.get("exclude", EXCLUSIONS), EXCLUSIONS, "exclude"),
        comments=_choices(document.get("comments", ("reject", "return")), COMMENTED, "comments"),
        clock=_clock(document.get("clock", {})),
        rounds=_hours(document, "rounds", "policy") or DEFAULT_ROUNDS,
        valid_hours=_hours(document, "valid_hours", "policy") or DEFAULT_VALID_HOURS,
        forward_to=_candidates(document.get("forward_to", []), "forward_to"),
    )


def _stage(number: int, stage: object) -> StageRule:
    where = f"stages[{number}]"
    if not isinstance(stage, Mapping):
        raise PolicyInvalidError(f"{where}: an object is expected")
    _no_others(stage, {"name", "if", "seats", "watch", "assure", "bulk"}, where)
    seats = stage.get("seats")
    if not isinstance(seats, list | tuple) or not 1 <= len(seats) <= MAX_SEATS:
        raise PolicyInvalidError(f"{where}.seats: 1 to {MAX_SEATS} seats are expected")
    assure = stage.get("assure", "link")
    if assure not in ASSURANCE:
        raise PolicyInvalidError(f"{where}.assure: one of {', '.join(ASSURANCE)} is expected")
    return StageRule(
        number=number,
        name=_text(stage, "name", where),
        condition=_predicate(stage.get("if"), f"{where}.if"),
        seats=tuple(_candidates(seat, f"{where}.seats", required=True) for seat in seats),
        watch=_strings(stage.get("watch", []), f"{where}.watch"),
        assure=assure,
        bulk=stage.get("bulk", True) is True,
    )


def _auto(auto: object) -> AutoRule | None:
    if auto is None:
        return None
    if not isinstance(auto, Mapping):
        raise PolicyInvalidError("auto: an object is expected")
    _no_others(auto, {"if", "reason"}, "auto")
    condition = _predicate(auto.get("if"), "auto.if")
    if condition is None:
        raise PolicyInvalidError("auto.if: a predicate is expected; nothing is approved unconditionally")
    return AutoRule(condition, _text(auto, "reason", "auto"))


def _clock(clock: object) -> ClockRule:
    if not isinstance(clock, Mapping):
        raise PolicyInvalidError("clock: an object is expected")
    _no_others(clock, {"remind_hours", "escalate_hours", "escalate_to", "expire_hours"}, "clock")
    escalate_to = _candidates(clock.get("escalate_to", []), "clock.escalate_to")
    escalate = _hours(clock, "escalate_hours", "clock")
    if (escalate is None) != (not escalate_to):
        raise PolicyInvalidError("clock: escalate_hours and escalate_to go together")
    return ClockRule(
        _hours(clock, "remind_hours", "clock"), escalate, escalate_to, _hours(clock, "expire_hours", "clock")
    )


def _no_others(document: Mapping[str, Any], known: set[str], where: str) -> None:
    others = sorted(set(document) - known)
    if others:
        raise PolicyInvalidError(f"{where}: unknown keys {', '.join(others)}")


def _text(document: Mapping[str, Any], key: str, where: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value.strip():
        raise PolicyInvalidError(f"{where}.{key}: text is expected")
    return value


def _hours(document: Mapping[str, Any], key: str, where: str) -> int | None:
    value = document.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise PolicyInvalidError(f"{where}.{key}: a whole number from 1 is expected")
    return value


def _strings(value: object, where: str, *, required: bool = False) -> frozenset[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise PolicyInvalidError(f"{where}: a list of texts is expected")
    if required and not value:
        raise PolicyInvalidError(f"{where}: at least one is expected")
    return frozenset(value)


def _choices(value: object, known: Sequence[str], where: str) -> frozenset[str]:
    chosen = _strings(value, where)
    if not chosen <= set(known):
        raise PolicyInvalidError(f"{where}: only {', '.join(known)} are known")
    return chosen


def _candidates(value: object, where: str, *, required: bool = False) -> frozenset[str]:
    chosen = _strings(value, where, required=required)
    for candidate in chosen:
        kind, _, name = candidate.partition(":")
        if kind not in ("role", "user") or not name:
            raise PolicyInvalidError(f'{where}: "{candidate}" is neither role:<name> nor user:<id>')
    return chosen


def _predicate(value: object, where: str) -> Predicate | None:
    if value is None:
        return None
    try:
        check(value, where)
    except PredicateInvalidError as error:
        raise PolicyInvalidError(str(error)) from error
    assert isinstance(value, Mapping)  # noqa: S101 - `check` has just proved it
    return value
