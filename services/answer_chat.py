"""Everything that Slack sends us, by HTTP or by Socket Mode: one way to act on it, and an answer in time.

Slack waits three seconds. Work that is done within ANSWER_WITHIN answers by itself; slower work is acknowledged first
and tells its outcome afterwards, for the eyes of whoever pressed.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from approvals.refusals import AssuranceTooLow
from notifications.chat_blocks import Block, actions, link_button, safe, section
from notifications.chat_callback import COMMAND, EVENT, INTERACTIVE, Callback, Heard, as_object, as_objects
from notifications.slack import SlackCallError, SlackCarrier
from services.ask_chat_reason import ASKED, REASON_DIALOGUE, ask_chat_reason
from services.carriers import slack_address, slack_token
from services.chat_people import ChatUserUnknown, chat_people
from services.decide_approval import CommandUnknown
from services.find_in_chat import find_in_chat
from services.handle_slack_action import ChatAction, handle_slack_action
from services.link_chat_account import CONFIRM, DENY, answer_question, link_page
from services.settings import Settings
from services.show_chat_home import publish_chat_home
from storage.database import Database
from words.catalog import translate
from words.refusal import Refusal

ANSWER_WITHIN = 0.3
"""Seconds until an acknowledgement leaves at the latest: a tenth of what Slack waits."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    """What the person is told, alone; nothing when the chat shows it anyway. `instead` replaces the message."""

    words: str = ""
    blocks: list[Block] = field(default_factory=list)
    instead: bool = False


NOTHING = Said()


async def answer_chat(engine: Database, settings: Settings, callback: Callback) -> Heard:
    """Acts on the callback; answers within ANSWER_WITHIN."""
    if not callback.is_for(settings.slack_app_token):
        log.warning("A callback for another app was left alone.")
        return Heard({})
    desk = _Desk(engine, settings, callback)
    work = asyncio.create_task(desk.work())
    done, _ = await asyncio.wait({work}, timeout=ANSWER_WITHIN)
    if done and desk.answers_here:
        return Heard(desk.answer(work.result()))
    return Heard(desk.answer(NOTHING), asyncio.create_task(desk.tell_later(work)))


class _Desk:
    """One callback being worked on."""

    def __init__(self, engine: Database, settings: Settings, callback: Callback) -> None:
        self._engine = engine
        self._settings = settings
        self._callback = callback
        self._payload = callback.payload

    @property
    def answers_here(self) -> bool:
        """Whether Slack shows the body of our answer; to a pressed button it listens by `response_url` only."""
        pressed = self._callback.kind == INTERACTIVE and not self._callback.is_dialogue
        return not pressed or not (self._payload.get("response_url") or self._in_home)

    @property
    def _in_home(self) -> bool:
        return as_object(self._payload.get("container")).get("type") == "view"

    async def work(self) -> Said:
        """Does what was asked, or says why not."""
        try:
            return await self._do()
        except AssuranceTooLow as refusal:
            leads = f"{self._settings.public_url.rstrip('/')}/approvals/{self._carried().get('request_id', '')}"
            return await self._refused(refusal, leads)
        except ChatUserUnknown as refusal:
            return await self._refused(refusal, link_page(self._settings))
        except Refusal as refusal:
            return await self._refused(refusal)
        except (SQLAlchemyError, OSError):
            log.warning("A callback of the chat met no database.", exc_info=True)
            sentence = "Nothing was recorded: the database did not answer. Press again in a minute."
            return Said(translate(sentence, self._settings.language))

    async def _refused(self, refusal: Refusal, leads: str = "") -> Said:
        """Why nothing was done, and the page where it can be."""
        language = await self._language()
        words = f"{refusal.text(language)} {refusal.remedy_text(language)}".strip()
        if not leads:
            return Said(words)
        leading = actions(link_button(translate("Open the page", language), leads))
        return Said(f"{words} {leads}", [section(safe(words)), leading])

    async def _language(self) -> str:
        """The person's, or the house's for somebody whom nobody knows."""
        people = await chat_people(self._engine, self._callback.user)
        return people[0][1].language if people else self._settings.language

    async def _do(self) -> Said:
        if self._callback.kind == COMMAND:
            words, blocks = await find_in_chat(
                self._engine, self._settings, self._callback.user, str(self._payload.get("text", ""))
            )
            return Said(words, blocks)
        if self._callback.kind == EVENT:
            return await self._happened()
        if self._callback.is_dialogue:
            return await self._submitted()
        if self._payload.get("type") == "block_actions":
            for pressed in as_objects(self._payload.get("actions")):
                said = await self._pressed(pressed)
                if said is not None:
                    return said
        return NOTHING

    async def _happened(self) -> Said:
        event = as_object(self._payload.get("event"))
        if event.get("type") == "app_home_opened" and event.get("tab") == "home":
            await publish_chat_home(self._engine, self._settings, self._callback.user)
        return NOTHING

    async def _pressed(self, pressed: dict[str, Any]) -> Said | None:
        action = str(pressed.get("action_id", ""))
        if action in {CONFIRM, DENY}:
            words = await answer_question(
                self._engine, self._settings, self._callback.user, as_object(pressed.get("value")),
                confirmed=action == CONFIRM,
            )  # fmt: skip
            return Said(words, instead=True)
        if action in ASKED:
            return await self._ask_reason(pressed)
        return await self._decide(self._carried_by(pressed), "") if action == "approve" else None

    async def _ask_reason(self, pressed: dict[str, Any]) -> Said:
        language = await self._language()
        trigger = str(self._payload.get("trigger_id", ""))
        answer = await ask_chat_reason(self._settings, trigger, self._carried_by(pressed), language)
        if answer.outcome == "accepted":
            return NOTHING
        return Said(translate("The dialogue did not open: {words}. Press again.", language, words=answer.words))

    async def _submitted(self) -> Said:
        view = as_object(self._payload.get("view"))
        if view.get("callback_id") != REASON_DIALOGUE:
            return NOTHING
        values = as_object(as_object(view.get("state")).get("values"))
        reason = as_object(as_object(values.get("reason")).get("text")).get("value") or ""
        return await self._decide(as_object(view.get("private_metadata")), str(reason))

    async def _decide(self, carried: dict[str, Any], comment: str) -> Said:
        action = ChatAction(
            command=str(carried.get("command", "")), user=self._callback.user, channel=str(carried.get("channel", "")),
            message_ts=str(carried.get("message_ts", "")), action_ts=str(carried.get("action_ts", "")),
            value=as_object(carried.get("value")), comment=comment,
        )  # fmt: skip
        try:
            company_id = UUID(str(action.value.get("company")))
        except ValueError:
            raise CommandUnknown(command=action.command) from None
        await handle_slack_action(self._engine, company_id, action)
        if not action.message_ts:
            # Pressed in the home tab, which has no message to lock: it is drawn again without the decided card.
            await publish_chat_home(self._engine, self._settings, action.user)
        return NOTHING

    def _carried_by(self, pressed: dict[str, Any]) -> dict[str, Any]:
        container = as_object(self._payload.get("container"))
        return {
            "command": pressed.get("action_id"), "value": pressed.get("value", "{}"),
            "channel": container.get("channel_id", ""), "message_ts": container.get("message_ts", ""),
            "action_ts": pressed.get("action_ts", ""),
        }  # fmt: skip

    def _carried(self) -> dict[str, Any]:
        """What the pressed button, or the dialogue that it opened, says of its request."""
        if self._callback.is_dialogue:
            return as_object(as_object(as_object(self._payload.get("view")).get("private_metadata")).get("value"))
        return as_object(next((one.get("value") for one in as_objects(self._payload.get("actions"))), None))

    def answer(self, said: Said) -> dict[str, Any]:
        """The body of the acknowledgement."""
        if self._callback.is_dialogue:
            failed = {"response_action": "errors", "errors": {"reason": said.words}}
            return failed if said.words else {"response_action": "clear"}
        return _private(said) if said.words else {}

    async def tell_later(self, work: "asyncio.Task[Said]") -> None:
        """Waits for the work and tells its outcome to the person alone."""
        said = await work
        if not said.words:
            return
        carrier = SlackCarrier(slack_token(self._settings), slack_address(self._settings))
        channel = str(as_object(as_object(self._payload.get("view")).get("private_metadata")).get("channel", ""))
        try:
            if self._payload.get("response_url"):
                await carrier.respond(str(self._payload["response_url"]), _private(said))
            elif channel:
                await carrier.whisper(channel, self._callback.user.id, said.words, said.blocks)
            else:
                await carrier.say(self._callback.user.id, said.words, said.blocks)
        except SlackCallError as error:
            log.warning("The outcome of a press was not told: %s", error)


def _private(said: Said) -> dict[str, Any]:
    body: dict[str, Any] = {"text": said.words, "replace_original": said.instead}
    if not said.instead:
        body["response_type"] = "ephemeral"
    return {**body, "blocks": said.blocks} if said.blocks else body
