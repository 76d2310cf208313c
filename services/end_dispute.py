"""Ends a case in the caller's transaction: what it says, what the customer hears, what becomes of the statement."""

from uuid import UUID

from ledger.money import decimal_text
from services.change_statement_status import change_statement_status
from statements.disputes import OPEN_STATUSES, move
from storage.adjustments import adjustments_of_dispute
from storage.answers import answer_by_id, answerable_statement, database_now, find_addressee, newest_sent_version
from storage.audit import Actor, record
from storage.database import Session
from storage.deliveries import statement_contacts
from storage.disputes import Dispute, close_dispute, dispute_listing, disputes_of_versions, find_dispute
from storage.outbox import Message, enqueue
from storage.promises import versions_with
from storage.tasks import close_task_by_key

REISSUE = "reissue_statement"
"""Internal message: the last case of an account has ended with other figures, so a new version is due."""


CASE_ENDED = "case_ended"
"""Internal message: a case has ended in which a credit still waits for approval."""


async def note_case_end(session: Session, company_id: UUID, dispute_id: UUID) -> None:
    """Lets the relay end what still waits for approval in a case that has ended otherwise."""
    waiting = [one for one in await adjustments_of_dispute(session, company_id, dispute_id) if one.status == "asked"]
    if not waiting:
        return
    await enqueue(
        session, company_id,
        Message(
            kind=CASE_ENDED, channel="internal", recipient="", dedup_key=f"{CASE_ENDED}/{dispute_id}",
            subject_kind="dispute", subject_id=str(dispute_id), payload={"dispute_id": str(dispute_id)},
        ),
    )  # fmt: skip


async def end_dispute(
    session: Session, company_id: UUID, dispute_id: UUID, resolution: str, note: str, actor: Actor, *,
    credited: int = 0, prepared_by: UUID | None = None,
) -> str:  # fmt: skip
    """Writes the outcome once and answers the statement's status.

    Once no case of the account is open: other figures lead to a new version; the same figures confirm the statement.
    """
    known = await find_dispute(session, company_id, dispute_id)
    assert known is not None  # noqa: S101 - callers have read it
    # The statement's lock orders this against an answer that is being recorded, which takes it first too.
    statement = await answerable_statement(session, company_id, known.statement_id, lock=True)
    found = await find_dispute(session, company_id, dispute_id, lock=True)
    assert statement is not None  # noqa: S101 - a foreign key says so
    assert found is not None  # noqa: S101 - a case is never deleted
    move(found.status, "resolve", found.resolution)
    now = await database_now(session)
    await close_dispute(session, company_id, dispute_id, resolution, now, note=note, credited=credited)
    await note_case_end(session, company_id, dispute_id)
    for key in ("dispute", "dispute_escalated"):
        await close_task_by_key(session, company_id, f"{key}/{dispute_id}")
    await record(
        session, company_id, actor, "dispute_resolved", ("dispute", str(dispute_id)),
        {"statement_id": str(found.statement_id), "resolution": resolution, "note": note, "amount": found.amount,
         "credited": credited, "currency": found.currency},
    )  # fmt: skip
    await tell_customer(session, company_id, found, "dispute_resolved", note, resolution=resolution)
    return await _follow_status(session, company_id, found, statement.status, actor, prepared_by)


async def tell_customer(
    session: Session, company_id: UUID, found: Dispute, kind: str, words: str, *, resolution: str = "",
    occasion: str = "",
) -> None:  # fmt: skip
    """Mails whoever opened the case a link to the newest version that was sent; `occasion` tells several apart."""
    listed = await dispute_listing(session, company_id, found.id)
    newest = await newest_sent_version(session, company_id, found.statement_id)
    if listed is None or newest is None:
        return
    fact = f"{kind}/{found.id}/{occasion}" if occasion else f"{kind}/{found.id}"
    for contact_id, address in await _hearers(session, company_id, found, newest.customer_id):
        await enqueue(
            session, company_id,
            Message(
                kind=kind, channel="email", recipient=address, dedup_key=f"{fact}/{contact_id}/email",
                subject_kind="dispute", subject_id=str(found.id), customer_id=listed.customer_id, person_id=contact_id,
                payload={"statement_id": str(newest.id), "document": listed.item_number, "words": words,
                         "amount": decimal_text(found.amount, 0, found.currency), "currency": found.currency,
                         "resolution": resolution},
            ),
        )  # fmt: skip


async def _hearers(session: Session, company_id: UUID, found: Dispute, customer_id: UUID) -> list[tuple[UUID, str]]:
    """Whoever opened the case; once they have left or lost their address, all who get the customer's statements."""
    answer = await answer_by_id(session, company_id, found.answer_id)
    if answer is not None and answer.contact_id is not None:
        opener = await find_addressee(session, company_id, answer.contact_id)
        if opener is not None and opener.email and not opener.disabled:
            return [(opener.id, opener.email)]
    others = await statement_contacts(session, company_id, customer_id)
    return [(one.id, one.email) for one in others if one.email]


async def _follow_status(
    session: Session, company_id: UUID, found: Dispute, status: str, actor: Actor, prepared_by: UUID | None
) -> str:
    versions = await versions_with(session, company_id, found.statement_id)
    cases = await disputes_of_versions(session, company_id, versions)
    if any(one.status in OPEN_STATUSES for one in cases):
        return status
    own = [one for one in cases if one.statement_id == found.statement_id]
    if any(one.resolution in {"credited", "corrected"} for one in own):
        await enqueue(
            session, company_id,
            Message(
                kind=REISSUE, channel="internal", recipient="", dedup_key=f"{REISSUE}/{found.id}",
                subject_kind="statement", subject_id=str(found.statement_id),
                payload={"statement_id": str(found.statement_id),
                         "prepared_by": str(prepared_by) if prepared_by else None},
            ),
        )  # fmt: skip
        return status
    if status != "disputed":
        return status
    facts = {"dispute_id": str(found.id)}
    return await change_statement_status(session, company_id, found.statement_id, "confirm", actor, facts)
