"""Whose chat account it is: found by the address, and in force once its owner has said yes there."""

import json
from typing import Any

import pytest
from fastapi.responses import JSONResponse
from sqlalchemy import text

from api.dev_slack_hub import Delivered
from services.link_chat_account import (
    ChatAccountTaken,
    ChatAccountUnknown,
    ChatAskedAlready,
    ChatSilent,
    ask_chat_account,
    chat_account,
    remove_chat_account,
)
from services.local_slack import LOCAL_TEAM, local_chat_user, local_direct_channel
from storage.audit import Actor, verify_chain
from storage.database import transaction
from storage.people import find_person_by_chat, people_of
from tests.approvals.conftest import House
from tests.support.chat import LocalSlack, chat_of, link, local_slack

BOB = local_chat_user("bob@acme.example")
BOBS = local_direct_channel(BOB)


async def asked(house: House, chat: LocalSlack) -> dict[str, Any]:
    """Bob is asked; the question in his direct messages."""
    await ask_chat_account(house.engine, chat.settings, house.id, house.bob, Actor("user", house.bob))
    return (await chat_of(house.engine, BOBS))[0]


async def pressed(chat: LocalSlack, question: dict[str, Any], action: str, user: str = BOB, **given: str) -> Delivered:
    """A press on one of its buttons."""
    return await chat.hands(user, **given).press(BOBS, question["ts"], action)


async def is_bobs(house: House) -> bool:
    """Whether what is pressed there counts as Bob's, and messages go there."""
    async with transaction(house.engine, house.id) as session:
        found = await find_person_by_chat(session, house.id, LOCAL_TEAM, BOB)
        sent_to = (await people_of(session, house.id))[house.bob].slack_user_id
    assert (found is not None) == (sent_to == BOB)
    return found is not None


async def verbs(house: House) -> list[str]:
    """What the trail says about chat accounts."""
    async with house.engine.begin() as session:
        rows = await session.execute(
            text("select verb from audit_event where verb like 'chat_account%' order by number")
        )
        return list(rows.scalars())


async def test_a_link_counts_once_it_is_confirmed_and_until_it_is_taken_away(house: House) -> None:
    """Asked is not linked; confirmed twice is confirmed once; the question then says so and has no buttons."""
    async with local_slack(house.engine) as chat:
        question = await asked(house, chat)
        assert not await is_bobs(house)
        for _ in range(2):
            hands, button = chat.hands(BOB), question["blocks"][2]["elements"][0]
            await chat.hub.deliver("interactive", hands.pressed(BOBS, question["ts"], button))
        assert await is_bobs(house)
        told = (await chat_of(house.engine, BOBS))[0]
        assert told["text"].startswith("Linked.")
        assert not told["blocks"]
        assert await remove_chat_account(house.engine, house.id, house.bob, Actor("user", house.root))
        assert not await remove_chat_account(house.engine, house.id, house.bob, Actor("user", house.root))
        assert not await is_bobs(house)
        await chat.hub.deliver("interactive", hands.pressed(BOBS, question["ts"], button))
        assert not await is_bobs(house)
    assert await verbs(house) == ["chat_account_asked", "chat_account_confirmed", "chat_account_removed"]
    async with transaction(house.engine, house.id) as session:
        assert (await verify_chain(session, house.id))[1] is None


@pytest.mark.parametrize(("user", "team"), [("UMALLORY", LOCAL_TEAM), (BOB, "TOTHER")])
async def test_only_the_account_that_was_asked_confirms(house: House, user: str, team: str) -> None:
    """Not somebody else, and not the same id of another workspace."""
    async with local_slack(house.engine) as chat:
        question = await asked(house, chat)
        await pressed(chat, question, "chat_confirm", user, team=team)
        told = (await chat_of(house.engine, BOBS))[0]
        assert "no longer open" in told["text"]
        assert told["ephemeral"] == user
    assert not await is_bobs(house)


async def test_who_denies_is_not_linked_and_can_be_asked_again(house: House) -> None:
    """And whoever asks twice within a minute is told to wait."""
    async with local_slack(house.engine) as chat:
        question = await asked(house, chat)
        with pytest.raises(ChatAskedAlready):
            await asked(house, chat)
        await pressed(chat, question, "chat_deny")
        assert not await is_bobs(house)
        assert (await chat_account(house.engine, house.id, house.bob)).chat_user is None
        again = await asked(house, chat)
        assert json.loads(again["blocks"][2]["elements"][0]["value"])["person"] == str(house.bob)


async def test_what_stands_in_the_way_is_said(house: House) -> None:
    """Nobody with the address, an account of somebody else, a chat that is away: nothing is kept."""
    async with local_slack(house.engine) as chat:
        chat.plan.append(("users.lookupByEmail", "before", JSONResponse({"ok": False, "error": "users_not_found"})))
        with pytest.raises(ChatAccountUnknown):
            await asked(house, chat)
        chat.plan.append(("auth.test", "before", JSONResponse({"ok": False, "error": "fatal_error"}, 500)))
        with pytest.raises(ChatSilent):
            await asked(house, chat)
        await link(house.engine, house.id, house.carl, BOB)
        with pytest.raises(ChatAccountTaken):
            await asked(house, chat)
    assert (await chat_account(house.engine, house.id, house.bob)).asked_at is None
