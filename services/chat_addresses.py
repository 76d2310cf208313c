"""Other chats of a company, each under a name that people choose from: the address holds a secret and is sealed.

Only the name and the kind of chat are ever shown or written to the trail.
"""

import base64
import re
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from ledger.canonical import Json
from notifications.carrying import Answer
from notifications.chat_channels import SCHEMES, is_address, post_chat
from services.keep_attachment import keyring_of
from services.settings import Settings
from storage.audit import Actor, record
from storage.companies import Company, change_settings, locked_company
from storage.database import Database, transaction
from storage.sealing import Sealed
from words.catalog import translate
from words.refusal import Refusal

SETTING = "chat_channels"

_NAME = re.compile(r"[^/:\s][^/:]{0,38}[^/:\s]|[^/:\s]")
"""Up to forty characters; a slash and a colon would end it early in a message's key."""


class ChatAddressInvalid(Refusal):
    """Not an address of a chat that we post to."""

    code = "chat_address_invalid"
    sentence = "This is not an address of a chat that can be posted to."
    remedy = "It begins with one of: {known}. Copy it from the chat's robot settings, for example feishu://TOKEN."


class ChatNameInvalid(Refusal):
    """A name that a message could not be addressed to."""

    code = "chat_name_invalid"
    sentence = "“{name}” cannot be the name of a chat."
    remedy = "Use up to forty characters without slash or colon."


class ChatAddressUnknown(Refusal):
    """No chat of this name."""

    code = "chat_address_unknown"
    sentence = "No chat is called {name}."
    remedy = "Add it on the settings page under “Other chats”."


@dataclass(frozen=True, slots=True)
class OtherChat:
    """A chat of the company: its name and what kind it is."""

    name: str
    kind: str
    sealed: bool


def other_chats(company: Company) -> list[OtherChat]:
    """What people may choose from, by name."""
    return [OtherChat(name, _kind(kept), isinstance(kept, dict)) for name, kept in sorted(_kept(company).items())]


def chat_address(settings: Settings, company: Company, name: str) -> str | None:
    """The address behind the name, opened; None when there is none."""
    kept = _kept(company).get(name)
    if isinstance(kept, dict):
        sealed = Sealed(str(kept["key"]), base64.b64decode(kept["sealed"]))
        return keyring_of(settings).unseal(sealed, _bound(company.id, name)).decode()
    return None if kept is None else str(kept)


async def put_chat(
    engine: Database, settings: Settings, company: Company, name: str, address: str, actor: Actor
) -> None:
    """Keeps the address under the name, sealed, in place of what was there."""
    name, address = name.strip(), address.strip()
    if not _NAME.fullmatch(name):
        raise ChatNameInvalid(name=name)
    if not is_address(address):
        raise ChatAddressInvalid(known=", ".join(f"{scheme}://" for scheme in sorted(SCHEMES)))
    sealed = keyring_of(settings).seal(address.encode(), _bound(company.id, name))
    kept: dict[str, Json] = {
        "kind": address.partition("://")[0].lower(), "key": sealed.key_id,
        "sealed": base64.b64encode(sealed.data).decode(),
    }  # fmt: skip
    await _change(engine, company.id, name, kept, actor)


async def drop_chat(engine: Database, company: Company, name: str, actor: Actor) -> None:
    """Nobody is told there any more; people who chose it hear by their next channel."""
    if name not in _kept(company):
        raise ChatAddressUnknown(name=name)
    await _change(engine, company.id, name, None, actor)


async def try_chat(settings: Settings, company: Company, name: str, language: str) -> Answer:
    """Posts a word to the chat, so that whoever set it up sees it come."""
    address = chat_address(settings, company, name)
    if address is None:
        raise ChatAddressUnknown(name=name)
    words = translate("This chat is set up for messages of {company}.", language, company=company.name)
    return await post_chat(address, "Tieout", f"{words}\n{settings.public_url}")


async def _change(engine: Database, company_id: UUID, name: str, kept: Json, actor: Actor) -> None:
    async with transaction(engine, company_id) as session:
        company = await locked_company(session, company_id)
        chats = {one: value for one, value in _kept(company).items() if one != name}
        before = _kept(company).get(name)
        if kept is not None:
            chats[name] = kept
        await change_settings(session, replace(company, settings={**company.settings, SETTING: chats}))
        facts: dict[str, Json] = {
            "chat": name, "before": None if before is None else _kind(before),
            "after": None if kept is None else _kind(kept),
        }  # fmt: skip
        await record(session, company_id, actor, "other_chat_changed", ("company", company.code), facts)


def _kept(company: Company) -> dict[str, Any]:
    return company.settings.get(SETTING) or {}


def _kind(kept: Any) -> str:  # noqa: ANN401 - what a company's settings hold
    """An address that was kept before addresses were sealed is plain text."""
    return str(kept["kind"]) if isinstance(kept, dict) else str(kept).partition("://")[0]


def _bound(company_id: UUID, name: str) -> str:
    return f"{SETTING}/{company_id}/{name}"
