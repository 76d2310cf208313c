"""The engine as a state machine that Hypothesis drives and shrinks; with a bug put in, it must find it."""

import os
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from approvals import commands as c
from tests.approvals.test_seeded_bugs import BUGS
from tests.support import approval_play as play

EXAMPLES = int(os.environ.get("TIEOUT_EXAMPLES", "500"))
"""Games in the ordinary run; the nightly run sets 10,000."""

STEPS = 25
"""Commands of one game."""

SEED = st.integers(0, 2**32)
"""Each rule draws its details from one number: Hypothesis chooses the commands, and shrinks their list."""

COMMANDS: dict[str, Callable[[play.Table], c.Command]] = {
    "reject": play._reject, "return": play._return, "revoke": play._revoke, "forward": play._forward,
    "withdraw": play._withdraw, "cancel": play._cancel, "change": play._change, "recheck": play._recheck,
    "supersede": play._supersede,
}  # fmt: skip


class ApprovalMachine(RuleBasedStateMachine):
    """One request under a random policy, with random people; the umpire of `approval_play` judges every answer."""

    table: play.Table
    last: c.Command | None = None

    @initialize(seed=SEED)
    def submit(self, seed: int) -> None:
        """Opens the request."""
        self.table = play.new_table(Random(seed))  # noqa: S311 - a game, not a secret
        play._submit(self.table)

    def _send(self, make: Callable[[play.Table], c.Command], seed: int) -> None:
        self.table.rng = Random(seed)  # noqa: S311 - a game, not a secret
        command = make(self.table)
        self.last = command if isinstance(command, c.Approve) else None
        play._send(self.table, command)

    @rule(seed=SEED)
    def approve(self, seed: int) -> None:
        """A click, right or wrong in any of its parts."""
        self._send(play._approve, seed)

    @rule(seeds=st.lists(SEED, min_size=2, max_size=5))
    def approve_often(self, seeds: list[int]) -> None:
        """Most of what happens to requests is approving."""
        for seed in seeds:
            self._send(play._approve, seed)

    @precondition(lambda self: self.last is not None)
    @rule()
    def replay(self) -> None:
        """The same click again."""
        assert self.last is not None
        play._send(self.table, self.last)

    @rule(seed=SEED)
    def add_signature(self, seed: int) -> None:
        """Beside, before or after."""
        self._send(play._add_sign, seed)

    @rule(seed=SEED)
    def clock(self, seed: int) -> None:
        """A timer fires, early, late or for another stage."""
        self._send(play._fire, seed)

    @rule()
    def consume(self) -> None:
        """The effect asks for its approval."""
        play._send(self.table, c.Consume())

    @rule(name=st.sampled_from(sorted(COMMANDS)), seed=SEED)
    def another(self, name: str, seed: int) -> None:
        """Everything else."""
        self._send(COMMANDS[name], seed)

    @rule(hours=st.sampled_from((1, 2, 8, 20)))
    def time_passes(self, hours: int) -> None:
        """A meeting, a day, a night."""
        self.table.now += timedelta(hours=hours)

    @rule(digest=st.sampled_from(("d0", "d1", "d2")))
    def document_changes(self, digest: str) -> None:
        """Or changes back."""
        self.table.digest = digest

    @rule(person=st.sampled_from(play.PEOPLE), roles=st.frozensets(st.sampled_from(play.ROLES)))
    def roles_change(self, person: UUID, roles: frozenset[str]) -> None:
        """Between two clicks, as people do."""
        own = frozenset({f"user:{person}", *(f"role:{role}" for role in roles)})
        self.table.people = {**self.table.people, person: own}

    def teardown(self) -> None:
        """The acts fold to the projection, also after a way through JSON."""
        if hasattr(self, "table"):
            play._check_record(self.table)


def rules(examples: int, *phases: Phase) -> settings:
    """How the machine is run."""
    return settings(
        max_examples=examples, stateful_step_count=STEPS, deadline=None, derandomize=bool(phases),
        suppress_health_check=list(HealthCheck), phases=phases or tuple(Phase),
    )  # fmt: skip


def test_no_sequence_of_commands_breaks_a_rule() -> None:
    """Over random policies, people, delegations and commands."""
    run_state_machine_as_test(ApprovalMachine, settings=rules(EXAMPLES))


@pytest.mark.parametrize("bug", BUGS)
def test_the_machine_finds_the_seeded_bug(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the ten, within as many games as the engine itself is played for."""
    owner, name, made = BUGS[bug]

    class Bugged(ApprovalMachine):
        """With the bug put in afresh for each game."""

        def __init__(self) -> None:
            super().__init__()
            place: Any = monkeypatch.setitem if isinstance(owner, dict) else monkeypatch.setattr
            place(owner, name, made())

    with pytest.raises(AssertionError):
        run_state_machine_as_test(Bugged, settings=rules(max(EXAMPLES, 500), Phase.generate))
