"""The audit trail: one insert-only hash chain per company, over length-prefixed canonical JSON."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from ledger.canonical import Json, canonical_json
from storage.bulk_json import rows_json
from storage.database import Session
from storage.schema import audit_event, audit_head

GENESIS = "0" * 64
"""What the first event of a company follows."""

READ_BATCH = 2_000
"""Rows per fetch while verifying: a year of a large company is millions of events."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a user, a customer's contact, or the system itself (no id)."""

    kind: str
    id: UUID | None = None


SYSTEM = Actor("system")


@dataclass(frozen=True, slots=True)
class AuditBreak:
    """The first place where the chain does not hold."""

    number: int
    reason: str


async def record(
    session: Session, company_id: UUID, actor: Actor, verb: str, subject: tuple[str, str], facts: Json
) -> None:
    """Appends one event to the company's chain, in the caller's transaction. `subject` is (kind, id)."""
    await record_many(session, company_id, actor, [Entry(verb, subject, facts)])


@dataclass(frozen=True, slots=True)
class Entry:
    """One event to append. `subject` is (kind, id)."""

    verb: str
    subject: tuple[str, str]
    facts: Json


_COLUMNS = ", ".join(column.name for column in audit_event.columns)
_APPEND = text(f"""
    with head as (update audit_head set number = :number, hash = :hash where company_id = :company)
    insert into audit_event ({_COLUMNS})
    select {_COLUMNS} from json_populate_recordset(null::audit_event, cast(:rows as json))
""")  # noqa: S608 - names of our own columns


async def record_many(session: Session, company_id: UUID, actor: Actor, entries: Sequence[Entry]) -> None:
    """`record` for many events of one actor: the head is locked once, the chain is the same."""
    if not entries:
        return
    number, previous, at = await _locked_head(session, company_id)
    rows = []
    for entry in entries:
        number += 1
        body = canonical_json(entry.facts)
        link = chain_hash(previous, number, actor, entry.verb, entry.subject, body, at)
        rows.append({
            "company_id": company_id, "number": number, "actor_id": actor.id, "actor_kind": actor.kind,
            "verb": entry.verb, "subject_kind": entry.subject[0], "subject_id": entry.subject[1], "facts": body,
            "at": at, "previous_hash": previous, "hash": link,
        })  # fmt: skip
        previous = link
    await session.execute(_APPEND, {"company": company_id, "number": number, "hash": previous, "rows": rows_json(rows)})


async def _locked_head(session: Session, company_id: UUID) -> tuple[int, str, datetime]:
    """Number and hash of the newest event, which nobody else can follow until the commit, and the instant."""
    known = upsert(audit_head).values(company_id=company_id, number=0, hash=GENESIS)
    # Writing the number that stands there takes the row's lock and answers it, in one statement.
    locked = known.on_conflict_do_update(index_elements=["company_id"], set_={"number": audit_head.c.number})
    head = (
        await session.execute(locked.returning(audit_head.c.number, audit_head.c.hash, text("clock_timestamp()")))
    ).one()
    return head.number, head.hash, head[2].astimezone(UTC)


def chain_hash(
    previous: str, number: int, actor: Actor, verb: str, subject: tuple[str, str], body: str, at: datetime
) -> str:
    """SHA-256 over the parts, each led by its length, so that no two different events share bytes."""
    parts = (previous, str(number), actor.kind, str(actor.id or ""), verb, *subject, body, at.isoformat())
    encoded = [part.encode() for part in parts]
    return hashlib.sha256(b"".join([b"%d:%b" % (len(part), part) for part in encoded])).hexdigest()


async def verify_chain(session: Session, company_id: UUID) -> tuple[int, AuditBreak | None]:
    """How many events hold, and the first break: an edit, a swap, a gap, or a head that does not fit."""
    expected, previous = 0, GENESIS
    while batch := await _events_after(session, company_id, expected):
        for row in batch:
            expected += 1
            if row.number != expected:
                return expected - 1, AuditBreak(expected, "missing event")
            actor = Actor(row.actor_kind, row.actor_id)
            subject = (row.subject_kind, row.subject_id)
            link = chain_hash(previous, expected, actor, row.verb, subject, row.facts, row.at.astimezone(UTC))
            if row.previous_hash != previous or row.hash != link:
                return expected - 1, AuditBreak(expected, "event changed")
            previous = link
    head = (await session.execute(select(audit_head).where(audit_head.c.company_id == company_id))).one_or_none()
    if (head.number if head else 0, head.hash if head else GENESIS) != (expected, previous):
        return expected, AuditBreak(expected + 1, "tail cut off or head moved")
    return expected, None


async def _events_after(session: Session, company_id: UUID, number: int) -> Sequence[Row[Any]]:
    """The next events, by keyset: an early return would leave a server-side cursor open."""
    query = (
        select(audit_event)
        .where(audit_event.c.company_id == company_id, audit_event.c.number > number)
        .order_by(audit_event.c.number)
        .limit(READ_BATCH)
    )
    return (await session.execute(query)).all()
