"""A statement of five thousand lines on the customer's page: found, paged, disputed at its end, downloaded."""

import re
from datetime import date
from io import BytesIO
from pathlib import Path

import httpx
from fastapi import FastAPI
from python_calamine import CalamineWorkbook

from api.app import create_app
from services.settings import Settings
from storage.database import Database, transaction
from storage.disputes import disputes_of
from storage.pages import PAGE
from tests.answers.desk import link_to
from tests.api.conftest import ORIGIN, client_of
from tests.disputes.case_house import new_house
from tests.support.books import Item

LINES = 5_000
SHOWN = re.compile(r"<strong>(INV-\d+)</strong>")
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
MOST_BYTES = 150_000
"""Of one page: a phone on the road loads it in a second or two."""


async def test_every_line_can_be_reached_and_the_last_disputed(engine: Database, tmp_path: Path) -> None:
    """A page is as large as any other; what is not shown is still there."""
    # Small amounts: a balance below 5,000.00 needs no people.
    items = [Item(f"INV-{number}", 50 + number // 100, date(2026, 6, 1), date(2026, 7, 1)) for number in range(LINES)]
    house = await new_house(engine, items=items)
    statement_id = await house.send_june()
    address = f"/s/{await link_to(house.book, statement_id, house.contact)}"
    app: FastAPI = create_app(Settings(home=tmp_path, public_url=ORIGIN, _env_file=None), engine)  # type: ignore[call-arg] # pydantic-settings
    async with client_of(app) as client:
        first = (await client.get(address)).text
        assert f"{LINES} lines" in first
        assert len(first) < MOST_BYTES
        assert SHOWN.findall(first) == [item.number for item in items[:PAGE]]
        assert f"after={PAGE}" in first
        last = (await client.get(f"{address}?after={LINES - PAGE}")).text
        assert SHOWN.findall(last) == [item.number for item in items[-PAGE:]]
        assert "Next page" not in last
        assert SHOWN.findall((await client.get(f"{address}?q=INV-4321")).text) == ["INV-4321"]
        assert SHOWN.findall((await client.get(f"{address}?sort=amount")).text)[0] in {"INV-4900", "INV-4999"}
        await _dispute_the_last(client, address)
        sheets = CalamineWorkbook.from_filelike(BytesIO((await client.get(f"{address}/xlsx?lang=en")).content))
        cells = sheets.get_sheet_by_index(0).to_python()
        assert len([row for row in cells if str(row[4]).startswith("INV-")]) == LINES
    async with transaction(engine, house.book.company.id) as session:
        [case] = await disputes_of(session, house.book.company.id, statement_id)
    assert (case.item_id, case.amount) == (items[-1].id, 40)


async def _dispute_the_last(client: httpx.AsyncClient, address: str) -> None:
    page = (await client.get(f"{address}?dispute={LINES}")).text
    form = dict(HIDDEN.findall(page.split('id="answer"')[1])) | {
        "kind": "agree_except", "name": "Wang", f"reason_{LINES}": "price", f"amount_{LINES}": "0.40",
    }  # fmt: skip
    assert (await client.post(f"{address}/answer", data=form)).status_code == 303
    assert 'id="recorded"' in (await client.get(address)).text
