"""Cash application in a company's books: what posts, what waits, what people decide, and how it is taken back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import insert, text

from services.add_company import add_company, company_by_code
from services.decide_application import (
    AmountInvalid,
    NothingLeft,
    ProposalStale,
    RuleUnknown,
    accept_proposal,
    agree_oldest_first,
    apply_by_hand,
    park_receipt,
    refuse_proposal,
    remove_rule,
    undo_application,
    unpark_receipt,
)
from services.propose_applications import propose_applications
from storage.audit import Actor
from storage.companies import Company
from storage.database import Database, owner_transaction, transaction
from storage.identifiers import new_id
from storage.matching_page import applied_lately, receipt_with_documents, waiting_receipts
from storage.receipts_matching import rules
from storage.schema import customer, open_item, source

CLERK = Actor("user", new_id())


@dataclass
class Books:
    """A company, and short ways to fill and read its ledger."""

    engine: Database
    company: Company
    source: UUID
    customers: dict[str, UUID] = field(default_factory=dict)

    async def customer(self, name: str, parent: str = "") -> UUID:
        """The customer of that name."""
        if name not in self.customers:
            self.customers[name] = new_id()
            async with owner_transaction(self.engine) as session:
                await session.execute(
                    insert(customer).values(
                        company_id=self.company.id, id=self.customers[name], code=f"C{len(self.customers)}", name=name,
                        language="en", parent_id=self.customers.get(parent),
                    )
                )  # fmt: skip
        return self.customers[name]

    async def item(self, number: str, amount: int, who: str = "Harbor Optical", **more: object) -> UUID:
        """An invoice, or a receipt when the amount is negative."""
        made, owner = new_id(), await self.customer(who)
        async with owner_transaction(self.engine) as session:
            await session.execute(
                insert(open_item).values(
                    company_id=self.company.id, id=made, customer_id=owner, number=number, source_id=self.source,
                    kind="invoice" if amount > 0 else "receipt", source_ref=number, currency="EUR", amount=amount,
                    document_date=date(2026, 3, 2) if amount > 0 else date(2026, 4, 1),
                    description=str(more.get("text", "")), attributes=more.get("attributes", {}),
                )
            )  # fmt: skip
        return made

    async def propose(self) -> dict[str, int]:
        """One run over everything that is open."""
        return await propose_applications(self.engine, self.company)

    async def allocations(self) -> list[tuple[str, str, int]]:
        """All allocations in order of writing."""
        async with owner_transaction(self.engine) as session:
            rows = await session.execute(
                text(
                    "select r.number, d.number, a.amount from allocation a join open_item r on r.id = a.credit_item_id "
                    "join open_item d on d.id = a.debit_item_id order by a.recorded_at, d.number"
                )
            )
            return [(row[0], row[1], row[2]) for row in rows]

    async def waiting(self) -> list[dict[str, object]]:
        """The page's receipts."""
        async with transaction(self.engine, self.company.id) as session:
            return await waiting_receipts(session, self.company.id)


@pytest_asyncio.fixture
async def books(engine: Database) -> AsyncIterator[Books]:
    """A company without documents."""
    await add_company(engine, "CASH", "Cash", "EUR", "UTC")
    company = await company_by_code(engine, "CASH")
    origin = new_id()
    async with owner_transaction(engine) as session:
        await session.execute(insert(source).values(company_id=company.id, id=origin, name="books"))
    yield Books(engine, company, origin)


async def test_what_is_certain_posts_once(books: Books) -> None:
    """A named document over its whole amount; a second run finds nothing left to do."""
    await books.item("INV-00042", 5000)
    await books.item("R1", -5000, attributes={"settles": "inv 00042"})
    assert (await books.propose())["posted"] == 1
    assert await books.allocations() == [("R1", "INV-00042", 5000)]
    assert (await books.propose())["posted"] == 0
    async with transaction(books.engine, books.company.id) as session:
        shown = await applied_lately(session, books.company.id)
    assert shown[0]["reason_en"] == "Inv 00042 names this document of the payer, and 50.00 is exactly what is open."
    assert shown[0]["reason_zh"].endswith("。")


async def test_what_is_doubtful_waits_and_is_accepted(books: Books) -> None:
    """A round amount without a number: nothing moves until somebody says yes, and only once."""
    await books.item("INV-00042", 5000)
    await books.item("R1", -5000)
    assert (await books.propose())["waiting"] == 1
    assert await books.allocations() == []
    proposal = (await books.waiting())[0]["proposals"][0]  # type: ignore[index]  # a list by construction
    await accept_proposal(books.engine, books.company, proposal["id"], proposal["row_version"], CLERK)
    assert await books.allocations() == [("R1", "INV-00042", 5000)]
    with pytest.raises(ProposalStale):
        await accept_proposal(books.engine, books.company, proposal["id"], proposal["row_version"], CLERK)


