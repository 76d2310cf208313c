"""What may hold messages back, looked up for many at once: suppressed addresses and what people chose."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text

from storage.database import Session
from storage.preferences import Preference
from storage.schema import message_preference as chosen
from storage.schema import suppression

SUPPRESSED_MOST = 1_000
"""Addresses of one listing: whoever has more mends their contacts first."""


_SUPPRESSIONS = text("""
select address, reason from suppression where company_id = :company and address = any(cast(:addresses as text[]))
""")


@dataclass(frozen=True, slots=True)
class Suppressed:
    """An address that nothing goes to, the server's words that said so, and since when."""

    address: str
    reason: str
    since: datetime


async def suppressions_among(session: Session, company_id: UUID, addresses: Collection[str]) -> dict[str, str]:
    """Why nothing goes to those of the addresses that are suppressed, by address in lower case."""
    asked = {"company": company_id, "addresses": [address.lower() for address in addresses]}
    return {row.address: row.reason for row in await session.execute(_SUPPRESSIONS, asked)}


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


async def suppressed_addresses(session: Session, company_id: UUID) -> list[Suppressed]:
    """Every suppressed address with its reason, the newest first."""
    query = (
        select(suppression.c.address, suppression.c.reason, suppression.c.recorded_at)
        .where(suppression.c.company_id == company_id)
        .order_by(suppression.c.recorded_at.desc(), suppression.c.address)
        .limit(SUPPRESSED_MOST)
    )
    return [Suppressed(*row) for row in await session.execute(query)]
