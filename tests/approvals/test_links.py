"""Decision links and chat buttons: nothing forged, expired, replayed or borrowed decides anything."""

import base64
import os
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from approvals.refusals import RequestClosed, StageMoved
from notifications.chat_callback import ChatUser
from services.add_company import add_company
from services.add_user import add_user, disable_user
from services.chat_people import ChatUserUnknown
from services.decide_approval import CommandUnknown
from services.handle_slack_action import ChatAction, handle_slack_action
from services.local_slack import LOCAL_TEAM
from services.open_link import decide_by_link, open_link
from services.open_statement_page import LinkInvalid
from storage.database import transaction
from storage.schema import access_token
from storage.tokens import mint, resolve, revoke_for_person, revoke_for_subject
from tests.approvals.conftest import House
from tests.approvals.test_shell import loaded, submitted

FORGED = int(os.environ.get("TIEOUT_FORGED", "100"))
"""Tokens tried in the ordinary run; the nightly run tries ten thousand."""

HOUR = timedelta(hours=1)


async def minted(house: House, request_id: UUID, person: UUID, ttl: timedelta = HOUR, purpose: str = "decide") -> str:
    """A link as a mail would carry it."""
    request = (await loaded(house, request_id)).request
    binding = {"round": request.round, "stage": request.stage, "digest": request.digest}
    async with transaction(house.engine, house.id) as session:
        return await mint(session, house.id, purpose, ("approval", str(request_id)), person, binding, ttl)


async def test_a_link_shows_its_person_and_decides_once(house: House) -> None:
    """Looking twice changes nothing; deciding twice answers the same; a later visit shows the outcome."""
    _, request_id = await submitted(house, 80_000_00)
    link = await minted(house, request_id, house.alice)
    before = await loaded(house, request_id)
    page = await open_link(house.engine, link)
    assert (page.person.name, page.can_decide, page.outcome) == ("Alice", True, "")
    assert await loaded(house, request_id) == before
    first = await decide_by_link(house.engine, link, "approve", comment="", nonce=page.nonce)
    again = await decide_by_link(house.engine, link, "approve", comment="", nonce=page.nonce)
    assert first == again
    assert first.state == "approved"
    later = await open_link(house.engine, link)
    assert (later.can_decide, later.outcome, later.decided_by) == (False, "approved", "Alice")
    with pytest.raises(RequestClosed):
        await decide_by_link(house.engine, link, "reject", comment="no", nonce=later.nonce)


async def test_a_link_is_bound_to_its_stage(house: House) -> None:
    """The reviewer's link does nothing for the manager's stage."""
    _, request_id = await submitted(house, 600_000_00)
    alice, bob = await minted(house, request_id, house.alice), await minted(house, request_id, house.bob)
    nonce = (await open_link(house.engine, bob)).nonce
    page = await open_link(house.engine, alice)
    await decide_by_link(house.engine, alice, "approve", comment="", nonce=page.nonce)
    assert not (await open_link(house.engine, bob)).can_decide
    with pytest.raises(StageMoved):
        await decide_by_link(house.engine, bob, "approve", comment="", nonce=nonce)


async def test_a_nonce_of_another_link_is_refused(house: House) -> None:
    """And so is one that was made up."""
    _, request_id = await submitted(house, 80_000_00)
    alice, bob = await minted(house, request_id, house.alice), await minted(house, request_id, house.bob)
    other = (await open_link(house.engine, bob)).nonce
    for nonce in (other, "", "made.up"):
        with pytest.raises(LinkInvalid):
            await decide_by_link(house.engine, alice, "approve", comment="", nonce=nonce)
    with pytest.raises(LinkInvalid):
        await decide_by_link(
            house.engine, alice, "withdraw", comment="", nonce=(await open_link(house.engine, alice)).nonce
        )
    assert (await loaded(house, request_id)).request.state == "open"


async def test_forged_tokens_are_nobody(house: House) -> None:
    """Forged, expired, for another purpose or of another company: always the same nothing."""
    _, request_id = await submitted(house, 80_000_00)
    real = await minted(house, request_id, house.alice)
    other = await add_company(house.engine, "OTHER", "Other", "USD", "UTC")
    for number in range(FORGED):
        if number % 8 == 5:
            token = await minted(house, request_id, house.alice, ttl=timedelta(seconds=-1))
        elif number % 8 == 6:
            token = await minted(house, request_id, house.alice, purpose="answer")
        elif number % 8 == 7:
            own = await minted(house, request_id, house.alice)
            token = base64.urlsafe_b64encode(other.bytes + base64.urlsafe_b64decode(own)[16:]).decode()
        else:
            token = _forged(real, number)
        assert await resolve(house.engine, token, "decide") is None
    assert await resolve(house.engine, real, "decide") is not None


