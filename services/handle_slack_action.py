"""A button or a reason from the chat: the same gate as the web, under a key that a replay cannot change."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.decide_approval import CommandUnknown, Outcome, decide
from storage.database import Database, transaction
from storage.people import find_person_by_slack
from words.refusal import Refusal

CHAT_DECISIONS = frozenset({"approve", "reject", "return"})


class ChatUserUnknown(Refusal):
    """The chat account belongs to nobody here."""

    code = "chat_user_unknown"
    sentence = "This chat account is not linked to a user of this company."
    remedy = "Ask an administrator to link it, or decide on the web."


@dataclass(frozen=True, slots=True)
class ChatAction:
    """One verified interaction. `value` is what the button carries: request_id, round, stage, digest."""

    command: str
    chat_user: str
    channel: str
    message_ts: str
    action_ts: str
    value: dict[str, Any]
    comment: str = ""

    def key(self) -> str:
        """Channel, message, action and user: a replayed callback has the same, a second click another action."""
        return f"slack/{self.channel}/{self.message_ts}/{self.action_ts}/{self.chat_user}"


async def handle_slack_action(engine: Database, company_id: UUID, action: ChatAction) -> Outcome:
    """Decides as the mapped person; the signature over the raw body has been checked by the caller."""
    if action.command not in CHAT_DECISIONS:
        raise CommandUnknown(command=action.command)
    async with transaction(engine, company_id) as session:
        person = await find_person_by_slack(session, company_id, action.chat_user)
    if person is None:
        raise ChatUserUnknown
    try:
        request_id = UUID(str(action.value["request_id"]))
        round_, stage = int(action.value["round"]), int(action.value["stage"])
        digest = str(action.value["digest"])
    except (KeyError, ValueError, TypeError) as error:
        raise CommandUnknown(command=action.command) from error
    return await decide(
        engine, company_id, request_id, action.command, actor_id=person.id, round=round_, stage=stage, digest=digest,
        comment=action.comment, key=action.key(), channel="slack", assurance="chat",
    )  # fmt: skip
