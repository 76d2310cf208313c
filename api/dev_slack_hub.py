"""How our own small Slack speaks to us: over the sockets that listen to it, or else by signed HTTP.

It gives each callback an envelope, waits three seconds for the acknowledgement, and sends events again that nobody
acknowledged. Triggers and answer addresses live as briefly as real ones, in this process only.
"""

import asyncio
import contextlib
import itertools
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
from fastapi import FastAPI
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.context import House
from api.slack import signing_secret
from notifications.slack import sign

ACKNOWLEDGE_SECONDS = 3.0
"""Slack waits as long."""

TRIGGER_SECONDS = 3.0
"""A dialogue can be opened this long after the press."""

RESPONSE_SECONDS, RESPONSE_USES = 1_800.0, 5
"""An answer address takes five answers in half an hour."""

RETRIES = (0.0, 60.0, 300.0)
"""Seconds before an event that nobody acknowledged is sent again; presses and commands are not."""

REFUSED = 300
"""HTTP status from which on an event counts as not acknowledged."""

APP = "ALOCAL"

INTERACTIVE, COMMAND, EVENT = "interactive", "slash_commands", "events_api"
"""What a callback is, as Socket Mode calls it."""


@dataclass(slots=True)
class ResponseAddress:
    """Where the answer to one press or command goes."""

    channel: str
    timestamp: str | None
    user: str
    until: float
    uses: int = RESPONSE_USES


@dataclass(frozen=True, slots=True)
class Delivered:
    """What we said to one callback: the HTTP status (200 on a socket) and the body, and after how many seconds."""

    status: int
    body: dict[str, Any]
    seconds: float


class NobodyAnsweredError(TimeoutError):
    """No acknowledgement within three seconds: the user of a real Slack sees a warning triangle."""


