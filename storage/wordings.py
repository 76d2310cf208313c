"""A company's own wording of messages: versions that never change, which is in force, and what each message got."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from ledger.canonical import canonical_json, sha256_hex
from storage.database import Session
from storage.identifiers import new_id
from storage.pages import Rows, rows_of
from storage.schema import (
    approval_request,
    delivery_event,
    inbound_mail,
    outbox,
    told_wording,
    wording,
    wording_in_force,
)


@dataclass(frozen=True, slots=True)
class StoredWording:
    """One version. `kind` as in `notifications.samples`."""

    id: UUID
    kind: str
    language: str
    version: int
    body: str
    sha256: str
    drafted_by: UUID | None
    recorded_at: datetime

    def document(self) -> dict[str, Any]:
        """The version as data."""
        document: dict[str, Any] = json.loads(self.body)
        return document


_COLUMNS = [wording.c[name] for name in StoredWording.__dataclass_fields__]


async def insert_wording(
    session: Session, company_id: UUID, kind: str, language: str, document: dict[str, Any], drafted_by: UUID
) -> StoredWording:
    """The next version of the kind in the language; not in force yet. Two that come at once get two numbers."""
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"wording/{company_id}/{kind}/{language}", 0))
    await session.execute(select(lock))
    newest = select(func.coalesce(func.max(wording.c.version), 0)).where(_named(company_id, kind, language))
    body = canonical_json(document)
    values = {
        "id": new_id(), "kind": kind, "language": language, "body": body, "sha256": sha256_hex(body),
        "version": (await session.execute(newest)).scalar_one() + 1, "drafted_by": drafted_by,
    }  # fmt: skip
    query = insert(wording).values(company_id=company_id, **values).returning(*_COLUMNS)
    return StoredWording(*(await session.execute(query)).one())


async def find_wording(session: Session, company_id: UUID, wording_id: UUID) -> StoredWording | None:
    """One version by id."""
    query = select(*_COLUMNS).where(wording.c.company_id == company_id, wording.c.id == wording_id)
    row = (await session.execute(query)).one_or_none()
    return StoredWording(*row) if row else None


async def wordings_of(session: Session, company_id: UUID, kind: str, language: str) -> list[StoredWording]:
    """Every version of a kind in a language, the newest first."""
    query = select(*_COLUMNS).where(_named(company_id, kind, language)).order_by(wording.c.version.desc())
    return [StoredWording(*row) for row in await session.execute(query)]


async def wording_told_now(session: Session, company_id: UUID, kind: str, language: str) -> StoredWording | None:
    """The version in force, or None while the company never had its own."""
    query = (
        select(*_COLUMNS)
        .join(wording_in_force, _of_version())
        .where(
            wording_in_force.c.company_id == company_id, wording_in_force.c.kind == kind,
            wording_in_force.c.language == language,
        )
        .order_by(wording_in_force.c.id.desc())
        .limit(1)
    )  # fmt: skip
    row = (await session.execute(query)).one_or_none()
    return StoredWording(*row) if row else None


async def wordings_in_force(session: Session, company_id: UUID) -> dict[tuple[str, str], StoredWording]:
    """All that are in force, by kind and language."""
    query = (
        select(*_COLUMNS)
        .ext(distinct_on(wording_in_force.c.kind, wording_in_force.c.language))
        .join(wording_in_force, _of_version())
        .where(wording_in_force.c.company_id == company_id)
        .order_by(wording_in_force.c.kind, wording_in_force.c.language, wording_in_force.c.id.desc())
    )
    found = [StoredWording(*row) for row in await session.execute(query)]
    return {(one.kind, one.language): one for one in found}


async def waiting_wordings(session: Session, company_id: UUID) -> dict[tuple[str, str], UUID]:
    """The newest open request about each kind and language."""
    facts = approval_request.c.facts
    query = (
        select(facts["kind"].astext, facts["language"].astext, approval_request.c.id)
        .where(
            approval_request.c.company_id == company_id, approval_request.c.subject_kind == "template",
            approval_request.c.state == "open",
        )
        .order_by(approval_request.c.id)
    )  # fmt: skip
    return {(kind, language): request_id for kind, language, request_id in await session.execute(query)}


async def put_wording_in_force(session: Session, company_id: UUID, one: StoredWording, request_id: UUID) -> None:
    """From now on messages of the kind are told so."""
    await session.execute(
        insert(wording_in_force).values(
            company_id=company_id, id=new_id(), kind=one.kind, language=one.language, wording_id=one.id,
            request_id=request_id,
        )
    )  # fmt: skip


async def note_told(
    session: Session, company_id: UUID, message_id: UUID, wording_id: UUID, variant: str, problem: str = ""
) -> None:
    """Which variant a message was told in; frozen anew after it was called off, the newer word counts."""
    values = {"wording_id": wording_id, "variant": variant, "problem": problem}
    query = upsert(told_wording).values(company_id=company_id, id=message_id, **values)
    await session.execute(query.on_conflict_do_update(index_elements=["company_id", "id"], set_=values))


async def variants_of(session: Session, company_id: UUID, message_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The variant of each message that was told in the company's own words."""
    query = select(told_wording.c.id, told_wording.c.variant).where(
        told_wording.c.company_id == company_id, told_wording.c.id.in_(message_ids), told_wording.c.problem == ""
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def answer_rates(session: Session, company_id: UUID, kind: str, language: str) -> Rows:
    """Per version and variant: mails that were accepted, and how many of them were opened, answered, came back.

    A mail counts as answered when its recipient answered on the page or wrote back.
    """
    told = (
        select(wording.c.version, told_wording.c.variant, outbox.c.state, *_became())
        .join(
            wording, and_(wording.c.company_id == told_wording.c.company_id, wording.c.id == told_wording.c.wording_id)
        )
        .join(outbox, and_(outbox.c.company_id == told_wording.c.company_id, outbox.c.id == told_wording.c.id))
        .where(_named(company_id, kind, language), told_wording.c.problem == "")
        .subquery()
    )
    accepted = told.c.state == "accepted"
    query: Select[Any] = (
        select(
            told.c.version, told.c.variant, func.count().filter(accepted).label("accepted"),
            *(func.count().filter(accepted, told.c[name]).label(name) for name in ("opened", "answered", "bounced")),
        )
        .group_by(told.c.version, told.c.variant)
        .order_by(told.c.version.desc(), told.c.variant)
    )  # fmt: skip
    return await rows_of(session, query)


def _named(company_id: UUID, kind: str, language: str) -> ColumnElement[bool]:
    return and_(wording.c.company_id == company_id, wording.c.kind == kind, wording.c.language == language)


def _of_version() -> ColumnElement[bool]:
    return and_(
        wording_in_force.c.company_id == wording.c.company_id, wording_in_force.c.wording_id == wording.c.id
    )  # fmt: skip


def _became() -> list[ColumnElement[Any]]:
    by_recipient = and_(
        delivery_event.c.company_id == outbox.c.company_id, delivery_event.c.subject_kind == outbox.c.subject_kind,
        delivery_event.c.subject_id == outbox.c.subject_id,
        func.lower(delivery_event.c.recipient) == func.lower(outbox.c.recipient),
    )  # fmt: skip
    replied = (
        select(inbound_mail.c.id)
        .where(
            inbound_mail.c.company_id == outbox.c.company_id, inbound_mail.c.outbox_id == outbox.c.id,
            inbound_mail.c.kind == "reply",
        )
        .exists()
    )  # fmt: skip

    def happened(kind: str) -> ColumnElement[bool]:
        return select(delivery_event.c.id).where(by_recipient, delivery_event.c.kind == kind).exists()

    return [
        happened("opened").label("opened"), (happened("answered") | replied).label("answered"),
        happened("bounced").label("bounced"),
    ]  # fmt: skip
