"""A statement's workbook that comes back by mail, filled in: read by the same rules as on the page.

Only in the thread of that statement and from an address on record for its customer; everything else is a person's to
look at. The customer hears by mail what was recorded, or what the findings are. The same bytes again change nothing.
"""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from notifications.inbound import Inbound, read_inbound
from services.keep_attachment import keyring_of
from services.open_statement_page import ANSWER_PURPOSE, make_nonce
from services.read_returned_workbook import STAFF_LINK, Returned, read_returned_workbook
from services.settings import Settings
from storage.audit import Actor, record
from storage.customers import Contact, contacts_of
from storage.database import Database, Session, owner_transaction, transaction
from storage.deliveries import find_contact
from storage.inbound import Answered, answered_message, customer_told
from storage.outbox import Message, enqueue
from storage.tokens import mint
from words.refusal import Refusal


@dataclass(frozen=True, slots=True)
class _Case:
    """Who sends which statement's workbook back."""

    company_id: UUID
    statement_id: UUID
    customer_id: UUID
    contact: Contact


async def sender_of_workbook(session: Session, answered: Answered | None, read: Inbound) -> Contact | None:
    """The contact on record who returns one workbook in the statement's own thread; None = a person looks at it.

    A sender's name is easily forged: the mail must name a message of ours, whose id only its recipient knows.
    """
    if answered is None or answered.subject_kind != "statement" or answered.outbox_id not in read.rows:
        return None
    if len(read.workbooks) != 1 or read.is_doubtful:
        return None
    customer_id, _, _ = await customer_told(session, answered.company_id, answered)
    if customer_id is None:
        return None
    known = await contacts_of(session, answered.company_id, customer_id)
    own = [one for one in known if (one.email or "").lower() == read.sender.lower()]
    return min(own, key=lambda one: one.id != answered.person_id, default=None)


async def take_mailed_workbook(engine: Database, settings: Settings, content: bytes) -> str:
    """What became of it: recorded, refused, or nothing when there is none for us to read."""
    read = read_inbound(content)
    if read.kind != "reply" or not read.workbooks:
        return ""
    async with owner_transaction(engine) as session:
        answered = await answered_message(session, read.rows)
    if answered is None:
        return ""
    async with transaction(engine, answered.company_id) as session:
        contact = await sender_of_workbook(session, answered, read)
    if contact is None:
        return ""
    case = _Case(answered.company_id, UUID(answered.subject_id), contact.customer_id, contact)
    return await _take(engine, settings, case, read, hashlib.sha256(content).hexdigest())


async def _take(engine: Database, settings: Settings, case: _Case, read: Inbound, digest: str) -> str:
    [(filename, workbook)] = read.workbooks
    returned = Returned(filename, workbook, read.sender_name or case.contact.name, occasion=f"mail/{digest}")
    subject = ("statement", str(case.statement_id))
    async with transaction(engine, case.company_id) as session:
        token = await mint(session, case.company_id, ANSWER_PURPOSE, subject, case.contact.id, {}, STAFF_LINK)
        person = await find_contact(session, case.company_id, case.contact.id)
    language = person.language if person is not None else "en"
    try:
        recorded = await read_returned_workbook(
            engine, token, make_nonce(token), returned, keyring_of(settings), channel="workbook_by_mail",
            slack_channel=settings.slack_channel,
        )  # fmt: skip
    except Refusal as refusal:
        told = {"answer": "", "problem": refusal.text(language), "remedy": refusal.remedy_text(language)}
        await _tell(engine, case, digest, filename, told, code=refusal.code)
        return "refused"
    await _tell(engine, case, digest, filename, {"answer": recorded.kind, "problem": "", "remedy": ""}, code="")
    return "recorded"


async def _tell(engine: Database, case: _Case, digest: str, filename: str, told: dict[str, str], *, code: str) -> None:
    subject = ("statement", str(case.statement_id))
    message = Message(
        kind="workbook_read", channel="email", recipient=case.contact.email or "", subject_kind=subject[0],
        subject_id=subject[1], dedup_key=f"workbook_read/{digest}", customer_id=case.customer_id,
        person_id=case.contact.id, payload={"statement_id": subject[1], "filename": filename, **told},
    )  # fmt: skip
    async with transaction(engine, case.company_id) as session:
        if await enqueue(session, case.company_id, message) is None:
            return
        actor, verb = Actor("customer", case.contact.id), "workbook_refused" if code else "workbook_read"
        await record(session, case.company_id, actor, verb, subject, {"filename": filename, "code": code})
