"""A person's inbox as the home tab of the chat: what waits, with figures and buttons, for whoever is linked."""

import json
from uuid import UUID

from approvals.policy import ASSURANCE
from notifications.carrying import Answer
from notifications.chat_blocks import Block, actions, button, context, link, link_button, plain, safe, section
from notifications.chat_callback import ChatUser
from notifications.slack import SlackCarrier
from services.carriers import slack_address, slack_token
from services.chat_people import chat_people
from services.link_chat_account import link_page
from services.settings import Settings
from services.show_inbox import Card, inbox
from storage.database import Database, transaction
from words.catalog import translate

SHOWN = 20
"""Cards of the tab: Slack takes a hundred blocks, and each card needs four."""

CHAT = ASSURANCE.index("chat")


async def publish_chat_home(engine: Database, settings: Settings, user: ChatUser) -> Answer:
    """Shows the person's inbox in the chat; somebody who is linked nowhere learns how to be."""
    carrier = SlackCarrier(slack_token(settings), slack_address(settings))
    return await carrier.publish_home(user.id, await _view_for(engine, settings, user))


async def _view_for(engine: Database, settings: Settings, user: ChatUser) -> Block:
    found = await chat_people(engine, user)
    if not found:
        return stranger_view(settings)
    company, person = found[0]
    async with transaction(engine, company.id) as session:
        waiting = await inbox(session, company, person.id, limit=SHOWN, order="urgent")
    public_url = settings.public_url.rstrip("/")
    return home_view(company.id, waiting.cards, public_url, person.language, more=waiting.after is not None)


def stranger_view(settings: Settings) -> Block:
    """The tab of an account that nobody has confirmed."""
    told = translate("This chat account is not linked yet. Sign in, and link it on your page.", settings.language)
    leads = link_button(translate("Open the page", settings.language), link_page(settings))
    return {"type": "home", "blocks": [section(told), actions(leads)]}


def home_view(company_id: UUID, cards: list[Card], public_url: str, language: str, *, more: bool) -> Block:
    """The tab: one section per card, the most urgent first; a stage above the chat's assurance leads to the web.

    `more`: others wait too, and are found in the inbox.
    """
    sentence = "The {count} most urgent of what waits for you" if more else "{count} requests wait for you"
    blocks: list[Block] = [{"type": "header", "text": plain(translate(sentence, language, count=len(cards)))}]
    for card in cards:
        blocks += [*_card(company_id, card, public_url, language), {"type": "divider"}]
    leads = link_button(translate("Open the inbox", language), f"{public_url}/inbox")
    return {"type": "home", "blocks": [*blocks, actions(leads)]}


def _card(company_id: UUID, card: Card, public_url: str, language: str) -> list[Block]:
    address = f"{public_url}/approvals/{card.request_id}"
    figures = [f"{translate(one['label'], language)}\n*{safe(one['value'])}*" for one in card.figures]
    failed = [check for check in card.checks if not check["holds"]]
    told = translate("Checks failed: {count}", language, count=len(failed)) if failed else ""
    due = "" if card.hours_left is None else translate("{hours} working hours left", language, hours=card.hours_left)
    below = " · ".join(part for part in (told, due) if part) or translate("No deadline", language)
    return [
        section(link(address, card.title), figures),
        context(below),
        actions(*_buttons(company_id, card, address, language)),
    ]


def _buttons(company_id: UUID, card: Card, address: str, language: str) -> list[Block]:
    if ASSURANCE.index(card.assure) > CHAT:
        return [link_button(translate("Sign in and decide", language), address)]
    value = json.dumps({
        "company": str(company_id), "request_id": str(card.request_id), "round": card.round, "stage": card.stage,
        "digest": card.digest,
    })  # fmt: skip
    return [
        button("approve", translate("Approve", language), value, style="primary"),
        button("return", translate("Return", language), value),
        button("reject", translate("Reject", language), value, style="danger"),
    ]
