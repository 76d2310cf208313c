"""The inbox as the chat's home tab, by Slack's real client against our own small Slack."""

import json
from uuid import UUID

from api.dev_slack_hub import INTERACTIVE
from notifications.chat_callback import ChatUser
from services.ask_waiver import ask_waiver
from services.local_slack import LOCAL_TEAM
from services.show_chat_home import publish_chat_home
from storage.database import transaction
from storage.findings import NewFinding, keep_finding, list_findings
from tests.approvals.conftest import House
from tests.approvals.test_shell import loaded, submitted
from tests.support.chat import LocalSlack, chat_of, local_slack, patient

__all__ = ["patient"]


async def home_of(house: House, user: str) -> str:
    """The tab that this user sees."""
    (shown,) = await chat_of(house.engine, f"home/{user}")
    return json.dumps(shown)


async def press_approve(house: House, chat: LocalSlack, request_id: UUID) -> None:
    """Alice presses Approve in a message about the request, wherever she got it from."""
    request = (await loaded(house, request_id)).request
    value = {
        "company": str(house.id), "request_id": str(request_id), "round": request.round, "stage": request.stage,
        "digest": request.digest,
    }  # fmt: skip
    button = {"type": "button", "action_id": "approve", "value": json.dumps(value)}
    await chat.hub.deliver(INTERACTIVE, chat.hands("UALICE").pressed("C1", "1.1", button))


async def test_the_home_tab_shows_what_waits_and_where_to_step_up(house: House) -> None:
    """A statement has buttons; a waiver leads to the web; the next publishing replaces the tab."""
    _, request_id = await submitted(house, 600_000_00)
    async with transaction(house.engine, house.id) as session:
        new = NewFinding("tie_out", "run", "r", "breach", "tie_out_difference", {"difference": "1.00"}, "k")
        await keep_finding(session, house.id, new)
        (difference,) = await list_findings(session, house.id)
    waiver = await ask_waiver(house.engine, house.company, difference.id, "rounding", house.carl)
    async with local_slack(house.engine) as chat:
        for user in ("UALICE", "UALICE", "UNOBODY"):
            answer = await publish_chat_home(house.engine, chat.settings, ChatUser(LOCAL_TEAM, user))
            assert answer.outcome == "accepted"
        await press_approve(house, chat, waiver)
        (refused,) = await chat_of(house.engine, "C1")
        assert f"{chat.base}/approvals/{waiver}" in refused["text"]
        assert refused["blocks"][1]["elements"][0]["url"] == f"{chat.base}/approvals/{waiver}"
    assert (await loaded(house, waiver)).request.state == "open"
    told = await home_of(house, "UALICE")
    assert "2 requests wait for you" in told
    assert f"{chat.base}/approvals/{waiver}" in told
    assert told.count('"action_id": "approve"') == 1
    assert "Sign in and decide" in told
    assert str(request_id) in told
    strange = await home_of(house, "UNOBODY")
    assert f"{chat.base}/account/chat" in strange
    assert "approve" not in strange


async def test_the_account_of_another_workspace_is_somebody_else(house: House) -> None:
    """Ids repeat between workspaces: only the one that was confirmed counts."""
    await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat:
        await publish_chat_home(house.engine, chat.settings, ChatUser("TOTHER", "UALICE"))
    assert "approve" not in await home_of(house, "UALICE")


async def test_opening_the_tab_and_pressing_there(house: House) -> None:
    """The event draws the tab; a press without a message decides under its own key and draws it again."""
    _, request_id = await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat:
        alice = chat.hands("UALICE")
        assert (await alice.open_home()).status == 200
        assert str(request_id) in await home_of(house, "UALICE")
        assert (await alice.press("home/UALICE", "0000000000.000000", "approve")).status == 200
        assert (await loaded(house, request_id)).request.state == "approved"
        assert str(request_id) not in await home_of(house, "UALICE")
