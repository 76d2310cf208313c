"""Rounds of confirmation letters, their letters and replies.

What an audit has not released is not in any answer here unless the transaction speaks for its reader
(`storage.database.reading_as`): the database itself leaves it out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, func, insert, select, update

from storage.database import Session
from storage.schema import app_user, confirmation_letter, confirmation_reply, confirmation_round, customer
from words.refusal import Refusal

LETTER = "confirmation_letter"
REPLY = "confirmation_reply"
ROUND = "confirmation_round"
"""Kinds of subject in outbox, audit trail and attachments; the policies of migration 0011 know the first two."""


def auditor_reader(person_id: UUID) -> str:
    """The reader of an audit's own letters; the database checks that the person is its auditor, in office."""
    return f"auditor:{person_id}"


def letter_reader(letter_id: UUID) -> str:
    """The reader of one letter and its replies: whoever holds its link."""
    return f"letter:{letter_id}"


class ConfirmationStale(Refusal):
    """Somebody else was faster."""

    code = "confirmation_stale"
    sentence = "{number} was changed by somebody else meanwhile."
    remedy = "Reload the page and look again."


@dataclass(frozen=True, slots=True)
class Round:
    """A round as it stands."""

    id: UUID
    number: str
    mode: str
    form: str
    as_of: date
    auditor_id: UUID | None
    method: dict[str, Any]
    population: dict[str, Any]
    population_sha256: str
    sample_sha256: str
    state: str
    reply_by: date
    remind_after: int
    prepared_by: UUID
    dispatched_by: UUID | None
    dispatched_at: datetime | None
    closed_at: datetime | None
    released_at: datetime | None
    row_version: int
    recorded_at: datetime
    prepared_name: str
    auditor_name: str | None
    auditor_email: str | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it stands, with its customer's names."""

    id: UUID
    round_id: UUID
    customer_id: UUID
    contact_id: UUID | None
    number: str
    language: str
    content: str
    digest: str
    channel: str
    state: str
    differences: dict[str, str]
    note: str
    sent_at: datetime | None
    reminded_at: datetime | None
    replied_at: datetime | None
    row_version: int
    customer_code: str
    customer_name: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a customer said; never changed, only followed by another."""

    id: UUID
    letter_id: UUID
    kind: str
    amounts: dict[str, str]
    differences: dict[str, str]
    reason: str
    explanation: str
    name: str
    position: str
    channel: str
    contact_id: UUID | None
    entered_by: UUID | None
    address_prefix: str
    letter_digest: str
    idempotency_key: str
    seal: str
    at: datetime


_auditor = app_user.alias("auditor")
_ROUND_COLUMNS: list[ColumnElement[Any]] = [
    *(confirmation_round.c[name] for name in list(Round.__dataclass_fields__)[:-3]),
    app_user.c.name, _auditor.c.name, _auditor.c.email,
]  # fmt: skip
_LETTER_COLUMNS: list[ColumnElement[Any]] = [
    *(confirmation_letter.c[name] for name in list(Letter.__dataclass_fields__)[:-2]), customer.c.code, customer.c.name,
]  # fmt: skip
_REPLY_COLUMNS = [confirmation_reply.c[name] for name in Reply.__dataclass_fields__]


async def insert_round(session: Session, company_id: UUID, values: Mapping[str, Any]) -> None:
    """Adds a round."""
    await session.execute(insert(confirmation_round).values(company_id=company_id, **values))


async def insert_letters(session: Session, company_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds the letters of a round."""
    await session.execute(insert(confirmation_letter), [{"company_id": company_id, **row} for row in rows])


async def insert_reply(session: Session, company_id: UUID, reply: Reply) -> None:
    """Appends a reply."""
    values = {name: getattr(reply, name) for name in Reply.__dataclass_fields__}
    await session.execute(insert(confirmation_reply).values(company_id=company_id, **values))


async def count_rounds(session: Session, company_id: UUID, as_of: date) -> int:
    """Rounds of one day, of which the next number follows."""
    query = select(func.count()).where(
        confirmation_round.c.company_id == company_id, confirmation_round.c.as_of == as_of
    )
    return int((await session.execute(query)).scalar_one())


def _rounds(company_id: UUID) -> Select[Any]:
    people = (app_user.c.company_id == confirmation_round.c.company_id) & (
        app_user.c.id == confirmation_round.c.prepared_by
    )
    auditors = (_auditor.c.company_id == confirmation_round.c.company_id) & (
        _auditor.c.id == confirmation_round.c.auditor_id
    )
    joined = confirmation_round.join(app_user, people).outerjoin(_auditor, auditors)
    return select(*_ROUND_COLUMNS).select_from(joined).where(confirmation_round.c.company_id == company_id)


