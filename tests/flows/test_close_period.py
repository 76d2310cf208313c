"""The close of a period as a plain service: to the gate, past it, again, and held back by a difference."""

import asyncio
import dataclasses
from datetime import date
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from services.advance_runs import advance_runs
from services.carriers import open_carriers
from services.close_period import Closing, close_period
from services.decide_approval import decide
from services.relay_outbox import relay_once
from services.run_stage import StageNotReached, run_stage
from services.settings import Settings
from services.show_inbox import inbox
from services.start_run import period_of, start_run
from storage.control_balances import ControlBalance, insert_control_balance
from storage.database import Database, transaction
from storage.findings import list_findings
from storage.identifiers import new_id
from tests.support.books import Book, Item, new_book

CLOSING = Closing(period_of("2026-06"), today=date(2026, 7, 3))


async def _book(engine: Database) -> Book:
    """Three small customers and one whose balance needs a reviewer and a manager."""
    book = await new_book(engine)
    for number, amount in enumerate((10_000, 20_000, 30_000, 900_000_00)):
        customer_id = await book.add_customer(f"C{number}")
        await book.add_contact(customer_id, f"accounts@c{number}.example")
        await book.add_items(customer_id, [Item(f"INV-{number}", amount, date(2026, 6, 5), date(2026, 6, 25))])
    await book.add_person("alice", "reviewer")
    await book.add_person("mona", "manager")
    return book


async def _relay(book: Book) -> None:
    async with open_carriers(book.engine, Settings()) as carriers:
        while await relay_once(book.engine, book.company.id, Settings(), carriers):
            pass


async def _approve_all(book: Book, name: str) -> int:
    async with transaction(book.engine, book.company.id) as session:
        person = (await session.exec_driver_sql(f"select id from app_user where name = '{name}'")).scalar_one()  # noqa: S608 - our cast
        page = await inbox(session, book.company, person)
    for card in page.cards:
        await decide(
            book.engine, book.company.id, card.request_id, "approve", actor_id=person, round=card.round,
            stage=card.stage, digest=card.digest, key=f"{name}/{card.request_id}",
        )  # fmt: skip
    return len(page.cards)


def _counts(report: dict[str, Any]) -> dict[str, int]:
    return {status: one["count"] for status, one in report["statements"].items()}


