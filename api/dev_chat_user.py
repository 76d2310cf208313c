"""What a person does in our own small Slack: presses, fills in, types a command, opens the home tab.

For the /dev/chat page, which guards its own form, and for tests. Each becomes the callback that Slack would send.
"""

from typing import Any

from fastapi import FastAPI

from api.context import House
from api.dev_slack import ANSWERED_ONCE, dialogue_of, home_of, timestamp
from api.dev_slack_hub import APP, COMMAND, EVENT, INTERACTIVE, Delivered, Hub, hub_of
from notifications.chat_callback import as_objects
from services.carriers import LOCAL_SLACK
from services.catch_message import catch_chat, caught_chat, chat_history
from services.local_slack import LOCAL_TEAM

COMMAND_NAME = "/tieout"


class NoSuchButtonError(LookupError):
    """The message has no such button, or is not there."""


class ChatHands:
    """One user's hands in the small Slack of an application."""

    def __init__(self, app: FastAPI, user: str, *, base: str | None = None, team: str = LOCAL_TEAM) -> None:
        """`base` is where the small Slack listens; by default the public address."""
        self._house: House = app.state.house
        self._hub: Hub = hub_of(app)
        self._base = base or self._house.settings.public_url.rstrip("/") + LOCAL_SLACK
        self.user, self._team = user, team

    async def press(self, channel: str, stamp: str, action_id: str) -> Delivered:
        """Presses a button of a message, or of the home tab."""
        message = await caught_chat(self._house.engine, channel, stamp)
        pressed = _find_button(message, action_id) if message is not None else None
        if pressed is None:
            raise NoSuchButtonError(action_id)
        return await self._hub.deliver(INTERACTIVE, self.pressed(channel, stamp, pressed))

    def pressed(self, channel: str, stamp: str, button: dict[str, Any]) -> dict[str, Any]:
        """The callback of a pressed button."""
        payload = {
            "type": "block_actions", **self._who(), "trigger_id": self._hub.trigger(self.user),
            "actions": [{**button, "action_ts": timestamp()}],
        }  # fmt: skip
        if channel == home_of(self.user):
            return {**payload, "container": {"type": "view", "view_id": "VHOME"}}
        return {
            **payload,
            "container": {"type": "message", "channel_id": channel, "message_ts": stamp, "is_ephemeral": False},
            "channel": {"id": channel}, "message": {"ts": stamp},
            "response_url": self._hub.response_address(self._base, channel, stamp, self.user),
        }  # fmt: skip

    async def dialogue(self) -> dict[str, Any] | None:
        """The dialogue that is open before the user."""
        found = await caught_chat(self._house.engine, dialogue_of(self.user), ANSWERED_ONCE)
        return found if found is not None and found.get("blocks") else None

    async def sees(self, channel: str) -> tuple[Any, ...]:
        """The open dialogue, the home tab, and what stands in the channel."""
        home = await caught_chat(self._house.engine, home_of(self.user), ANSWERED_ONCE)
        return await self.dialogue(), home, await chat_history(self._house.engine, channel)

    async def submit(self, words: str) -> Delivered:
        """Fills every field of the open dialogue and sends it in; it stays open if we found something wrong."""
        view = await self.dialogue()
        if view is None:
            raise NoSuchButtonError("dialogue")
        fields = [block for block in view["blocks"] if block.get("type") == "input"]
        values = {
            block["block_id"]: {block["element"]["action_id"]: {"type": "plain_text_input", "value": words}}
            for block in fields
        }
        told = {name: view.get(name) for name in ("id", "type", "callback_id", "private_metadata")}
        filled = {**told, "state": {"values": values}}
        payload = {"type": "view_submission", **self._who(), "view": filled, "response_urls": []}
        said = await self._hub.deliver(INTERACTIVE, payload)
        if said.body.get("response_action") == "errors":
            await self._show(dialogue_of(self.user), {**view, "errors": said.body["errors"], "filled": words})
        else:
            await self.close()
        return said

    async def close(self) -> None:
        """Closes the open dialogue without an answer."""
        await self._show(dialogue_of(self.user), {})

    async def command(self, channel: str, words: str) -> Delivered:
        """Types the slash command."""
        said = await self._hub.deliver(COMMAND, {
            "command": COMMAND_NAME, "text": words, "team_id": self._team, "user_id": self.user, "api_app_id": APP,
            "channel_id": channel, "trigger_id": self._hub.trigger(self.user),
            "response_url": self._hub.response_address(self._base, channel, None, self.user),
        })  # fmt: skip
        if said.body.get("text"):
            stamp = timestamp()
            message = {"ts": stamp, "channel": channel, "blocks": [], **said.body, "ephemeral": self.user}
            await catch_chat(self._house.engine, channel, stamp, message)
        return said

    async def open_home(self) -> Delivered:
        """Opens the home tab."""
        event = {"type": "app_home_opened", "user": self.user, "tab": "home", "channel": "D" + self.user[1:]}
        return await self._hub.deliver(EVENT, {
            "type": "event_callback", "team_id": self._team, "api_app_id": APP, "event": event, "event_id": timestamp(),
        })  # fmt: skip

    async def _show(self, place: str, view: dict[str, Any]) -> None:
        await catch_chat(self._house.engine, place, ANSWERED_ONCE, {**view, "ts": ANSWERED_ONCE, "text": ""})

    def _who(self) -> dict[str, Any]:
        return {
            "user": {"id": self.user, "team_id": self._team}, "team": {"id": self._team, "domain": "local"},
            "api_app_id": APP, "is_enterprise_install": False, "enterprise": None,
        }  # fmt: skip


def _find_button(message: dict[str, Any], action_id: str) -> dict[str, Any] | None:
    for block in as_objects(message.get("blocks")):
        for element in as_objects(block.get("elements")):
            if element.get("action_id") == action_id:
                return {**element, "block_id": block.get("block_id", "")}
    return None
