"""What may hold messages back, looked up for many at once: suppressed addresses and what people chose."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from storage.database import Session
from storage.preferences import Preference
from storage.schema import message_preference as chosen
from storage.schema import suppression


async def suppressions_among(session: Session, company_id: UUID, addresses: Collection[str]) -> dict[str, str]:
    """Why nothing goes to those of the addresses that are suppressed, by address in lower case."""
    query = select(suppression.c.address, suppression.c.reason).where(
        suppression.c.company_id == company_id,
        suppression.c.address.in_({address.lower() for address in addresses}),
    )
    return {row.address: row.reason for row in await session.execute(query)}


async def preferences_among(session: Session, company_id: UUID, people: Collection[UUID]) -> dict[UUID, Preference]:
    """What those of the people chose who chose anything."""
    if not people:
        return {}
    query = select(
        chosen.c.person_id, chosen.c.channels, chosen.c.opted_out, chosen.c.quiet, chosen.c.timezone,
        chosen.c.digest_above,
    ).where(chosen.c.company_id == company_id, chosen.c.person_id.in_(people))  # fmt: skip
    return {
        person: Preference(tuple(channels), frozenset(opted_out), *rest)
        for person, channels, opted_out, *rest in await session.execute(query)
    }
