"""The slash command: finds statements by number or customer for the person who asks, and for nobody else to see."""

from typing import Any
from urllib.parse import urlencode

from ledger.money import decimal_text
from notifications.chat_blocks import Block, context, link, safe, section
from notifications.chat_callback import ChatUser
from services.chat_people import ChatUserUnknown, chat_people
from services.settings import Settings
from storage.companies import Company
from storage.database import Database, transaction
from storage.pages import StatementFilter, statements_page
from words.catalog import translate
from words.figures import money_text

SHOWN = 5
"""Statements of one answer: more are read better on the page, which is linked."""

WORDS_MOST = 100
"""Characters that are looked for; a customer's name is shorter."""


async def find_in_chat(engine: Database, settings: Settings, user: ChatUser, words: str) -> tuple[str, list[Block]]:
    """What was found, as text and blocks, in the person's language. Raises ChatUserUnknown."""
    people = await chat_people(engine, user)
    if not people:
        raise ChatUserUnknown
    language, wanted = people[0][1].language, words.strip()[:WORDS_MOST]
    if not wanted:
        told = translate("Write a statement's number, or a customer's name or code, after the command.", language)
        return told, [section(told)]
    blocks: list[Block] = []
    for company, _person in people:
        blocks += await _found(engine, settings, company, wanted, language)
    told = translate("Statements found for “{words}”", language, words=wanted)
    if not blocks:
        told = translate("No statement was found for “{words}”.", language, words=wanted)
    return told, [section(f"*{safe(told)}*"), *blocks]


async def _found(engine: Database, settings: Settings, company: Company, words: str, language: str) -> list[Block]:
    async with transaction(engine, company.id) as session:
        page = await statements_page(session, company.id, StatementFilter(words=words), None, SHOWN)
    address = settings.public_url.rstrip("/")
    blocks = [_statement(row, f"{address}/statements/{row['id']}", language) for row in page.rows]
    if page.after is not None:
        more = f"{address}/statements?{urlencode({'q': words})}"
        blocks.append(context(link(more, translate("There are more: see all on the page", language))))
    return blocks


def _statement(row: dict[str, Any], address: str, language: str) -> Block:
    currency = row["currency"].strip()

    def field(label: str, minor: int) -> str:
        amount = money_text(decimal_text(minor, 0, currency), currency, language)
        return f"{translate(label, language)}\n*{amount}*"

    status = translate(row["status"].replace("_", " ").capitalize(), language)
    told = f"{link(address, row['number'])}\n{safe(row['customer_name'])} · {status}"
    if not row["ties"]:
        told += f" · {translate('does not tie', language)}"
    return section(told, [field("Closing", row["closing"]), field("Overdue", row["overdue"])])
