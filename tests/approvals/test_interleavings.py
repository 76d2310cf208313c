"""Two and three transactions at once on real PostgreSQL, in every order of arrival: each run is as if one by one.

A blocker holds the request's row while the commands arrive in the order under test; once all of them wait, it lets go.
What comes out, state, acts and each caller's answer, must be what some serial order of the same commands gives.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations
from random import Random
from uuid import UUID

from sqlalchemy import text

from approvals.commands import Fire
from services.ask_waiver import ask_waiver
from services.decide_alone import Decision, Press, decide_alone
from services.fire_approval_timers import _system_command, recheck_people
from services.publish_policy import draft_policy, publish_policy
from storage.approval_acts import acts_of, first_break
from storage.approvals import lock_request, read_request
from storage.database import owner_transaction, transaction
from storage.findings import NewFinding, keep_finding, list_findings
from tests.approvals.conftest import House
from words.refusal import Refusal

PAIRS = int(os.environ.get("TIEOUT_INTERLEAVINGS", "6"))
"""Orders of two and three commands, halved, of the ordinary run; the nightly run sets 10,000: all there are."""

MOST_DIFFERENT = 4
"""Ways in which the requests must have ended, or the commands would not have met."""

POLICY = {
    "name": "waivers", "subjects": ["tie_out_waiver"], "comments": [], "rounds": 3,
    "stages": [
        {"name": "two", "seats": [["role:reviewer"], ["role:reviewer", "role:manager"]]},
        {"name": "last", "seats": [["role:manager", "role:clerk"]]},
    ],
    "clock": {"escalate_hours": 1, "escalate_to": ["role:compliance"], "expire_hours": 9},
}  # fmt: skip
"""Two seats and a second stage, so that the commands meet in many ways; its effect is in the same database."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One fresh request."""

    house: House
    request_id: UUID
    digest: str

    async def decide(self, who: UUID, command: str, stage: int = 1) -> str:
        """One person's command on what was shown at the start."""
        key = f"{self.request_id}/{who}/{command}/{stage}"
        outcome = await decide_alone(
            self.house.engine, self.house.id, Press(command, who, "why", bulk=False),
            Decision(self.request_id, who, 1, stage, self.digest, key),
        )  # fmt: skip
        return outcome.state

    async def expire(self) -> str:
        """The clock, two days later."""
        async with transaction(self.house.engine, self.house.id) as session:
            stored = await lock_request(session, self.house.id, self.request_id)
            assert stored is not None
            opened_at = stored.request.opened_at
            assert opened_at is not None
            late = opened_at + timedelta(days=9)
            key = f"timer/{self.request_id}"
            fired = await _system_command(session, self.house.id, stored, Fire("expire", 1, 1), key, late)
        return str(fired)


Command = Callable[[Scene], Awaitable[str]]

COMMANDS: dict[str, Command] = {
    "alice approves": lambda scene: scene.decide(scene.house.alice, "approve"),
    "bob approves": lambda scene: scene.decide(scene.house.bob, "approve"),
    "mona approves": lambda scene: scene.decide(scene.house.mona, "approve"),
    "mona approves the last stage": lambda scene: scene.decide(scene.house.mona, "approve", 2),
    "bob rejects": lambda scene: scene.decide(scene.house.bob, "reject"),
    "alice returns": lambda scene: scene.decide(scene.house.alice, "return"),
    "carl withdraws": lambda scene: scene.decide(scene.house.carl, "withdraw"),
    "root cancels": lambda scene: scene.decide(scene.house.root, "cancel"),
    "the clock expires": lambda scene: scene.expire(),
}


async def scene(house: House, number: int) -> Scene:
    """A finding of its own and an open request to waive it."""
    async with transaction(house.engine, house.id) as session:
        key = f"k{number}"
        new = NewFinding("tie_out", "run", key, "breach", "tie_out_difference", {"difference": "1.00"}, key)
        await keep_finding(session, house.id, new)
        found = next(one for one in await list_findings(session, house.id, limit=10_000) if one.subject_id == key)
    request_id = await ask_waiver(house.engine, house.company, found.id, "rounding", house.carl)
    async with transaction(house.engine, house.id) as session:
        stored = await read_request(session, house.id, request_id)
        assert stored is not None
    return Scene(house, request_id, stored.request.digest)


