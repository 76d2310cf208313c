"""Chat callbacks that Slack did not sign, or that were here before: none decides anything."""

import hashlib
import hmac
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest_asyncio

from api.app import create_app
from api.dev_slack_hub import INTERACTIVE
from api.slack import app_of
from approvals.request import Request
from services.local_slack import LOCAL_TEAM
from services.settings import Settings
from tests.approvals.conftest import House
from tests.approvals.test_shell import loaded, submitted
from tests.support.chat import chat_of, local_slack

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"

CALLBACKS = int(os.environ.get("TIEOUT_CALLBACKS", "200"))
"""Forged or replayed callbacks of the ordinary run; the nightly run sends a thousand."""


@pytest_asyncio.fixture
async def slack(house: House, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """What Slack, and whoever pretends to be Slack, talks to; each answer is waited for to its end."""
    settings = Settings(home=tmp_path, slack_signing_secret=SECRET, _env_file=None)  # type: ignore[call-arg] # pydantic-settings
    app = create_app(settings, house.engine)

    async def settle(_answer: httpx.Response) -> None:
        await app_of(app).drain()

    transport, hooks = httpx.ASGITransport(app=app), {"response": [settle]}
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", event_hooks=hooks) as client:
        yield client


def value_of(request: Request) -> dict[str, Any]:
    """What its buttons carry, but for the company."""
    return {
        "request_id": str(request.id), "round": request.round, "stage": request.stage, "digest": request.digest,
    }  # fmt: skip


async def pressed(house: House, request_id: UUID, user: str = "UALICE", action_ts: str = "1.0") -> bytes:
    """The body of a press on Approve."""
    request = (await loaded(house, request_id)).request
    value = {**value_of(request), "company": str(house.id)}
    payload = {
        "type": "block_actions", "user": {"id": user}, "team": {"id": LOCAL_TEAM},
        "container": {"channel_id": "C1", "message_ts": "1.1"},
        "actions": [{"action_id": "approve", "action_ts": action_ts, "value": json.dumps(value)}],
    }  # fmt: skip
    return urlencode({"payload": json.dumps(payload)}).encode()


def signed(body: bytes, at: float, secret: str = SECRET) -> dict[str, str]:
    """Slack's headers over the raw body."""
    stamp = str(int(at))
    mac = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={mac}",
        "Content-Type": "application/x-www-form-urlencoded",
    }  # fmt: skip


def forge(rng: Random, body: bytes, now: float) -> tuple[bytes, dict[str, str]]:
    """A callback with one thing wrong."""
    headers = signed(body, now)
    match rng.randrange(6):
        case 0:
            headers = signed(body, now - rng.randint(301, 10**6))
        case 1:
            headers = signed(body, now, secret=rng.randbytes(16).hex())
        case 2:
            headers["X-Slack-Signature"] = "v0=" + rng.randbytes(32).hex()
        case 3:
            body += b"&x=1"
        case 4:
            headers["X-Slack-Request-Timestamp"] = rng.choice(("", "now", "-1", "1e9", "9" * 30))
        case _:
            del headers["X-Slack-Signature"]
    return body, headers


async def test_forged_and_replayed_callbacks_decide_nothing(house: House, slack: httpx.AsyncClient) -> None:
    """Not one of them is let in; the real press decides, and its replays change nothing."""
    rng = Random(5)  # noqa: S311 - which part is forged, not a secret
    _, request_id = await submitted(house, 80_000_00)
    body, now = await pressed(house, request_id), time.time()
    before = await loaded(house, request_id)
    for _ in range(CALLBACKS):
        sent, headers = forge(rng, body, now)
        assert (await slack.post("/slack/actions", content=sent, headers=headers)).status_code == 401
    assert await loaded(house, request_id) == before
    real = signed(body, now)
    assert (await slack.post("/slack/actions", content=body, headers=real)).status_code == 200
    decided = await loaded(house, request_id)
    assert decided.request.state == "approved"
    for _ in range(CALLBACKS):
        assert (await slack.post("/slack/actions", content=body, headers=real)).status_code == 401
    again = signed(body, now + 1)
    assert (await slack.post("/slack/actions", content=body, headers=again)).status_code == 200
    assert await loaded(house, request_id) == decided


async def test_an_unmapped_user_is_told_so_and_decides_nothing(house: House) -> None:
    """Signed by Slack, but by nobody whom the company knows."""
    _, request_id = await submitted(house, 80_000_00)
    before = await loaded(house, request_id)
    button = {"action_id": "approve", "value": json.dumps({**value_of(before.request), "company": str(house.id)})}
    async with local_slack(house.engine) as chat:
        said = await chat.hub.deliver(INTERACTIVE, chat.hands("UNOBODY").pressed("C1", "1.1", button))
        (told,) = await chat_of(house.engine, "C1")
    assert (said.status, said.body) == (200, {})
    assert "not linked" in told["text"]
    assert told["ephemeral"] == "UNOBODY"
    assert await loaded(house, request_id) == before