@dataclass(slots=True)
class Hub:
    """The callbacks of one application."""

    app: FastAPI
    retries: tuple[float, ...] = RETRIES
    acknowledge_within: float = ACKNOWLEDGE_SECONDS
    sockets: list[WebSocket] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """How long each acknowledgement took."""
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _tickets: set[str] = field(default_factory=set)
    _waiting: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _triggers: dict[str, tuple[str, float]] = field(default_factory=dict)
    _responses: dict[str, ResponseAddress] = field(default_factory=dict)
    _turn: "itertools.count[int]" = field(default_factory=itertools.count)

    def ticket(self) -> str:
        """Opens one socket, once."""
        made = secrets.token_hex(16)
        self._tickets.add(made)
        return made

    async def serve(self, socket: WebSocket) -> None:
        """One connection, from hello to its end."""
        if socket.query_params.get("ticket") not in self._tickets:
            await socket.close(4401)
            return
        self._tickets.discard(socket.query_params["ticket"])
        await socket.accept()
        self.sockets.append(socket)
        self._arrived.set()
        about = {"type": "hello", "num_connections": len(self.sockets), "connection_info": {"app_id": APP}}
        try:
            await socket.send_json({**about, "debug_info": {"host": "local", "approximate_connection_time": 18_060}})
            while True:
                said = await socket.receive_json()
                waiting = self._waiting.get(str(said.get("envelope_id", "")))
                if waiting is not None and not waiting.done():
                    waiting.set_result(said)
        except WebSocketDisconnect:
            pass
        finally:
            self._gone(socket)

    def _gone(self, socket: WebSocket) -> None:
        if socket in self.sockets:
            self.sockets.remove(socket)

    async def somebody(self) -> WebSocket:
        """Waits until a connection is there that was not called off."""
        while not self.sockets:
            self._arrived.clear()
            await self._arrived.wait()
        return self.sockets[0]

    async def call_off(self, reason: str = "refresh_requested") -> None:
        """Tells every connection to make place for a new one, as Slack does every few hours; new callbacks wait."""
        for socket in tuple(self.sockets):
            self.sockets.remove(socket)
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}})

    def trigger(self, user: str) -> str:
        """By which a dialogue may be opened for the user, once and soon."""
        made = secrets.token_hex(8)
        self._triggers[made] = (user, time.monotonic() + TRIGGER_SECONDS)
        return made

    def triggered(self, trigger_id: str) -> str | None:
        """Whose trigger it is, if it still counts."""
        user, until = self._triggers.pop(trigger_id, ("", 0.0))
        return user if time.monotonic() < until else None

    def response_address(self, base: str, channel: str, timestamp: str | None, user: str) -> str:
        """An address for the answer to one press or command."""
        token = secrets.token_hex(16)
        self._responses[token] = ResponseAddress(channel, timestamp, user, time.monotonic() + RESPONSE_SECONDS)
        return f"{base}respond/{token}"

    def responded(self, token: str) -> ResponseAddress | None:
        """What the address stands for, one use less; None when it counts no longer."""
        found = self._responses.get(token)
        if found is None or not found.uses or time.monotonic() > found.until:
            return None
        found.uses -= 1
        return found

    async def deliver(self, kind: str, payload: dict[str, Any]) -> Delivered:
        """Hands over one callback; an event again and again. Raises NobodyAnsweredError."""
        pauses = (None, *self.retries) if kind == EVENT else (None,)
        for attempt, pause in enumerate(pauses):
            if pause:
                await asyncio.sleep(pause)
            with contextlib.suppress(NobodyAnsweredError):
                said = await self._once(kind, payload, attempt)
                if kind != EVENT or said.status < REFUSED:
                    return said
        raise NobodyAnsweredError

    async def _once(self, kind: str, payload: dict[str, Any], attempt: int) -> Delivered:
        started = time.monotonic()
        if self.sockets:
            status, body = 200, await self._by_socket(kind, payload, attempt)
        else:
            status, body = await self._by_http(kind, payload, attempt)
        taken = time.monotonic() - started
        self.seconds.append(taken)
        return Delivered(status, body, taken)

    async def _by_socket(self, kind: str, payload: dict[str, Any], attempt: int) -> dict[str, Any]:
        envelope_id = secrets.token_hex(16)
        envelope: dict[str, Any] = {
            "envelope_id": envelope_id, "type": kind, "payload": payload,
            "accepts_response_payload": kind == COMMAND or payload.get("type") == "view_submission",
        }  # fmt: skip
        if attempt:
            envelope |= {"retry_attempt": attempt, "retry_reason": "timeout"}
        return await self.send_envelope(envelope)

    async def send_envelope(self, envelope: dict[str, Any]) -> dict[str, Any]:
        """Sends it by one of the sockets; answers the acknowledgement's payload."""
        waiting = self._waiting[envelope["envelope_id"]] = asyncio.get_running_loop().create_future()
        socket = self.sockets[next(self._turn) % len(self.sockets)]
        try:
            await socket.send_json(envelope)
            said = await asyncio.wait_for(waiting, self.acknowledge_within)
        except (WebSocketDisconnect, RuntimeError) as error:
            self._gone(socket)
            raise NobodyAnsweredError(str(error)) from error
        except TimeoutError as error:
            raise NobodyAnsweredError(str(error)) from error
        finally:
            del self._waiting[envelope["envelope_id"]]
        answer: dict[str, Any] = said.get("payload") or {}
        return answer if envelope["accepts_response_payload"] else {}

    async def _by_http(self, kind: str, payload: dict[str, Any], attempt: int) -> tuple[int, dict[str, Any]]:
        known: House = self.app.state.house
        path, body, form = "/slack/actions", urlencode(payload), "application/x-www-form-urlencoded"
        if kind == EVENT:
            path, body, form = "/slack/events", json.dumps(payload), "application/json"
        elif kind == INTERACTIVE:
            body = urlencode({"payload": json.dumps(payload)})
        headers = {**sign(signing_secret(known.settings), body, int(time.time())), "Content-Type": form}
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_timeout"}
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url=known.settings.public_url) as client:
            response = await client.post(path, content=body, headers=headers)
        said = response.json() if response.content and "json" in response.headers.get("content-type", "") else {}
        return response.status_code, said


def hub_of(app: FastAPI) -> Hub:
    """The application's hub, made when it is first asked for."""
    if not hasattr(app.state, "slack_hub"):
        app.state.slack_hub = Hub(app)
    hub: Hub = app.state.slack_hub
    return hub
