"""A held row is edited and goes through the same rules again; what is right now is posted once."""

from uuid import UUID, uuid4

import pytest

from services.repair_row import RowNotOpen, RowUnknown, RowUnreadable, repair_row
from storage.audit import Actor
from tests.collect.conftest import House
from tests.collect.test_parts_of_files import HEADERS, lines
from tests.support.ledger_files import TODAY, csv_bytes, row

ALICE = Actor("user", UUID(int=1))


async def held(house: House) -> list[UUID]:
    found = await house.rows("select id from raw_record where outcome <> 'noticed' order by row_number")
    return [one[0] for one in found]


async def test_a_corrected_row_is_posted_and_closed(house: House) -> None:
    await house.take(csv_bytes(row(number="1"), row(amount="NaN")))
    (record_id,) = await held(house)
    answer = await repair_row(house.engine, house.company, record_id, {"amount": "25.00"}, ALICE, today=TODAY)
    assert answer == {"state": "repaired", "rows": 1, "findings": []}
    assert [line[1:4] for line in await house.balances()] == [("1", "CNY", 10000), ("INV-1", "CNY", 2500)]
    ((state, cells, repaired_by),) = await house.rows("select state, repaired_cells, repaired_by from raw_record")
    assert (state, cells["amount"], repaired_by) == ("repaired", "25.00", ALICE.id)
    with pytest.raises(RowNotOpen):
        await repair_row(house.engine, house.company, record_id, {}, ALICE, today=TODAY)


async def test_a_row_that_is_still_wrong_stays_with_its_edit(house: House) -> None:
    await house.take(csv_bytes(row(amount="NaN", currency="XYZ")))
    (record_id,) = await held(house)
    answer = await repair_row(
        house.engine, house.company, record_id, {"amount": "25.00"}, ALICE, language="zh", today=TODAY
    )
    assert (answer["state"], [one["code"] for one in answer["findings"]]) == ("open", ["currency_unknown"])
    again = await repair_row(house.engine, house.company, record_id, {"currency": "CNY"}, ALICE, today=TODAY)
    assert again["state"] == "repaired"
    assert [line[3] for line in await house.balances()] == [2500]


async def test_a_document_that_came_meanwhile_is_a_conflict_or_the_same(house: House) -> None:
    await house.take(csv_bytes(row(amount="NaN"), row(number="2", amount="NaN")))
    await house.take(csv_bytes(row(), row(number="2")))
    first, second = await held(house)
    answer = await repair_row(house.engine, house.company, first, {"amount": "25.00"}, ALICE, today=TODAY)
    assert [one["code"] for one in answer["findings"]] == ["document_conflict"]
    same = await repair_row(house.engine, house.company, second, {"amount": "100.00"}, ALICE, today=TODAY)
    assert same["state"] == "repaired"
    assert [line[3] for line in await house.balances()] == [10000, 10000]


async def test_a_broken_row_is_cut_again_from_its_text(house: House) -> None:
    await house.take(csv_bytes(row(number="1")) + b"C1,invoice,2,2026-06-01,2026-07-01,CNY\n")
    (record_id,) = await held(house)
    with pytest.raises(RowUnreadable):
        await repair_row(house.engine, house.company, record_id, {"": "C1,invoice"}, ALICE, today=TODAY)
    whole = {"": "C1,invoice,2,2026-06-01,2026-07-01,CNY,7.00"}
    assert (await repair_row(house.engine, house.company, record_id, whole, ALICE, today=TODAY))["state"] == "repaired"
    assert [line[3] for line in await house.balances()] == [10000, 700]


async def test_a_document_of_lines_is_posted_when_its_last_line_is_repaired(house: House) -> None:
    whole = lines(3)
    broken = [(*whole[0][:5], "?"), (*whole[1][:5], "?"), whole[2]]
    await house.take(csv_bytes(*broken, headers=HEADERS), "lines")
    ids = await held(house)
    first = await repair_row(house.engine, house.company, ids[0], {"price": whole[0][5]}, ALICE, today=TODAY)
    assert [one["code"] for one in first["findings"]] == ["document_held"]
    second = await repair_row(house.engine, house.company, ids[1], {"price": whole[1][5]}, ALICE, today=TODAY)
    assert (second["state"], second["rows"]) == ("repaired", 3)
    repaired = await house.balances()
    states = await house.rows("select distinct state from raw_record")
    assert states == [("repaired",)]
    await house.take(csv_bytes(*whole, headers=HEADERS), "lines")
    assert await house.balances() == repaired


async def test_unknown_rows_are_refused(house: House) -> None:
    with pytest.raises(RowUnknown):
        await repair_row(house.engine, house.company, uuid4(), {}, ALICE, today=TODAY)
