"""Customers and their contacts. A customer is known by its code; names are never keys."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, text, update

from storage.database import Session
from storage.identifiers import new_id
from storage.schema import contact, customer

PAGE_ROWS = 100
"""Rows of one page: a plain table of 50,000 rows takes a browser 9.5 s, a page 0.3 s."""


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer account."""

    id: UUID
    code: str
    name: str
    language: str
    country: str | None
    parent_id: UUID | None
    payer_id: UUID | None


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at a customer; `purpose` says what for (statement, reminder)."""

    id: UUID
    customer_id: UUID
    name: str
    email: str | None
    language: str | None
    purpose: str


_COLUMNS = [
    customer.c.id, customer.c.code, customer.c.name, customer.c.language, customer.c.country, customer.c.parent_id,
    customer.c.payer_id,
]  # fmt: skip
_CONTACT_COLUMNS = [
    contact.c.id, contact.c.customer_id, contact.c.name, contact.c.email, contact.c.language, contact.c.purpose,
]  # fmt: skip


async def find_customer(session: Session, company_id: UUID, code: str) -> Customer | None:
    """The customer with this code."""
    row = (
        await session.execute(select(*_COLUMNS).where(customer.c.company_id == company_id, customer.c.code == code))
    ).one_or_none()
    return Customer(*row) if row else None


async def customer_by_id(session: Session, company_id: UUID, customer_id: UUID) -> Customer | None:
    """The customer with this id."""
    row = (
        await session.execute(
            select(*_COLUMNS).where(customer.c.company_id == company_id, customer.c.id == customer_id)
        )
    ).one_or_none()
    return Customer(*row) if row else None


async def customers_page(
    session: Session, company_id: UUID, *, after: str = "", search: str = "", limit: int = PAGE_ROWS
) -> list[Customer]:
    """Customers by code, following `after`; `search` is a part of the code or the name."""
    query = select(*_COLUMNS).where(customer.c.company_id == company_id, customer.c.code > after)
    if search:
        part = f"%{search.lower()}%"
        query = query.where(func.lower(customer.c.code).like(part) | func.lower(customer.c.name).like(part))
    rows = await session.execute(query.order_by(customer.c.code).limit(limit))
    return [Customer(*row) for row in rows]


async def insert_customer(session: Session, company_id: UUID, new: Customer, attributes: dict[str, Any]) -> None:
    """Adds one customer."""
    await session.execute(
        insert(customer).values(
            company_id=company_id, id=new.id, code=new.code, name=new.name, language=new.language,
            country=new.country, parent_id=new.parent_id, payer_id=new.payer_id, attributes=attributes,
        )
    )  # fmt: skip


async def set_customer_language(session: Session, company_id: UUID, customer_id: UUID, language: str) -> None:
    """Letters to this customer are written in `language` from now on."""
    await session.execute(
        update(customer)
        .where(customer.c.company_id == company_id, customer.c.id == customer_id)
        .values(language=language)
    )


async def contacts_of(session: Session, company_id: UUID, customer_id: UUID) -> list[Contact]:
    """The customer's contacts in use, oldest first."""
    rows = await session.execute(
        select(*_CONTACT_COLUMNS)
        .where(
            contact.c.company_id == company_id,
            contact.c.customer_id == customer_id,
            contact.c.disabled_at.is_(None),
        )
        .order_by(contact.c.recorded_at, contact.c.id)
    )
    return [Contact(*row) for row in rows]


async def find_contact(
    session: Session, company_id: UUID, customer_id: UUID, email: str, purpose: str
) -> Contact | None:
    """The contact with this address for this purpose."""
    row = (
        await session.execute(
            select(*_CONTACT_COLUMNS)
            .where(
                contact.c.company_id == company_id,
                contact.c.customer_id == customer_id,
                func.lower(contact.c.email) == email.lower(),
                contact.c.purpose == purpose,
            )
            .limit(1)
        )
    ).one_or_none()
    return Contact(*row) if row else None


async def add_contact(session: Session, company_id: UUID, new: Contact) -> UUID:
    """Adds a contact; answers its id."""
    await session.execute(
        insert(contact).values(
            company_id=company_id, id=new.id, customer_id=new.customer_id, name=new.name, email=new.email,
            language=new.language, purpose=new.purpose,
        )
    )  # fmt: skip
    return new.id


async def update_contact(session: Session, company_id: UUID, contact_id: UUID, name: str, language: str | None) -> None:
    """Corrects a contact's name and language."""
    await session.execute(
        update(contact)
        .where(contact.c.company_id == company_id, contact.c.id == contact_id)
        .values(name=name, language=language, disabled_at=None)
    )


async def add_staged_customers(session: Session, company_id: UUID, language: str) -> int:
    """Adds the customers of `staged_customer` that are not here yet; gives a name to those known by code only.

    `staged_customer` has the ids of all of them then. The planner knows how large it is, unlike the customers.
    """
    await session.execute(
        text(
            "update customer c set name = s.name from staged_customer s "
            "where c.company_id = :company and c.code = s.code and c.name = c.code and s.name <> s.code"
        ),
        {"company": company_id},
    )
    result = await session.execute(
        text(
            "insert into customer (company_id, id, code, name, language, country) "
            "select :company, s.id, s.code, s.name, :language, s.country from staged_customer s "
            "order by s.code on conflict (company_id, code) do nothing"
        ),
        {"company": company_id, "language": language},
    )
    await session.execute(
        text(
            "update staged_customer s set id = c.id from customer c "
            "where c.company_id = :company and c.code = s.code and c.id <> s.id"
        ),
        {"company": company_id},
    )
    return result.rowcount


async def add_staged_contacts(session: Session, company_id: UUID) -> int:
    """Adds the addresses of `staged_contact` for statements, where the customer does not have them yet."""
    result = await session.execute(
        text(
            "insert into contact (company_id, id, customer_id, name, email, purpose) "
            "select :company, s.id, c.id, c.name, s.email, 'statement' from staged_contact s "
            "join customer c on c.company_id = :company and c.code = s.code "
            "where not exists (select 1 from contact x where x.company_id = :company and x.customer_id = c.id "
            "and lower(x.email) = lower(s.email)) order by s.id"
        ),
        {"company": company_id},
    )
    return result.rowcount


def new_contact(customer_id: UUID, name: str, email: str | None, language: str | None, purpose: str) -> Contact:
    """A contact with a fresh id."""
    return Contact(new_id(), customer_id, name, email, language, purpose)
