"""A button or a reason from the chat: the same gate as the web, under a key that a replay cannot change."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from notifications.chat_callback import ChatUser
from services.chat_people import ChatUserUnknown
from services.decide_approval import CommandUnknown, Outcome, decide
from storage.database import Database, transaction
from storage.people import find_person_by_chat

CHAT_DECISIONS = frozenset({"approve", "reject", "return"})


@dataclass(frozen=True, slots=True)
class ChatAction:
    """One verified interaction. `value` is what the button carries: request_id, round, stage, digest."""

    command: str
    user: ChatUser
    channel: str
    message_ts: str
    action_ts: str
    value: dict[str, Any]
    comment: str = ""

    def key(self) -> str:
        """Channel, message, action and user: a replayed callback has the same, a second click another action."""
        return f"slack/{self.channel}/{self.message_ts}/{self.action_ts}/{self.user.id}"


async def handle_slack_action(engine: Database, company_id: UUID, action: ChatAction) -> Outcome:
    """Decides as the person who confirmed the account; whoever calls has checked that Slack sent it."""
    if action.command not in CHAT_DECISIONS:
        raise CommandUnknown(command=action.command)
    try:
        request_id = UUID(str(action.value["request_id"]))
        round_, stage = int(action.value["round"]), int(action.value["stage"])
        digest = str(action.value["digest"])
    except (KeyError, ValueError, TypeError) as error:
        raise CommandUnknown(command=action.command) from error
    async with transaction(engine, company_id) as session:
        person = await find_person_by_chat(session, company_id, action.user.team, action.user.id)
    if person is None:
        raise ChatUserUnknown
    return await decide(
        engine, company_id, request_id, action.command, actor_id=person.id, round=round_, stage=stage, digest=digest,
        comment=action.comment, key=action.key(), channel="slack", assurance="chat",
    )  # fmt: skip