Result = tuple[str, tuple[str, ...], tuple[str, ...]]
"""The request's state, the kinds of its acts, and each command's answer by its name."""


async def answer_of(made: Scene, name: str) -> str:
    """What the caller hears: a state, or the code of the refusal."""
    try:
        return f"{name}: {await COMMANDS[name](made)}"
    except Refusal as refusal:
        return f"{name}: {refusal.code}"


async def result_of(made: Scene, answers: list[str]) -> Result:
    """How it ended, and that the trail is whole."""
    async with transaction(made.house.engine, made.house.id) as session:
        stored = await read_request(session, made.house.id, made.request_id)
        assert stored is not None
        assert await first_break(session, made.house.id, made.request_id) is None
        acts = await acts_of(session, made.house.id, made.request_id)
        rows = await session.execute(
            text("select count(*) from outbox where subject_id = :id and channel = 'internal'"),
            {"id": str(made.request_id)},
        )
        assert rows.scalar_one() == sum(act.kind == "Closed" for act in acts)
    return stored.request.state, tuple(act.kind for act in acts), tuple(sorted(answers))


async def together(made: Scene, names: tuple[str, ...]) -> Result:
    """The commands arrive in this order while the row is held, and then all run."""
    waiting: list[asyncio.Task[str]] = []
    async with transaction(made.house.engine, made.house.id) as blocker:
        await lock_request(blocker, made.house.id, made.request_id)
        for count, name in enumerate(names, 1):
            waiting.append(asyncio.create_task(answer_of(made, name)))
            await _until_waiting(made.house, count)
    return await result_of(made, await asyncio.gather(*waiting))


async def _until_waiting(house: House, count: int) -> None:
    query = text(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    )
    while True:
        async with owner_transaction(house.engine) as session:
            if (await session.execute(query)).scalar_one() >= count:
                return


async def one_by_one(made: Scene, names: tuple[str, ...]) -> Result:
    """The same commands, each committed before the next begins."""
    return await result_of(made, [await answer_of(made, name) for name in names])


async def test_every_interleaving_is_serial(house: House) -> None:
    """Pairs and triples of commands, in random choice or all of them."""
    policy_id = await draft_policy(house.engine, house.id, POLICY, house.mona)
    await publish_policy(house.engine, house.id, policy_id, house.root)
    chosen = [*permutations(COMMANDS, 2), *permutations(COMMANDS, 3)]
    Random(7).shuffle(chosen)  # noqa: S311 - which ones are tried, not a secret
    numbers = iter(range(1_000_000))
    serial: dict[tuple[str, ...], Result] = {}
    for names in chosen[: 2 * PAIRS]:
        for order in permutations(names):
            if order not in serial:
                serial[order] = await one_by_one(await scene(house, next(numbers)), order)
        came_out = await together(await scene(house, next(numbers)), names)
        assert came_out in {serial[order] for order in permutations(names)}, names
    assert len({state for state, _, _ in serial.values()}) >= MOST_DIFFERENT


async def test_a_role_lost_before_the_click_is_not_there_after_it(house: House) -> None:
    """The roles are read under the lock: a role taken away while the click waits for it no longer counts."""
    policy_id = await draft_policy(house.engine, house.id, POLICY, house.mona)
    await publish_policy(house.engine, house.id, policy_id, house.root)
    made = await scene(house, 1)
    async with transaction(house.engine, house.id) as blocker:
        await lock_request(blocker, house.id, made.request_id)
        click = asyncio.create_task(answer_of(made, "alice approves"))
        await _until_waiting(house, 1)
        await blocker.execute(text("delete from user_role where user_id = :alice"), {"alice": house.alice})
    assert await click == "alice approves: not_a_candidate"
    await recheck_people(house.engine, house.id, "reviewer")
    assert (await result_of(made, []))[0] == "open"
