"""The page of cash application: Enter accepts, a split by hand, parking, undo; who may, and in both languages."""

import re
from datetime import date

from sqlalchemy import insert

from storage.database import Database, owner_transaction
from storage.identifiers import new_id
from storage.schema import open_item, source
from tests.api.conftest import SignIn
from tests.api.sample import Sample

ACCEPT = re.compile(r'action="(/matching/proposals/[^"]+/accept)".*?name="version" value="(\d+)"', re.DOTALL)
UNDO = re.compile(r'action="(/matching/proposals/[^"]+/undo)".*?name="version" value="(\d+)"', re.DOTALL)
RECEIPT = re.compile(r"/matching/receipts/[0-9a-f-]{36}")


async def money_for(engine: Database, sample: Sample) -> None:
    """Two invoices and two receipts of the first customer: one amount fits one invoice, the other nothing."""
    origin = new_id()
    rows = (
        ("INV-77001", 84_000, "invoice", ""), ("INV-77002", 25_000, "invoice", ""),
        ("BANK-1", -84_000, "receipt", "incoming transfer"), ("BANK-2", -10_100, "receipt", "thank you"),
    )  # fmt: skip
    async with owner_transaction(engine) as session:
        await session.execute(insert(source).values(company_id=sample.company_id, id=origin, name="cash"))
        for number, amount, kind, text in rows:
            await session.execute(
                insert(open_item).values(
                    company_id=sample.company_id, id=new_id(), customer_id=sample.customers[0], number=number,
                    kind=kind, source_id=origin, source_ref=number, currency="USD", amount=amount, description=text,
                    document_date=date(2026, 5, 4), due_date=date(2026, 6, 3) if amount > 0 else None,
                )
            )  # fmt: skip


async def test_a_clerk_works_through_the_receipts(sign_in: SignIn, sample: Sample, engine: Database) -> None:
    """Proposed, read, accepted, undone; a reviewer looks and may not touch."""
    await money_for(engine, sample)
    clerk, reviewer = await sign_in("chen"), await sign_in("alice")
    assert (await reviewer.post("/matching/propose")).status_code == 403
    assert (await clerk.post("/matching/propose")).status_code == 303
    english = (await clerk.get("/matching", params={"lang": "en"})).text
    assert "No document is named, so the amount decides among what" in english
    assert "autofocus" in english
    chinese = (await clerk.get("/matching", params={"lang": "zh"})).text
    assert "未注明单据" in chinese
    assert "收款核销" in chinese
    assert ACCEPT.search((await reviewer.get("/matching")).text) is None
    found = ACCEPT.search(english)
    assert found is not None
    address, version = found.groups()
    assert (await clerk.post(address, data={"version": version})).status_code == 303
    assert (await clerk.post(address, data={"version": version})).status_code == 409
    undone = UNDO.search((await clerk.get("/matching", params={"lang": "en"})).text)
    assert undone is not None
    assert (await clerk.post(undone[1], data={"version": undone[2]})).status_code == 303
    assert ACCEPT.search((await clerk.get("/matching")).text) is None


async def test_split_and_park(sign_in: SignIn, sample: Sample, engine: Database) -> None:
    """Amounts beside the documents; too much is refused with a remedy; a parked receipt is listed."""
    await money_for(engine, sample)
    clerk = await sign_in("chen")
    await clerk.post("/matching/propose")
    found = RECEIPT.search((await clerk.get("/matching")).text)
    assert found is not None
    shown = (await clerk.get(found[0], params={"lang": "en"})).text
    fields = re.findall(r'name="(amount_[^"]+)"', shown)
    assert len(fields) > 1
    refused = await clerk.post(f"{found[0]}/split", data={fields[0]: "99999999"})
    assert refused.status_code == 409
    assert (await clerk.post(f"{found[0]}/park", data={"reason": "asked the customer"})).status_code == 303
    assert "asked the customer" in (await clerk.get("/matching")).text
    assert (await clerk.post(f"{found[0]}/unpark")).status_code == 303
    agreed = await clerk.post("/matching/rules/oldest-first", data={"customer_id": str(sample.customers[0])})
    assert agreed.status_code == 303
    rules = (await clerk.get("/matching", params={"lang": "en"})).text
    assert "pays the oldest documents" in rules
    removed = re.search(r"/matching/rules/[0-9a-f-]{36}/remove", rules)
    assert removed is not None
    assert (await clerk.post(removed[0])).status_code == 303
