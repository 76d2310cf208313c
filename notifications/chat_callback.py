"""What Slack sends us, whichever way it came, and how it is answered."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

INTERACTIVE, COMMAND, EVENT = "interactive", "slash_commands", "events_api"
"""What a callback is, as Socket Mode calls it."""

KINDS = frozenset({INTERACTIVE, COMMAND, EVENT})


@dataclass(frozen=True, slots=True)
class ChatUser:
    """An account of a workspace, as Slack vouches for it."""

    team: str
    id: str


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback; whoever received it has made sure that Slack sent it."""

    kind: str
    payload: dict[str, Any]

    @property
    def user(self) -> ChatUser:
        """Who did it."""
        if self.kind == INTERACTIVE:
            team, user = as_object(self.payload.get("team")), as_object(self.payload.get("user"))
            return ChatUser(str(team.get("id", "")), str(user.get("id", "")))
        happened = as_object(self.payload.get("event"))
        return ChatUser(
            str(self.payload.get("team_id", "")), str(happened.get("user") or self.payload.get("user_id", ""))
        )

    @property
    def is_dialogue(self) -> bool:
        """Whether a dialogue was sent in."""
        return self.payload.get("type") == "view_submission"

    def is_for(self, app_token: str | None) -> bool:
        """Whether it names our app, where the token says which one that is ("xapp-1-A0123-…")."""
        parts = (app_token or "").split("-")
        return len(parts) < 3 or self.payload.get("api_app_id") == parts[2]  # noqa: PLR2004 - the id is the third part


@dataclass(frozen=True, slots=True)
class Heard:
    """The body that Slack is answered with at once, and the work that goes on, if any."""

    answer: dict[str, Any]
    rest: asyncio.Task[None] | None = None


Take = Callable[[Callback], Awaitable[Heard]]
"""Acts on a callback; what Slack waits for comes back in time."""


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
