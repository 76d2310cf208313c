"""What a visitor of the portal sees: what is open, what was sent, what we know of them; looking changes nothing."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.unsubscribe import OPTIONAL_FOR_CUSTOMERS
from statements.chasing import Overdue
from storage.audit import Actor, record
from storage.chases import ALL_DAYS, overdue_items
from storage.database import Database, transaction
from storage.pages import Page, business_today
from storage.portal import OwnContact, Visitor, portal_statement, portal_statements
from storage.preferences import BY_LINK, preference_of
from storage.tokens import mint
from words.refusal import Refusal

LINK_LIFETIME = timedelta(hours=12)
"""As long as a session: signing in again makes the next one."""


class StatementNotYours(Refusal):
    """A statement that was never sent to one of the visitor's customers; the same for one that does not exist."""

    code = "statement_unknown"
    sentence = "There is no such statement."
    remedy = "Choose one from the list."


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """An open document with what is disputed and promised of it, for one of the visitor's customers."""

    customer_id: UUID
    customer: str
    item: Overdue


@dataclass(frozen=True, slots=True)
class Balance:
    """One currency of one customer, in minor units. `credits` is what is not set against a document, positive."""

    customer_id: UUID
    customer: str
    currency: str
    open: int
    overdue: int
    disputed: int
    promised: int
    credits: int


@dataclass(frozen=True, slots=True)
class OpenItems:
    """What is open today."""

    today: date
    documents: list[OpenDocument]
    balances: list[Balance]


@dataclass(frozen=True, slots=True)
class OwnWishes:
    """One contact of the visitor and what it wants to hear."""

    contact: OwnContact
    opted_out: frozenset[str]
    by_link: bool


async def show_open(engine: Database, visitor: Visitor) -> OpenItems:
    """Open documents and balances of every customer that this address speaks for."""
    company = visitor.company
    names = {one.customer_id: one.customer_name for one in visitor.contacts}
    async with transaction(engine, company.id) as session:
        today = await business_today(session, company.timezone)
        items, unapplied = await overdue_items(
            session, company.id, visitor.customers, today, company.timezone, ahead=ALL_DAYS
        )
    documents = [OpenDocument(one, names[one], item) for one in visitor.customers for item in items.get(one, ())]
    accounts = {(one.customer_id, one.item.currency) for one in documents}
    accounts |= {(customer_id, currency) for customer_id, left in unapplied.items() for currency in left}
    balances = [
        _balance(names, account, documents, unapplied.get(account[0], {}), today)
        for account in sorted(accounts, key=lambda one: (names[one[0]], one[1]))
    ]
    documents.sort(key=lambda one: (one.item.due_date, one.item.number))
    return OpenItems(today, documents, balances)


def _balance(
    names: dict[UUID, str], account: tuple[UUID, str], documents: list[OpenDocument], unapplied: dict[str, int],
    today: date,
) -> Balance:  # fmt: skip
    items = [one.item for one in documents if (one.customer_id, one.item.currency) == account]
    credit = unapplied.get(account[1], 0)
    return Balance(
        account[0], names[account[0]], account[1],
        open=sum(item.open for item in items) - credit,
        overdue=sum(item.open for item in items if item.due_date < today),
        disputed=sum(item.disputed for item in items), promised=sum(item.promised for item in items), credits=credit,
    )  # fmt: skip


async def show_sent(engine: Database, visitor: Visitor, after: UUID | None) -> Page:
    """The statements of all the visitor's customers, newest first."""
    async with transaction(engine, visitor.company.id) as session:
        return await portal_statements(session, visitor.company.id, visitor.customers, after)


async def sent_statement(engine: Database, visitor: Visitor, statement_id: UUID) -> dict[str, Any]:
    """One of them with its content. Raises StatementNotYours."""
    async with transaction(engine, visitor.company.id) as session:
        row = await portal_statement(session, visitor.company.id, visitor.customers, statement_id)
    if row is None:
        raise StatementNotYours
    return {**row, "content": json.loads(row["content"])}


async def open_from_portal(engine: Database, visitor: Visitor, session_hash: bytes, statement_id: UUID) -> str:
    """A link to the statement's own page for this contact, which ends with the session. Raises StatementNotYours."""
    row = await sent_statement(engine, visitor, statement_id)
    own = [one for one in visitor.contacts if one.customer_id == row["customer_id"]]
    person = min(own, key=lambda one: one.purpose != "statement")
    company_id, subject = visitor.company.id, ("statement", str(statement_id))
    async with transaction(engine, company_id) as session:
        binding = {"digest": row["digest"], "recipient": person.email, "portal": session_hash.hex()}
        token = await mint(session, company_id, "answer", subject, person.id, binding, LINK_LIFETIME)
        await record(session, company_id, Actor("customer", person.id), "opened_from_portal", subject, {})
    return token


async def show_wishes(engine: Database, visitor: Visitor) -> list[OwnWishes]:
    """The visitor's own entries with what each wants to hear."""
    async with transaction(engine, visitor.company.id) as session:
        chosen = [(one, await preference_of(session, visitor.company.id, one.id)) for one in visitor.contacts]
    return [OwnWishes(one, wish.opted_out & OPTIONAL_FOR_CUSTOMERS, BY_LINK in wish.channels) for one, wish in chosen]
