"""Acts: the insert-only trail of a request, each linked to the one before by its hash."""

from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring
from typing import Any
from uuid import UUID

from sqlalchemy import select

from approvals.events import Event, Voted, event_from_json
from approvals.evolve import fold
from approvals.request import new_request
from ledger.canonical import canonical_json, sha256_hex
from storage.approvals import read_request
from storage.bulk_json import JsonText
from storage.database import Session
from storage.identifiers import new_id
from storage.schema import approval_act

GENESIS = "0" * 64
"""What the first act of a request follows."""


@dataclass(frozen=True, slots=True)
class ActMeta:
    """Who sent the command whose events are appended, how, and under which key."""

    actor_id: UUID | None
    authority_id: UUID | None
    channel: str
    assurance: str
    key: str


@dataclass(frozen=True, slots=True)
class Act:
    """One act as the trail shows it."""

    number: int
    kind: str
    actor_id: UUID | None
    authority_id: UUID | None
    channel: str
    assurance: str
    digest: str
    stage: int
    round: int
    event: dict[str, Any]
    at: datetime
    key: str
    """The idempotency key of the command; a part of the hash."""
    previous_hash: str
    hash: str


def act_row(
    company_id: UUID, request_id: UUID, number: int, head: str, event: Event, text: str, meta: ActMeta
) -> dict[str, Any]:  # fmt: skip
    """The row of one act but for where the request stands after it: digest, stage, round and ballot."""
    return {
        "company_id": company_id, "id": new_id(), "request_id": request_id, "number": number,
        "kind": type(event).__name__, "actor_id": meta.actor_id, "authority_id": meta.authority_id,
        "event": JsonText(text), "channel": meta.channel, "assurance": meta.assurance,
        "is_vote": isinstance(event, Voted), "idempotency_key": meta.key, "previous_hash": head,
        "hash": act_hash(head, request_id, number, meta, text),
        "at": event.vote.at if isinstance(event, Voted) else event.at,
    }  # fmt: skip


def act_hash(previous: str, request_id: UUID, number: int, meta: ActMeta, event: str) -> str:
    """The link of one act: canonical JSON names each part, so no two different acts share bytes.

    Written out, because it is taken thousands of times a second; channel and assurance are words of the house.
    """
    who = f'"actor":"{meta.actor_id or ""}","assurance":"{meta.assurance}","authority":"{meta.authority_id or ""}"'
    where = f'"number":{number},"previous":"{previous}","request":"{request_id}"'
    key = encode_basestring(meta.key)
    return sha256_hex(f'{{{who},"channel":"{meta.channel}","event":{event},"key":{key},{where}}}')


async def acts_of(session: Session, company_id: UUID, request_id: UUID) -> list[Act]:
    """The trail of a request, oldest first."""
    rows = await session.execute(
        select(
            approval_act.c.number, approval_act.c.kind, approval_act.c.actor_id, approval_act.c.authority_id,
            approval_act.c.channel, approval_act.c.assurance, approval_act.c.digest, approval_act.c.stage,
            approval_act.c.round, approval_act.c.event, approval_act.c.at,
            approval_act.c.idempotency_key.label("key"), approval_act.c.previous_hash, approval_act.c.hash,
        )
        .where(approval_act.c.company_id == company_id, approval_act.c.request_id == request_id)
        .order_by(approval_act.c.number)
    )  # fmt: skip
    return [Act(**row) for row in rows.mappings()]


async def first_break(session: Session, company_id: UUID, request_id: UUID) -> int | None:
    """Number of the first act at which the chain, or the fold against the projection, does not hold."""
    rows = await session.execute(
        select(approval_act)
        .where(approval_act.c.company_id == company_id, approval_act.c.request_id == request_id)
        .order_by(approval_act.c.number)
    )
    stored = await read_request(session, company_id, request_id)
    assert stored is not None  # noqa: S101 - acts refer to their request
    previous, number, events = GENESIS, 0, []
    for number, row in enumerate(rows, 1):
        meta = ActMeta(row.actor_id, row.authority_id, row.channel, row.assurance, row.idempotency_key)
        if row.number != number or row.previous_hash != previous:
            return number
        if row.hash != act_hash(previous, request_id, number, meta, canonical_json(row.event)):
            return number
        previous = row.hash
        events.append(event_from_json(row.event))
    begun = new_request(request_id, stored.request.subject_kind, stored.request.subject_id)
    if (number, previous) != (stored.act_count, stored.head) or fold(begun, events) != stored.request:
        return number + 1
    return None
