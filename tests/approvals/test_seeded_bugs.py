"""Ten bugs that real approval systems have, put into the engine one at a time: the umpire must find each."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any
from uuid import UUID

import pytest

from approvals import commands as c
from approvals import core, staffing, votes
from approvals.events import Closed, Consumed, Event
from approvals.policy import ASSURANCE
from approvals.refusals import (
    AssuranceTooLow,
    CommentRequired,
    Excluded,
    NotACandidate,
    NotApproved,
    NotDelegated,
    SubjectDiffers,
)
from approvals.request import APPROVED, Request, Stage
from approvals.seats import Seat, covers, match_seats
from approvals.staffing import exclusion
from tests.support.approval_play import play

GAMES = 120
"""Enough for the rarest of the ten; a found bug stops at once."""

People = Mapping[UUID, frozenset[str]]


def greedy(seats: Sequence[Seat], people: People) -> bool:
    """Books each voter on the first free seat, in the order of the clicks."""
    taken: set[int] = set()
    for own in people.values():
        free = next((n for n, seat in enumerate(seats) if n not in taken and seat & own), None)
        if free is not None:
            taken.add(free)
    return len(taken) == len(seats)


def clamped(seats: Sequence[Seat], people: People) -> bool:
    """Is content with two."""
    return len(match_seats(seats, people)) >= min(len(seats), 2)


def any_stage(request: Request, _click: c.Click, _env: c.Env) -> Stage:
    """Takes the click for whatever stage is open."""
    votes.require_open(request)
    return request.current()


def stale_digest(request: Request, click: c.Click, env: c.Env) -> Stage:
    """Compares with what was submitted, not with what is there now."""
    votes.require_open(request)
    stage = request.current()
    expired = stage.expires_at is not None and env.now >= stage.expires_at
    if (click.round, click.stage, click.digest) != (request.round, request.stage, request.digest) or expired:
        raise SubjectDiffers
    return stage


def only_authority(request: Request, stage: Stage, click: c.Click, env: c.Env) -> None:
    """Lets the excluded act for others."""
    if click.actor != click.authority and not votes._delegated(request, click, env):
        raise NotDelegated
    if exclusion(request, stage, click.authority, env) is not None:
        raise Excluded(reason="-")
    if not covers(votes.carried(stage, click, env), stage.demand()):
        raise NotACandidate


def both_capacities(stage: Stage, click: c.Click, env: c.Env) -> frozenset[str]:
    """Adds the delegate's own roles to the principal's."""
    return stage.capacities(click.authority, env.people[click.authority] | env.people[click.actor])


def approving_timer(request: Request, _command: c.Fire, env: c.Env) -> list[Event]:
    """Takes silence for consent."""
    return [Closed(env.now, APPROVED, None, "nobody decided", None)] if request.state == "open" else []


def double_consume(request: Request, _command: c.Consume, env: c.Env) -> list[Event]:
    """Uses an approval as often as it is asked."""
    if request.state not in {"approved", "consumed"}:
        raise NotApproved(state=request.state)
    return [Consumed(env.now, request.digest)]


def count_replays(request: Request, click: c.Click, env: c.Env, choice: str) -> Stage:
    """Counts the same person again."""
    stage = votes.gate(request, click, env)
    if ASSURANCE.index(click.assurance) < ASSURANCE.index(stage.assure):
        raise AssuranceTooLow
    if choice in env.policy.comments and not click.comment:
        raise CommentRequired
    return stage


def session_roles() -> Callable[[Stage, c.Click, c.Env], frozenset[str]]:
    """Keeps the roles that the person had when first seen."""
    first: dict[UUID, frozenset[str]] = {}

    def carried(stage: Stage, click: c.Click, env: c.Env) -> frozenset[str]:
        return stage.capacities(click.authority, first.setdefault(click.authority, env.people[click.authority]))

    return carried


BUGS: dict[str, tuple[Any, Any, Callable[[], object]]] = {
    "greedy seats": (staffing, "all_filled", lambda: greedy),
    "missing stage in command": (votes, "_as_shown", lambda: any_stage),
    "clamped threshold": (staffing, "all_filled", lambda: clamped),
    "delegation rewriting": (votes, "carried", lambda: both_capacities),
    "stale digest": (votes, "_as_shown", lambda: stale_digest),
    "self-approval by delegate": (votes, "_who", lambda: only_authority),
    "double consume": (core._HANDLERS, c.Consume, lambda: double_consume),
    "timer approving": (core._HANDLERS, c.Fire, lambda: approving_timer),
    "replay counting": (votes, "_voting_gate", lambda: count_replays),
    "role read from session": (votes, "carried", session_roles),
}


def first_notice(seeds: range, prepare: Callable[[], object]) -> str:
    """What the umpire says to the first game that breaks a rule, "" when none does."""
    for seed in seeds:
        prepare()
        try:
            play(Random(seed))  # noqa: S311 - a game, not a secret
        except AssertionError as broken:
            return f"seed {seed}: {broken}"
    return ""


def test_the_engine_itself_plays_the_same_games_without_a_notice() -> None:
    """Otherwise the ten below would prove nothing."""
    assert first_notice(range(GAMES), lambda: None) == ""


@pytest.mark.parametrize("bug", BUGS)
def test_the_umpire_finds_the_seeded_bug(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that cannot fail proves nothing."""
    owner, name, made = BUGS[bug]

    def put_in() -> None:
        if isinstance(owner, dict):
            monkeypatch.setitem(owner, name, made())
        else:
            monkeypatch.setattr(owner, name, made())

    assert first_notice(range(GAMES), put_in), f"{GAMES} games did not notice: {bug}"
