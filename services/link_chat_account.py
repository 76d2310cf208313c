"""Links a person with a chat account: found by the e-mail address, and in force once the person has said yes there.

The press that confirms is signed by Slack for the very account that was asked, and carries the moment of asking: a
button of an earlier question, or of a link that was taken away, confirms nothing.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ledger.canonical import Json
from notifications.chat_blocks import Block, actions, button, link_button, plain, safe, section
from notifications.chat_callback import ChatUser
from notifications.slack import SlackCallError, SlackCarrier
from services.carriers import slack_address, slack_token
from services.settings import Settings
from storage.audit import Actor, record
from storage.chat_accounts import (
    ChatAccount,
    chat_account_of,
    forget_chat_account,
    keep_asked,
    keep_confirmed,
    owner_of_chat_account,
)
from storage.companies import Company, own_company
from storage.database import Database, transaction
from storage.presence import database_now
from words.catalog import translate
from words.refusal import Refusal

PAGE = "/account/chat"

ASK_AGAIN_SECONDS = 60
"""A question that was asked is not asked again at once: nobody's chat is flooded by a page."""

CONFIRM, DENY = "chat_confirm", "chat_deny"
"""What the two buttons of the question are called."""


class ChatAccountUnknown(Refusal):
    """Nobody in the chat has this address."""

    code = "chat_account_unknown"
    sentence = "Nobody in the chat has the address {email}."
    remedy = "Join the workspace with this address, or have the address there corrected."


class ChatSilent(Refusal):
    """The chat did not answer, so nobody was asked."""

    code = "chat_silent"
    sentence = "The chat did not answer: {words}."
    remedy = "Try again in a minute; mail and the pages work meanwhile."


class ChatAskedAlready(Refusal):
    """The question was put a moment ago."""

    code = "chat_asked_already"
    sentence = "The question is in the chat already."
    remedy = "Answer it there; it can be asked again in a minute."


class ChatQuestionOver(Refusal):
    """The button belongs to a question that counts no longer, or to another account."""

    code = "chat_question_over"
    sentence = "This question is no longer open."
    remedy = "Ask again on your page: {address}"


class ChatAccountTaken(Refusal):
    """One account is one person."""

    code = "chat_account_taken"
    sentence = "This chat account is linked to somebody else of this company."
    remedy = "An administrator can take that link away on the settings page."


class PersonUnknown(Refusal):
    """No enabled person of the company."""

    code = "person_unknown"
    sentence = "There is no such person."
    remedy = "Open the settings page and choose one."


@dataclass(frozen=True, slots=True)
class Asked:
    """What the buttons of a question carry."""

    company: UUID
    person: UUID
    at: datetime

    def value(self) -> str:
        """As text."""
        return json.dumps({"company": str(self.company), "person": str(self.person), "at": self.at.isoformat()})


def link_page(settings: Settings) -> str:
    """Where a person asks to be linked."""
    return settings.public_url.rstrip("/") + PAGE


async def chat_account(engine: Database, company_id: UUID, person_id: UUID) -> ChatAccount:
    """How it stands with the person's account."""
    async with transaction(engine, company_id) as session:
        found = await chat_account_of(session, company_id, person_id)
    if found is None:
        raise PersonUnknown
    return found


async def ask_chat_account(
    engine: Database, settings: Settings, company_id: UUID, person_id: UUID, actor: Actor
) -> ChatUser:
    """Asks the chat account that has the person's address whether it is theirs; answers which one was asked."""
    account = await chat_account(engine, company_id, person_id)
    carrier = SlackCarrier(slack_token(settings), slack_address(settings))
    try:
        team, chat_user = await carrier.team(), await carrier.user_with(account.email)
    except SlackCallError as error:
        raise ChatSilent(words=str(error)) from error
    if chat_user is None:
        raise ChatAccountUnknown(email=account.email)
    asked, company = await _keep(engine, company_id, person_id, ChatUser(team, chat_user), actor)
    words, blocks = question(asked, company, account, settings)
    try:
        await carrier.say(chat_user, words, blocks)
    except SlackCallError as error:
        raise ChatSilent(words=str(error)) from error
    return ChatUser(team, chat_user)


