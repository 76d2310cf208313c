"""Socket Mode against our own small Slack: the same presses, one decision each, over connections that come and go."""

import json
import os
from random import Random
from typing import Any
from uuid import UUID

import pytest
from fastapi.responses import JSONResponse
from websockets.asyncio.client import connect

from api.dev_slack_hub import INTERACTIVE, NobodyAnsweredError
from tests.approvals.conftest import House
from tests.approvals.test_shell import loaded, submitted
from tests.chat.conftest import listening
from tests.support.chat import PATIENCE, LocalSlack, chat_of, local_slack

CALLBACKS = int(os.environ.get("TIEOUT_CALLBACKS", "200"))
"""Forged or replayed callbacks of the ordinary run; the nightly run sends a thousand."""


async def button(house: House, request_id: UUID, action: str = "approve") -> dict[str, Any]:
    """A button of the request's message."""
    request = (await loaded(house, request_id)).request
    value = {
        "company": str(house.id), "request_id": str(request_id), "round": request.round, "stage": request.stage,
        "digest": request.digest,
    }  # fmt: skip
    return {"type": "button", "action_id": action, "value": json.dumps(value)}


async def pressed(house: House, chat: LocalSlack, request_id: UUID, user: str = "UALICE") -> dict[str, Any]:
    """The callback of a press on Approve."""
    return chat.hands(user).pressed("D1", "1.1", await button(house, request_id))


async def test_a_press_by_socket_decides(house: House) -> None:
    """Acknowledged on the connection it came by, with nothing in it; the decision is in the database by then."""
    _, request_id = await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat, listening(house.engine, chat):
        said = await chat.hub.deliver(INTERACTIVE, await pressed(house, chat, request_id))
        assert (said.status, said.body) == (200, {})
        assert (await loaded(house, request_id)).request.state == "approved"


async def test_a_reason_is_asked_in_a_dialogue_and_a_refusal_shown_in_it(house: House) -> None:
    """Return asks why under its own title; filled, it returns; a second person is told in the dialogue."""
    _, request_id = await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat, listening(house.engine, chat):
        alice = chat.hands("UALICE")
        payload = alice.pressed("D1", "1.1", await button(house, request_id, "return"))
        await chat.hub.deliver(INTERACTIVE, payload)
        view = await alice.dialogue()
        assert view is not None
        assert view["title"]["text"] == "Return"
        assert (await alice.submit("line 3 is paid")).body == {"response_action": "clear"}
        assert (await loaded(house, request_id)).request.state == "returned"
        assert await alice.dialogue() is None
        await chat.hub.deliver(INTERACTIVE, alice.pressed("D1", "1.1", await button(house, request_id, "reject")))
        assert (await alice.submit("too late")).body["response_action"] == "errors"


async def test_a_connection_that_is_called_off_is_replaced(house: House) -> None:
    """What was on its way by the old one is acknowledged there; the next press comes by the new one."""
    _, request_id = await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat, listening(house.engine, chat):
        old = chat.hub.sockets[0]
        await chat.hub.call_off()
        assert await chat.hub.somebody() is not old
        await chat.hub.deliver(INTERACTIVE, await pressed(house, chat, request_id, "UNOBODY"))
        closed = chat.hub.sockets.pop()
        await closed.close()
        await chat.hub.somebody()
        await chat.hub.deliver(INTERACTIVE, await pressed(house, chat, request_id))
    assert (await loaded(house, request_id)).request.state == "approved"


async def test_slack_that_gives_no_socket_is_asked_again(house: House) -> None:
    """429 and an error first: the listener waits as long as it is told, then connects."""
    _, request_id = await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat:
        busy = JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "0"})
        chat.plan += [
            ("apps.connections.open", "before", busy),
            ("apps.connections.open", "before", JSONResponse({"ok": False, "error": "internal_error"})),
        ]
        async with listening(house.engine, chat):
            assert not chat.plan
            await chat.hub.deliver(INTERACTIVE, await pressed(house, chat, request_id))
    assert (await loaded(house, request_id)).request.state == "approved"


