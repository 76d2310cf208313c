"""What Slack sends to us: button clicks, filled dialogues and events. Signature over the raw body first, then work."""

import json
import secrets
import time
from functools import cache
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import JSONResponse, Response

from api.context import House, HouseOf
from approvals.refusals import AssuranceTooLow
from notifications.slack import SignatureGate
from services.ask_chat_reason import REASON_DIALOGUE, ask_chat_reason
from services.handle_slack_action import ChatAction, handle_slack_action
from services.settings import Settings
from services.show_chat_home import publish_chat_home
from words.refusal import Refusal

router = APIRouter(prefix="/slack", include_in_schema=False)

BODY_MOST = 1_000_000
"""Bytes: Slack's own payloads stay far below."""

NEEDS_REASON = frozenset({"reject", "return"})
"""These ask why before they are done."""


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
    """A click or a filled dialogue; answered at once, Slack waits three seconds."""
    body = await _signed_body(request, known)
    if body is None:
        return Response(status_code=401)
    payload = json.loads(parse_qs(body.decode()).get("payload", ["{}"])[0])
    if payload.get("type") == "view_submission":
        return await _submitted(known, payload, later)
    if payload.get("type") != "block_actions":
        return Response()
    for pressed in payload.get("actions", ()):
        if pressed.get("action_id") in NEEDS_REASON:
            carried = _carried(payload, pressed)
            later.add_task(
                ask_chat_reason, known.settings, str(payload.get("trigger_id", "")), carried, known.settings.language
            )  # fmt: skip
        elif pressed.get("action_id") == "approve":
            return await _decided(known, _carried(payload, pressed), payload, "", later)
    return Response()


@router.post("/events")
async def events(request: Request, known: HouseOf, later: BackgroundTasks) -> Response:
    """Slack's own check of this address; and somebody who opens the home tab sees the inbox there."""
    body = await _signed_body(request, known)
    if body is None:
        return Response(status_code=401)
    payload = json.loads(body)
    if payload.get("type") == "url_verification":
        return JSONResponse({"challenge": payload.get("challenge", "")})
    happened = payload.get("event", {})
    if happened.get("type") == "app_home_opened" and happened.get("tab") == "home":
        later.add_task(publish_chat_home, known.engine, known.settings, str(happened.get("user", "")))
    return Response()


def _carried(payload: dict[str, Any], pressed: dict[str, Any]) -> dict[str, Any]:
    container = payload.get("container", {})
    return {
        "command": pressed["action_id"],
        "value": pressed.get("value", "{}"),
        "channel": container.get("channel_id", ""),
        "message_ts": container.get("message_ts", ""),
        "action_ts": pressed.get("action_ts", ""),
    }


async def _submitted(known: House, payload: dict[str, Any], later: BackgroundTasks) -> Response:
    view = payload.get("view", {})
    if view.get("callback_id") != REASON_DIALOGUE:
        return Response()
    reason = view.get("state", {}).get("values", {}).get("reason", {}).get("text", {}).get("value") or ""
    return await _decided(known, json.loads(view.get("private_metadata", "{}")), payload, str(reason), later)


async def _decided(
    known: House, carried: dict[str, Any], payload: dict[str, Any], comment: str, later: BackgroundTasks
) -> Response:
    value: dict[str, Any] = json.loads(carried["value"])
    action = ChatAction(
        command=str(carried["command"]), chat_user=str(payload.get("user", {}).get("id", "")),
        channel=str(carried["channel"]), message_ts=str(carried["message_ts"]), action_ts=str(carried["action_ts"]),
        value=value, comment=comment,
    )  # fmt: skip
    try:
        await handle_slack_action(known.engine, UUID(str(value.get("company"))), action)
    except Refusal as refusal:
        return _refused(payload, refusal, known.settings, str(value.get("request_id", "")))
    if not action.message_ts:
        # Pressed in the home tab, which has no message to lock: it is drawn again without the decided card.
        later.add_task(publish_chat_home, known.engine, known.settings, action.chat_user)
    return JSONResponse({"response_action": "clear"}) if payload.get("type") == "view_submission" else Response()


def _refused(payload: dict[str, Any], refusal: Refusal, settings: Settings, request_id: str) -> Response:
    """Tells the person in the dialogue, or beside the message, why nothing was done; and where to decide instead."""
    words = f"{refusal.text(settings.language)} {refusal.remedy_text(settings.language)}".strip()
    if isinstance(refusal, AssuranceTooLow):
        words += f" {settings.public_url.rstrip('/')}/approvals/{request_id}"
    if payload.get("type") == "view_submission":
        return JSONResponse({"response_action": "errors", "errors": {"reason": words}})
    return JSONResponse({"response_type": "ephemeral", "replace_original": False, "text": words})
