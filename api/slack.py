"""What Slack sends to us by HTTP: signature over the raw body first, then the same handling as Socket Mode's."""

import json
import secrets
import time
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import JSONResponse, Response

from api.context import House, HouseOf
from notifications.chat_callback import COMMAND, EVENT, INTERACTIVE, Callback
from notifications.slack import SignatureGate
from services.answer_chat import answer_chat
from services.settings import Settings

router = APIRouter(prefix="/slack", include_in_schema=False)

BODY_MOST = 1_000_000
"""Bytes: Slack's own payloads stay far below."""


@cache
def _local_secret() -> str:
    return secrets.token_hex(32)


def signing_secret(settings: Settings) -> str:
    """The workspace's secret; without a workspace one of this process, by which only our own small Slack signs."""
    return settings.slack_signing_secret or _local_secret()


@cache
def _gate(secret: str) -> SignatureGate:
    return SignatureGate(secret)


async def _signed_body(request: Request, known: House) -> bytes | None:
    """The raw body if Slack signed it, lately, and it was not here before."""
    body = await request.body()
    if len(body) > BODY_MOST:
        return None
    return body if _gate(signing_secret(known.settings)).admits(body, request.headers, time.time()) else None


@router.post("/actions")
async def actions(request: Request, known: HouseOf, later: BackgroundTasks) -> Response:
    """A click, a filled dialogue, or the slash command."""
    body = await _signed_body(request, known)
    if body is None:
        return Response(status_code=401)
    callback = _form(body)
    return Response(status_code=400) if callback is None else await _answered(known, callback, later)


@router.post("/events")
async def events(request: Request, known: HouseOf, later: BackgroundTasks) -> Response:
    """Slack's own check of this address; and somebody who opens the home tab."""
    body = await _signed_body(request, known)
    if body is None:
        return Response(status_code=401)
    payload = _object(body)
    if payload is None:
        return Response(status_code=400)
    if payload.get("type") == "url_verification":
        return JSONResponse({"challenge": payload.get("challenge", "")})
    return await _answered(known, Callback(EVENT, payload), later)


async def _answered(known: House, callback: Callback, later: BackgroundTasks) -> Response:
    heard = await answer_chat(known.engine, known.settings, callback)
    if heard.rest is not None:
        later.add_task(_until_done, heard.rest)
    return JSONResponse(heard.answer) if heard.answer else Response()


async def _until_done(rest: Any) -> None:  # noqa: ANN401 - an awaitable
    """Keeps the server from ending before what was acknowledged is done."""
    await rest


def _form(body: bytes) -> Callback | None:
    try:
        fields = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
    except UnicodeDecodeError:
        return None
    if "payload" not in fields:
        return Callback(COMMAND, fields) if "command" in fields else None
    payload = _object(fields["payload"].encode())
    return None if payload is None else Callback(INTERACTIVE, payload)


def _object(text: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
