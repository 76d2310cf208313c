"""What a person wants to hear, where and when: one row per user or contact, none while nobody chose."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from storage.database import Session
from storage.schema import contact, customer, message_preference

BY_LINK = "email:link"
"""A customer's contact wants mails with the link alone, without the statement's files."""


@dataclass(frozen=True, slots=True)
class Preference:
    """Channels in order ("email", "slack", "chat:NAME"; empty = every one that is known), kinds not wanted,
    quiet hours as "21:00-08:00" in `timezone`, and from how many messages of a kind on they become one.
    """  # noqa: D205 - one sentence over two lines

    channels: tuple[str, ...] = ()
    opted_out: frozenset[str] = frozenset()
    quiet: str | None = None
    timezone: str | None = None
    digest_above: int | None = None


NOTHING_CHOSEN = Preference()


async def preference_of(session: Session, company_id: UUID, person_id: UUID | None) -> Preference:
    """What the person chose."""
    if person_id is None:
        return NOTHING_CHOSEN
    query = select(message_preference).where(
        message_preference.c.company_id == company_id, message_preference.c.person_id == person_id
    )
    row = (await session.execute(query)).mappings().one_or_none()
    if row is None:
        return NOTHING_CHOSEN
    return Preference(
        tuple(row["channels"]), frozenset(row["opted_out"]), row["quiet"], row["timezone"], row["digest_above"]
    )


async def put_preference(session: Session, company_id: UUID, person_id: UUID, chosen: Preference) -> None:
    """Keeps what the person chose, in place of what was there."""
    values: dict[str, Any] = {
        "channels": list(chosen.channels), "opted_out": sorted(chosen.opted_out), "quiet": chosen.quiet,
        "timezone": chosen.timezone, "digest_above": chosen.digest_above,
    }  # fmt: skip
    await session.execute(
        insert(message_preference)
        .values(company_id=company_id, person_id=person_id, **values)
        .on_conflict_do_update(
            index_elements=["company_id", "person_id"], set_={**values, "recorded_at": func.clock_timestamp()}
        )
    )


async def opt_out(session: Session, company_id: UUID, person_id: UUID, kinds: frozenset[str]) -> bool:
    """Adds kinds to what the person does not want; False when it was so already."""
    now = await preference_of(session, company_id, person_id)
    if kinds <= now.opted_out:
        return False
    wanted = now.opted_out | kinds
    await put_preference(
        session, company_id, person_id,
        Preference(now.channels, wanted, now.quiet, now.timezone, now.digest_above),
    )  # fmt: skip
    return True


async def country_of_contact(session: Session, company_id: UUID, contact_id: UUID) -> str | None:
    """The country of the contact's customer."""
    query = (
        select(customer.c.country)
        .join(contact, (contact.c.company_id == customer.c.company_id) & (contact.c.customer_id == customer.c.id))
        .where(contact.c.company_id == company_id, contact.c.id == contact_id)
    )
    country: str | None = (await session.execute(query)).scalar_one_or_none()
    return country
