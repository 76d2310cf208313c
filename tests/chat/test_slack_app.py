"""What slack-bolt does for us, and what it must not do: checks of the address, retries, endings, words in logs."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlencode

import httpx
import pytest
from fastapi.responses import JSONResponse, Response
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from api.dev_slack_hub import INTERACTIVE, Hub, NobodyAnsweredError
from api.slack import all_done, app_of, signing_secret
from notifications import slack_app
from notifications.slack import sign
from services.answer_chat import slack_app as our_app
from services.settings import Settings
from storage.database import Database
from tests.approvals.conftest import House
from tests.approvals.test_shell import loaded, submitted
from tests.chat.conftest import APP_TOKEN, listening
from tests.chat.test_socket_mode import envelope_of, pressed
from tests.support.chat import PATIENCE, LocalSlack, chat_of, local_slack


async def posted(chat: LocalSlack, path: str, body: str, form: str) -> httpx.Response:
    """Slack posts this, signed."""
    headers = {**sign(signing_secret(chat.settings), body, int(time.time())), "Content-Type": form}
    async with httpx.AsyncClient(base_url=chat.base) as client:
        return await client.post(path, content=body, headers=headers)


@asynccontextmanager
async def away(engine: Database) -> AsyncIterator[None]:
    """No connection to the database can be opened."""

    def refuse(*_: object) -> None:
        raise OperationalError("connect", {}, ConnectionRefusedError())

    await engine.dispose()
    event.listen(engine.sync_engine, "do_connect", refuse)
    yield
    event.remove(engine.sync_engine, "do_connect", refuse)


async def test_slacks_own_checks_of_the_address(house: House) -> None:
    """The challenge of a new address comes back; the check of its certificate is answered; both are signed."""
    async with local_slack(house.engine) as chat:
        for path in ("/slack/events", "/slack/actions"):
            # Of its own for each: the same signature within a second is a replay.
            challenge, check = json.dumps({"type": "url_verification", "challenge": path}), f"ssl_check=1&token={path}"
            answer = await posted(chat, path, challenge, "application/json")
            assert answer.json() == {"challenge": path}
            assert (await posted(chat, path, check, "application/x-www-form-urlencoded")).status_code == 200
            async with httpx.AsyncClient(base_url=chat.base) as client:
                assert (await client.post(path, content=check)).status_code == 401
                assert (await client.post(path, content=b"payload=[1]")).status_code == 401


@pytest.mark.parametrize("way", ["http", "socket"])
async def test_an_event_is_sent_again_while_the_database_is_away(house: House, way: str) -> None:
    """503, or no acknowledgement: Slack comes again, and the tab is drawn once the database is back."""
    _, request_id = await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat, AsyncExitStack() as stack:
        chat.hub.retries = (0.0,)
        if way == "socket":
            await stack.enter_async_context(listening(house.engine, chat))
            chat.hub.acknowledge_within = 0.3
        async with away(house.engine):
            with pytest.raises(NobodyAnsweredError):
                await chat.hands("UALICE").open_home()
        assert await chat_of(house.engine, "home/UALICE") == []
        chat.hub.acknowledge_within = PATIENCE
        assert (await chat.hands("UALICE").open_home()).status == 200
        (shown,) = await chat_of(house.engine, "home/UALICE")
        assert str(request_id) in json.dumps(shown)


async def test_a_press_that_meets_no_database_may_be_pressed_again(house: House) -> None:
    """Acknowledged all the same: Slack does not press again, the person does."""
    _, request_id = await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat:
        press = await pressed(house, chat, request_id)
        async with away(house.engine):
            assert (await chat.hub.deliver(INTERACTIVE, {**press, "response_url": None})).status == 200
        assert (await loaded(house, request_id)).request.state == "open"
        await chat.hub.deliver(INTERACTIVE, press)
    assert (await loaded(house, request_id)).request.state == "approved"


async def test_an_envelope_around_a_reconnect_is_handled_once(house: House) -> None:
    """On its way while Slack calls the connection off: acknowledged, decided; Slack's second copy changes nothing."""
    _, request_id = await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat, listening(house.engine, chat):
        envelope = envelope_of("e1", await pressed(house, chat, request_id))
        old = chat.hub.sockets[0]
        await asyncio.gather(chat.hub.send_envelope(envelope), chat.hub.call_off())
        assert await chat.hub.somebody() is not old
        await chat.hub.settle()
        decided = await loaded(house, request_id)
        assert decided.request.state == "approved"
        assert len(decided.request.stages[0].votes) == 1
        await chat.hub.send_envelope({**envelope, "envelope_id": "e2", "retry_attempt": 1, "retry_reason": "timeout"})
        await chat.hub.settle()
        assert await loaded(house, request_id) == decided
        assert await chat_of(house.engine, "D1") == []


