"""A company with its people, one customer and statements that went the whole way: built, approved, sent, answered."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from ledger.business_calendar import parse_period
from services.build_statements import build_statements
from services.decide_approval import decide
from services.internal_work import WORK
from services.open_approvals import open_statement_approval
from services.open_statement_page import StatementPage, open_statement_page
from services.record_answer import DisputedLine, GivenAnswer, Recorded, record_answer
from storage.approvals import read_request
from storage.database import Database, transaction
from storage.disputes import Dispute, disputes_of_versions
from storage.outbox import OutboxRow, cancel, list_rows
from storage.promises import versions_with
from storage.schema import outbox, statement
from tests.answers.desk import KEYRING, link_to
from tests.support.books import Book, Item, new_book

PERIOD = parse_period("2026-06")
CAST = {"bob": "clerk", "alice": "reviewer", "mary": "manager"}


class CaseHouse:
    """One account, and the versions of its June statement."""

    book: Book
    people: dict[str, UUID]
    customer: UUID
    contact: UUID
    items: list[Item]

    async def rows(self, query: Any) -> list[Any]:  # noqa: ANN401 - any query
        """Rows of the company."""
        async with transaction(self.book.engine, self.book.company.id) as session:
            return list(await session.execute(query))

    async def send_june(self) -> UUID:
        """Builds June, has it approved and sent; answers the version."""
        [line] = await build_statements(self.book.engine, self.book.company, PERIOD, prepared_by=self.people["bob"])
        async with transaction(self.book.engine, self.book.company.id) as session:
            await open_statement_approval(session, self.book.company.id, UUID(line["id"]), self.people["bob"])
        await self.work()
        return UUID(line["id"])

    async def work(self) -> int:
        """What the relay does itself, until nothing more follows; answers how many messages it worked."""
        worked = 0
        while waiting := await self._internal():
            for row in waiting:
                for step in WORK[row.kind]:
                    await step(self.book.engine, self.book.company.id, row)
                async with transaction(self.book.engine, self.book.company.id) as session:
                    await cancel(session, self.book.company.id, row.id)
                worked += 1
        return worked

    async def _internal(self) -> list[OutboxRow]:
        async with transaction(self.book.engine, self.book.company.id) as session:
            rows = await list_rows(session, self.book.company.id, state="pending", limit=1_000)
        return [row for row in reversed(rows) if row.channel == "internal"]

    async def versions(self) -> list[tuple[int, str]]:
        """Version and status of each, oldest first."""
        rows = await self.rows(select(statement.c.version, statement.c.status).order_by(statement.c.version))
        return [tuple(row) for row in rows]

    async def newest(self) -> UUID:
        """The newest version that was sent."""
        query = select(statement.c.id).where(statement.c.sent_at.is_not(None)).order_by(statement.c.version.desc())
        found: UUID = (await self.rows(query))[0].id
        return found

    async def page(self) -> tuple[str, StatementPage]:
        """A link to the newest version, and what it shows."""
        link = await link_to(self.book, await self.newest(), self.contact)
        return link, await open_statement_page(self.book.engine, link)

    async def answer(self, kind: str, *lines: DisputedLine, **changes: Any) -> Recorded:  # noqa: ANN401 - fields of the answer
        """The customer opens the newest version and answers it."""
        link, page = await self.page()
        given = replace(GivenAnswer(kind, "Wang Wu", page.digest, page.nonce, "", lines), **changes)
        return await record_answer(self.book.engine, link, given, keyring=KEYRING)

    async def cases(self) -> list[Dispute]:
        """All cases of the account, oldest first."""
        async with transaction(self.book.engine, self.book.company.id) as session:
            ids = await versions_with(session, self.book.company.id, await self.newest())
            return await disputes_of_versions(session, self.book.company.id, ids)

    async def decide(self, request_id: UUID, who: str, command: str = "approve") -> str:
        """One of the cast decides the request as it stands; what follows is worked."""
        async with transaction(self.book.engine, self.book.company.id) as session:
            stored = await read_request(session, self.book.company.id, request_id)
        assert stored is not None
        seen = stored.request
        outcome = await decide(
            self.book.engine, self.book.company.id, request_id, command, actor_id=self.people[who], round=seen.round,
            stage=seen.stage, digest=seen.digest, comment="seen", key=str(uuid4()),
        )  # fmt: skip
        await self.work()
        return outcome.state

    async def mails(self, kind: str) -> list[dict[str, Any]]:
        """Payloads of the queued messages of one kind, oldest first."""
        query = select(outbox.c.payload).where(outbox.c.kind == kind, outbox.c.channel == "email")
        return [row.payload for row in await self.rows(query.order_by(outbox.c.created_at))]


async def new_house(engine: Database, code: str = "ACME", items: list[Item] | None = None) -> CaseHouse:
    """A house whose customer owes 100.00 on one document unless `items` say otherwise."""
    house = CaseHouse()
    house.book = await new_book(engine, code)
    house.people = {
        name: await house.book.add_person(name if code == "ACME" else f"{name} {code}", role)
        for name, role in CAST.items()
    }
    house.customer = await house.book.add_customer("C1", language="en")
    house.contact = await house.book.add_contact(house.customer, "pay@customer.example")
    house.items = items or [Item("INV-1", 100_00, date(2026, 5, 4), date(2026, 6, 3))]
    await house.book.add_items(house.customer, house.items)
    return house
