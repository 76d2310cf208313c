"""A small Slack of our own: the methods we call, kept as caught messages, and a click that is signed like Slack's.

It answers only while no workspace is set. `simulate_click` is for the /dev/chat page, which guards its own form.
"""

import hashlib
import itertools
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from api.context import House, HouseOf, house
from api.slack import signing_secret
from notifications.slack import sign
from services.carriers import LOCAL_SLACK, LOCAL_TOKEN
from services.catch_message import catch_chat, caught_chat, chat_history

router = APIRouter(prefix=LOCAL_SLACK.rstrip("/"), include_in_schema=False)

TEAM = "TLOCAL"
BOT = "ULOCALBOT"

_ticks = itertools.count(time.time_ns() // 1_000)


def user_id_of(email: str) -> str:
    """The id under which our small Slack knows an address: always the same, like a real one's."""
    return "U" + hashlib.sha256(email.strip().lower().encode()).hexdigest()[:10].upper()


async def _call(request: Request) -> dict[str, Any] | None:
    """The arguments, JSON or form, or None for a caller without the token."""
    if request.headers.get("authorization") != f"Bearer {LOCAL_TOKEN}":
        return None
    if "json" in request.headers.get("content-type", ""):
        given: dict[str, Any] = await request.json()
        return given
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def _error(code: str) -> JSONResponse:
    return JSONResponse({"ok": False, "error": code})


def _timestamp() -> str:
    micros = next(_ticks)
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"


@router.post("/{method}")
async def call(method: str, request: Request, known: HouseOf) -> Response:
    """One method of the Web API."""
    if known.settings.slack_bot_token is not None or method not in METHODS:
        return _error("unknown_method")
    given = await _call(request)
    if given is None:
        return _error("invalid_auth")
    fault: Callable[[str, str], Response | None] = getattr(request.app.state, "slack_fault", _no_fault)
    before = fault(method, "before")
    if before is not None:
        return before
    answer = await METHODS[method](known, given)
    return fault(method, "after") or answer


def _no_fault(_method: str, _moment: str) -> Response | None:
    return None


async def _auth_test(_known: House, _given: dict[str, Any]) -> Response:
    return JSONResponse({"ok": True, "team_id": TEAM, "user_id": BOT, "team": "Tieout", "user": "tieout"})


async def _post_message(known: House, given: dict[str, Any]) -> Response:
    channel, timestamp = str(given.get("channel", "")), _timestamp()
    if not channel:
        return _error("channel_not_found")
    if not given.get("text") and not given.get("blocks"):
        return _error("no_text")
    message = {
        "ts": timestamp, "channel": channel, "text": given.get("text", ""), "blocks": given.get("blocks", []),
        "metadata": given.get("metadata", {}),
    }  # fmt: skip
    await catch_chat(known.engine, channel, timestamp, message)
    return JSONResponse({"ok": True, "channel": channel, "ts": timestamp, "message": message})


async def _update(known: House, given: dict[str, Any]) -> Response:
    channel, timestamp = str(given.get("channel", "")), str(given.get("ts", ""))
    message = await caught_chat(known.engine, channel, timestamp)
    if message is None:
        return _error("message_not_found")
    changed = {**message, "text": given.get("text", ""), "blocks": given.get("blocks", []), "edited": True}
    await catch_chat(known.engine, channel, timestamp, changed)
    return JSONResponse({"ok": True, "channel": channel, "ts": timestamp, "text": changed["text"]})


async def _history(known: House, given: dict[str, Any]) -> Response:
    messages = await chat_history(known.engine, str(given.get("channel", "")))
    return JSONResponse({"ok": True, "messages": messages, "has_more": False})


async def _lookup(_known: House, given: dict[str, Any]) -> Response:
    email = str(given.get("email", ""))
    if "@" not in email:
        return _error("users_not_found")
    return JSONResponse({"ok": True, "user": {"id": user_id_of(email), "profile": {"email": email}}})


async def _open_view(_known: House, given: dict[str, Any]) -> Response:
    if not given.get("trigger_id"):
        return _error("invalid_trigger")
    return JSONResponse({"ok": True, "view": given.get("view", {})})


async def _publish_view(known: House, given: dict[str, Any]) -> Response:
    user = str(given.get("user_id", ""))
    if not user:
        return _error("user_not_found")
    view = dict(given.get("view", {}))
    await catch_chat(known.engine, f"home/{user}", HOME_TIMESTAMP, {"ts": HOME_TIMESTAMP, "text": "", **view})
    return JSONResponse({"ok": True, "view": view})


HOME_TIMESTAMP = "0000000000.000000"
"""A home tab is one per user: publishing again replaces it."""

METHODS = {
    "auth.test": _auth_test,
    "chat.postMessage": _post_message,
    "chat.update": _update,
    "conversations.history": _history,
    "users.lookupByEmail": _lookup,
    "views.open": _open_view,
    "views.publish": _publish_view,
}
"""Faithful as far as we use them."""


async def simulate_click(
    request: Request, channel: str, timestamp: str, action_id: str, user_id: str, *, comment: str = ""
) -> dict[str, Any]:
    """Presses a button as Slack would: a signed callback to our own /slack/actions; answers what we said to it.

    A rejection's dialogue is filled with `comment` at once.
    """
    known = house(request)
    message = await caught_chat(known.engine, channel, timestamp)
    pressed = _find_button(message, action_id) if message is not None else None
    if pressed is None:
        return {"ok": False, "error": "no_such_button"}
    action_ts = _timestamp()
    carried = {
        "command": action_id, "value": pressed.get("value", "{}"), "channel": channel, "message_ts": timestamp,
        "action_ts": action_ts,
    }  # fmt: skip
    if action_id == "approve":
        payload: dict[str, Any] = {
            "type": "block_actions",
            "container": {"type": "message", "channel_id": channel, "message_ts": timestamp},
            "actions": [{**pressed, "action_ts": action_ts}],
        }
    else:
        payload = {
            "type": "view_submission",
            "view": {
                "callback_id": "decision_reason", "private_metadata": json.dumps(carried),
                "state": {"values": {"reason": {"text": {"type": "plain_text_input", "value": comment}}}},
            },
        }  # fmt: skip
    return await _deliver(request, known, {**payload, "user": {"id": user_id}, "team": {"id": TEAM}})


async def _deliver(request: Request, known: House, payload: dict[str, Any]) -> dict[str, Any]:
    body = urlencode({"payload": json.dumps(payload)})
    headers = sign(signing_secret(known.settings), body, int(time.time()))
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    transport = httpx.ASGITransport(app=request.app)
    async with httpx.AsyncClient(transport=transport, base_url=known.settings.public_url) as client:
        response = await client.post("/slack/actions", content=body, headers=headers)
    said: dict[str, Any] = response.json() if response.content else {}
    return {"ok": response.is_success and not said.get("text") and not said.get("errors"), **said}


def _find_button(message: dict[str, Any], action_id: str) -> dict[str, Any] | None:
    for block in message.get("blocks", ()):
        for element in block.get("elements", ()):
            if isinstance(element, dict) and element.get("action_id") == action_id:
                return {**element, "block_id": block.get("block_id", "")}
    return None
