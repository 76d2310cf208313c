"""Random lives of a statement hold what the house promises, and faults put into the house are found by them.

Few and short here; `TIEOUT_LIVES=200` makes 200 lives of forty acts each.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import text, update

from services import change_statement_status, gather_subjects, record_answer
from statements.chasing import Overdue
from statements.lifecycle import Facts, Status, apply
from storage.answers import Answer, insert_answer
from storage.database import Session, engine_for, owner_transaction
from storage.schema import answer
from tests.disputes.life import LifeOfAStatement, World

LIVES = int(os.environ.get("TIEOUT_LIVES", "3"))
ACTS = 40 if "TIEOUT_LIVES" in os.environ else 12
HUNT = 12
"""Lives given to each fault; the first that shows it ends the hunt."""


@pytest.fixture(scope="module")
def world(module_database: str) -> Iterator[World]:
    """One database and one loop for all lives: a life costs a company, not a connection."""
    loop = asyncio.new_event_loop()
    made = World(engine_for(module_database), loop)
    yield made
    loop.run_until_complete(made.engine.dispose())
    loop.close()


def live(world: World, lives: int, *, derandomize: bool = False) -> None:
    """Lives until one breaks a promise; it is told as it was, because making it shorter costs a hundred more."""
    LifeOfAStatement.world = world
    run_state_machine_as_test(
        LifeOfAStatement,
        settings=settings(
            max_examples=lives, stateful_step_count=ACTS, deadline=None, suppress_health_check=list(HealthCheck),
            phases=[Phase.generate], derandomize=derandomize, database=None, print_blob=False,
        ),
    )  # fmt: skip


def test_any_life_keeps_its_promises(world: World) -> None:
    """Whatever customer, staff, bank and clock do in whatever order: the same few lives here, others by setting."""
    live(world, LIVES, derandomize="TIEOUT_LIVES" not in os.environ)


async def overwrites(session: Session, company_id: UUID, new: Answer) -> None:
    """Keeps the newest answer in the place of every earlier one."""
    await session.execute(text("reset role"))
    await session.execute(
        update(answer)
        .where(answer.c.company_id == company_id, answer.c.statement_id == new.statement_id)
        .values(kind=new.kind, name=new.name, facts=new.facts)
    )
    await insert_answer(session, company_id, new)


async def forgets(*_given: object) -> dict[UUID, object]:
    """Builds a version as if nobody disputed anything."""
    return {}


def settles_at_once(status: str, command: str, facts: Facts) -> Status:
    """Takes a customer's agreement for the end."""
    return Status.SETTLED if command == "confirm" else apply(status, command, facts)


BODY = "begin new.closing := new.closing + 1; new.debits := new.debits + 1; return new; end"
ONE_MORE = (
    f"create function one_more() returns trigger language plpgsql as '{BODY}'",
    "create trigger one_more before insert on statement for each row execute function one_more()",
)
"""Every version closes one minor unit too high, and its movements hide it."""

NO_MORE = ("drop trigger one_more on statement", "drop function one_more()")


SEEDED: Mapping[str, tuple[object, str, object, str]] = {
    "disputed amount chased": (
        Overdue, "chased", property(lambda self: self.open - self.promised), "a disputed amount is chased",
    ),
    "answer overwritten": (record_answer, "insert_answer", overwrites, "an answer was lost"),
    "reissue forgets a dispute": (gather_subjects, "known_disputes", forgets, "a version forgets a dispute"),
    "transition outside the table": (
        change_statement_status, "apply", settles_at_once, "a transition outside the table",
    ),
}  # fmt: skip
"""Fault → where it sits, what it does instead, and what the umpire calls it."""


@pytest.mark.parametrize("fault", SEEDED)
def test_a_seeded_fault_is_found(world: World, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """The same lives in the same order each time: a hunt that succeeds here succeeds everywhere."""
    place, name, instead, verdict = SEEDED[fault]
    monkeypatch.setattr(place, name, instead)
    with pytest.raises(AssertionError, match=verdict):
        live(world, HUNT, derandomize=True)


def test_a_closing_off_by_one_minor_unit_is_found(world: World) -> None:
    """Beneath the code, so that nothing of it can notice by itself."""
    world.do(_run(world, ONE_MORE))
    try:
        with pytest.raises(AssertionError, match="closing is off"):
            live(world, HUNT, derandomize=True)
    finally:
        world.do(_run(world, NO_MORE))


async def _run(world: World, commands: tuple[str, ...]) -> None:
    async with owner_transaction(world.engine) as session:
        for command in commands:
            await session.execute(text(command))
