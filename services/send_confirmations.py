"""Sends a drawn round, and the second request to whoever has not replied.

A round of the company's own is sent by a second person; an audit's by its auditor alone.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.business_calendar import add_working_days
from services.confirmation_desk import Desk, at_desk, own_round
from services.send_statement import has_address
from statements.confirmations import LETTER_TABLE, ROUND_TABLE, Form, LetterState, Mode, RoundState, move
from storage.audit import SYSTEM, Actor, record
from storage.companies import Company
from storage.confirmations import (
    LETTER,
    ROUND,
    Letter,
    Round,
    auditor_reader,
    change_letter,
    change_round,
    letters_of,
    list_rounds,
)
from storage.database import Database, Session, reading_as, transaction
from storage.deliveries import Person, find_contact, note_event, statement_contacts
from storage.outbox import Message, enqueue
from storage.presence import database_now
from storage.tasks import NewTask, open_task
from words.refusal import Refusal

EMAIL, POST = "email", "post"
"""How a letter goes: by mail with a link, or printed, where no address is on record."""


class SecondPersonSends(Refusal):
    """Four eyes: whoever drew the sample does not send it."""

    code = "confirmation_sender_not_allowed"
    sentence = "Whoever prepared {number} cannot send it."
    remedy = "Ask a second person of the company to look at the sample and to send it."


class NothingToRemind(Refusal):
    """A round that is not under way, or whose silence is its answer."""

    code = "confirmation_not_reminded"
    sentence = "Nobody is asked a second time in {number} ({form})."
    remedy = "A second request follows a sent round of positive or blank letters."


@dataclass(frozen=True, slots=True)
class Sent:
    """How many letters left by mail, and how many must be printed and posted."""

    number: str
    by_email: int
    by_post: int


async def send_round(desk: Desk, number: str) -> Sent:
    """Queues a mail per letter, in one transaction with the round's state. Raises Refusals."""
    async with at_desk(desk) as session:
        one = await own_round(session, desk, number, "send")
        state = move(ROUND_TABLE, one.number, one.state, "send")
        if one.mode == Mode.COMMERCIAL and one.prepared_by == desk.person_id:
            raise SecondPersonSends(number=number)
        now = await database_now(session)
        channels = []
        for letter in await letters_of(session, desk.company.id, one.id):
            contacts = await statement_contacts(session, desk.company.id, letter.customer_id)
            contact = next((person for person in contacts if has_address(person)), None)
            channel = EMAIL if contact is not None else POST
            await change_letter(
                session, desk.company.id, letter, state=move(LETTER_TABLE, letter.number, letter.state, "send"),
                sent_at=now, channel=channel, contact_id=contact.id if contact is not None else None,
            )  # fmt: skip
            if contact is not None:
                await _queue(session, desk.company.id, letter, contact, "confirmation_request")
            elif one.mode == Mode.COMMERCIAL:
                await _ask_to_post(session, desk.company.id, letter)
            channels.append(channel)
        await change_round(session, desk.company.id, one, state=state, dispatched_by=desk.person_id, dispatched_at=now)
        await record(
            session, desk.company.id, desk.actor, "confirmation_sent", (ROUND, str(one.id)), {"number": one.number}
        )
    return Sent(number, channels.count(EMAIL), channels.count(POST))


async def remind_round(desk: Desk, number: str) -> Sent:
    """The second request to everybody who has not replied, by mail or to be printed. Raises Refusals."""
    async with at_desk(desk) as session:
        one = await own_round(session, desk, number, "remind")
        if one.state != RoundState.SENT or one.form == Form.NEGATIVE:
            raise NothingToRemind(number=number, form=one.form)
        return await _remind(session, desk.company, one, desk.actor, (EMAIL, POST))


async def remind_due_rounds(engine: Database, company: Company, today: date) -> int:
    """Second requests by mail for every round whose working days are over; answers how many. May be repeated.

    In an audit the clock acts for the auditor, who set the days. Printed letters wait for a person.
    """
    async with transaction(engine, company.id) as session:
        rounds = await list_rounds(session, company.id, state=RoundState.SENT)
    return sum([await _remind_if_due(engine, company, one, today) for one in rounds])


async def _remind_if_due(engine: Database, company: Company, one: Round, today: date) -> int:
    assert one.dispatched_at is not None  # noqa: S101 - a round that is sent was sent at some time
    sent_on = one.dispatched_at.astimezone(ZoneInfo(company.timezone)).date()
    if one.form == Form.NEGATIVE or add_working_days(sent_on, one.remind_after, company.country) > today:
        return 0
    with reading_as(auditor_reader(one.auditor_id) if one.auditor_id is not None else ""):
        async with transaction(engine, company.id) as session:
            return (await _remind(session, company, one, SYSTEM, (EMAIL,))).by_email


async def _remind(session: Session, company: Company, one: Round, actor: Actor, channels: tuple[str, ...]) -> Sent:
    now = await database_now(session)
    reminded = []
    for letter in await letters_of(session, company.id, one.id):
        if letter.state != LetterState.SENT or letter.channel not in channels:
            continue
        contact = await find_contact(session, company.id, letter.contact_id) if letter.contact_id else None
        await change_letter(
            session, company.id, letter, state=move(LETTER_TABLE, letter.number, letter.state, "remind"),
            reminded_at=now,
        )  # fmt: skip
        if contact is not None and has_address(contact):
            await _queue(session, company.id, letter, contact, "confirmation_second_request")
        reminded.append(letter.channel)
    if reminded:
        await record(session, company.id, actor, "confirmation_reminded", (ROUND, str(one.id)), {"number": one.number})
    return Sent(one.number, reminded.count(EMAIL), reminded.count(POST))


async def _ask_to_post(session: Session, company_id: UUID, letter: Letter) -> None:
    await open_task(
        session, company_id,
        NewTask(
            "confirmation_post", LETTER, str(letter.id), f"confirmation_post/{letter.id}", {"number": letter.number},
            customer_id=letter.customer_id,
        ),
    )  # fmt: skip


async def _queue(session: Session, company_id: UUID, letter: Letter, contact: Person, kind: str) -> None:
    message = Message(
        kind=kind, channel="email", lane="bulk", recipient=contact.email or "", dedup_key=f"{kind}/{letter.id}",
        subject_kind=LETTER, subject_id=str(letter.id), payload={"letter_id": str(letter.id)},
        customer_id=letter.customer_id, person_id=contact.id,
    )  # fmt: skip
    row_id = await enqueue(session, company_id, message)
    if row_id is not None:
        await note_event(
            session, company_id, "queued", (LETTER, str(letter.id)), outbox_id=row_id, recipient=contact.email or ""
        )  # fmt: skip