def forge(rng: Random, real: dict[str, Any]) -> dict[str, Any]:
    """An envelope with one thing wrong."""
    payload = dict(real)
    match rng.randrange(5):
        case 0:
            payload["team"] = {"id": f"T{rng.randrange(10**6)}"}
        case 1:
            payload["user"] = {"id": f"U{rng.randrange(10**6)}"}
        case 2:
            payload["api_app_id"] = "AOTHER"
        case 3:
            payload["actions"] = [
                {**real["actions"][0], "value": rng.choice(("{}", "[]", "x", None, '{"company": 1}'))}
            ]
        case _:
            payload["type"] = rng.choice(("block_suggestion", "shortcut", "", None, 7))
    return envelope_of(rng.randbytes(8).hex(), payload)


def envelope_of(envelope_id: str, payload: dict[str, Any]) -> dict[str, Any]:
    """As Slack sends a press by the socket."""
    return {"envelope_id": envelope_id, "type": INTERACTIVE, "payload": payload, "accepts_response_payload": False}


async def test_forged_and_replayed_envelopes_decide_nothing(house: House) -> None:
    """All are acknowledged, so that nobody sends them again; none changes anything."""
    rng = Random(6)  # noqa: S311 - which part is forged, not a secret
    _, request_id = await submitted(house, 80_000_00)
    before = await loaded(house, request_id)
    async with local_slack(house.engine) as chat, listening(house.engine, chat):
        real = await pressed(house, chat, request_id)
        for _ in range(CALLBACKS):
            await chat.hub.send_envelope(forge(rng, real))
        await chat.hub.settle()
        assert await loaded(house, request_id) == before
        envelope = envelope_of("e1", real)
        await chat.hub.send_envelope(envelope)
        await chat.hub.settle()
        decided = await loaded(house, request_id)
        assert decided.request.state == "approved"
        for number in range(CALLBACKS):
            again = envelope if number % 2 else {**envelope, "envelope_id": f"r{number}"}
            await chat.hub.send_envelope(again)
        await chat.hub.settle()
        assert await loaded(house, request_id) == decided


async def test_an_envelope_that_nobody_can_read_does_not_deafen(house: House) -> None:
    """Slack sends none such; it is not acknowledged, and the next press is heard."""
    _, request_id = await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat, listening(house.engine, chat):
        real = await pressed(house, chat, request_id)
        chat.hub.acknowledge_within = 0.05
        for number, odd in enumerate(({"team": 7}, {"enterprise": 7})):
            with pytest.raises(NobodyAnsweredError):
                await chat.hub.send_envelope(envelope_of(f"e{number}", {**real, **odd}))
        chat.hub.acknowledge_within = PATIENCE
        await chat.hub.deliver(INTERACTIVE, real)
    assert (await loaded(house, request_id)).request.state == "approved"


async def test_nobody_acknowledges_is_noticed(house: House) -> None:
    """A socket on which nobody answers: the press is reported as such, as Slack does after three seconds."""
    async with local_slack(house.engine) as chat:
        chat.hub.acknowledge_within = 0.05
        address = f"ws://{chat.base.removeprefix('http://')}/dev/slack/api/socket?ticket={chat.hub.ticket()}"
        async with connect(address) as silent:
            await silent.recv()
            with pytest.raises(NobodyAnsweredError):
                await chat.hub.deliver(INTERACTIVE, {"type": "block_actions"})


async def test_a_home_tab_by_socket(house: House) -> None:
    """An event by the same way."""
    _, request_id = await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat, listening(house.engine, chat):
        await chat.hands("UALICE").open_home()
    (shown,) = await chat_of(house.engine, "home/UALICE")
    assert str(request_id) in json.dumps(shown)
