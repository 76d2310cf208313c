"""Promises that only the whole shell can keep: nothing is written when refused, nothing is needed but the database."""

import asyncio
import socket
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.decide_alone import Decision, Press
from services.decide_approval import CommandUnknown, Outcome, decide
from services.decide_many import decide_many
from services.handle_slack_action import handle_slack_action
from tests.api.support import fingerprint
from tests.approvals.conftest import House
from tests.approvals.test_links import action
from tests.approvals.test_shell import click, loaded, messages, submitted
from words.refusal import Refusal

REFUSED: dict[str, dict[str, Any]] = {
    "submitter_or_preparer": {"who": "carl"},
    "not_a_candidate": {"who": "mona"},
    "another_stage": {"stage": 2},
    "another_round": {"round": 2},
    "another_digest": {"digest": "0" * 64},
    "no_comment": {"command": "reject", "comment": ""},
    "weaker_than_any": {"assurance": "none"},
    "not_the_submitter": {"command": "withdraw"},
    "not_an_administrator": {"command": "cancel", "comment": "why"},
    "no_vote_to_revoke": {"command": "revoke"},
    "no_such_command": {"command": "wave"},
    "no_delegation": {"authority_id": "bob"},
}
"""What is wrong with a click, and the field in which it is."""

OF_THE_WHOLE_PRESS = frozenset({"weaker_than_any", "no_such_command"})


@pytest.mark.parametrize("wrong", REFUSED)
async def test_a_refusal_writes_nothing(house: House, wrong: str) -> None:
    """Alone and among many: not one row of any table is another than before."""
    _, request_id = await submitted(house, 80_000_00, prepared_by=house.carl)
    given = dict(REFUSED[wrong])
    command, who = given.pop("command", "approve"), getattr(house, given.pop("who", "alice"))
    if "authority_id" in given:
        given["authority_id"] = getattr(house, given["authority_id"])
    before = await fingerprint(house.engine)
    with pytest.raises(Refusal):
        await click(house, request_id, who, command, **given)
    request = (await loaded(house, request_id)).request
    shown = {"round": request.round, "stage": request.stage, "digest": request.digest, **given}
    press = Press(command, who, shown.pop("comment", ""), assurance=shown.pop("assurance", "session"))
    chosen = [
        Decision(request_id, shown.get("authority_id"), shown["round"], shown["stage"], shown["digest"], str(uuid4()))
        for _ in range(2)
    ]
    if wrong in OF_THE_WHOLE_PRESS:
        with pytest.raises(CommandUnknown):
            await decide_many(house.engine, house.id, press, chosen)
    else:
        results = await decide_many(house.engine, house.id, press, chosen)
        assert all(isinstance(one, Refusal) for one in results)
    assert await fingerprint(house.engine) == before


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reaches out by a socket fails; the database's driver has its own way."""

    def refused(*_given: object) -> None:
        raise ConnectionRefusedError

    async def refused_later(*_given: object, **_more: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", refused_later)


@pytest.mark.usefixtures("no_network")
async def test_with_prefect_and_chat_down_decisions_work_and_effects_wait(house: House) -> None:
    """By web, in bulk and by a press in the chat; what follows waits in the outbox."""
    requests = [(await submitted(house, 80_000_00, f"C{number}"))[1] for number in range(4)]
    digests = [(await loaded(house, one)).request.digest for one in requests]
    await decide(
        house.engine, house.id, requests[0], "approve", actor_id=house.alice, round=1, stage=1, digest=digests[0],
        key="one",
    )  # fmt: skip
    chosen = [
        Decision(one, None, 1, 1, digest, f"two/{one}")
        for one, digest in list(zip(requests, digests, strict=True))[1:3]
    ]
    results = await decide_many(house.engine, house.id, Press("approve", house.alice), chosen)
    assert [one.state for one in results if isinstance(one, Outcome)] == ["approved", "approved"]
    await handle_slack_action(house.engine, house.id, action(requests[3], digests[3]))
    assert [await _state(house, one) for one in requests] == ["approved"] * 4
    assert await messages(house, "approval_closed", "internal") == 4


async def _state(house: House, request_id: UUID) -> str:
    return (await loaded(house, request_id)).request.state