async def test_a_refused_pair_is_not_proposed_again(books: Books) -> None:
    """A person's no outlasts the next run."""
    await books.item("INV-00042", 5000)
    await books.item("R1", -5000)
    await books.propose()
    proposal = (await books.waiting())[0]["proposals"][0]  # type: ignore[index]  # a list by construction
    await refuse_proposal(books.engine, books.company, proposal["id"], proposal["row_version"], CLERK)
    await books.propose()
    assert await books.waiting() == []


async def test_undo_is_a_counter_allocation(books: Books) -> None:
    """Both sides are open again, nothing was deleted, and the machine does not do it again."""
    await books.item("INV-00042", 5000)
    await books.item("R1", -5000, attributes={"settles": "INV-00042"})
    await books.propose()
    async with transaction(books.engine, books.company.id) as session:
        done = (await applied_lately(session, books.company.id))[0]
    await undo_application(books.engine, books.company, done["id"], done["row_version"], CLERK)
    assert await books.allocations() == [("R1", "INV-00042", 5000), ("R1", "INV-00042", -5000)]
    await books.propose()
    assert len(await books.allocations()) == 2
    with pytest.raises(ProposalStale):
        await undo_application(books.engine, books.company, done["id"], done["row_version"], CLERK)


async def test_a_split_is_all_or_nothing(books: Books) -> None:
    """Amounts that exceed a document, or are none, leave everything as it was."""
    first, second = await books.item("INV-00042", 5000), await books.item("INV-00043", 3000)
    receipt = await books.item("R1", -7000)
    with pytest.raises(NothingLeft):
        await apply_by_hand(books.engine, books.company, receipt, [(first, "40.00"), (second, "30.01")], CLERK)
    with pytest.raises(AmountInvalid):
        await apply_by_hand(books.engine, books.company, receipt, [(first, "40.001")], CLERK)
    assert await books.allocations() == []
    await apply_by_hand(books.engine, books.company, receipt, [(first, "40.00"), (second, "30.00")], CLERK)
    assert await books.allocations() == [("R1", "INV-00042", 4000), ("R1", "INV-00043", 3000)]


async def test_a_parked_receipt_rests(books: Books) -> None:
    """Until it is taken up again."""
    await books.item("INV-00042", 5000)
    receipt = await books.item("R1", -5000, attributes={"settles": "INV-00042"})
    await park_receipt(books.engine, books.company, receipt, "the customer writes tomorrow", CLERK)
    await books.propose()
    assert await books.allocations() == []
    await unpark_receipt(books.engine, books.company, receipt, CLERK)
    await books.propose()
    assert len(await books.allocations()) == 1


async def test_an_agreement_is_a_rule_that_can_be_removed(books: Books) -> None:
    """Oldest first for who agreed to it, and not after the rule is gone."""
    await books.item("INV-00042", 5000)
    await books.item("R1", -3001)
    assert (await books.propose())["posted"] == 0
    await agree_oldest_first(books.engine, books.company, books.customers["Harbor Optical"], CLERK)
    assert (await books.propose())["posted"] == 1
    async with transaction(books.engine, books.company.id) as session:
        learned = await rules(session, books.company.id)
    await remove_rule(books.engine, books.company, learned[0]["id"], CLERK)
    await books.item("R2", -1007)
    assert (await books.propose())["posted"] == 0
    with pytest.raises(RuleUnknown):
        await remove_rule(books.engine, books.company, learned[0]["id"], CLERK)


async def test_a_head_office_may_name_its_shops_document(books: Books) -> None:
    """It waits for a person; the page offers the shop's documents for a split."""
    await books.customer("Harbor Group")
    await books.customer("Harbor Shop 7", parent="Harbor Group")
    await books.item("INV-00042", 5000, "Harbor Shop 7")
    receipt = await books.item("R1", -5000, "Harbor Group", attributes={"settles": "INV-00042"})
    figures = await books.propose()
    assert (figures["posted"], figures["waiting"]) == (0, 1)
    async with transaction(books.engine, books.company.id) as session:
        shown = await receipt_with_documents(session, books.company.id, receipt)
    assert shown is not None
    assert [one["number"] for one in shown["documents"]] == ["INV-00042"]


async def test_two_receipts_for_one_document(books: Books) -> None:
    """Nothing is exceeded, whatever is posted."""
    await books.item("INV-00042", 5000)
    for key in ("R1", "R2"):
        await books.item(key, -5000, attributes={"settles": "INV-00042"})
    await books.propose()
    assert sum(amount for *_, amount in await books.allocations()) <= 5000
