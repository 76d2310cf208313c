"""Batches: every customer once, several workers at once, a dead worker's claim taken over, a failed one tried again."""

import asyncio
from datetime import date

import pytest

from services.run_batches import Figures, Progress, run_batches
from services.start_run import FormUnknown, PeriodInvalid, PeriodNotOver, period_of, run_by_id, start_run
from storage.database import Database, transaction
from storage.identifiers import new_id
from storage.presence import presence
from storage.runs import Batch, Run, batches_of, claim_batch, end_batch, plan_batches
from tests.support.books import Book, Item, new_book

JUNE = period_of("2026-06")
TODAY = date(2026, 7, 3)


async def _run_over(book: Book, customers: int) -> Run:
    for number in range(customers):
        customer_id = await book.add_customer(f"C{number:05}")
        await book.add_items(customer_id, [Item(f"INV-{number}", 100, date(2026, 6, 1))])
    run_id = await start_run(book.engine, book.company, JUNE, today=TODAY)
    return await run_by_id(book.engine, book.company, run_id)


async def test_the_same_run_is_found_again(engine: Database) -> None:
    """Company, period, segment and form name one run; another form is another run."""
    book = await new_book(engine)
    first = await start_run(engine, book.company, JUNE, today=TODAY)
    assert await start_run(engine, book.company, JUNE, today=TODAY) == first
    assert await start_run(engine, book.company, JUNE, "DETAILED", today=TODAY) != first
    racing = await asyncio.gather(
        *(start_run(engine, book.company, period_of("2026-05"), today=TODAY) for _ in range(8))
    )
    assert len(set(racing)) == 1


async def test_what_cannot_be_closed_is_refused(engine: Database) -> None:
    """A period that is not over, an unknown form, a label that is no period."""
    book = await new_book(engine)
    with pytest.raises(PeriodNotOver):
        await start_run(engine, book.company, period_of("2026-07"), today=TODAY)
    with pytest.raises(FormUnknown):
        await start_run(engine, book.company, JUNE, "LETTER", today=TODAY)
    with pytest.raises(PeriodInvalid):
        period_of("June")
    early = await start_run(engine, book.company, period_of("2026-07"), as_of=date(2026, 7, 2), today=TODAY)
    assert (await run_by_id(engine, book.company, early)).as_of == date(2026, 7, 2)


async def test_several_workers_do_each_customer_once(engine: Database) -> None:
    """Four workers on one stage: all end with the same figures, and no customer is worked twice."""
    book = await new_book(engine)
    run = await _run_over(book, 23)
    seen: list[object] = []

    async def work(batch: Batch) -> Figures:
        seen.extend(batch.customer_ids)
        figures = Figures(findings=1)
        figures.add_money("CNY", "0.10")
        figures.count("statements", len(batch.customer_ids))
        return figures

    told: list[Progress] = []
    answers = await asyncio.gather(
        *(run_batches(engine, book.company, run, "draft", work, told.append, size=3) for _ in range(4))
    )
    assert len(seen) == len(set(seen)) == 23
    assert [
        {key: one[key] for key in ("customers", "money", "findings", "done", "total", "batches")} for one in answers
    ] == [{"customers": 23, "money": {"CNY": "0.80"}, "findings": 8, "done": 23, "total": 23, "batches": 8}] * 4
    assert told[-1].done == told[-1].total == 23
    figures = (await run_by_id(engine, book.company, run.id)).figures["draft"]
    assert figures["counts"] == {"statements": 23}


async def test_a_dead_worker_lets_go_at_once(engine: Database) -> None:
    """A claim whose connection is gone is free; its worker's late result no longer counts."""
    book = await new_book(engine)
    run = await _run_over(book, 2)
    company_id = book.company.id
    async with transaction(engine, company_id) as session:
        await plan_batches(session, company_id, run, "draft", 10)
    async with presence(engine) as dead:
        async with transaction(engine, company_id) as session:
            claimed = await claim_batch(session, company_id, run.id, "draft", dead)
        async with transaction(engine, company_id) as session:
            assert await claim_batch(session, company_id, run.id, "draft", new_id()) is None
    assert claimed is not None
    async with presence(engine) as living:
        async with transaction(engine, company_id) as session:
            taken = await claim_batch(session, company_id, run.id, "draft", living)
        assert taken is not None
        assert taken.id == claimed.id
        async with transaction(engine, company_id) as session:
            assert not await end_batch(session, company_id, claimed.id, dead, "done", {})
            assert await end_batch(session, company_id, claimed.id, living, "done", {})


async def test_a_silent_worker_is_taken_over(engine: Database) -> None:
    """A worker that holds its lock but has not beaten for a minute (a paused machine) loses its claim."""
    book = await new_book(engine)
    run = await _run_over(book, 1)
    company_id = book.company.id
    async with transaction(engine, company_id) as session:
        await plan_batches(session, company_id, run, "draft", 10)
    async with presence(engine) as paused:
        async with transaction(engine, company_id) as session:
            assert await claim_batch(session, company_id, run.id, "draft", paused) is not None
        async with engine.begin() as session:
            await session.exec_driver_sql("update run_batch set heartbeat_at = heartbeat_at - interval '61 seconds'")
        async with transaction(engine, company_id) as session:
            assert await claim_batch(session, company_id, run.id, "draft", new_id()) is not None


async def test_a_failed_batch_is_kept_and_tried_again(engine: Database) -> None:
    """The error is raised and written down; the next call does that batch and not the others."""
    book = await new_book(engine)
    run = await _run_over(book, 4)
    worked: list[int] = []

    async def failing(batch: Batch) -> Figures:
        if batch.number == 2:
            raise ValueError("the second one")
        worked.append(batch.number)
        return Figures()

    async def working(batch: Batch) -> Figures:
        worked.append(batch.number)
        return Figures()

    with pytest.raises(ValueError, match="the second one"):
        await run_batches(engine, book.company, run, "draft", failing, size=2)
    async with transaction(engine, book.company.id) as session:
        rows = await batches_of(session, book.company.id, run.id, "draft")
    assert [(row.state, row.error) for row in rows] == [("done", None), ("failed", "ValueError: the second one")]
    answer = await run_batches(engine, book.company, run, "draft", working, size=2)
    assert worked == [1, 2]
    assert answer["done"] == 4
