"""Shows a customer the statement behind a link; looking changes nothing."""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from storage.answers import (
    Addressee,
    Answer,
    answerable_statement,
    answers_of,
    company_names,
    find_addressee,
    has_page_event,
    insert_page_event,
)
from storage.attachments import Attachment, attachments_of
from storage.database import Database, transaction
from storage.dispute_messages import DisputeMessage, messages_of
from storage.disputes import Dispute, disputes_of_versions
from storage.feedback import Feedback, newest_feedback
from storage.promises import HintRow, PromiseRow, hints_of, promises_of, versions_with
from storage.tokens import resolve
from words.refusal import Refusal

ANSWER_PURPOSE = "answer"
"""A link's purpose: one made for deciding never answers, and the other way round."""

ANSWERABLE = frozenset({"sent", "confirmed", "disputed"})
"""Until a statement is settled its answer may be changed."""

NONCE_BYTES = 18
"""144 random bits: no two page views share one."""


class LinkInvalid(Refusal):
    """A link that was never made, was revoked or has expired: the same answer for each, so that nothing is learned."""

    code = "link_invalid"
    sentence = "This link is not valid any more."
    remedy = "Ask the sender for a new one: it goes to the address they have on record for you."


@dataclass(frozen=True, slots=True)
class StatementPage:
    """Everything that the page shows. `nonce` comes back with the answer and is its idempotency key."""

    company_id: UUID
    company_name: str
    timezone: str
    statement_id: UUID
    number: str
    version: int
    status: str
    digest: str
    content: dict[str, Any]
    answers: list[Answer]
    disputes: list[Dispute]
    talks: dict[UUID, list[DisputeMessage]]
    promises: list[PromiseRow]
    payments: list[HintRow]
    files: dict[UUID, list[Attachment]]
    feedback: Feedback | None
    contact: Addressee
    language: str
    nonce: str
    can_answer: bool
    superseded_by: str | None


@dataclass(frozen=True, slots=True)
class AnswerLink:
    """What a valid link stands for."""

    company_id: UUID
    statement_id: UUID
    contact_id: UUID


async def resolve_answer_link(engine: Database, plain_token: str) -> AnswerLink:
    """The statement and the contact behind a link, or LinkInvalid."""
    token = await resolve(engine, plain_token, ANSWER_PURPOSE)
    if token is None or token.subject_kind != "statement":
        raise LinkInvalid
    return AnswerLink(token.company_id, UUID(token.subject_id), token.person_id)


async def open_statement_page(engine: Database, plain_token: str) -> StatementPage:
    """The page's content; writes nothing."""
    link = await resolve_answer_link(engine, plain_token)
    async with transaction(engine, link.company_id) as session:
        found = await answerable_statement(session, link.company_id, link.statement_id)
        contact = await find_addressee(session, link.company_id, link.contact_id)
        if found is None or contact is None or contact.disabled:
            raise LinkInvalid
        name, timezone = await company_names(session, link.company_id)
        answers = await answers_of(session, link.company_id, found.id)
        versions = await versions_with(session, link.company_id, found.id)
        disputes = await disputes_of_versions(session, link.company_id, versions)
        talks = await messages_of(session, link.company_id, [one.id for one in disputes], public=True)
        promises = await promises_of(session, link.company_id, versions)
        payments = await hints_of(session, link.company_id, versions)
        files = await attachments_of(session, link.company_id, "answer", [one.id for one in answers])
        files |= await attachments_of(session, link.company_id, "dispute", [one.id for one in disputes])
        feedback = await newest_feedback(session, link.company_id, answers[-1].id) if answers else None
    return StatementPage(
        company_id=link.company_id, company_name=name, timezone=timezone, statement_id=found.id, number=found.number,
        version=found.version, status=found.status, digest=found.digest, content=json.loads(found.content),
        answers=answers, disputes=disputes, talks=talks, promises=promises, payments=payments, files=files,
        feedback=feedback, contact=contact, language=contact.language,
        nonce=make_nonce(plain_token), can_answer=found.status in ANSWERABLE and found.superseded_by is None,
        superseded_by=found.superseded_by,
    )  # fmt: skip


async def mark_opened(engine: Database, plain_token: str) -> bool:
    """Notes once per recipient that the page was opened, by a POST of the page itself: mail scanners only GET."""
    link = await resolve_answer_link(engine, plain_token)
    async with transaction(engine, link.company_id) as session:
        # The statement's lock makes two beacons at once one event.
        found = await answerable_statement(session, link.company_id, link.statement_id, lock=True)
        contact = await find_addressee(session, link.company_id, link.contact_id)
        if found is None or contact is None:
            raise LinkInvalid
        recipient = contact.email or str(contact.id)
        if await has_page_event(session, link.company_id, found.id, "opened", recipient):
            return False
        await insert_page_event(session, link.company_id, found.id, "opened", recipient, {})
    return True


def make_nonce(plain_token: str) -> str:
    """A fresh nonce that only the holder of the link can have been given."""
    random = secrets.token_urlsafe(NONCE_BYTES)
    return f"{random}.{_seal(plain_token, random)}"


def nonce_holds(plain_token: str, nonce: str) -> bool:
    """Whether the nonce was made for this link."""
    random, _, seal = nonce.partition(".")
    return bool(random) and hmac.compare_digest(seal.encode(), _seal(plain_token, random).encode())


def _seal(plain_token: str, random: str) -> str:
    return hmac.new(plain_token.encode(), random.encode(), hashlib.sha256).hexdigest()[:32]
