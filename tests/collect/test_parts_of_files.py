"""Any cut of a file, its parts in any order, overlapping or not, then the whole: the same figures as the whole."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.database import engine_for
from tests.collect.conftest import House, make_house
from tests.support.ledger_files import csv_bytes, row

HEADERS = ("customer", "number", "date", "article", "quantity", "price")


def lines(*documents: int) -> list[tuple[str, ...]]:
    """Documents of so many lines, each line different."""
    return [
        (
            f"C{place % 3}",
            f"INV-{place}",
            f"2026-06-{place % 28 + 1:02d}",
            f"A{n}",
            str(n + 1),
            f"{place + 1}.{n % 10}05",
        )
        for place, count in enumerate(documents)
        for n in range(count)
    ]


@asynccontextmanager
async def fresh_house(database: str) -> AsyncIterator[House]:
    engine = engine_for(database)
    try:
        yield await make_house(engine, f"H{uuid4().hex[:8]}")
    finally:
        await engine.dispose()


async def figures(house: House) -> list[tuple[object, ...]]:
    found = await house.rows(
        "select o.company_id, c.code, o.number, sum(o.amount), sum(o.residue), min(o.document_date), max(o.line_count)"
        " from open_item o join customer c on c.id = o.customer_id group by 1, 2, 3 order by 1, 2, 3"
    )
    return [line[1:] for line in found if line[0] == house.company.id]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_any_parts_in_any_order_end_on_the_figures_of_the_whole(database: str, data: st.DataObject) -> None:
    whole = lines(*data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=6)))
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(whole) - 1)), max_size=3)))
    edges = [0, *cuts, len(whole)]
    parts = [whole[start:end] for start, end in pairwise(edges) if start < end]
    parts = data.draw(st.permutations(parts))
    if data.draw(st.booleans()):
        parts = [*parts, whole]
    async with fresh_house(database) as house:
        await house.take(csv_bytes(*whole, headers=HEADERS), "lines")
        expected = await figures(house)
    async with fresh_house(database) as house:
        for part in parts:
            answer = await house.take(csv_bytes(*part, headers=HEADERS), "lines")
            assert answer["quarantined"] + answer["rejected"] == 0
        assert await figures(house) == expected


async def test_rows_of_overlapping_files_are_taken_once(house: House) -> None:
    rows = [row(number=f"INV-{n}") for n in range(10)]
    await house.take(csv_bytes(*rows[:6]))
    answer = await house.take(csv_bytes(*rows[4:]))
    assert (answer["skipped"], answer["accepted"], answer["items"]) == (2, 4, 4)
    assert (await house.take(csv_bytes(*rows)))["skipped"] == 10


async def test_two_equal_lines_of_one_bill_are_two_lines(house: House) -> None:
    twice = [("C1", "INV-1", "2026-06-01", "A", "1", "2.50")] * 2
    await house.take(csv_bytes(*twice, headers=HEADERS), "lines")
    again = await house.take(csv_bytes(*twice, ("C1", "INV-2", "2026-06-01", "A", "1", "1"), headers=HEADERS), "lines")
    assert again["skipped"] == 2
    assert [line[3] for line in await house.balances()] == [500, 100]


async def test_a_document_changed_in_the_middle_of_a_file_is_a_conflict_not_a_second_bill(house: House) -> None:
    whole = lines(2, 3, 2)
    await house.take(csv_bytes(*whole, headers=HEADERS), "lines")
    before = await house.balances()
    changed = [(*line[:5], "9.99") if line[1] == "INV-1" and line[3] == "A1" else line for line in whole]
    answer = await house.take(csv_bytes(*changed, headers=HEADERS), "lines")
    assert answer["finding_counts"] == {"document_conflict": 1, "document_held": 2, "amounts_finer": 1}
    assert await house.balances() == before


async def test_one_bad_line_holds_its_whole_document_and_no_other(house: House) -> None:
    whole = lines(2, 3)
    whole[3] = (*whole[3][:4], "x", "1")
    answer = await house.take(csv_bytes(*whole, headers=HEADERS), "lines")
    assert (answer["accepted"], answer["quarantined"], answer["rejected"], answer["items"]) == (2, 2, 1, 1)