async def test_a_close_goes_from_the_books_to_its_end(engine: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small statements go out at once; the large one waits for two people; then the run closes by itself."""
    monkeypatch.delenv("TIEOUT_SMTP_URL", raising=False)
    book = await _book(engine)
    report = await close_period(engine, book.company, CLOSING)
    assert (report["stage"], _counts(report)) == ("review", {"in_review": 1, "sent": 3})
    assert report["new"] == {"statements": 4, "sent": 3, "stages": 3}
    stages = {one["stage"]: one for one in report["stages"]}
    for stage in ("collect", "draft", "review"):
        assert (stages[stage]["customers"], stages[stage]["money"]) == (4, {"CNY": "900600.00"})
        assert stages[stage]["seconds"] > 0
    again = await close_period(engine, book.company, CLOSING)
    assert again["continued"]
    assert again["new"] == {"statements": 0, "sent": 0, "stages": 0}
    assert again["run_id"] == report["run_id"]
    assert await _approve_all(book, "alice") == 1
    assert (await advance_runs(engine, book.company))["moved"] == []
    assert await _approve_all(book, "mona") == 1
    await _relay(book)
    moved = await advance_runs(engine, book.company)
    assert [one["to"] for one in moved["moved"]] == ["closed"]
    last = await close_period(engine, book.company, CLOSING)
    assert (last["stage"], _counts(last), last["mails_on_the_way"]) == ("closed", {"sent": 4}, 0)
    assert last["new"] == {"statements": 0, "sent": 0, "stages": 0}


async def test_a_difference_holds_the_run_at_its_gate(engine: Database) -> None:
    """The control account says something else: nothing is submitted until it agrees, and people are told once."""
    book = await _book(engine)
    wrong = ControlBalance("CNY", date(2026, 6, 30), 90_060_001, "1122")
    async with transaction(engine, book.company.id) as session:
        await insert_control_balance(session, book.company.id, wrong)
    for _ in range(2):
        report = await close_period(engine, book.company, CLOSING)
        assert (report["stage"], _counts(report)) == ("review", {"draft": 4})
    blocked = report["stages"][-1]["blocked"]
    assert [(one["equation"], one["difference"]) for one in blocked] == [("subledger_is_control_account", "-0.01")]
    async with transaction(engine, book.company.id) as session:
        findings = await list_findings(session, book.company.id, checks=["tie_out"])
        told = await session.exec_driver_sql("select count(*) from outbox where kind = 'run_needs_you'")
        assert told.scalar_one() == 2  # Mona by mail, the channel by chat
        await insert_control_balance(session, book.company.id, dataclasses.replace(wrong, amount=90_060_000))
    assert [finding.code for finding in findings] == ["tie_out_difference"]
    report = await close_period(engine, book.company, CLOSING)
    assert _counts(report) == {"in_review": 1, "sent": 3}
    async with transaction(engine, book.company.id) as session:
        assert await list_findings(session, book.company.id, checks=["tie_out"]) == []


async def test_what_was_recorded_later_is_read_on_request(engine: Database) -> None:
    """A late invoice shows as newer; `again` gives its customer a new version and leaves the others alone."""
    book = await _book(engine)
    await close_period(engine, book.company, CLOSING)
    async with transaction(engine, book.company.id) as session:
        late = (await session.exec_driver_sql("select id from customer where code = 'C0'")).scalar_one()
    await book.add_items(late, [Item("INV-LATE", 5_000, date(2026, 6, 28))])
    report = await close_period(engine, book.company, CLOSING)
    assert (report["newer_records"], report["new"]["statements"]) == (1, 0)
    report = await close_period(engine, book.company, dataclasses.replace(CLOSING, again=True))
    assert report["newer_records"] == 0
    assert report["new"] == {"statements": 1, "sent": 1, "stages": 3}
    assert _counts(report) == {"in_review": 1, "sent": 3, "superseded": 1}


async def test_several_closes_at_once_do_it_once(engine: Database) -> None:
    """Three closes of the same period at the same moment share the batches and submit each statement once."""
    book = await _book(engine)
    reports = await asyncio.gather(*(close_period(engine, book.company, CLOSING) for _ in range(3)))
    assert len({report["run_id"] for report in reports}) == 1
    assert [_counts(report) for report in reports] == [{"in_review": 1, "sent": 3}] * 3
    async with transaction(engine, book.company.id) as session:
        requests = await session.exec_driver_sql("select count(*), count(distinct subject_id) from approval_request")
        assert tuple(requests.one()) == (4, 4)


async def test_stages_come_in_order(engine: Database) -> None:
    """A later stage is refused, an earlier one answers what it did."""
    book = await _book(engine)
    run_id = await start_run(engine, book.company, CLOSING.period, today=CLOSING.today)
    with pytest.raises(StageNotReached):
        await run_stage(engine, book.company, run_id, "send")
    first = await run_stage(engine, book.company, run_id, "collect")
    assert (await run_stage(engine, book.company, run_id, "collect"))["customers"] == first["customers"] == 4


async def test_a_run_without_a_worker_is_taken_over(engine: Database) -> None:
    """A run in an early stage that nobody has touched for a minute is continued by the clock's job."""
    book = await _book(engine)
    run_id = await start_run(engine, book.company, CLOSING.period, today=CLOSING.today)
    assert await advance_runs(engine, book.company) == {"taken_over": [], "moved": []}
    async with engine.begin() as session:
        await session.exec_driver_sql("update statement_run set heartbeat_at = heartbeat_at - interval '61 seconds'")
    assert (await advance_runs(engine, book.company))["taken_over"] == [str(run_id)]
    report = await close_period(engine, book.company, CLOSING)
    assert _counts(report) == {"in_review": 1, "sent": 3}
    assert report["new"]["statements"] == 0
    assert new_id() > run_id


async def test_a_run_that_could_not_close_tells_nobody(engine: Database) -> None:
    """The closing write fails once: nothing is recorded or told; the next try does both, once."""
    book = await new_book(engine)
    customer_id = await book.add_customer("C0")
    await book.add_contact(customer_id, "accounts@c0.example")
    await book.add_items(customer_id, [Item("INV-0", 10_000, date(2026, 6, 5))])
    await close_period(engine, book.company, CLOSING)
    await _relay(book)
    async with engine.begin() as session:
        await session.exec_driver_sql(_REFUSE_CLOSING)
    with pytest.raises(DBAPIError, match="not now"):
        await advance_runs(engine, book.company)
    assert await _endings(book) == (0, 0)
    async with engine.begin() as session:
        await session.exec_driver_sql("drop trigger not_now on statement_run")
    await advance_runs(engine, book.company)
    await advance_runs(engine, book.company)
    recorded, told = await _endings(book)
    assert (recorded, told) == (1, 1)  # nobody is a manager here: the channel alone


_REFUSE_CLOSING = """
    create function not_now() returns trigger language plpgsql as $$ begin raise exception 'not now'; end $$;
    create trigger not_now before update on statement_run for each row when (new.stage = 'closed')
        execute function not_now();
"""


async def _endings(book: Book) -> tuple[int, int]:
    """How often the end of a run was recorded, and how many messages tell it."""
    async with transaction(book.engine, book.company.id) as session:
        recorded = await session.exec_driver_sql("select count(*) from audit_event where verb = 'run_finished'")
        told = await session.exec_driver_sql("select count(*) from outbox where kind = 'run_finished'")
        return recorded.scalar_one(), told.scalar_one()
