"""Our app in Slack: slack-bolt receives by HTTP and by Socket Mode alike, and each callback finds its act.

Slack waits three seconds. A press is acknowledged at once, since Slack shows nothing of the answer; a dialogue or a
command gets its outcome for an answer if that is there within ANSWER_WITHIN. What comes later is told to the person
alone, by our own carrier: bolt's `respond` tries again by itself.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import ClientError
from slack_bolt.adapter.socket_mode.websockets import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import Response
from websockets.exceptions import WebSocketException

from notifications.chat_callback import NOTHING, Act, Acts, Callback, ComeAgain, Said
from notifications.slack import TIMEOUT, SlackCallError, SlackCarrier

PRESS_WITHIN = 0.0
"""Seconds that the acknowledgement of a press waits for the outcome."""

ANSWER_WITHIN = 0.3
"""The same where Slack shows the answer: a tenth of what it waits."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 60.0
"""Seconds before the first connection is tried again; doubled each time."""

AT_ONCE = 8
"""Acts under way, as many as a process keeps connections to its database: acknowledgements pass by those that wait."""

PING_SECONDS = 2.0
"""A connection that broke is replaced after at most as long."""

DRAIN_SECONDS = 30.0
"""Work that was acknowledged gets this long to come to its end."""

ANY_COMMAND = re.compile("^/")
"""How the command is called stands in Slack's own settings of the app."""

Answer = dict[str, Any]
Listener = Callable[[Answer, AsyncAck], Awaitable[None]]
Next = Callable[[], Awaitable[None]]
T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Keys:
    """By which we know Slack, and it us; `app_token` names the app ("xapp-1-A0123-…") and opens Socket Mode."""

    token: str = field(repr=False)
    api_url: str
    signing_secret: str = field(repr=False)
    app_token: str | None = field(default=None, repr=False)

    @property
    def app_id(self) -> str | None:
        """Which app we are, where the app token says it."""
        parts = (self.app_token or "").split("-")
        return parts[2] if len(parts) > 3 else None  # noqa: PLR2004 - the id is the third of four parts


