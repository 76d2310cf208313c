"""/dev/chat: our own small Slack as its users see it, with buttons, dialogues, home tabs and the slash command."""

import asyncio
import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.context import House, HouseOf, PageUnknown, Viewer, back_to, language_for, page
from api.dev_chat_user import COMMAND_NAME, ChatHands, NoSuchButtonError
from api.dev_slack import home_of
from api.dev_slack_hub import NobodyAnsweredError
from services.local_slack import local_chat_user, local_direct_channel
from storage.caught import Caught, caught_places, find_caught, list_caught
from storage.database import owner_transaction, transaction
from storage.people import people_of
from storage.sessions import SignedIn
from words.catalog import translate

router = APIRouter(include_in_schema=False)

SHOWN = 50
"""Messages of one view: the latest tell the story."""

LOOKS, LOOK_SECONDS = 20, 0.1
"""Tries to see what a press brings about: it is acknowledged at once, and the rest comes by another call, soon."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where messages stand: a channel, somebody's direct messages, or somebody's home tab."""

    id: str
    name: str
    count: int
    own: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One message as the page shows it; `alone` names the only person who would see it."""

    row: Caught
    message: dict[str, Any]
    place: str
    alone: str
    pressable: bool


@dataclass(frozen=True, slots=True)
class _Viewpoint:
    """Whose eyes and hands: the signed-in person's chat account, linked or not, and the names of all others."""

    user: str
    linked: bool
    names: dict[str, str]

    def place(self, found: str, named: str, count: int, language: str) -> Place:
        """How a place is called on the page."""
        if found.startswith("home/"):
            owner = found.removeprefix("home/")
            name = translate("Home of {name}", language, name=self.names.get(owner, owner))
            return Place(found, name, count, owner == self.user)
        if found.startswith("D"):
            owner = "U" + found[1:]
            return Place(found, self.names.get(owner, found), count, owner == self.user)
        return Place(found, named or found, count, own=True)


def _chat_on(house: House) -> None:
    if house.settings.slack_bot_token:
        raise PageUnknown


async def _viewpoint(known: House, viewer: SignedIn) -> _Viewpoint:
    async with transaction(known.engine, viewer.company.id) as session:
        people = await people_of(session, viewer.company.id)
    accounts = {one.id: one.slack_user_id or local_chat_user(one.email) for one in people.values()}
    names = {accounts[one.id]: one.name for one in people.values()}
    own = people.get(viewer.user_id)
    linked = own is not None and own.slack_user_id is not None
    return _Viewpoint(accounts.get(viewer.user_id, local_chat_user(viewer.email)), linked, names)


@router.get("/dev/chat")
async def chat(request: Request, known: HouseOf, viewer: Viewer, channel: str = "", said: str = "") -> Response:
    """Caught chat messages as the chat shows them, with working buttons."""
    _chat_on(known)
    view, language = await _viewpoint(known, viewer), language_for(request)
    async with owner_transaction(known.engine) as session:
        found = await caught_places(session)
        rows = await list_caught(session, "slack", recipient=channel or None, limit=SHOWN)
    places = {one[0]: view.place(*one, language) for one in found if not one[0].startswith("view/")}
    shown = [_shown(row, places[row.recipient], view) for row in rows if row.recipient in places]
    return page(
        request, "dev_chat.html", shown=shown, places=list(places.values()), channel=channel, said=said,
        linked=view.linked, dialogue=await ChatHands(request.app, view.user).dialogue(),
        command=COMMAND_NAME, direct=local_direct_channel(view.user), home=home_of(view.user),
    )  # fmt: skip


def _shown(row: Caught, place: Place, view: _Viewpoint) -> Shown:
    message: dict[str, Any] = json.loads(row.content)
    only = str(message.get("ephemeral", ""))
    return Shown(row, message, place.name, view.names.get(only, only), place.own and only in {"", view.user})


@router.post("/dev/chat/{number}/press")
async def press(
    request: Request, known: HouseOf, viewer: Viewer, number: int, action: Annotated[str, Form(max_length=100)]
) -> Response:
    """Presses a button of a caught message, by the callback that Slack would send."""
    _chat_on(known)
    async with owner_transaction(known.engine) as session:
        found = await find_caught(session, number)
    if found is None or found.channel != "slack":
        raise PageUnknown
    channel, _, stamp = (found.external_id or "").rpartition(":")
    hands = ChatHands(request.app, (await _viewpoint(known, viewer)).user)
    before = await hands.sees(channel)
    try:
        await hands.press(channel, stamp, action)
    except NoSuchButtonError:
        raise PageUnknown from None
    except NobodyAnsweredError:
        return _back(found.recipient, said="nobody")
    for _ in range(LOOKS):
        if await hands.sees(channel) != before:
            break
        await asyncio.sleep(LOOK_SECONDS)
    return _back(found.recipient, number=number)


@router.post("/dev/chat/dialogue")
async def fill(
    request: Request, known: HouseOf, viewer: Viewer, words: Annotated[str, Form(max_length=3000)] = "",
    press: Annotated[str, Form()] = "submit",
) -> Response:  # fmt: skip
    """Sends the open dialogue in, or closes it."""
    _chat_on(known)
    hands = ChatHands(request.app, (await _viewpoint(known, viewer)).user)
    if press != "submit":
        await hands.close()
        return _back("")
    try:
        await hands.submit(words)
    except NoSuchButtonError:
        raise PageUnknown from None
    except NobodyAnsweredError:
        return _back("", said="nobody")
    return _back("")


@router.post("/dev/chat/command")
async def command(
    request: Request, known: HouseOf, viewer: Viewer, words: Annotated[str, Form(max_length=200)] = "",
    channel: Annotated[str, Form(max_length=100)] = "",
) -> Response:  # fmt: skip
    """Types the slash command, in the channel that is shown or in the person's own."""
    _chat_on(known)
    view = await _viewpoint(known, viewer)
    place = channel if channel.startswith(("C", "D")) else local_direct_channel(view.user)
    try:
        await ChatHands(request.app, view.user).command(place, words)
    except NobodyAnsweredError:
        return _back(place, said="nobody")
    return _back(place)


@router.post("/dev/chat/home")
async def home(request: Request, known: HouseOf, viewer: Viewer) -> Response:
    """Opens the person's home tab."""
    _chat_on(known)
    view = await _viewpoint(known, viewer)
    try:
        await ChatHands(request.app, view.user).open_home()
    except NobodyAnsweredError:
        return _back("", said="nobody")
    return _back(home_of(view.user))


def _back(channel: str, *, said: str = "", number: int | None = None) -> Response:
    notes = {name: value for name, value in (("channel", channel), ("said", said)) if value}
    answer = back_to("/dev/chat", **notes)
    if number is not None:
        answer.headers["location"] += f"#m-{number}"
    return answer