@pytest.mark.parametrize("way", ["http", "socket"])
async def test_what_was_acknowledged_is_done_before_the_process_ends(house: House, way: str) -> None:
    """SIGTERM right after the acknowledgement."""
    _, request_id = await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat:
        press = await pressed(house, chat, request_id)
        async with listening(house.engine, chat) if way == "socket" else all_done(chat.app):
            await Hub.deliver(chat.hub, INTERACTIVE, press)
        assert (await loaded(house, request_id)).request.state == "approved"


async def test_a_broken_connection_comes_back_though_slack_gives_none_at_first(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut without notice; an error and a 429 before there is another one; then presses are heard again."""
    monkeypatch.setattr(slack_app, "PING_SECONDS", 0.1)
    _, request_id = await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat, listening(house.engine, chat):
        busy = JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "0"})
        chat.plan += [("apps.connections.open", "before", answer) for answer in (Response("down", 503), busy)]
        await chat.hub.sockets.pop().close()
        await chat.hub.somebody()
        assert not chat.plan
        await chat.hub.deliver(INTERACTIVE, await pressed(house, chat, request_id))
    assert (await loaded(house, request_id)).request.state == "approved"


async def test_no_secret_in_the_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Neither tokens nor answer addresses nor tickets, whether it goes well or not."""
    caplog.set_level(logging.INFO)
    _, request_id = await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat, listening(house.engine, chat):
        press = await pressed(house, chat, request_id)
        await chat.hub.deliver(INTERACTIVE, press)
        async with away(house.engine):
            await chat.hub.deliver(INTERACTIVE, {**press, "response_url": chat.url + "respond/s3cr3t"})
        await chat.hub.call_off()
        await chat.hub.somebody()
    assert "met no database" in caplog.text
    assert "session" in caplog.text
    for secret in (APP_TOKEN, "xoxb-", "xapp-", "respond/", "ticket="):
        assert secret not in caplog.text


async def test_no_client_that_bolt_makes_tries_again_by_itself(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that dies after acceptance would post twice: not bolt's own, no copy, not the socket's."""
    made: list[object] = []
    real = AsyncWebClient.__init__

    def noted(self: AsyncWebClient, *given: object, **named: object) -> None:
        real(self, *given, **named)  # type: ignore[arg-type]  # whatever bolt gives
        made.append(self.retry_handlers)

    monkeypatch.setattr(AsyncWebClient, "__init__", noted)
    _, request_id = await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat, listening(house.engine, chat):
        await chat.hub.deliver(INTERACTIVE, await pressed(house, chat, request_id))
    assert len(made) >= 3
    assert made == [[]] * len(made)


async def test_a_callback_for_another_app_is_left_alone(house: House) -> None:
    """The app token says who we are; Slack's check of the address, which names no app, is answered."""
    _, request_id = await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat:
        chat.app.state.slack_app = our_app(
            house.engine, Settings(public_url=chat.base, slack_app_token=APP_TOKEN), signing_secret(chat.settings)
        )
        challenge = json.dumps({"type": "url_verification", "challenge": "3eZbrw"})
        assert (await posted(chat, "/slack/events", challenge, "application/json")).json() == {"challenge": "3eZbrw"}
        press = await pressed(house, chat, request_id)
        body = urlencode({"payload": json.dumps({**press, "api_app_id": "AOTHER"})})
        answer = await posted(chat, "/slack/actions", body, "application/x-www-form-urlencoded")
        assert answer.status_code == 200
        await app_of(chat.app).drain()
    assert (await loaded(house, request_id)).request.state == "open"
