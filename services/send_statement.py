"""Releases an approved statement: re-checks it, uses up its approval, marks it sent, queues one mail per contact.

All in one transaction, so that a statement is sent with its mails queued or not at all. Repeating it does nothing.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from ledger.canonical import sha256_hex
from notifications.mime import AddressInvalidError, check_address
from services.change_statement_status import StatementUnknown, change_statement_status
from services.consume_approval import consume
from storage.audit import SYSTEM, Actor
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.deliveries import Person, StatementFacts, note_event, statement_contacts, statement_facts
from storage.outbox import Message, enqueue
from storage.page_edits import close_tasks_of_customer
from storage.statements import statement_by_id
from storage.tasks import NewTask, open_task
from words.refusal import Refusal

BEFORE_SENDING = frozenset({"draft", "in_review", "approved", "returned"})
"""From any other status it has left already, or never will: releasing again answers how it stands."""


class StatementUntied(Refusal):
    """The content is not what its digest says, or an equation does not hold."""

    code = "statement_untied"
    sentence = "Statement {number} no longer ties: {reason}"
    remedy = "Build a new version and have it approved."


@dataclass(frozen=True, slots=True)
class Released:
    """How a release ended: the status now, mails queued now, contacts without a usable address."""

    number: str
    status: str
    queued: int
    without_address: int


async def release_statement(engine: Database, company: Company, statement_id: UUID, actor: Actor = SYSTEM) -> Released:
    """Sends an approved statement to its customer's contacts; one without an address becomes a task.

    Raises a Refusal when it is not approved at exactly this digest, or does not tie.
    """
    async with transaction(engine, company.id) as session:
        locked = await statement_by_id(session, company.id, statement_id, lock=True)
        facts = await statement_facts(session, company.id, statement_id)
        if locked is None or facts is None:
            raise StatementUnknown(number=statement_id)
        if facts.status not in BEFORE_SENDING:
            return Released(facts.number, facts.status, 0, 0)
        check_ties(facts)
        await consume(session, company.id, "statement", str(statement_id), facts.digest)
        status = await change_statement_status(
            session, company.id, statement_id, "send", actor, {"digest": facts.digest}
        )  # fmt: skip
        queued, without = await _queue_mails(session, company.id, facts)
    return Released(facts.number, status, queued, without)


async def send_to_late_address(session: Session, company_id: UUID, customer_id: UUID) -> int:
    """Queues the sent statements that waited for an address of this customer; answers how many mails."""
    queued = 0
    for kind, subject_id in await close_tasks_of_customer(session, company_id, customer_id, "no_address"):
        facts = await statement_facts(session, company_id, UUID(subject_id)) if kind == "statement" else None
        if facts is not None and facts.status == "sent":
            queued += (await _queue_mails(session, company_id, facts))[0]
    return queued


def check_ties(facts: StatementFacts) -> None:
    """The gate before anything leaves: the content is its digest's, and every equation in it holds."""
    if sha256_hex(facts.stored) != facts.digest:
        raise StatementUntied(number=facts.number, reason="content and digest differ")
    content = facts.content
    total = sum(Decimal(content[part]) for part in ("opening", "debits", "credits"))
    if total != Decimal(content["closing"]):
        raise StatementUntied(number=facts.number, reason="opening + movements ≠ closing")
    broken = [check["equation"] for check in content["checks"] if not check["ties"]]
    if broken or not facts.ties:
        raise StatementUntied(number=facts.number, reason=", ".join(broken) or "ties")


async def _queue_mails(session: Session, company_id: UUID, facts: StatementFacts) -> tuple[int, int]:
    subject = ("statement", str(facts.id))
    contacts = await statement_contacts(session, company_id, facts.customer_id)
    reachable = [contact for contact in contacts if has_address(contact)]
    queued = 0
    for contact in reachable:
        row_id = await enqueue(session, company_id, _mail(facts, contact))
        if row_id is not None:
            queued += 1
            await note_event(
                session, company_id, "queued", subject, outbox_id=row_id, recipient=contact.email or ""
            )  # fmt: skip
    if not reachable:
        told: dict[str, Any] = {"customer": facts.customer_code, "name": facts.customer_name, "number": facts.number}
        await note_event(session, company_id, "no_address", subject, facts=told)
        await open_task(
            session, company_id,
            NewTask(
                "no_address", "statement", str(facts.id), f"no_address/{facts.customer_id}/{facts.number}", told,
                customer_id=facts.customer_id,
            ),
        )  # fmt: skip
    return queued, len(contacts) - len(reachable) if reachable else max(1, len(contacts))


def has_address(contact: Person) -> bool:
    """Whether mail can go to this contact."""
    try:
        return contact.email is not None and bool(check_address(contact.email))
    except AddressInvalidError:
        return False


def _mail(facts: StatementFacts, contact: Person) -> Message:
    return Message(
        kind="statement_to_customer", channel="email", lane="bulk", recipient=contact.email or "",
        dedup_key=f"statement/{facts.number}/{contact.id}", subject_kind="statement", subject_id=str(facts.id),
        payload={"statement_id": str(facts.id)}, customer_id=facts.customer_id, person_id=contact.id,
    )  # fmt: skip
