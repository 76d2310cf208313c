"""A person's inbox as the home tab of the chat: what waits, with figures and buttons, for whoever is mapped."""

import json
from typing import Any
from uuid import UUID

from approvals.policy import ASSURANCE
from notifications.carrying import Answer
from notifications.slack import SlackCarrier
from services.carriers import slack_address, slack_token
from services.settings import Settings
from services.show_inbox import Card, inbox
from storage.companies import Company, list_companies
from storage.database import Database, owner_transaction, transaction
from storage.people import Person, find_person_by_slack
from words.catalog import translate

SHOWN = 20
"""Cards of the tab: Slack takes a hundred blocks, and each card needs four."""

CHAT = ASSURANCE.index("chat")


async def publish_chat_home(engine: Database, settings: Settings, chat_user: str) -> Answer | None:
    """Shows the person's inbox in the chat; None for somebody whom no company knows."""
    found = await _whose(engine, chat_user)
    if found is None:
        return None
    company, person = found
    async with transaction(engine, company.id) as session:
        waiting = await inbox(session, company, person.id, limit=SHOWN, order="urgent")
    view = home_view(company.id, waiting.cards, settings.public_url.rstrip("/"), person.language)
    carrier = SlackCarrier(slack_token(settings), slack_address(settings))
    return await carrier.publish_home(chat_user, view)


async def _whose(engine: Database, chat_user: str) -> tuple[Company, Person] | None:
    async with owner_transaction(engine) as session:
        companies = await list_companies(session)
    for company in companies:
        async with transaction(engine, company.id) as session:
            person = await find_person_by_slack(session, company.id, chat_user)
        if person is not None:
            return company, person
    return None


def home_view(company_id: UUID, cards: list[Card], public_url: str, language: str) -> dict[str, Any]:
    """The tab: one section per card, the most urgent first; a stage above the chat's assurance leads to the web."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(translate("{count} requests wait for you", language, count=len(cards)))}
    ]
    for card in cards:
        blocks += [*_card(company_id, card, public_url, language), {"type": "divider"}]
    return {"type": "home", "blocks": blocks}


def _card(company_id: UUID, card: Card, public_url: str, language: str) -> list[dict[str, Any]]:
    address = f"{public_url}/approvals/{card.request_id}"
    figures = [
        {"type": "mrkdwn", "text": f"{translate(one['label'], language)}\n*{_safe(one['value'])}*"}
        for one in card.figures[:10]
    ]
    section: dict[str, Any] = {
        "type": "section",
        "text": {"type": "mrkdwn", "text": f"*<{address}|{_safe(card.title)}>*"},
    }
    if figures:
        section["fields"] = figures
    failed = [check for check in card.checks if not check["holds"]]
    told = translate("Checks failed: {count}", language, count=len(failed)) if failed else ""
    due = "" if card.hours_left is None else translate("{hours} working hours left", language, hours=card.hours_left)
    context = " · ".join(part for part in (told, due) if part) or translate("No deadline", language)
    return [
        section,
        {"type": "context", "elements": [{"type": "mrkdwn", "text": context}]},
        {"type": "actions", "elements": _buttons(company_id, card, address, language)},
    ]


def _buttons(company_id: UUID, card: Card, address: str, language: str) -> list[dict[str, Any]]:
    if ASSURANCE.index(card.assure) > CHAT:
        step_up = _plain(translate("Sign in and decide", language))
        return [{"type": "button", "action_id": "open", "text": step_up, "url": address}]
    value = json.dumps({
        "company": str(company_id), "request_id": str(card.request_id), "round": card.round, "stage": card.stage,
        "digest": card.digest,
    })  # fmt: skip
    labels = {"approve": "Approve", "return": "Return", "reject": "Reject"}
    return [
        {"type": "button", "action_id": name, "text": _plain(translate(label, language)), "value": value}
        for name, label in labels.items()
    ]


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _safe(text: str) -> str:
    """Slack reads &, < and > as its own; a customer's name is only a name."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("|", "¦")
