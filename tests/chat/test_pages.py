"""The pages of the chat: an account is linked, the small Slack is used, other chats are kept, by whoever may."""

import re
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI

from services.local_slack import local_chat_user, local_direct_channel
from storage.database import Database
from tests.api.conftest import SignIn, app, sample, sign_in
from tests.api.sample import Sample
from tests.support.chat import local_slack

__all__ = ["app", "sample", "sign_in"]

ALICE = local_chat_user("alice@sample.example")
PRESS = re.compile(r'action="/dev/chat/(\d+)/press"')


async def test_an_account_is_linked_by_its_owner_and_taken_away_by_an_administrator(
    engine: Database, app: FastAPI, sign_in: SignIn, sample: Sample
) -> None:
    """Asked on the page, confirmed in the chat; until then the chat page warns."""
    person = {"person": str(sample.people["Alice Reviewer"])}
    async with local_slack(engine, app):
        alice, admin = await sign_in("alice"), await sign_in("ada")
        assert "Not linked yet" in (await alice.get("/account/chat")).text
        assert "will be refused" in (await alice.get("/dev/chat")).text
        assert (await alice.post("/account/chat")).status_code == 303
        assert "not confirmed yet" in (await alice.get("/account/chat")).text
        shown = (await alice.get(f"/dev/chat?channel={local_direct_channel(ALICE)}")).text
        pressed = await alice.post(f"/dev/chat/{PRESS.findall(shown)[0]}/press", data={"action": "chat_confirm"})
        assert pressed.status_code == 303
        assert "Linked and confirmed" in (await alice.get("/account/chat")).text
        assert "will be refused" not in (await alice.get("/dev/chat")).text
        assert (await alice.post("/settings/people/chat/remove", data=person)).status_code == 403
        assert "Linked" in (await admin.get("/settings")).text
        assert (await admin.post("/settings/people/chat/remove", data=person)).status_code == 303
        assert "Not linked yet" in (await alice.get("/account/chat")).text
        assert (await admin.post("/settings/people/chat", data=person)).status_code == 303
        assert (await alice.post("/account/chat/remove")).status_code == 303


async def test_the_small_slack_is_used_from_its_page(engine: Database, app: FastAPI, sign_in: SignIn) -> None:
    """The command answers alone, the home tab opens, what is not there is not there; a real Slack hides the page."""
    async with local_slack(engine, app):
        alice = await sign_in("alice")
        found = await alice.post("/dev/chat/command", data={"words": "2026"})
        assert "not linked" in (await alice.get(found.headers["location"])).text
        home = await alice.post("/dev/chat/home")
        assert urlsplit(home.headers["location"]).query == f"channel=home%2F{ALICE}"
        assert "not linked yet" in (await alice.get(home.headers["location"])).text
        assert (await alice.post("/dev/chat/dialogue", data={"words": "x"})).status_code == 404
        assert (await alice.post("/dev/chat/999999/press", data={"action": "approve"})).status_code == 404
        app.state.house.settings.slack_bot_token = "xoxb-real"
        assert (await alice.get("/dev/chat")).status_code == 404


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise's own, once, when it loads
async def test_other_chats_are_kept_by_administrators(sign_in: SignIn) -> None:
    """The address is not shown again, also not to them."""
    admin, alice = await sign_in("ada"), await sign_in("alice")
    chat = {"name": "财务群", "address": "feishu://S3CR3T"}
    assert (await alice.post("/settings/chats", data=chat)).status_code == 403
    assert (await admin.post("/settings/chats", data={**chat, "address": "json://127.0.0.1"})).status_code == 422
    assert (await admin.post("/settings/chats", data=chat)).status_code == 303
    shown = (await admin.get("/settings")).text
    assert "财务群" in shown
    assert "S3CR3T" not in shown
    assert "chat:财务群" in (await alice.get("/account/messages")).text
    assert (await admin.post("/settings/chats/remove", data={"name": "财务群"})).status_code == 303
    assert (await admin.post("/settings/chats/remove", data={"name": "财务群"})).status_code == 404