class SlackApp:
    """One app for both ways in; any number of processes may run one each."""

    def __init__(self, keys: Keys, acts: Acts) -> None:
        self._keys = keys
        self._carrier = SlackCarrier(keys.token, keys.api_url)
        self._work: set[asyncio.Task[Any]] = set()
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._bolt = AsyncApp(
            name="tieout-chat", signing_secret=keys.signing_secret, client=self._client(),
            authorize=_installed(keys.token), before_authorize=self._only_ours, raise_error_for_unhandled_request=True,
        )  # fmt: skip
        self._bolt.error(_failed)
        self._http = AsyncSlackRequestHandler(self._bolt)
        for name, act in acts.buttons.items():
            self._bolt.action(name)(self._hears(act))
        for name, act in acts.dialogues.items():
            self._bolt.view(name)(self._hears(act, _outcome))
        for name, act in acts.events.items():
            self._bolt.event(name, middleware=[self._done_first(act)])(_nothing_more)
        self._bolt.command(ANY_COMMAND)(self._hears(acts.command, _message))

    async def answer(self, request: Request) -> Response:
        """Answers a callback that came by HTTP, through the gate."""
        return await self._http.handle(request)

    async def listen(self, stop: asyncio.Event) -> None:
        """Listens by Socket Mode until `stop` is set; what was taken in hand comes to its end."""
        handler = AsyncSocketModeHandler(self._bolt, self._keys.app_token, None, self._client(), PING_SECONDS)
        stopping, connecting = asyncio.create_task(stop.wait()), asyncio.create_task(_connect(handler))
        try:
            await asyncio.wait({stopping, connecting}, return_when=asyncio.FIRST_COMPLETED)
            if connecting.done():
                connecting.result()
            await stopping
        finally:
            stopping.cancel()
            connecting.cancel()
            if handler.client.message_receiver is not None:
                handler.client.message_receiver.cancel()  # or it reports our going as an error
            await handler.close_async()  # type: ignore[no-untyped-call] # published without its type
            await self.drain()

    async def drain(self) -> None:
        """Waits for what was acknowledged and is not done yet."""
        if self._work:
            await asyncio.wait(self._work, timeout=DRAIN_SECONDS)

    def _client(self) -> AsyncWebClient:
        """Retries nothing by itself; bolt gives each callback a copy."""
        return AsyncWebClient(base_url=self._keys.api_url, timeout=TIMEOUT, retry_handlers=[])

    async def _only_ours(self, body: dict[str, Any], next_: Next) -> BoltResponse | None:
        # Slack's check of the address names no app.
        if self._keys.app_id in {None, body.get("api_app_id", self._keys.app_id)}:
            await next_()
            return None
        log.warning("A callback for another app was left alone.")
        return BoltResponse(status=200)

    def _hears(self, act: Act, answer: Callable[[Said], Answer] | None = None) -> Listener:
        """Acts, and acknowledges meanwhile; `answer` is what Slack shows of the outcome, if it shows any of it."""

        async def listener(body: Answer, ack: AsyncAck) -> None:
            callback = Callback(body)
            work = self._start(self._in_turn(act, callback))
            said = await _within(work, PRESS_WITHIN if answer is None else ANSWER_WITHIN)
            await ack((answer is not None and answer(said or NOTHING)) or "")
            if said is None or answer is None:
                await self._start(self._tell(callback, work))

        return listener

    def _done_first(self, act: Act) -> Callable[[Answer, Next], Awaitable[None]]:
        """Bolt acknowledges an event before its listener runs, and Slack sends again only what was not acknowledged."""

        async def middleware(body: Answer, next_: Next) -> None:
            await _within(self._start(self._in_turn(act, Callback(body))), ANSWER_WITHIN)
            await next_()

        return middleware

    async def _in_turn(self, act: Act, callback: Callback) -> Said:
        async with self._turn:
            return await act(callback)

    async def _tell(self, callback: Callback, work: asyncio.Task[Said]) -> None:
        """Waits for the work and tells its outcome to the person alone."""
        said = await work
        if not said.words:
            return
        response_url, channel = callback.payload.get("response_url"), callback.from_dialogue.get("channel")
        try:
            if response_url:
                await self._carrier.respond(str(response_url), _message(said))
            elif channel:
                await self._carrier.whisper(str(channel), callback.user.id, said.words, said.blocks)
            else:
                await self._carrier.say(callback.user.id, said.words, said.blocks)
        except SlackCallError as error:
            log.warning("The outcome of a press was not told: %s", error)

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begins it; kept until it is done, so that a process can wait for it before it ends."""
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task


def _installed(token: str) -> Callable[..., Awaitable[AuthorizeResult]]:
    """One installation for all workspaces: whose account it is there, each company has confirmed for itself."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    return authorize


async def _within(work: asyncio.Task[Said], seconds: float) -> Said | None:
    """The outcome, if it is there in time; raises what the work raised."""
    done, _ = await asyncio.wait({work}, timeout=seconds)
    return work.result() if done else None


async def _connect(handler: AsyncSocketModeHandler) -> None:
    """Opens the first connection, by a new address each time; every later one is bolt's."""
    pause = FIRST_PAUSE
    while True:
        try:
            await handler.client.connect_to_new_endpoint()
        except (SlackClientError, ClientError, WebSocketException, OSError, TimeoutError) as error:
            log.warning("Slack gave no socket: %s: %s", type(error).__name__, error)
        else:
            return
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _nothing_more() -> None:
    """The event was dealt with before it was acknowledged."""


async def _failed(error: Exception) -> BoltResponse:
    """What Slack is answered when there was no outcome; it sends an event again after 503."""
    if isinstance(error, BoltUnhandledRequestError):
        return BoltResponse(status=200)
    if isinstance(error, ComeAgain):
        return BoltResponse(status=503)
    log.error("A callback of the chat failed.", exc_info=error)
    return BoltResponse(status=500)


def _outcome(said: Said) -> Answer:
    """What is wrong with a dialogue is shown in it; a good one goes away."""
    if said.words:
        return {"response_action": "errors", "errors": {"reason": said.words}}
    return {"response_action": "clear"}


def _message(said: Said) -> Answer:
    """For the person's eyes alone."""
    if not said.words:
        return {}
    body: Answer = {"text": said.words, "replace_original": said.instead}
    if not said.instead:
        body["response_type"] = "ephemeral"
    return {**body, "blocks": said.blocks} if said.blocks else body
