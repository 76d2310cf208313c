"""The portal's codes and sessions, and what one address may see: every customer whose contact has it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from storage.companies import Company, own_company
from storage.database import Session
from storage.identifiers import new_id
from storage.pages import PAGE, Page, Rows, page_of, rows_of
from storage.schema import access_token, contact, customer, dispute, portal_code, portal_session, statement

SHOWN = ("sent", "confirmed", "disputed", "settled", "superseded")
"""States of a statement that the customer has been given."""


@dataclass(frozen=True, slots=True)
class KnownContact:
    """A contact in use, with its customer."""

    company_id: UUID
    id: UUID
    email: str
    customer_id: UUID


@dataclass(frozen=True, slots=True)
class OwnContact:
    """One of the visitor's own entries in the company's books."""

    id: UUID
    name: str
    email: str
    language: str
    purpose: str
    customer_id: UUID
    customer_code: str
    customer_name: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """A customer's person in a running session of one company, with every contact that has the same address."""

    company: Company
    contact_id: UUID
    email: str
    csrf: str
    contacts: tuple[OwnContact, ...]

    @property
    def language(self) -> str:
        """What the contact that signed in reads."""
        return next(one.language for one in self.contacts if one.id == self.contact_id)

    @property
    def customers(self) -> list[UUID]:
        """Each customer once."""
        return list(dict.fromkeys(one.customer_id for one in self.contacts))


def _in_use(*columns: Any) -> Select[Any]:  # noqa: ANN401 - columns of the query
    return (
        select(*columns)
        .select_from(contact)
        .join(customer, (customer.c.company_id == contact.c.company_id) & (customer.c.id == contact.c.customer_id))
        .where(contact.c.disabled_at.is_(None), customer.c.disabled_at.is_(None))
    )


async def contacts_with_address(session: Session, email: str) -> list[KnownContact]:
    """The oldest contact with this address in each company, in an owner's transaction: no company is known yet."""
    query = (
        _in_use(contact.c.company_id, contact.c.id, contact.c.email, contact.c.customer_id)
        .where(func.lower(contact.c.email) == email.lower())
        .order_by(contact.c.company_id, contact.c.id)
    )
    first: dict[UUID, KnownContact] = {}
    for row in await session.execute(query):
        first.setdefault(row.company_id, KnownContact(*row))
    return list(first.values())


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that somebody reads a mailbox: who they are here, and which address it was."""

    contact_id: UUID
    email: str


async def put_code(
    session: Session, company_id: UUID, proof: Proof, ask_hash: bytes, code_hash: str, lifetime: timedelta
) -> None:
    """Keeps the hash of a code for the browser that asked; forgets those that nobody can use any more."""
    await session.execute(
        delete(portal_code).where(
            portal_code.c.company_id == company_id, portal_code.c.expires_at < func.statement_timestamp()
        )
    )
    values = {
        "email": proof.email, "code_hash": code_hash, "tries": 0, "used_at": None,
        "expires_at": func.clock_timestamp() + lifetime,
    }  # fmt: skip
    await session.execute(
        upsert(portal_code)
        .values(company_id=company_id, id=new_id(), contact_id=proof.contact_id, ask_hash=ask_hash, **values)
        .on_conflict_do_update(index_elements=["company_id", "contact_id", "ask_hash"], set_=values)
    )


@dataclass(frozen=True, slots=True)
class LiveCode:
    """A code that may still be tried."""

    company_id: UUID
    id: UUID
    proof: Proof
    code_hash: str


async def count_try(session: Session, ask_hash: bytes, most: int) -> list[LiveCode]:
    """The codes that this browser asked for, each tried once more now; in an owner's transaction."""
    found = await session.execute(
        update(portal_code)
        .where(
            portal_code.c.ask_hash == ask_hash, portal_code.c.used_at.is_(None), portal_code.c.tries < most,
            portal_code.c.expires_at > func.statement_timestamp(),
        )
        .values(tries=portal_code.c.tries + 1)
        .returning(
            portal_code.c.company_id, portal_code.c.id, portal_code.c.contact_id, portal_code.c.email,
            portal_code.c.code_hash,
        )
    )  # fmt: skip
    return [LiveCode(row[0], row[1], Proof(row[2], row[3]), row[4]) for row in found]


async def use_code(session: Session, code: LiveCode) -> bool:
    """Uses the code up; False when another request was first."""
    done = await session.execute(
        update(portal_code)
        .where(
            portal_code.c.company_id == code.company_id, portal_code.c.id == code.id, portal_code.c.used_at.is_(None)
        )
        .values(used_at=func.clock_timestamp())
    )
    return done.rowcount == 1


async def open_portal_session(
    session: Session, company_id: UUID, proof: Proof, token_hash: bytes, csrf: str, lifetime: timedelta
) -> None:
    """Starts a session that ends by the database's clock."""
    await session.execute(
        delete(portal_session).where(
            portal_session.c.company_id == company_id, portal_session.c.expires_at < func.statement_timestamp()
        )
    )
    await session.execute(
        insert(portal_session).values(
            company_id=company_id, token_hash=token_hash, contact_id=proof.contact_id, email=proof.email, csrf=csrf,
            expires_at=func.clock_timestamp() + lifetime,
        )
    )  # fmt: skip


