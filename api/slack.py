"""What Slack sends to us by HTTP: our gate looks at the raw body first, then the app acts as on Socket Mode's."""

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from api.context import House, HouseOf
from notifications.slack import SignatureGate
from notifications.slack_app import SlackApp
from services.answer_chat import slack_app
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


@router.post("/actions")
@router.post("/events")
async def heard(request: Request, known: HouseOf) -> Response:
    """A click, a filled dialogue, the slash command; an event, or Slack's own check of the address."""
    body = await request.body()
    admitted = len(body) <= BODY_MOST and _gate(signing_secret(known.settings)).admits(
        body, request.headers, time.time()
    )
    return await app_of(request.app).answer(request) if admitted else Response(status_code=401)


def app_of(application: FastAPI) -> SlackApp:
    """The application's one app in Slack, made when it is first needed."""
    if not hasattr(application.state, "slack_app"):
        known: House = application.state.house
        application.state.slack_app = slack_app(known.engine, known.settings, signing_secret(known.settings))
    found: SlackApp = application.state.slack_app
    return found


@asynccontextmanager
async def all_done(application: FastAPI) -> AsyncIterator[None]:
    """The server ends once everything that was acknowledged is done."""
    yield
    await app_of(application).drain()
