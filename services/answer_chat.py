"""What is done about everything that happens in Slack: presses, sent dialogues, the slash command, an opened home."""

import logging
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from approvals.refusals import AssuranceTooLow
from notifications.chat_blocks import actions, link_button, safe, section
from notifications.chat_callback import NOTHING, Acts, Callback, ChatUser, ComeAgain, Said, as_object
from notifications.slack_app import Keys, SlackApp
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

log = logging.getLogger(__name__)


def slack_app(engine: Database, settings: Settings, signing_secret: str = "") -> SlackApp:
    """Our app in Slack; without a signing secret it takes nothing by HTTP."""
    keys = Keys(slack_token(settings), slack_address(settings), signing_secret, settings.slack_app_token)
    desk = _Desk(engine, settings)
    asking = dict.fromkeys(ASKED, desk.ask_reason)
    return SlackApp(keys, Acts(
        buttons={"approve": desk.approve, CONFIRM: desk.link, DENY: desk.link, **asking},
        dialogues={REASON_DIALOGUE: desk.decide_with_reason},
        events={"app_home_opened": desk.show_home},
        command=desk.find,
    ))  # fmt: skip


def _or_why_not(
    act: "Callable[[_Desk, Callback], Coroutine[Any, Any, Said]]",
) -> "Callable[[_Desk, Callback], Coroutine[Any, Any, Said]]":
    """A refusal, or a database that is away, is told to the person."""

    @wraps(act)
    async def told(desk: "_Desk", callback: Callback) -> Said:
        try:
            return await act(desk, callback)
        except Refusal as refusal:
            return await desk.why_not(callback, refusal)
        except (SQLAlchemyError, OSError):
            log.warning("A callback of the chat met no database.", exc_info=True)
            sentence = "Nothing was recorded: the database did not answer. Press again in a minute."
            return Said(translate(sentence, desk.settings.language))

    return told


class _Desk:
    """Where callbacks are worked on."""

    def __init__(self, engine: Database, settings: Settings) -> None:
        self._engine = engine
        self.settings = settings

    @_or_why_not
    async def approve(self, callback: Callback) -> Said:
        """Needs no reason."""
        return await self._decide(callback.user, _carried_by(callback), "")

    @_or_why_not
    async def ask_reason(self, callback: Callback) -> Said:
        """Opens the dialogue in which whoever rejects or returns says why."""
        language = await self._language(callback.user)
        trigger = str(callback.payload.get("trigger_id", ""))
        answer = await ask_chat_reason(self.settings, trigger, _carried_by(callback), language)
        if answer.outcome == "accepted":
            return NOTHING
        return Said(translate("The dialogue did not open: {words}. Press again.", language, words=answer.words))

    @_or_why_not
    async def decide_with_reason(self, callback: Callback) -> Said:
        """The filled dialogue."""
        values = as_object(as_object(callback.view.get("state")).get("values"))
        reason = as_object(as_object(values.get("reason")).get("text")).get("value") or ""
        return await self._decide(callback.user, callback.from_dialogue, str(reason))

    @_or_why_not
    async def link(self, callback: Callback) -> Said:
        """Whether the account is theirs; what came of it stands where the question stood."""
        pressed = callback.pressed
        words = await answer_question(
            self._engine, self.settings, callback.user, as_object(pressed.get("value")),
            confirmed=pressed.get("action_id") == CONFIRM,
        )  # fmt: skip
        return Said(words, instead=True)

    @_or_why_not
    async def find(self, callback: Callback) -> Said:
        """The slash command."""
        words, blocks = await find_in_chat(
            self._engine, self.settings, callback.user, str(callback.payload.get("text", ""))
        )
        return Said(words, blocks)

    async def show_home(self, callback: Callback) -> Said:
        """Draws the home tab. Raises ComeAgain."""
        if callback.event.get("tab") == "home":
            try:
                await publish_chat_home(self._engine, self.settings, callback.user)
            except (SQLAlchemyError, OSError) as error:
                raise ComeAgain from error
        return NOTHING

    async def why_not(self, callback: Callback, refusal: Refusal) -> Said:
        """Why nothing was done, and the page where it can be."""
        leads = ""
        if isinstance(refusal, AssuranceTooLow):
            request_id = as_object((callback.from_dialogue or callback.pressed).get("value")).get("request_id", "")
            leads = f"{self.settings.public_url.rstrip('/')}/approvals/{request_id}"
        elif isinstance(refusal, ChatUserUnknown):
            leads = link_page(self.settings)
        language = await self._language(callback.user)
        words = f"{refusal.text(language)} {refusal.remedy_text(language)}".strip()
        if not leads:
            return Said(words)
        leading = actions(link_button(translate("Open the page", language), leads))
        return Said(f"{words} {leads}", [section(safe(words)), leading])

    async def _language(self, user: ChatUser) -> str:
        """The person's, or the house's for somebody whom nobody knows."""
        people = await chat_people(self._engine, user)
        return people[0][1].language if people else self.settings.language

    async def _decide(self, user: ChatUser, carried: dict[str, Any], comment: str) -> Said:
        action = ChatAction(
            command=str(carried.get("command", "")), user=user, channel=str(carried.get("channel", "")),
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
            await publish_chat_home(self._engine, self.settings, user)
        return NOTHING


def _carried_by(callback: Callback) -> dict[str, Any]:
    """What a press says of itself; a dialogue that it opens carries it along."""
    container, pressed = as_object(callback.payload.get("container")), callback.pressed
    return {
        "command": pressed.get("action_id"), "value": pressed.get("value", "{}"),
        "channel": container.get("channel_id", ""), "message_ts": container.get("message_ts", ""),
        "action_ts": pressed.get("action_ts", ""),
    }  # fmt: skip