async def _keep(
    engine: Database, company_id: UUID, person_id: UUID, user: ChatUser, actor: Actor
) -> tuple[Asked, Company]:
    async with transaction(engine, company_id) as session:
        before = await chat_account_of(session, company_id, person_id, to_change=True)
        if before is None:
            raise PersonUnknown
        now = await database_now(session)
        if before.asked_at is not None and now - before.asked_at < timedelta(seconds=ASK_AGAIN_SECONDS):
            raise ChatAskedAlready
        if await owner_of_chat_account(session, company_id, user.team, user.id) not in {None, person_id}:
            raise ChatAccountTaken
        asked_at = await keep_asked(session, company_id, person_id, user.team, user.id)
        company = await own_company(session, company_id)
        facts: dict[str, Json] = {"team": user.team, "chat_user": user.id}
        await record(session, company_id, actor, "chat_account_asked", ("user", str(person_id)), facts)
    return Asked(company_id, person_id, asked_at), company


def question(asked: Asked, company: Company, account: ChatAccount, settings: Settings) -> tuple[str, list[Block]]:
    """The question in the person's language, with its two buttons."""
    language = account.language
    words = translate("Is this your chat account for {company}?", language, company=company.name)
    told = translate(
        "Somebody asked to link {email} at {company} with this account. Once you confirm, requests for your decision"
        " come here, and what you press here counts as yours.",
        language, email=safe(account.email), company=safe(company.name),
    )  # fmt: skip
    return words, [
        {"type": "header", "text": plain(words)},
        section(told),
        actions(
            button(CONFIRM, translate("Yes, link it", language), asked.value(), style="primary"),
            button(DENY, translate("No, this is not me", language), asked.value(), style="danger"),
            link_button(translate("Open the page", language), link_page(settings)),
        ),
    ]


async def answer_question(
    engine: Database, settings: Settings, user: ChatUser, value: dict[str, Any], *, confirmed: bool
) -> str:
    """Does what the pressed button says; answers what to tell in place of the question."""
    try:
        asked = Asked(UUID(str(value["company"])), UUID(str(value["person"])), datetime.fromisoformat(value["at"]))
    except (KeyError, ValueError, TypeError) as error:
        raise ChatQuestionOver(address=link_page(settings)) from error
    async with transaction(engine, asked.company) as session:
        account = await chat_account_of(session, asked.company, asked.person, to_change=True)
        if account is None or (account.team, account.chat_user, account.asked_at) != (user.team, user.id, asked.at):
            raise ChatQuestionOver(address=link_page(settings))
        actor, subject = Actor("user", asked.person), ("user", str(asked.person))
        facts: dict[str, Json] = {"team": user.team, "chat_user": user.id}
        if not confirmed:
            await forget_chat_account(session, asked.company, asked.person)
            await record(session, asked.company, actor, "chat_account_denied", subject, facts)
            return translate("Not linked. Nothing will be sent here.", account.language)
        if await owner_of_chat_account(session, asked.company, user.team, user.id) not in {None, asked.person}:
            raise ChatAccountTaken
        if account.confirmed_at is None:
            await keep_confirmed(session, asked.company, asked.person)
            await record(session, asked.company, actor, "chat_account_confirmed", subject, facts)
        return translate("Linked. Requests for your decision come here from now on.", account.language)


async def remove_chat_account(engine: Database, company_id: UUID, person_id: UUID, actor: Actor) -> bool:
    """Takes the link away; False when there was none."""
    async with transaction(engine, company_id) as session:
        account = await chat_account_of(session, company_id, person_id, to_change=True)
        if account is None:
            raise PersonUnknown
        if account.chat_user is None:
            return False
        await forget_chat_account(session, company_id, person_id)
        facts: dict[str, Json] = {
            "team": account.team, "chat_user": account.chat_user, "was_confirmed": account.confirmed_at is not None,
        }  # fmt: skip
        await record(session, company_id, actor, "chat_account_removed", ("user", str(person_id)), facts)
    return True
