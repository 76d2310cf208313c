"""A person of ours chooses what to hear, by which channels, and when not."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ledger.canonical import Json
from services.chat_addresses import other_chats
from services.hold_message import OPTIONAL_FOR_STAFF
from storage.audit import Actor, record
from storage.companies import Company
from storage.database import Database, transaction
from storage.deliveries import find_user
from storage.preferences import Preference, preference_of, put_preference
from words.refusal import Refusal

DIGEST_MOST = 1_000
"""Nobody reads more one by one."""

_HOURS = re.compile(r"(\d{2}:\d{2})-(\d{2}:\d{2})")


class PreferenceInvalid(Refusal):
    """Hours, a zone, a number or a channel that cannot be."""

    code = "preference_invalid"
    sentence = "“{value}” cannot be used as {field}."
    remedy = "Hours look like 21:00-08:00, a time zone like Asia/Shanghai, a number is between 1 and 1000."


@dataclass(frozen=True, slots=True)
class Choices:
    """What the page shows: the person's choice and what there is to choose from."""

    chosen: Preference
    channels: tuple[str, ...]
    optional: tuple[str, ...]


async def show_choices(engine: Database, company: Company, user_id: UUID) -> Choices:
    """What the person may choose, with what they chose."""
    async with transaction(engine, company.id) as session:
        chosen = await preference_of(session, company.id, user_id)
        person = await find_user(session, company.id, user_id)
    chats = [one.name for one in other_chats(company)]
    known = ["email", *(["slack"] if person is not None and person.slack_user_id else [])]
    return Choices(chosen, (*known, *(f"chat:{name}" for name in chats)), tuple(sorted(OPTIONAL_FOR_STAFF)))


async def choose_messages(
    engine: Database, company: Company, user_id: UUID, values: Mapping[str, str], wanted: Sequence[str]
) -> Preference:
    """Keeps the choice. `values`: first, second, third (channels in order), quiet, timezone, digest_above; `wanted`
    are the optional kinds that the person still wants.
    """  # noqa: D205 - one sentence over two lines
    offered = await show_choices(engine, company, user_id)
    order = [values.get(place, "") for place in ("first", "second", "third") if values.get(place)]
    for channel in order:
        if channel not in offered.channels:
            raise PreferenceInvalid(value=channel, field="channel")
    chosen = Preference(
        tuple(dict.fromkeys(order)), OPTIONAL_FOR_STAFF - set(wanted), _quiet(values.get("quiet", "")),
        _zone(values.get("timezone", "")), _number(values.get("digest_above", "")),
    )  # fmt: skip
    async with transaction(engine, company.id) as session:
        await put_preference(session, company.id, user_id, chosen)
        facts: dict[str, Json] = {"channels": list(chosen.channels), "not_wanted": sorted(chosen.opted_out)}
        await record(session, company.id, Actor("user", user_id), "messages_chosen", ("user", str(user_id)), facts)
    return chosen


def _quiet(text: str) -> str | None:
    if not text.strip():
        return None
    match = _HOURS.fullmatch(text.replace(" ", "").replace("–", "-").replace("：", ":"))
    try:
        times = [time.fromisoformat(part) for part in match.groups()] if match else []
    except ValueError:
        times = []
    if match is None or not times or times[0] == times[-1]:
        raise PreferenceInvalid(value=text, field="quiet hours")
    return match[0]


def _zone(text: str) -> str | None:
    if not text.strip():
        return None
    try:
        return ZoneInfo(text.strip()).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PreferenceInvalid(value=text, field="time zone") from None


def _number(text: str) -> int | None:
    if not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdigit() and 1 <= int(text) <= DIGEST_MOST):
        raise PreferenceInvalid(value=text, field="number")
    return int(text)