async def list_rounds(session: Session, company_id: UUID, *, state: str | None = None) -> list[Round]:
    """All rounds, newest first, or those in one state."""
    query = _rounds(company_id).order_by(confirmation_round.c.id.desc())
    if state is not None:
        query = query.where(confirmation_round.c.state == state)
    return [Round(*row) for row in await session.execute(query)]


async def round_by_number(session: Session, company_id: UUID, number: str, *, lock: bool = False) -> Round | None:
    """One round by its number."""
    return await _one_round(session, company_id, confirmation_round.c.number == number, lock=lock)


async def round_by_id(session: Session, company_id: UUID, round_id: UUID, *, lock: bool = False) -> Round | None:
    """One round by id."""
    return await _one_round(session, company_id, confirmation_round.c.id == round_id, lock=lock)


async def _one_round(session: Session, company_id: UUID, which: ColumnElement[bool], *, lock: bool) -> Round | None:
    query = _rounds(company_id).where(which)
    row = (await session.execute(query.with_for_update(of=confirmation_round) if lock else query)).one_or_none()
    return Round(*row) if row else None


def _letters(company_id: UUID) -> Select[Any]:
    joined = confirmation_letter.join(
        customer,
        (customer.c.company_id == confirmation_letter.c.company_id)
        & (customer.c.id == confirmation_letter.c.customer_id),
    )
    return select(*_LETTER_COLUMNS).select_from(joined).where(confirmation_letter.c.company_id == company_id)


async def letters_of(session: Session, company_id: UUID, round_id: UUID) -> list[Letter]:
    """The letters of a round, by customer."""
    query = _letters(company_id).where(confirmation_letter.c.round_id == round_id).order_by(customer.c.code)
    return [Letter(*row) for row in await session.execute(query)]


async def letter_by_id(session: Session, company_id: UUID, letter_id: UUID, *, lock: bool = False) -> Letter | None:
    """One letter."""
    query = _letters(company_id).where(confirmation_letter.c.id == letter_id)
    row = (await session.execute(query.with_for_update(of=confirmation_letter) if lock else query)).one_or_none()
    return Letter(*row) if row else None


async def letter_by_number(session: Session, company_id: UUID, number: str) -> Letter | None:
    """One letter by its number."""
    row = (await session.execute(_letters(company_id).where(confirmation_letter.c.number == number))).one_or_none()
    return Letter(*row) if row else None


async def kept_from_company(session: Session, company_id: UUID, subject: tuple[str, str]) -> bool:
    """Whether the subject is a letter of an audit that is not released: nobody of the company is told of it."""
    if subject[0] != LETTER:
        return False
    query = (
        select(confirmation_round.c.id)
        .join(
            confirmation_letter,
            (confirmation_letter.c.company_id == confirmation_round.c.company_id)
            & (confirmation_letter.c.round_id == confirmation_round.c.id),
        )
        .where(
            confirmation_letter.c.company_id == company_id,
            confirmation_letter.c.id == UUID(subject[1]),
            confirmation_round.c.mode == "audit",
            confirmation_round.c.released_at.is_(None),
        )
    )
    return (await session.execute(query)).first() is not None


async def change_round(session: Session, company_id: UUID, one: Round, **values: object) -> None:
    """Writes to the row as it was read. Raises ConfirmationStale."""
    await _change(session, confirmation_round, company_id, one, values)


async def change_letter(session: Session, company_id: UUID, one: Letter, **values: object) -> None:
    """Writes to the row as it was read. Raises ConfirmationStale."""
    await _change(session, confirmation_letter, company_id, one, values)


async def _change(
    session: Session, table: Table[Any], company_id: UUID, one: Round | Letter, values: Mapping[str, Any]
) -> None:
    changed = await session.execute(
        update(table)
        .where(table.c.company_id == company_id, table.c.id == one.id, table.c.row_version == one.row_version)
        .values(row_version=one.row_version + 1, **values)
    )
    if changed.rowcount != 1:
        raise ConfirmationStale(number=one.number)


async def replies_of(session: Session, company_id: UUID, letter_ids: Sequence[UUID]) -> dict[UUID, list[Reply]]:
    """Replies per letter, oldest first."""
    query = (
        select(*_REPLY_COLUMNS)
        .where(confirmation_reply.c.company_id == company_id, confirmation_reply.c.letter_id.in_(letter_ids))
        .order_by(confirmation_reply.c.at, confirmation_reply.c.id)
    )
    found: dict[UUID, list[Reply]] = {}
    for row in await session.execute(query):
        one = Reply(*row)
        found.setdefault(one.letter_id, []).append(one)
    return found


async def reply_by_key(session: Session, company_id: UUID, key: str) -> Reply | None:
    """The reply that this page view gave before."""
    query = select(*_REPLY_COLUMNS).where(
        confirmation_reply.c.company_id == company_id, confirmation_reply.c.idempotency_key == key
    )
    row = (await session.execute(query)).one_or_none()
    return Reply(*row) if row else None
