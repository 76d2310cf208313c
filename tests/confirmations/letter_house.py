"""A company with customers and balances, the people on both sides of an audit, and what they do."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.answer_confirmation import Recorded, open_reply_page, record_reply
from services.close_confirmations import CONFIRM_PURPOSE
from services.confirmation_desk import Desk, at_desk
from services.draw_confirmations import Drawn, Wish, draw_round
from services.send_confirmations import send_round
from statements.confirmation_sample import Method
from statements.confirmations import GivenReply
from storage.confirmations import LETTER, Letter, letters_of
from storage.database import Database, reading_as, transaction
from storage.schema import user_role
from storage.tokens import mint
from tests.support.books import Book, Item, new_book

AS_OF = date(2026, 6, 30)
CAST = {
    "bob": "clerk", "alice": "reviewer", "mary": "manager", "colin": "compliance", "ada": "administrator",
    "vera": "auditor", "otto": "auditor",
}  # fmt: skip
"""Vera audits; Otto is another auditor, who has nothing to do with her rounds."""

ITEMS = {
    "C1": [("INV-1", 500_000_00, "CNY"), ("INV-2", 250_000_50, "CNY")], "C2": [("INV-3", 90_000_00, "CNY")],
    "C3": [("INV-4", 12_000_00, "CNY"), ("INV-5", 3_000_00, "USD")], "C4": [("INV-6", 800_00, "CNY")],
}  # fmt: skip
ALL = Method("all")


class LetterHouse:
    """One company; `desk(name)` is where a person works."""

    book: Book
    people: dict[str, UUID]
    customers: dict[str, UUID]
    items: dict[str, Item]

    def desk(self, name: str) -> Desk:
        """The desk of one of the cast."""
        return Desk(self.book.engine, self.book.company, self.people[name], frozenset({CAST[name]}))

    async def draw(self, who: str = "bob", *, mode: str = "commercial", form: str = "positive", **more: Any) -> Drawn:  # noqa: ANN401 - fields of the wish
        """Draws a round as of the end of June."""
        return await draw_round(self.desk(who), Wish(AS_OF, more.pop("method", ALL), form, mode, **more))

    async def audit(self, **more: Any) -> tuple[Drawn, list[Letter]]:  # noqa: ANN401 - fields of the wish
        """Vera's round, sent."""
        drawn = await self.draw("vera", mode="audit", **more)
        await send_round(self.desk("vera"), drawn.number)
        return drawn, await self.letters("vera", drawn)

    async def own(self, **more: Any) -> tuple[Drawn, list[Letter]]:  # noqa: ANN401 - fields of the wish
        """The company's own round, drawn by Bob and sent by Alice."""
        drawn = await self.draw(**more)
        await send_round(self.desk("alice"), drawn.number)
        return drawn, await self.letters("bob", drawn)

    async def letters(self, who: str, drawn: Drawn) -> list[Letter]:
        """The letters of a round that this person sees."""
        desk = self.desk(who)
        async with at_desk(desk) as session:
            return await letters_of(session, desk.company.id, drawn.id)

    async def link(self, letter: Letter) -> str:
        """A link as the letter's mail carries it."""
        assert letter.contact_id is not None
        company_id = self.book.company.id
        with reading_as("relay"):
            async with transaction(self.book.engine, company_id) as session:
                return await mint(
                    session, company_id, CONFIRM_PURPOSE, (LETTER, str(letter.id)), letter.contact_id, {},
                    timedelta(days=30),
                )  # fmt: skip

    async def reply(self, letter: Letter, given: GivenReply, link: str = "") -> Recorded:
        """The customer opens the page and replies."""
        token = link or await self.link(letter)
        page = await open_reply_page(self.book.engine, token)
        return await record_reply(self.book.engine, token, given, page.nonce, address="203.0.113.9")

    async def rows(self, query: Any) -> list[Any]:  # noqa: ANN401 - any query
        """Rows as the company's own people and programs get them."""
        async with transaction(self.book.engine, self.book.company.id) as session:
            return list(await session.execute(query))

    async def roles(self) -> set[str]:
        """Every role that somebody holds."""
        return {row.role for row in await self.rows(select(user_role.c.role))}


async def new_letter_house(engine: Database, code: str = "ACME") -> LetterHouse:
    """The house with four customers, of whom the last has no address."""
    house = LetterHouse()
    house.book = await new_book(engine, code)
    house.people = {name: await house.book.add_person(name, role) for name, role in CAST.items()}
    house.customers, house.items = {}, {}
    for code_of, items in ITEMS.items():
        customer = await house.book.add_customer(code_of, language="en" if code_of == "C2" else "zh")
        house.customers[code_of] = customer
        await house.book.add_contact(customer, None if code_of == "C4" else f"{code_of.lower()}@customer.example")
        made = [Item(number, amount, date(2026, 5, 2), date(2026, 6, 1), currency=cur) for number, amount, cur in items]
        house.items |= {item.number: item for item in made}
        await house.book.add_items(customer, made)
    return house
