"""What happens in Slack as we are told of it, and what is said about it."""

import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from notifications.chat_blocks import Block


@dataclass(frozen=True, slots=True)
class ChatUser:
    """An account of a workspace, as Slack vouches for it."""

    team: str
    id: str


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback; whoever received it has made sure that Slack sent it."""

    payload: dict[str, Any]

    @property
    def user(self) -> ChatUser:
        """Who did it."""
        team, person = as_object(self.payload.get("team")), as_object(self.payload.get("user"))
        return ChatUser(
            str(team.get("id") or self.payload.get("team_id", "")),
            str(person.get("id") or self.event.get("user") or self.payload.get("user_id", "")),
        )

    @property
    def event(self) -> dict[str, Any]:
        """What happened, if nobody pressed or wrote anything."""
        return as_object(self.payload.get("event"))

    @property
    def pressed(self) -> dict[str, Any]:
        """The button that was pressed, if one was."""
        return next(iter(as_objects(self.payload.get("actions"))), {})

    @property
    def view(self) -> dict[str, Any]:
        """The dialogue that was sent in, if one was."""
        return as_object(self.payload.get("view"))

    @property
    def from_dialogue(self) -> dict[str, Any]:
        """What the sent dialogue carries along from the press that opened it."""
        return as_object(self.view.get("private_metadata"))


@dataclass(frozen=True, slots=True)
class Said:
    """What the person is told, alone; nothing when the chat shows it anyway. `instead` replaces the message."""

    words: str = ""
    blocks: list[Block] = field(default_factory=list)
    instead: bool = False


NOTHING = Said()

Act = Callable[[Callback], Coroutine[Any, Any, Said]]
"""Does what a callback asks for."""


class ComeAgain(Exception):
    """Nothing was done, and it can be done later."""


@dataclass(frozen=True, slots=True)
class Acts:
    """What is done: by a button's name, a dialogue's and an event's, and for the slash command."""

    buttons: Mapping[str, Act]
    dialogues: Mapping[str, Act]
    events: Mapping[str, Act]
    command: Act


def as_object(found: object) -> dict[str, Any]:
    """An object, also one that came as text; anything else is an empty one."""
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError:
            return {}
    return found if isinstance(found, dict) else {}


def as_objects(found: object) -> list[dict[str, Any]]:
    """The objects of a list; anything else is an empty one."""
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
