"""The table of life: what it names happens, what it does not name is refused, and the docs draw it."""

from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statements.lifecycle import (
    COMMANDS,
    TABLE,
    ActorRefused,
    Facts,
    GuardRefused,
    Status,
    TransitionRefused,
    apply,
    diagram,
    possible,
)

ALICE, BOB = UUID(int=1), UUID(int=2)
FACTS = Facts(number="2026-01/HQ/CNY/v1", ties=True, prepared_by=ALICE, digest="d", actor_kind="user", actor_id=BOB)
DOCS = Path(__file__).parents[2] / "docs" / "lifecycle.md"


@given(st.sampled_from(Status), st.sampled_from(sorted(COMMANDS)))
def test_only_what_the_table_names_happens(status: Status, command: str) -> None:
    named = [one for one in TABLE if (one.state, one.command) == (status, command)]
    assert len(named) <= 1
    if named:
        assert apply(status, command, FACTS) is named[0].to
    else:
        with pytest.raises(TransitionRefused):
            apply(status, command, FACTS)


@given(st.lists(st.sampled_from(sorted(COMMANDS)), max_size=40))
def test_no_way_leads_out_of_an_end_or_past_a_person(commands: list[str]) -> None:
    status = Status.DRAFT
    path = [status]
    for command in commands:
        if command in possible(status):
            status = apply(status, command, FACTS)
            path.append(status)
    for before, after in pairwise(path):
        assert possible(before)
        if after is Status.SENT:
            assert before is Status.APPROVED
        if after is Status.CONFIRMED:
            assert before in {Status.SENT, Status.DISPUTED}


def replaced(**changes: object) -> Facts:
    values = {name: getattr(FACTS, name) for name in FACTS.__slots__}
    return Facts(**values | changes)


@pytest.mark.parametrize(
    ("status", "command", "facts"),
    [
        ("draft", "submit", replaced(ties=False)),
        ("approved", "send", replaced(ties=False)),
        ("in_review", "approve", replaced(actor_id=ALICE)),
        ("sent", "confirm", replaced(seen_digest="other")),
        ("sent", "confirm", replaced(open_disputes=1)),
        ("sent", "dispute", replaced(seen_digest="other")),
        ("disputed", "settle", replaced(open_disputes=1)),
    ],
)
def test_guards_refuse(status: str, command: str, facts: Facts) -> None:
    with pytest.raises(GuardRefused) as caught:
        apply(status, command, facts)
    assert caught.value.text("zh") != caught.value.text("en")


def test_a_customer_answers_and_does_nothing_else() -> None:
    customer = replaced(actor_kind="customer", actor_id=None)
    assert apply("sent", "confirm", customer) is Status.CONFIRMED
    assert apply("sent", "dispute", customer) is Status.DISPUTED
    for transition in TABLE:
        if transition.command not in {"confirm", "dispute"}:
            with pytest.raises(ActorRefused):
                apply(transition.state, transition.command, customer)


def test_return_may_be_written_as_a_python_name() -> None:
    assert apply("in_review", "return_", FACTS) is Status.RETURNED


def test_the_docs_draw_the_table() -> None:
    assert diagram() in DOCS.read_text(encoding="utf-8")
