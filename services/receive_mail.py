"""Takes in one mail that came to the mailbox of answers: finds its case, keeps it once, and does what follows.

A reply goes to the statement's timeline and to the clerks; a bounce suppresses its address and asks for a new one;
a machine's answer is kept and tells nobody.
"""

import hashlib
from uuid import UUID

from notifications.inbound import Failure, Inbound, read_inbound
from services.take_mailed_workbook import sender_of_workbook
from services.tell_staff import tell_staff
from services.unsubscribe import unsubscribe_contact
from storage.audit import SYSTEM, record
from storage.companies import list_companies
from storage.confirmations import kept_from_company
from storage.database import RELAY, Database, Session, as_reader, owner_transaction, transaction
from storage.deliveries import note_event, suppress
from storage.inbound import (
    Answered,
    NewInbound,
    answered_message,
    customer_told,
    keep_inbound,
    last_statement_mail_to,
)
from storage.tasks import NewTask, open_task

EXCERPT = 2_000
"""Characters of a reply on the timeline and in messages: the whole stands on the page of replies."""


@as_reader(RELAY)
async def receive_mail(engine: Database, content: bytes) -> str:
    """What it was: reply, bounce, auto_reply, unsubscribe, unknown, or known (the same bytes came before)."""
    read = read_inbound(content)
    company_id, answered = await _case_of(engine, read)
    if company_id is None:
        return "unknown"
    kind = read.kind if answered is not None or read.kind in {"auto_reply", "bounce"} else "unknown"
    digest = hashlib.sha256(content).hexdigest()
    async with transaction(engine, company_id) as session:
        told = await customer_told(session, company_id, answered) if answered is not None else (None, "", "")
        new = NewInbound(
            digest, kind, read.sender, read.title, read.words, content,
            answered.outbox_id if answered is not None else None, told[0],
        )  # fmt: skip
        kept = await keep_inbound(session, company_id, new)
        if kept is None:
            return "known"
        await _follow(session, company_id, kept, kind, read, answered, told)
        facts = {"kind": kind, "digest": digest, "answers": str(answered.outbox_id) if answered is not None else ""}
        await record(session, company_id, SYSTEM, "mail_received", ("inbound_mail", str(kept)), facts)
    return kind


async def _case_of(engine: Database, read: Inbound) -> tuple[UUID | None, Answered | None]:
    """Whose mail it is and what it answers: its marks, then its sender's last statement, then the first company."""
    async with owner_transaction(engine) as session:
        answered = await answered_message(session, read.rows)
        if answered is None and read.sender and read.kind != "bounce":
            answered = await last_statement_mail_to(session, read.sender)
        if answered is None and read.failures:
            answered = await last_statement_mail_to(session, read.failures[0].address)
        if answered is not None:
            return answered.company_id, answered
        companies = await list_companies(session)
    return (companies[0].id if companies else None), None


async def _follow(
    session: Session, company_id: UUID, kept: UUID, kind: str, read: Inbound, answered: Answered | None,
    told: tuple[UUID | None, str, str],
) -> None:  # fmt: skip
    if kind == "bounce":
        await _bounced(session, company_id, kept, read, answered, told)
    elif kind == "unknown":
        await _ask(session, company_id, kept, "mail_unmatched", read, told[0])
    elif answered is not None and kind == "reply":
        await _replied(session, company_id, kept, read, answered, told)
        if read.workbooks and await sender_of_workbook(session, answered, read) is None:
            await _ask(session, company_id, kept, "workbook_by_mail", read, told[0])
    elif answered is not None and kind == "unsubscribe" and answered.person_id is not None:
        await unsubscribe_contact(session, company_id, answered.person_id, "mail")


async def _replied(
    session: Session, company_id: UUID, kept: UUID, read: Inbound, answered: Answered,
    told: tuple[UUID | None, str, str],
) -> None:  # fmt: skip
    subject = (answered.subject_kind, answered.subject_id)
    words = read.words[:EXCERPT]
    await note_event(
        session, company_id, "replied", subject, outbox_id=answered.outbox_id, recipient=answered.recipient,
        facts={"from": read.sender, "words": words, "mail": str(kept)},
    )  # fmt: skip
    if await kept_from_company(session, company_id, subject):
        return
    of_statement = answered.subject_kind == "statement"
    payload = {
        "customer": told[1], "number": told[2], "words": words, "sender": read.sender_name or read.sender,
        "url_path": f"/statements/{answered.subject_id}" if of_statement else "/replies",
    }  # fmt: skip
    await tell_staff(
        session, company_id, "reply_received", payload, role="clerk", subject=subject, occasion=f"reply/{kept}"
    )  # fmt: skip


async def _bounced(
    session: Session, company_id: UUID, kept: UUID, read: Inbound, answered: Answered | None,
    told: tuple[UUID | None, str, str],
) -> None:  # fmt: skip
    """An address of ours that failed for good is suppressed; what cannot be read is a person's to look at."""
    permanent = [one for one in read.failures if one.permanent]
    lost = [one for one in permanent if _is_ours(one, answered)]
    if not lost:
        if permanent or not read.failures:
            await _ask(session, company_id, kept, "bounce_unread", read, told[0])
        return
    words = " ".join(read.words.split())[:EXCERPT]
    for one in lost:
        await suppress(session, company_id, one.address, words)
        await _tell_bounce(session, company_id, one.address.lower(), words, answered, told)


def _is_ours(failure: Failure, answered: Answered | None) -> bool:
    """A bounce may name anybody: only whom the message went to is believed, so that nobody silences a stranger."""
    return answered is not None and failure.address.lower() == answered.recipient.lower()


async def _tell_bounce(
    session: Session, company_id: UUID, address: str, words: str, answered: Answered | None,
    told: tuple[UUID | None, str, str],
) -> None:  # fmt: skip
    assert answered is not None  # noqa: S101 - `_is_ours` asked for it
    customer_id, name, number = told
    subject = (answered.subject_kind, answered.subject_id)
    facts = {"answer": words, "kind": answered.kind, "channel": "email"}
    await note_event(
        session, company_id, "bounced", subject, outbox_id=answered.outbox_id, recipient=address, facts=facts
    )
    if await kept_from_company(session, company_id, subject):
        return
    asked = {"outbox_id": str(answered.outbox_id), "recipient": address, "number": number, "answer": words}
    task = NewTask("bounced", *subject, f"bounced/{address}", asked, customer_id=customer_id)
    if await open_task(session, company_id, task) is None:
        return
    payload = {
        "address": address, "words": words, "customer": name, "number": number,
        "customer_id": str(customer_id) if customer_id else "",
    }  # fmt: skip
    occasion = f"mail_bounced/{answered.outbox_id}/{address}"
    await tell_staff(session, company_id, "mail_bounced", payload, role="clerk", subject=subject, occasion=occasion)


async def _ask(
    session: Session, company_id: UUID, kept: UUID, kind: str, read: Inbound, customer_id: UUID | None
) -> None:
    facts = {"recipient": read.sender, "number": read.title, "answer": read.words[:200]}
    task = NewTask(kind, "inbound_mail", str(kept), f"{kind}/{kept}", facts, customer_id=customer_id)
    await open_task(session, company_id, task)
