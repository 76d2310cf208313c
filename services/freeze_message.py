"""Freezes a queued message: renders it once, mints its links, attaches its files. Every try sends these bytes."""

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from notifications.contexts import Letter, Reminder, StatementToCustomer
from notifications.mime import Attachment, Envelope, freeze
from notifications.slack import frozen_blocks
from reports.statement_pdf import render_pdf
from reports.statement_workbook import render_workbook
from services.choose_sender import answer_address, sender_of
from services.confirmation_contexts import CONFIRMATION_KINDS, letter_attachment, letter_reply_to
from services.message_contexts import CONTEXTS, attachment_names
from services.message_reasons import check_reason
from services.own_wording import worded
from services.settings import Settings
from services.telling import FactsGoneError, Telling
from services.unsubscribe import OPTIONAL_FOR_CUSTOMERS, mint_unsubscribe
from storage.companies import own_company
from storage.database import Session
from storage.deliveries import find_contact, find_user, statement_facts
from storage.outbox import OutboxRow, store_frozen
from storage.preferences import BY_LINK, preference_of
from words.catalog import LANGUAGES

FOR_CUSTOMERS = frozenset({
    "statement_to_customer", "reminder", "dispute_answered", "dispute_resolved", "promise_due", "portal_code",
    "workbook_read",
    *CONFIRMATION_KINDS,
})  # fmt: skip
"""These go to a customer's contact; all others to our own people."""

XLSX = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class _Files:
    """A statement's files and the thread that its mails share."""

    attachments: tuple[Attachment, ...] = ()
    thread: str = ""


class MessageUnknownError(LookupError):
    """Nobody knows how to tell this kind."""


async def freeze_message(
    session: Session, company_id: UUID, row: OutboxRow, settings: Settings, now: datetime
) -> bytes | None:
    """The frozen bytes of a claimed row, stored; None when its lease is gone. Same transaction: links and bytes.

    Raises MessageOutdatedError or MessageTooEarlyError, also for bytes that wait since an earlier try.
    """
    await check_reason(session, company_id, row)
    if row.frozen is not None:
        return row.frozen
    telling = await _telling(session, row, settings, company_id)
    if row.kind not in CONTEXTS:
        raise MessageUnknownError(row.kind)
    letter = await CONTEXTS[row.kind](telling)
    frozen = await _email(telling, letter, now) if row.channel == "email" else await _chat(telling, letter)
    stored = await store_frozen(session, company_id, row, frozen)
    return frozen if stored else None


async def _telling(session: Session, row: OutboxRow, settings: Settings, company_id: UUID) -> Telling:
    company = await own_company(session, company_id)
    person = None
    if row.person_id is not None:
        look_up = find_contact if row.kind in FOR_CUSTOMERS else find_user
        person = await look_up(session, company_id, row.person_id)
        if person is None:
            raise FactsGoneError(f"person {row.person_id}")
    language = person.language if person is not None else company.language
    return Telling(session, row, settings, company, person, language if language in LANGUAGES else "en")


async def _chat(telling: Telling, letter: Letter) -> bytes:
    rendered = await worded(telling, letter)
    if telling.row.channel == "slack":
        return frozen_blocks(rendered.subject, rendered.blocks)
    return json.dumps({"title": rendered.subject, "text": rendered.text}, ensure_ascii=False).encode()


async def _email(telling: Telling, letter: Letter, now: datetime) -> bytes:
    row, settings = telling.row, telling.settings
    stop = await _unsubscribe_link(telling)
    if stop and isinstance(letter, Reminder):
        letter = replace(letter, unsubscribe=stop)
    files = await _files(telling, letter)
    if isinstance(letter, StatementToCustomer) and not files.attachments:
        letter = replace(letter, attachments=())
    rendered = await worded(telling, letter)
    sender = sender_of(telling.company, settings, row.kind)
    answers = await letter_reply_to(telling) or answer_address(settings, row.id)
    envelope = Envelope(
        sender=sender.address, sender_name=sender.name, recipient=row.recipient, recipient_name=telling.name,
        message_id=row.message_id, date=now, thread=files.thread, reply_to=answers,
        unsubscribe=(answers or sender.address) if stop else "", unsubscribe_link=stop,
    )  # fmt: skip
    return freeze(rendered, envelope, files.attachments, sender.signing)


async def _unsubscribe_link(telling: Telling) -> str:
    """The page on which this contact stops what it may stop; one press of a mail program's button does it too."""
    row = telling.row
    if row.kind not in OPTIONAL_FOR_CUSTOMERS or telling.person is None:
        return ""
    return telling.url(f"/u/{await mint_unsubscribe(telling.session, telling.company.id, telling.person.id)}")


async def _files(telling: Telling, letter: Letter) -> _Files:
    row = telling.row
    if row.kind in CONFIRMATION_KINDS:
        return _Files(await letter_attachment(telling, letter.link))
    if row.subject_kind != "statement":
        return _Files()
    facts = await statement_facts(telling.session, telling.company.id, UUID(row.subject_id))
    if facts is None:
        raise FactsGoneError(f"statement {row.subject_id}")
    if row.kind != "statement_to_customer":
        return _Files(thread=f"staff.{facts.thread}")
    if BY_LINK in (await preference_of(telling.session, telling.company.id, row.person_id)).channels:
        return _Files(thread=facts.thread)
    pdf_name, xlsx_name = attachment_names(facts.number, telling.language)
    pdf = await asyncio.to_thread(render_pdf, facts.content, telling.language, letter.link)
    workbook = await asyncio.to_thread(render_workbook, facts.content, telling.language)
    attachments = (
        Attachment(pdf_name, pdf, "application", "pdf"),
        Attachment(xlsx_name, workbook, "application", XLSX),
    )
    return _Files(attachments, facts.thread)
