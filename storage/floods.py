"""Floods: more waiting messages of one kind for one person than anybody reads one by one, made into one."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from storage.database import Session
from storage.schema import message_preference, outbox

FOLD_MOST = 1_000
"""Messages that one digest takes in: a second digest takes the rest."""

FOLDED_LANES = ("urgent", "normal")
"""What goes to our own people; customers' mail is never folded."""


@dataclass(frozen=True, slots=True)
class Flood:
    """Where one is."""

    person_id: UUID
    channel: str
    kind: str


async def find_floods(session: Session, company_id: UUID, kinds: Sequence[str], above: int) -> list[Flood]:
    """People with more due and untried messages of a kind than they, or else `above`, allow."""
    most = func.coalesce(func.max(message_preference.c.digest_above), above)
    query = (
        select(outbox.c.person_id, outbox.c.channel, outbox.c.kind)
        .outerjoin(
            message_preference,
            (message_preference.c.company_id == outbox.c.company_id)
            & (message_preference.c.person_id == outbox.c.person_id),
        )
        .where(*_waiting(company_id), outbox.c.kind.in_(kinds), outbox.c.person_id.is_not(None))
        .group_by(outbox.c.person_id, outbox.c.channel, outbox.c.kind)
        .having(func.count() > most)
    )
    return [Flood(*row) for row in await session.execute(query)]


async def take_flood(session: Session, company_id: UUID, flood: Flood) -> list[UUID]:
    """Locks the flood's messages, oldest first; those in another relay's hands are left to it."""
    query = (
        select(outbox.c.id)
        .where(
            *_waiting(company_id), outbox.c.kind == flood.kind, outbox.c.channel == flood.channel,
            outbox.c.person_id == flood.person_id,
        )
        .order_by(outbox.c.id)
        .limit(FOLD_MOST)
        .with_for_update(skip_locked=True)
    )  # fmt: skip
    return list((await session.execute(query)).scalars())


async def fold(session: Session, company_id: UUID, rows: Sequence[UUID], digest: UUID) -> None:
    """Calls the messages off in favour of the digest."""
    await session.execute(
        update(outbox)
        .where(outbox.c.company_id == company_id, outbox.c.id.in_(rows))
        .values(state="cancelled", answer=f"Told in one message with others: {digest}")
    )


def _waiting(company_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        outbox.c.company_id == company_id,
        outbox.c.state == "pending",
        outbox.c.phase == "new",
        outbox.c.frozen.is_(None),
        outbox.c.lane.in_(FOLDED_LANES),
        outbox.c.next_at <= func.statement_timestamp(),
    )
