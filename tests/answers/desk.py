"""A statement that was sent to one contact, the link in that mail, and what people do with both."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.open_statement_page import StatementPage, open_statement_page
from services.record_answer import DisputedLine, GivenAnswer, Recorded, record_answer
from storage.database import Database, transaction
from storage.schema import statement
from storage.sealing import Keyring
from storage.tokens import mint
from tests.support.books import Book, Item, new_book

DUE = date(2026, 5, 4)
TODAY_WORKS = date(2026, 6, 15)
"""A working day in China, long after everything is due."""

KEYRING = Keyring({"key-1": bytes(32)}, "key-1")
PDF = b"%PDF-1.7 proof of payment"


class Desk:
    """A statement with three lines that was sent to one contact, and the link in that mail."""

    book: Book
    customer: UUID
    contact: UUID
    clerk: UUID
    statement: UUID
    items: list[Item]
    link: str

    async def page(self, link: str | None = None) -> StatementPage:
        """The page as the customer opens it."""
        return await open_statement_page(self.book.engine, link or self.link)

    async def answer(self, kind: str, *lines: DisputedLine, **changes: Any) -> Recorded:  # noqa: ANN401 - fields of the answer
        """Opens the page and answers it."""
        page = await self.page()
        given = GivenAnswer(kind, "王建国", page.digest, page.nonce, "财务经理", lines)
        return await record_answer(
            self.book.engine, self.link, replace(given, **changes), address="203.0.113.77", keyring=KEYRING
        )

    async def status(self, statement_id: UUID | None = None) -> str:
        """The statement's status."""
        [row] = await self.rows(statement.select().where(statement.c.id == (statement_id or self.statement)))
        return str(row.status)

    async def rows(self, query: Any) -> list[Any]:  # noqa: ANN401 - any query
        """Rows of the company."""
        async with transaction(self.book.engine, self.book.company.id) as session:
            return list(await session.execute(query))


async def link_to(book: Book, statement_id: UUID, person: UUID, purpose: str = "answer") -> str:
    """A fresh link, as a mail carries it."""
    async with transaction(book.engine, book.company.id) as session:
        return await mint(
            session, book.company.id, purpose, ("statement", str(statement_id)), person, {}, timedelta(days=30)
        )


async def new_desk(engine: Database, code: str = "ACME") -> Desk:
    """A desk in a company of its own, with a clerk."""
    desk = Desk()
    desk.book = await new_book(engine, code)
    desk.clerk = await desk.book.add_person("bob", "clerk")
    desk.customer = await desk.book.add_customer("C1")
    desk.contact = await desk.book.add_contact(desk.customer, "pay@customer.example")
    desk.items = [
        Item("INV-1", 100_00, date(2026, 4, 1), DUE),
        Item("INV-2", 250_50, date(2026, 4, 1), DUE),
        Item("CN-1", -50_00, date(2026, 4, 2), kind="credit_memo"),
    ]
    await desk.book.add_items(desk.customer, desk.items)
    desk.statement = await desk.book.add_sent_statement(desk.customer, desk.items)
    desk.link = await link_to(desk.book, desk.statement, desk.contact)
    return desk
