"""The inbox as the chat's home tab, by Slack's real client against our own small Slack."""

import json
import time
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from api.app import create_app
from services.ask_waiver import ask_waiver
from services.settings import Settings
from services.show_chat_home import publish_chat_home
from storage.caught import list_caught
from storage.database import owner_transaction, transaction
from storage.findings import NewFinding, keep_finding, list_findings
from tests.approvals.conftest import House
from tests.approvals.test_forged_callbacks import SECRET, signed
from tests.approvals.test_shell import loaded, submitted
from tests.outbox.test_chat import local_slack


async def home_of(house: House, user: str) -> dict[str, object]:
    """The tab that this user sees."""
    async with owner_transaction(house.engine) as session:
        (caught,) = await list_caught(session, "slack", recipient=f"home/{user}")
    shown: dict[str, object] = json.loads(caught.content)
    return shown


async def test_the_home_tab_shows_what_waits_and_where_to_step_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement has buttons; a waiver leads to the web; the next publishing replaces the tab."""
    _, request_id = await submitted(house, 600_000_00)
    async with transaction(house.engine, house.id) as session:
        new = NewFinding("tie_out", "run", "r", "breach", "tie_out_difference", {"difference": "1.00"}, "k")
        await keep_finding(session, house.id, new)
        (difference,) = await list_findings(session, house.id)
    waiver = await ask_waiver(house.engine, house.company, difference.id, "rounding", house.carl)
    async with local_slack(house.engine) as chat:
        base = chat.url.removesuffix("/dev/slack/api/")
        settings = Settings(public_url=base)
        for _ in range(2):
            answer = await publish_chat_home(house.engine, settings, "UALICE")
            assert answer is not None
            assert answer.outcome == "accepted"
        assert await publish_chat_home(house.engine, settings, "UNOBODY") is None
    told = json.dumps(await home_of(house, "UALICE"))
    assert "2 requests wait for you" in told
    assert f"{base}/approvals/{waiver}" in told
    assert told.count('"action_id": "approve"') == 1
    assert told.count('"action_id": "open"') == 1
    assert str(request_id) in told


async def test_opening_the_tab_and_pressing_there(house: House, tmp_path: Path) -> None:
    """The event is answered at once; a press without a message decides under its own key."""
    _, request_id = await submitted(house, 80_000_00)
    settings = Settings(home=tmp_path, slack_signing_secret=SECRET, _env_file=None)  # type: ignore[call-arg] # pydantic-settings
    transport = httpx.ASGITransport(app=create_app(settings, house.engine))
    request = (await loaded(house, request_id)).request
    value = json.dumps({"company": str(house.id), "request_id": str(request_id), "round": request.round,
                        "stage": request.stage, "digest": request.digest})  # fmt: skip
    payload = {"type": "block_actions", "user": {"id": "UALICE"}, "container": {"type": "view"},
               "actions": [{"action_id": "approve", "action_ts": "1.0", "value": value}]}  # fmt: skip
    body = urlencode({"payload": json.dumps(payload)}).encode()
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        event = json.dumps({"type": "event_callback", "event": {"type": "app_home_opened", "user": "UNOBODY",
                                                                "tab": "home"}}).encode()  # fmt: skip
        opened = await client.post("/slack/events", content=event, headers=signed(event, time.time()))
        assert opened.status_code == 200
        pressed = await client.post("/slack/actions", content=body, headers=signed(body, time.time()))
        assert pressed.status_code == 200
    assert (await loaded(house, request_id)).request.state == "approved"
