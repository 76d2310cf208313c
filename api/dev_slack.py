"""A small Slack of our own: the methods that we call, and Socket Mode; messages are kept as caught ones.

It answers only while no workspace is set. What a person does in it is in `dev_chat_user`, what it sends in its hub.
"""

import itertools
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, WebSocket
from fastapi.responses import JSONResponse, Response

from api.context import House, HouseOf
from api.dev_slack_hub import APP, Hub, hub_of
from services.carriers import LOCAL_SLACK, LOCAL_TOKEN
from services.catch_message import catch_chat, caught_chat, chat_channel_names, chat_history
from services.local_slack import LOCAL_TEAM, local_channel, local_chat_user, local_direct_channel

router = APIRouter(prefix=LOCAL_SLACK.rstrip("/"), include_in_schema=False)

BOT = "ULOCALBOT"

APP_TOKEN = "xapp-"  # noqa: S105 - how tokens for a socket begin
BLOCKS_MOST, TEXT_MOST = 50, 3_000
"""What a message may hold; a home tab or a dialogue may hold a hundred blocks."""

ANSWERED_ONCE = "0000000000.000000"
"""The timestamp of what a user has one of: a home tab, an open dialogue. Publishing again replaces it."""

_ticks = itertools.count(time.time_ns() // 1_000)

Given = dict[str, Any]


def timestamp() -> str:
    """A new one, as Slack numbers messages and actions."""
    micros = next(_ticks)
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"


async def _call(request: Request) -> Given | None:
    """The arguments, JSON or form, or None for a caller without the token."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    wanted = token.startswith(APP_TOKEN) if request.url.path.endswith("apps.connections.open") else token == LOCAL_TOKEN
    if not wanted:
        return None
    if "json" in request.headers.get("content-type", ""):
        given: Given = json.loads(await request.body() or "{}")
        return given
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def _error(code: str, status: int = 200) -> JSONResponse:
    return JSONResponse({"ok": False, "error": code}, status)


def _ok(**values: Any) -> JSONResponse:  # noqa: ANN401 - JSON
    return JSONResponse({"ok": True, **values})


@router.post("/respond/{token}")
async def respond(token: str, request: Request, known: HouseOf) -> Response:
    """An answer by the address that came with a press or a command."""
    found = hub_of(request.app).responded(token)
    if known.settings.slack_bot_token is not None or found is None:
        return _error("expired_url", 404)
    given: Given = await request.json()
    content = {"text": given.get("text", ""), "blocks": given.get("blocks", [])}
    if given.get("replace_original") and found.timestamp is not None:
        message = await caught_chat(known.engine, found.channel, found.timestamp)
        changed = {**(message or {}), **content, "edited": True}
        await catch_chat(known.engine, found.channel, found.timestamp, changed)
    else:
        await _keep(known, found.channel, content, {} if _is_public(given) else {"ephemeral": found.user})
    return _ok()


def _is_public(given: Given) -> bool:
    return given.get("response_type") == "in_channel"


@router.websocket("/socket")
async def socket(connection: WebSocket) -> None:
    """Socket Mode."""
    await hub_of(connection.app).serve(connection)


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
    if method == "apps.connections.open":
        answer = _open_connection(request)
    else:
        answer = await METHODS[method](known, hub_of(request.app), given)
    return fault(method, "after") or answer


def _no_fault(_method: str, _moment: str) -> Response | None:
    return None


def _open_connection(request: Request) -> Response:
    scheme = "wss" if request.url.scheme == "https" else "ws"
    ticket = hub_of(request.app).ticket()
    return _ok(url=f"{scheme}://{request.url.netloc}{LOCAL_SLACK}socket?ticket={ticket}&app_id={APP}")


async def _auth_test(_known: House, _hub: Hub, _given: Given) -> Response:
    return _ok(team_id=LOCAL_TEAM, user_id=BOT, team="Tieout", user="tieout", bot_id="BLOCAL")


async def _post_message(known: House, _hub: Hub, given: Given) -> Response:
    refused = _refused(given)
    if refused is not None:
        return refused
    named = str(given["channel"])
    extra = {"metadata": given.get("metadata", {})} | ({"channel_name": named} if named.startswith("#") else {})
    message = await _keep(known, _channel_of(named), given, extra)
    return _ok(channel=message["channel"], ts=message["ts"], message=message)


async def _post_ephemeral(known: House, _hub: Hub, given: Given) -> Response:
    refused = _refused(given) or (None if given.get("user") else _error("user_not_in_channel"))
    if refused is not None:
        return refused
    message = await _keep(known, _channel_of(str(given["channel"])), given, {"ephemeral": str(given["user"])})
    return _ok(message_ts=message["ts"])


def _refused(given: Given) -> Response | None:
    """What Slack would not take."""
    blocks = given.get("blocks") or []
    if not given.get("channel"):
        return _error("channel_not_found")
    if not given.get("text") and not blocks:
        return _error("no_text")
    texts = [one["text"]["text"] for one in blocks if one.get("type") == "section" and "text" in one]
    if len(blocks) > BLOCKS_MOST or any(len(text) > TEXT_MOST for text in texts):
        return _error("invalid_blocks")
    return None


def _channel_of(named: str) -> str:
    if named.startswith("#"):
        return local_channel(named)
    return local_direct_channel(named) if named.startswith("U") else named


async def _keep(known: House, channel: str, given: Given, extra: Given) -> Given:
    message = {
        "ts": timestamp(), "channel": channel, "text": given.get("text", ""), "blocks": given.get("blocks") or [],
        "user": BOT, **extra,
    }  # fmt: skip
    await catch_chat(known.engine, channel, message["ts"], message)
    return message


async def _update(known: House, _hub: Hub, given: Given) -> Response:
    channel, stamp = str(given.get("channel", "")), str(given.get("ts", ""))
    message = await caught_chat(known.engine, channel, stamp)
    if message is None:
        return _error("message_not_found")
    changed = {**message, "text": given.get("text", ""), "blocks": given.get("blocks", []), "edited": True}
    await catch_chat(known.engine, channel, stamp, changed)
    return _ok(channel=channel, ts=stamp, text=changed["text"])


async def _history(known: House, _hub: Hub, given: Given) -> Response:
    """By a channel's id only: Slack finds none by a name or a user."""
    channel = str(given.get("channel", ""))
    if not channel.startswith(("C", "D", "G")):
        return _error("channel_not_found")
    messages = [one for one in await chat_history(known.engine, channel) if "ephemeral" not in one]
    return _ok(messages=messages, has_more=False)


async def _open_conversation(_known: House, _hub: Hub, given: Given) -> Response:
    user = str(given.get("users", ""))
    return _ok(channel={"id": local_direct_channel(user)}) if user.startswith("U") else _error("user_not_found")


async def _list_conversations(known: House, _hub: Hub, _given: Given) -> Response:
    names = await chat_channel_names(known.engine)
    channels = [{"id": local_channel(name), "name": name[1:]} for name in names]
    return _ok(channels=channels, response_metadata={"next_cursor": ""})


async def _lookup(_known: House, _hub: Hub, given: Given) -> Response:
    email = str(given.get("email", ""))
    if "@" not in email:
        return _error("users_not_found")
    return _ok(user={"id": local_chat_user(email), "team_id": LOCAL_TEAM, "profile": {"email": email}})


async def _open_view(known: House, hub: Hub, given: Given) -> Response:
    user = hub.triggered(str(given.get("trigger_id", "")))
    if user is None:
        return _error("expired_trigger_id")
    view = {"id": "V" + timestamp(), **given.get("view", {})}
    await catch_chat(known.engine, dialogue_of(user), ANSWERED_ONCE, {"ts": ANSWERED_ONCE, "text": "", **view})
    return _ok(view=view)


async def _publish_view(known: House, _hub: Hub, given: Given) -> Response:
    user = str(given.get("user_id", ""))
    if not user:
        return _error("user_not_found")
    view = dict(given.get("view", {}))
    await catch_chat(known.engine, home_of(user), ANSWERED_ONCE, {"ts": ANSWERED_ONCE, "text": "", **view})
    return _ok(view=view)


def home_of(user: str) -> str:
    """Where the user's home tab is kept."""
    return f"home/{user}"


def dialogue_of(user: str) -> str:
    """Where the dialogue is kept that the user has open."""
    return f"view/{user}"


METHODS: dict[str, Callable[[House, Hub, Given], Awaitable[Response]]] = {
    "apps.connections.open": _auth_test,
    "auth.test": _auth_test,
    "chat.postEphemeral": _post_ephemeral,
    "chat.postMessage": _post_message,
    "chat.update": _update,
    "conversations.history": _history,
    "conversations.list": _list_conversations,
    "conversations.open": _open_conversation,
    "users.lookupByEmail": _lookup,
    "views.open": _open_view,
    "views.publish": _publish_view,
}
"""Faithful as far as we use them."""
