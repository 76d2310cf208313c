"""Mail that came in: kept once, beside the message that it answers."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import insert

from storage.database import Session
from storage.identifiers import new_id
from storage.pages import PAGE, Page, page_of, rows_of
from storage.schema import contact, customer, inbound_mail, outbox, statement


@dataclass(frozen=True, slots=True)
class NewInbound:
    """A mail to keep; `digest` is the SHA-256 of its bytes."""

    digest: str
    kind: str
    sender: str
    title: str
    words: str
    content: bytes
    outbox_id: UUID | None = None
    customer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The message of ours that a mail answers."""

    company_id: UUID
    outbox_id: UUID
    kind: str
    recipient: str
    subject_kind: str
    subject_id: str
    customer_id: UUID | None
    person_id: UUID | None


_ANSWERED = (
    outbox.c.company_id, outbox.c.id, outbox.c.kind, outbox.c.recipient, outbox.c.subject_kind, outbox.c.subject_id,
    outbox.c.customer_id, outbox.c.person_id,
)  # fmt: skip


async def answered_message(session: Session, rows: tuple[UUID, ...]) -> Answered | None:
    """The first of these outbox ids that is one, in an owner's transaction: a mail does not say whose it is."""
    found = await session.execute(
        select(*_ANSWERED).where(outbox.c.id.in_(rows), outbox.c.channel == "email").limit(len(rows) or 1)
    )
    known = {row.id: Answered(*row) for row in found}
    return next((known[one] for one in rows if one in known), None)


async def last_statement_mail_to(session: Session, address: str) -> Answered | None:
    """The newest statement's mail to this address, in an owner's transaction; None when two companies wrote to it."""
    query = (
        select(*_ANSWERED)
        .where(
            func.lower(outbox.c.recipient) == address.lower(), outbox.c.kind.in_(("statement_to_customer", "reminder")),
            outbox.c.channel == "email", outbox.c.recipient_domain == address.lower().rpartition("@")[2],
        )
        .order_by(outbox.c.id.desc())
        .limit(50)
    )  # fmt: skip
    found = [Answered(*row) for row in await session.execute(query)]
    return found[0] if found and len({one.company_id for one in found}) == 1 else None


async def keep_inbound(session: Session, company_id: UUID, new: NewInbound) -> UUID | None:
    """Keeps the mail; None when the same bytes are here already."""
    statement_ = (
        insert(inbound_mail)
        .values(
            company_id=company_id, id=new_id(), digest=new.digest, kind=new.kind, sender=new.sender, title=new.title,
            words=new.words, content=new.content, outbox_id=new.outbox_id, customer_id=new.customer_id,
        )
        .on_conflict_do_nothing(index_elements=["company_id", "digest"])
        .returning(inbound_mail.c.id)
    )  # fmt: skip
    kept: UUID | None = (await session.execute(statement_)).scalar_one_or_none()
    return kept


async def customer_told(session: Session, company_id: UUID, answered: Answered) -> tuple[UUID | None, str, str]:
    """Customer id, customer name and statement number behind a message of ours; "" where there is none."""
    number, customer_id = "", answered.customer_id
    if answered.subject_kind == "statement":
        row = (
            await session.execute(
                select(statement.c.number, statement.c.customer_id).where(
                    statement.c.company_id == company_id, statement.c.id == UUID(answered.subject_id)
                )
            )
        ).one_or_none()
        if row is not None:
            number, customer_id = row.number, row.customer_id
    if customer_id is None and answered.person_id is not None:
        customer_id = (
            await session.execute(
                select(contact.c.customer_id).where(
                    contact.c.company_id == company_id, contact.c.id == answered.person_id
                )
            )
        ).scalar_one_or_none()
    name = (
        await session.execute(
            select(customer.c.name).where(customer.c.company_id == company_id, customer.c.id == customer_id)
        )
    ).scalar_one_or_none()
    return customer_id, name or "", number


async def inbound_page(session: Session, company_id: UUID, kind: str, after: UUID | None) -> Page:
    """Mails that came in, newest first, with what they answer."""
    query = (
        select(
            inbound_mail.c.id, inbound_mail.c.kind, inbound_mail.c.sender, inbound_mail.c.title, inbound_mail.c.words,
            inbound_mail.c.at, inbound_mail.c.customer_id, customer.c.name.label("customer_name"),
            statement.c.id.label("statement_id"), statement.c.number.label("statement_number"),
        )
        .outerjoin(customer, _same(customer, "customer_id"))
        .outerjoin(outbox, _same(outbox, "outbox_id"))
        .outerjoin(
            statement,
            and_(
                statement.c.company_id == outbox.c.company_id,
                outbox.c.subject_kind == "statement",
                func.cast(statement.c.id, outbox.c.subject_id.type) == outbox.c.subject_id,
            ),
        )
        .where(inbound_mail.c.company_id == company_id)
        .order_by(inbound_mail.c.id.desc())
    )  # fmt: skip
    if kind:
        query = query.where(inbound_mail.c.kind == kind)
    if after is not None:
        query = query.where(inbound_mail.c.id < after)
    return await page_of(session, query, PAGE)


def _same(table: Any, column: str) -> Any:  # noqa: ANN401 - a table in, a join condition out
    return and_(table.c.company_id == inbound_mail.c.company_id, table.c.id == inbound_mail.c[column])


async def inbound_content(session: Session, company_id: UUID, mail_id: UUID) -> bytes | None:
    """The mail as it came."""
    query = select(inbound_mail.c.content).where(inbound_mail.c.company_id == company_id, inbound_mail.c.id == mail_id)
    rows = await rows_of(session, query)
    return bytes(rows[0]["content"]) if rows else None
