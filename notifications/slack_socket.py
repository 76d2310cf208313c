"""Socket Mode: Slack's callbacks over a connection that we open, so that no address of ours has to be public.

The SDK's own client closes the old connection before the new one is there, tries a used address for ever, and
acknowledges on whichever connection is open by then; this one does not.
"""

import asyncio
import json
import logging
import random
import time
from collections import OrderedDict
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from notifications.chat_callback import KINDS, Callback, Take, as_object
from notifications.slack import SlackCallError, SlackCarrier

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 60.0
"""Seconds before connecting again; doubled, and spread so that several listeners do not come at once."""

STEADY_SECONDS = 60.0
"""A connection that lasted as long is replaced at once, and pauses start small again."""

OPEN_TIMEOUT = 20.0
"""Seconds for a connection to be opened."""

DRAIN_SECONDS = 30.0
"""A connection that Slack has called off is read this much longer: what was on its way still comes by it."""

SEEN_MOST = 10_000
"""Envelopes remembered: a busy workspace's presses of some hours."""

log = logging.getLogger(__name__)


class SlackSocket:
    """One listener; several may run, Slack gives each callback to one of up to ten connections."""

    def __init__(self, app_token: str, api_url: str, take: Take) -> None:
        """`api_url` ends with a slash."""
        self._slack = SlackCarrier(app_token, api_url)
        self._take = take
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: set[ClientConnection] = set()
        self.connected = asyncio.Event()
        """Set while a connection has said hello."""

    async def listen(self, stop: asyncio.Event) -> None:
        """Connects, and connects again, until `stop` is set; what was taken in hand comes to its end."""
        pause = FIRST_PAUSE
        while not stop.is_set():
            started, wait = time.monotonic(), pause
            try:
                await self._while_connected(stop)
            except SlackCallError as error:
                log.warning("Slack gave no socket: %s", error)
                wait = error.retry_after or pause
            except (OSError, TimeoutError, ConnectionClosed, InvalidHandshake, InvalidURI) as error:
                log.warning("The socket to Slack broke: %s: %s", type(error).__name__, error)
            if time.monotonic() - started > STEADY_SECONDS:
                pause = FIRST_PAUSE
                continue
            pause = min(pause * 2, LONGEST_PAUSE)
            await _sleep_unless(stop, wait * (1 + random.random()))  # noqa: S311 - spread, not secrecy
        for connection in tuple(self._connections):
            await connection.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=DRAIN_SECONDS)

    async def _while_connected(self, stop: asyncio.Event) -> None:
        """Until the connection ends, Slack calls it off, or `stop`. The next one is opened while this one drains."""
        connection = await connect(await self._slack.socket_address(), open_timeout=OPEN_TIMEOUT)
        called_off = asyncio.Event()
        reading = self._start(self._read(connection, called_off))
        stopping = asyncio.create_task(stop.wait())
        leaving = asyncio.create_task(called_off.wait())
        try:
            await asyncio.wait({reading, stopping, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.connected.clear()
            stopping.cancel()
            leaving.cancel()

    async def _read(self, connection: ClientConnection, called_off: asyncio.Event) -> None:
        """Takes what comes; a connection that is called off is read until it closes, or DRAIN_SECONDS longer."""
        self._connections.add(connection)
        until: float | None = None
        loop = asyncio.get_running_loop()
        try:
            while True:
                async with asyncio.timeout_at(until):
                    envelope = as_object(await connection.recv())
                if envelope.get("type") == "hello":
                    log.info("Listening to Slack.")
                    self.connected.set()
                elif envelope.get("type") == "disconnect":
                    log.info("Slack calls a connection off: %s", envelope.get("reason"))
                    until = loop.time() + DRAIN_SECONDS
                    called_off.set()
                elif "envelope_id" in envelope:
                    self._start(self._answer(connection, envelope))
        except (ConnectionClosed, TimeoutError):
            log.info("A socket to Slack is closed.")
        finally:
            self._connections.discard(connection)
            await connection.close()

    async def _answer(self, connection: ClientConnection, envelope: dict[str, Any]) -> None:
        """Acts, acknowledges on the connection that it came by, and sees the rest of the work through."""
        answer: dict[str, Any] = {"envelope_id": envelope["envelope_id"]}
        rest = None
        if envelope.get("type") in KINDS and self._is_new(str(envelope["envelope_id"])):
            heard = await self._take(Callback(str(envelope["type"]), as_object(envelope.get("payload"))))
            rest = heard.rest
            if heard.answer and envelope.get("accepts_response_payload"):
                answer["payload"] = heard.answer
        try:
            await connection.send(json.dumps(answer, ensure_ascii=False))
        except ConnectionClosed:
            log.warning("A callback was done, but its acknowledgement could not be sent.")
        if rest is not None:
            await rest

    def _is_new(self, envelope_id: str) -> bool:
        if envelope_id in self._seen:
            return False
        self._seen[envelope_id] = None
        if len(self._seen) > SEEN_MOST:
            self._seen.popitem(last=False)
        return True

    def _start(self, work: Any) -> asyncio.Task[None]:  # noqa: ANN401 - a coroutine
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("A callback of the chat failed.", exc_info=task.exception())


async def _sleep_unless(stop: asyncio.Event, seconds: float) -> None:
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({waiting}, timeout=seconds)
    waiting.cancel()
