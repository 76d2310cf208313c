"""What customers answered: insert-only rows, each tied to the digest of the version that was seen."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text

from storage.database import Session
from storage.identifiers import new_id
from storage.schema import answer, company, contact, customer, delivery_event, statement


@dataclass(frozen=True, slots=True)
class AnswerableStatement:
    """The columns of a statement that its page and its answer need; `content` is canonical JSON text."""

    id: UUID
    number: str
    status: str
    version: int
    row_version: int
    content: str
    digest: str
    currency: str
    customer_id: UUID
    superseded_by: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as recorded; `facts` hold what was said about lines."""

    id: UUID
    statement_id: UUID
    contact_id: UUID | None
    kind: str
    digest: str
    name: str
    position: str
    facts: dict[str, Any]
    channel: str
    address_prefix: str
    idempotency_key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Addressee:
    """The contact behind a link, with the language to speak to them in."""

    id: UUID
    name: str
    email: str | None
    language: str
    disabled: bool


ANSWER_COLUMNS = [
    answer.c.id, answer.c.statement_id, answer.c.contact_id, answer.c.kind, answer.c.digest, answer.c.name,
    answer.c.position, answer.c.facts, answer.c.channel, answer.c.address_prefix, answer.c.idempotency_key, answer.c.at,
]  # fmt: skip
"""The fields of `Answer`, in its order."""


async def answerable_statement(
    session: Session, company_id: UUID, statement_id: UUID, *, lock: bool = False
) -> AnswerableStatement | None:
    """The statement, and the number of the version that replaced it; `lock` holds the row until the commit."""
    newer = statement.alias("newer")
    later = (
        select(newer.c.number)
        .where(
            newer.c.company_id == statement.c.company_id, newer.c.customer_id == statement.c.customer_id,
            newer.c.currency == statement.c.currency, newer.c.period == statement.c.period,
            newer.c.version > statement.c.version, newer.c.sent_at.is_not(None),
        )
        .order_by(newer.c.version.desc()).limit(1).scalar_subquery()
    )  # fmt: skip
    query = select(
        statement.c.id, statement.c.number, statement.c.status, statement.c.version, statement.c.row_version,
        statement.c.content, statement.c.digest, statement.c.currency, statement.c.customer_id, later,
    ).where(statement.c.company_id == company_id, statement.c.id == statement_id)  # fmt: skip
    row: Any = (await session.execute(query.with_for_update(of=statement) if lock else query)).one_or_none()
    return AnswerableStatement(*row) if row else None


async def newest_sent_version(session: Session, company_id: UUID, statement_id: UUID) -> AnswerableStatement | None:
    """The newest version that the customer holds of the same account and period as this statement."""
    old, newer = statement.alias("old"), statement.alias("newer")
    query = (
        select(newer.c.id)
        .join(
            old,
            (old.c.company_id == newer.c.company_id) & (old.c.customer_id == newer.c.customer_id)
            & (old.c.currency == newer.c.currency) & (old.c.period == newer.c.period),
        )
        .where(
            old.c.company_id == company_id, old.c.id == statement_id, newer.c.sent_at.is_not(None),
            newer.c.status.not_in(("void", "superseded")),
        )
        .order_by(newer.c.version.desc()).limit(1)
    )  # fmt: skip
    newest = (await session.execute(query)).scalar_one_or_none()
    return await answerable_statement(session, company_id, newest) if newest is not None else None


async def find_addressee(session: Session, company_id: UUID, contact_id: UUID) -> Addressee | None:
    """The contact; language falls back to the customer's."""
    row = (
        await session.execute(
            select(
                contact.c.id, contact.c.name, contact.c.email, contact.c.language, customer.c.language,
                contact.c.disabled_at,
            )
            .join(customer, (customer.c.company_id == contact.c.company_id) & (customer.c.id == contact.c.customer_id))
            .where(contact.c.company_id == company_id, contact.c.id == contact_id)
        )
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    return Addressee(row[0], row[1], row[2], row[3] or row[4], row[5] is not None)


async def answers_of(session: Session, company_id: UUID, statement_id: UUID) -> list[Answer]:
    """All answers to one version, oldest first."""
    query = (
        select(*ANSWER_COLUMNS)
        .where(answer.c.company_id == company_id, answer.c.statement_id == statement_id)
        .order_by(answer.c.at, answer.c.id)
    )
    return [Answer(*row) for row in await session.execute(query)]


async def answer_by_key(session: Session, company_id: UUID, key: str) -> Answer | None:
    """The answer that this idempotency key already wrote."""
    query = select(*ANSWER_COLUMNS).where(answer.c.company_id == company_id, answer.c.idempotency_key == key)
    row = (await session.execute(query)).one_or_none()
    return Answer(*row) if row else None


async def answer_by_id(session: Session, company_id: UUID, answer_id: UUID) -> Answer | None:
    """One answer."""
    query = select(*ANSWER_COLUMNS).where(answer.c.company_id == company_id, answer.c.id == answer_id)
    row = (await session.execute(query)).one_or_none()
    return Answer(*row) if row else None


async def insert_answer(session: Session, company_id: UUID, new: Answer) -> None:
    """Adds one answer; its instant is the one given."""
    await session.execute(
        insert(answer).values(
            company_id=company_id, id=new.id, statement_id=new.statement_id, contact_id=new.contact_id, kind=new.kind,
            digest=new.digest, name=new.name, position=new.position, facts=new.facts, channel=new.channel,
            address_prefix=new.address_prefix, idempotency_key=new.idempotency_key, at=new.at,
        )
    )  # fmt: skip


async def mark_answered(session: Session, company_id: UUID, statement_id: UUID, at: datetime) -> None:
    """Notes when the last answer came; the status is written elsewhere."""
    await session.execute(
        statement.update()
        .where(statement.c.company_id == company_id, statement.c.id == statement_id)
        .values(answered_at=at)
    )


async def insert_page_event(
    session: Session, company_id: UUID, statement_id: UUID, kind: str, recipient: str, facts: dict[str, Any]
) -> None:
    """A line of the delivery ledger that came from the page (opened, answered)."""
    await session.execute(
        insert(delivery_event).values(
            company_id=company_id, id=new_id(), subject_kind="statement", subject_id=str(statement_id),
            recipient=recipient, kind=kind, facts=facts,
        )
    )  # fmt: skip


async def has_page_event(session: Session, company_id: UUID, statement_id: UUID, kind: str, recipient: str) -> bool:
    """Whether this recipient's event of that kind is already written."""
    query = select(delivery_event.c.id).where(
        delivery_event.c.company_id == company_id, delivery_event.c.subject_kind == "statement",
        delivery_event.c.subject_id == str(statement_id), delivery_event.c.kind == kind,
        delivery_event.c.recipient == recipient,
    ).limit(1)  # fmt: skip
    return (await session.execute(query)).first() is not None


async def company_names(session: Session, company_id: UUID) -> tuple[str, str]:
    """Name and time zone of the company that sends."""
    row = (await session.execute(select(company.c.name, company.c.timezone).where(company.c.id == company_id))).one()
    return row[0], row[1]


def content_of(found: AnswerableStatement) -> dict[str, Any]:
    """The canonical content as a document."""
    content: dict[str, Any] = json.loads(found.content)
    return content


async def database_now(session: Session) -> datetime:
    """The database's clock: the only one that decides."""
    moment: datetime = (await session.execute(text("select clock_timestamp()"))).scalar_one()
    return moment
