"""The invariants of the engine over random policies, people, delegations and commands."""

import os
from datetime import timedelta
from itertools import permutations
from random import Random
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals import commands as c
from approvals.core import decide
from approvals.evolve import fold
from approvals.policy import parse_policy
from approvals.refusals import ApprovalRefusal
from approvals.request import APPROVED, Request, new_request
from approvals.seats import match_seats
from approvals.working_time import WorkingCalendar
from tests.support.approval_play import PEOPLE, START, fillable, play

EXAMPLES = int(os.environ.get("TIEOUT_EXAMPLES", "500"))
"""Examples of each property in the ordinary run; the nightly run sets 10,000."""

CALM = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])

capacities = st.frozensets(st.sampled_from(["role:r1", "role:r2", "role:r3", "role:r4"]), min_size=1)


@CALM
@given(st.integers(min_value=0, max_value=2**63))
def test_no_game_breaks_a_rule(seed: int) -> None:
    """Votes, vetoes, returns, revocations, forwards, added seats, timers, changes and effects in any order.

    A game is drawn from one number: drawing each of its thousand choices from Hypothesis is six times slower.
    """
    play(Random(seed))  # noqa: S311 - a game, not a secret


@CALM
@given(st.lists(capacities, min_size=1, max_size=4), st.lists(capacities, max_size=5))
def test_matching_is_as_good_as_trying_every_way(seats: list[frozenset[str]], people: list[frozenset[str]]) -> None:
    """The largest assignment, and each person in one seat that fits."""
    named = dict(enumerate(people))
    matched = match_seats(seats, named)
    assert (len(matched) == len(seats)) == fillable(seats, people)
    assert len(set(matched.values())) == len(matched)
    assert all(seats[seat] & named[person] for seat, person in matched.items())


@CALM
@given(
    st.lists(capacities, min_size=1, max_size=3), st.lists(capacities, min_size=1, max_size=4), st.randoms(),
    st.booleans(),
)  # fmt: skip
def test_approvals_commute(
    seats: list[frozenset[str]], people: list[frozenset[str]], rng: Random, delegated: bool
) -> None:
    """Whatever the order of the clicks, the stage is filled or it is not; with and without delegates."""
    outcomes = {
        _approve_in_order(seats, [people[index] for index in order], [PEOPLE[index] for index in order], delegated)
        for order in [*permutations(range(len(people)))][: 1 + rng.randint(1, 8)]
    }
    assert len(outcomes) == 1


def _approve_in_order(
    seats: list[frozenset[str]], people: list[frozenset[str]], ids: list[UUID], delegated: bool
) -> bool:
    document = {"name": "p", "subjects": ["s"], "stages": [{"name": "one", "seats": [sorted(seat) for seat in seats]}]}
    helper = {person: UUID(int=100 + person.int) for person in ids}
    known = {person: own | {f"user:{person}"} for person, own in zip(ids, people, strict=True)}
    known |= {delegate: frozenset({f"user:{delegate}"}) for delegate in helper.values()}
    grants = tuple(c.Grant(person, delegate, START, START + timedelta(1)) for person, delegate in helper.items())
    env = c.Env(parse_policy(document), START, "d", known, grants, WorkingCalendar("", "UTC"))
    request = _after(new_request(UUID(int=9), "s", "x"), c.Submit(None, frozenset(), "d", {}), env)
    for person in ids:
        actor = helper[person] if delegated else person
        request = _after(request, c.Approve(c.Click(actor, person, 1, 1, "d")), env)
    return request.state == APPROVED


def _after(request: Request, command: c.Command, env: c.Env) -> Request:
    answer = decide(request, command, env)
    return request if isinstance(answer, ApprovalRefusal) else fold(request, answer)