def _forged(real: str, number: int) -> str:
    if number % 4 == 0:
        return base64.urlsafe_b64encode(secrets.token_bytes(48)).decode()
    if number % 4 == 1:
        place = 22 + number % 42
        return real[:place] + ("A" if real[place] != "A" else "B") + real[place + 1 :]
    if number % 4 == 2:
        return real[: number % 63]
    return ("' or 1=1 --", "\x00", "…", real + "=", real + "A", "")[number // 4 % 6]


async def test_expired_revoked_and_cross_purpose_tokens_are_nobody(house: House) -> None:
    """Each for itself."""
    _, request_id = await submitted(house, 80_000_00)
    expired = await minted(house, request_id, house.alice, ttl=timedelta(seconds=-1))
    assert await resolve(house.engine, expired, "decide") is None
    answer = await minted(house, request_id, house.alice, purpose="answer")
    assert await resolve(house.engine, answer, "decide") is None
    for_subject, for_person = await minted(house, request_id, house.bob), await minted(house, request_id, house.alice)
    async with transaction(house.engine, house.id) as session:
        assert await revoke_for_person(session, house.id, house.bob) == 1
    assert await resolve(house.engine, for_subject, "decide") is None
    assert await resolve(house.engine, for_person, "decide") is not None
    async with transaction(house.engine, house.id) as session:
        await revoke_for_subject(session, house.id, "decide", ("approval", str(request_id)))
    assert await resolve(house.engine, for_person, "decide") is None


async def test_a_leavers_link_is_nobody(house: House) -> None:
    """Disabling the person ends it, also where a link was made afterwards."""
    _, request_id = await submitted(house, 80_000_00)
    await disable_user(house.engine, house.id, "alice@acme.example")
    link = await minted(house, request_id, house.alice)
    assert await resolve(house.engine, link, "decide") is None
    with pytest.raises(LinkInvalid):
        await open_link(house.engine, link)


async def test_a_token_of_another_company_is_nobody(house: House) -> None:
    """The same secret under another company's id finds nothing, and only a hash is kept."""
    _, request_id = await submitted(house, 80_000_00)
    link = await minted(house, request_id, house.alice)
    other = await add_company(house.engine, "OTHER", "Other", "USD", "UTC")
    await add_user(house.engine, other, "eve@other.example", "Eve", frozenset({"reviewer"}))
    raw = base64.urlsafe_b64decode(link)
    moved = base64.urlsafe_b64encode(other.bytes + raw[16:]).decode()
    assert await resolve(house.engine, moved, "decide") is None
    async with transaction(house.engine, house.id) as session:
        kept = (await session.execute(update(access_token).values(purpose="decide").returning(access_token))).all()
    assert raw[16:] not in [value for row in kept for value in row]


def action(request_id: UUID, digest: str, **given: Any) -> ChatAction:  # noqa: ANN401 - fields of an action
    """Alice presses approve."""
    value = {"request_id": str(request_id), "round": 1, "stage": 1, "digest": digest}
    fields: dict[str, Any] = {
        "command": "approve", "user": ChatUser(LOCAL_TEAM, "UALICE"), "channel": "D1", "message_ts": "1.1",
        "action_ts": "2.2", "value": value, **given,
    }  # fmt: skip
    return ChatAction(**fields)


async def test_a_chat_button_decides_once_however_often_it_is_replayed(house: House) -> None:
    """The key is channel, message, action and user."""
    _, request_id = await submitted(house, 80_000_00)
    digest = (await loaded(house, request_id)).request.digest
    first = await handle_slack_action(house.engine, house.id, action(request_id, digest))
    again = await handle_slack_action(house.engine, house.id, action(request_id, digest))
    assert (first.state, again, again.replayed) == ("approved", first, True)
    with pytest.raises(RequestClosed):
        await handle_slack_action(house.engine, house.id, action(request_id, digest, action_ts="3.3"))
    vote = (await loaded(house, request_id)).request.stages[0].votes[0]
    assert (vote.channel, vote.assurance) == ("slack", "chat")


async def test_an_unmapped_chat_user_and_a_broken_value_decide_nothing(house: House) -> None:
    """Nobody is guessed."""
    _, request_id = await submitted(house, 80_000_00)
    digest = (await loaded(house, request_id)).request.digest
    with pytest.raises(ChatUserUnknown):
        await handle_slack_action(house.engine, house.id, action(request_id, digest, user=ChatUser(LOCAL_TEAM, "UEVE")))
    for value in ({}, {"request_id": "x"}, {"request_id": str(request_id), "round": None, "stage": 1, "digest": ""}):
        with pytest.raises(CommandUnknown):
            await handle_slack_action(house.engine, house.id, action(request_id, digest, value=value))
    with pytest.raises(CommandUnknown):
        await handle_slack_action(house.engine, house.id, action(request_id, digest, command="cancel"))
    assert (await loaded(house, request_id)).request.state == "open"