async def company_of_session(session: Session, token_hash: bytes) -> UUID | None:
    """Whose session it is, in an owner's transaction: the cookie names no company."""
    query = select(portal_session.c.company_id).where(
        portal_session.c.token_hash == token_hash, portal_session.c.expires_at > func.statement_timestamp()
    )
    found: UUID | None = (await session.execute(query)).scalar_one_or_none()
    return found


async def find_visitor(session: Session, company_id: UUID, token_hash: bytes) -> Visitor | None:
    """The live session of a contact in use who has the proved address still, under the company's row-level security."""
    query = (
        _in_use(contact.c.id, portal_session.c.email, portal_session.c.csrf)
        .join(
            portal_session,
            (portal_session.c.company_id == contact.c.company_id) & (portal_session.c.contact_id == contact.c.id),
        )
        .where(
            portal_session.c.company_id == company_id, portal_session.c.token_hash == token_hash,
            portal_session.c.expires_at > func.statement_timestamp(),
            func.lower(contact.c.email) == func.lower(portal_session.c.email),
        )
    )  # fmt: skip
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    own = _in_use(
        contact.c.id, contact.c.name, contact.c.email, func.coalesce(contact.c.language, customer.c.language),
        contact.c.purpose, customer.c.id, customer.c.code, customer.c.name,
    ).where(contact.c.company_id == company_id, func.lower(contact.c.email) == row.email.lower())  # fmt: skip
    contacts = [OwnContact(*one) for one in await session.execute(own.order_by(customer.c.code, contact.c.id))]
    company = await own_company(session, company_id)
    return Visitor(company, row.id, row.email, row.csrf, tuple(contacts))


async def end_session(session: Session, company_id: UUID, token_hash: bytes) -> None:
    """Ends one session, and the links that it opened."""
    await session.execute(
        delete(portal_session).where(
            portal_session.c.company_id == company_id, portal_session.c.token_hash == token_hash
        )
    )
    await _end_links(session, company_id, access_token.c.binding["portal"].astext == token_hash.hex())


async def end_sessions(session: Session, company_id: UUID, contact_ids: list[UUID]) -> int:
    """Ends every session of these contacts with the links that they opened; answers how many sessions."""
    ended = await session.execute(
        delete(portal_session).where(
            portal_session.c.company_id == company_id, portal_session.c.contact_id.in_(contact_ids)
        )
    )
    await _end_links(
        session, company_id, and_(access_token.c.person_id.in_(contact_ids), access_token.c.binding.has_key("portal"))
    )
    return int(ended.rowcount)


async def _end_links(session: Session, company_id: UUID, which: Any) -> None:  # noqa: ANN401 - a condition
    await session.execute(
        update(access_token)
        .where(access_token.c.company_id == company_id, access_token.c.revoked_at.is_(None), which)
        .values(revoked_at=func.clock_timestamp())
    )


def _statements(company_id: UUID, customers: list[UUID]) -> Select[Any]:
    disputed = (
        select(func.coalesce(func.sum(dispute.c.amount), 0))
        .where(
            dispute.c.company_id == statement.c.company_id, dispute.c.statement_id == statement.c.id,
            dispute.c.status != "resolved",
        )
        .scalar_subquery()
    )  # fmt: skip
    return (
        select(
            statement.c.id, statement.c.number, statement.c.period, statement.c.version, statement.c.currency,
            statement.c.status, statement.c.closing, statement.c.overdue, statement.c.sent_at, statement.c.answered_at,
            statement.c.customer_id, customer.c.code.label("customer_code"), customer.c.name.label("customer_name"),
            disputed.label("disputed"),
        )
        .join(customer, (customer.c.company_id == statement.c.company_id) & (customer.c.id == statement.c.customer_id))
        .where(
            statement.c.company_id == company_id, statement.c.customer_id.in_(customers),
            statement.c.sent_at.is_not(None), statement.c.status.in_(SHOWN),
        )
    )  # fmt: skip


async def portal_statements(session: Session, company_id: UUID, customers: list[UUID], after: UUID | None) -> Page:
    """What these customers were sent, newest first."""
    query = _statements(company_id, customers).order_by(statement.c.id.desc())
    if after is not None:
        query = query.where(statement.c.id < after)
    return await page_of(session, query, PAGE)


async def portal_statement(
    session: Session, company_id: UUID, customers: list[UUID], statement_id: UUID
) -> dict[str, Any] | None:
    """One of them with its content; None for everybody else's."""
    query = _statements(company_id, customers).add_columns(statement.c.content, statement.c.digest)
    rows: Rows = await rows_of(session, query.where(statement.c.id == statement_id))
    return rows[0] if rows else None
