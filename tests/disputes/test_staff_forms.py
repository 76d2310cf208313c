"""What staff send on a case's page: pressed twice it is written once, and an end names documents that are there."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import func, select

from api.app import create_app
from services.record_answer import DisputedLine
from services.resolve_dispute import CorrectionNotFound, resolve_dispute
from services.settings import Settings
from storage.audit import Actor
from storage.database import Database, owner_transaction
from storage.schema import adjustment, company, dispute, dispute_message
from tests.api.conftest import CSRF, ORIGIN, client_of
from tests.disputes.case_house import CaseHouse, new_house
from tests.support.books import Item

THIRTY = DisputedLine(1, "price", "30.00")


@pytest_asyncio.fixture
async def house(engine: Database) -> CaseHouse:
    """A case of thirty."""
    made = await new_house(engine)
    await made.send_june()
    await made.answer("agree_except", THIRTY)
    return made


@pytest_asyncio.fixture
async def clerk(house: CaseHouse, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Bob's browser."""
    async with owner_transaction(house.book.engine) as session:
        await session.execute(company.update().values(settings={"sample": {}}))
    app = create_app(Settings(home=tmp_path, public_url=ORIGIN, demo=True, _env_file=None), house.book.engine)  # type: ignore[call-arg] # pydantic-settings
    async with client_of(app) as made:
        await made.post("/sign-in/sample", data={"user": str(house.people["bob"])})
        yield made


async def form_of(clerk: httpx.AsyncClient, house: CaseHouse) -> tuple[str, dict[str, str]]:
    """The case's address, and what each of its forms carries."""
    address = f"/disputes/{(await house.cases())[-1].id}"
    page = (await clerk.get(address)).text
    csrf, nonce = CSRF.search(page), re.search(r'name="nonce" value="([^"]+)"', page)
    assert csrf is not None
    assert nonce is not None
    return address, {"csrf": csrf[1], "nonce": nonce[1]}


async def count(house: CaseHouse, table: object) -> int:
    """Rows of a table."""
    [row] = await house.rows(select(func.count()).select_from(table))  # type: ignore[arg-type] # a table
    return int(row[0])


async def test_each_form_writes_once_however_often_it_is_sent(clerk: httpx.AsyncClient, house: CaseHouse) -> None:
    """Twice at the same time, and once more later; a new view of the page may do it again."""
    address, form = await form_of(clerk, house)
    said = {**form, "text": "We look into it.", "public": "true"}
    offer = {**form, "resolution": "credited", "note": "We offer 20.", "amount": "20.00"}
    credit = {**form, "kind": "credit_memo", "amount": "20.00", "effective": "2026-06-30", "note": "as agreed"}
    for path, data in (("/say", said), ("/propose", offer), ("/credit", credit)):
        both = await asyncio.gather(*(clerk.post(address + path, data=data) for _ in range(2)))
        again = await clerk.post(address + path, data=data)
        assert {one.headers["location"] for one in (*both, again)} == {address}
    assert await count(house, dispute_message) == 2
    assert await count(house, adjustment) == 1
    _, fresh = await form_of(clerk, house)
    await clerk.post(f"{address}/say", data={**said, **fresh})
    assert await count(house, dispute_message) == 3


async def test_reopening_twice_makes_one_case_and_a_refused_form_may_be_mended(
    clerk: httpx.AsyncClient, house: CaseHouse
) -> None:
    address, form = await form_of(clerk, house)
    end = {**form, "resolution": "accepted"}
    assert (await clerk.post(address, data=end)).status_code == 422
    assert (await clerk.post(address, data={**end, "note": "prices hold"})).headers["location"] == address
    _, form = await form_of(clerk, house)
    again = [await clerk.post(f"{address}/reopen", data={**form, "note": "they insist"}) for _ in range(2)]
    assert again[0].headers["location"] == again[1].headers["location"] != address
    assert await count(house, dispute) == 2


@pytest.mark.parametrize("came", ["nothing", "before", "another customer's", "since"])
async def test_corrected_needs_a_document_that_came_since(engine: Database, came: str) -> None:
    house = await new_house(engine)
    await house.send_june()
    corrected = Item("INV-1A", 70_00, date(2026, 7, 1))
    if came == "before":
        await house.book.add_items(house.customer, [corrected])
    await house.answer("agree_except", THIRTY)
    if came == "another customer's":
        await house.book.add_items(await house.book.add_customer("C2"), [corrected])
    if came == "since":
        await house.book.add_items(house.customer, [corrected])
    [case] = await house.cases()
    bob = Actor("user", house.people["bob"])
    work = resolve_dispute(engine, house.book.company, case.id, "corrected", "new invoice", bob, document="INV-1A")
    if came == "since":
        assert (await work)["resolution"] == "corrected"
        return
    with pytest.raises(CorrectionNotFound):
        await work
    assert [one.status for one in await house.cases()] == ["open"]
