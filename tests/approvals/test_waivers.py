"""Waivers: one person asks, two others decide, the finding ends and the run goes on."""

import dataclasses
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from approvals.refusals import AssuranceTooLow, CommentRequired, Excluded, RequestClosed
from flows.job_loop import run_due_jobs
from services.ask_waiver import ask_waiver
from services.assign_finding import FindingClosed, FindingReasonMissing, FindingUnknown, close_finding
from services.close_period import Closing, close_period
from services.decide_approval import Outcome, decide
from services.settings import Settings
from services.show_approval import show_approval
from services.show_inbox import inbox
from services.start_run import period_of
from storage.approval_acts import first_break
from storage.approvals import read_request
from storage.audit import Actor, verify_chain
from storage.control_balances import ControlBalance, insert_control_balance
from storage.database import Database, transaction
from storage.findings import NewFinding, StoredFinding, keep_finding, list_findings
from storage.identifiers import new_id
from storage.runs import unfinished_runs
from tests.support.books import Book, Item, new_book

CLOSING = Closing(period_of("2026-06"), today=date(2026, 7, 3))
WRONG = ControlBalance("CNY", date(2026, 6, 30), 90_060_001, "1122")


async def held_book(engine: Database) -> tuple[Book, dict[str, UUID]]:
    """A company whose control account is one cent off, so that June is held at its gate; and its people."""
    book = await new_book(engine)
    for number, amount in enumerate((60_000, 900_000_00)):
        customer_id = await book.add_customer(f"C{number}")
        await book.add_contact(customer_id, f"accounts@c{number}.example")
        await book.add_items(customer_id, [Item(f"INV-{number}", amount, date(2026, 6, 5), date(2026, 6, 25))])
    cast = {"carl": "clerk", "alice": "reviewer", "mona": "manager", "dora": "compliance", "root": "administrator"}
    people = {name: await book.add_person(name, role) for name, role in cast.items()}
    async with transaction(engine, book.company.id) as session:
        await insert_control_balance(session, book.company.id, WRONG)
    report = await close_period(engine, book.company, CLOSING)
    assert report["stage"] == "review"
    return book, people


async def findings_of(book: Book, status: str | None = "open") -> list[StoredFinding]:
    """Differences of the gate."""
    async with transaction(book.engine, book.company.id) as session:
        return await list_findings(session, book.company.id, checks=["tie_out"], status=status)


async def click(book: Book, request_id: UUID, person: UUID, command: str = "approve", **given: Any) -> Outcome:  # noqa: ANN401 - keyword arguments of `decide`
    """A decision on the request as it stands."""
    async with transaction(book.engine, book.company.id) as session:
        stored = await read_request(session, book.company.id, request_id)
        assert stored is not None
        assert await first_break(session, book.company.id, request_id) is None
    seen = stored.request
    shown: dict[str, Any] = {"comment": "seen", "key": str(uuid4()), **given}
    return await decide(
        book.engine, book.company.id, request_id, command, actor_id=person, round=seen.round, stage=seen.stage,
        digest=seen.digest, **shown,
    )  # fmt: skip


async def test_a_difference_is_waived_by_two_others_and_the_run_goes_on(engine: Database) -> None:
    """The asker, a link and a comment-less click are refused; after the second approval the gate opens by itself."""
    book, people = await held_book(engine)
    (difference,) = await findings_of(book)
    request_id = await ask_waiver(engine, book.company, difference.id, "rounding of the source", people["carl"])
    assert await ask_waiver(engine, book.company, difference.id, "again", people["carl"]) == request_id
    with pytest.raises(Excluded):
        await click(book, request_id, people["carl"])
    with pytest.raises(AssuranceTooLow):
        await click(book, request_id, people["mona"], assurance="link")
    with pytest.raises(CommentRequired):
        await click(book, request_id, people["mona"], comment=" ")
    async with transaction(engine, book.company.id) as session:
        card = (await inbox(session, book.company, people["mona"], language="en")).cards[0]
    assert card.title == "Waiver of a tie-out difference in 2026-06"
    assert {figure["label"]: figure["value"] for figure in card.figures}["Difference"] == "-0.01"
    assert (await click(book, request_id, people["mona"])).state == "open"
    assert (await findings_of(book))[0].status == "open"
    assert (await click(book, request_id, people["alice"])).state == "approved"
    assert [one.status for one in await findings_of(book, None)] == ["waived"]
    while await run_due_jobs(engine, Settings(), new_id()):
        pass
    async with transaction(engine, book.company.id) as session:
        (run,) = await unfinished_runs(session, book.company.id)
        assert run.figures["review"]["blocked"] == []
        view = await show_approval(session, book.company.id, request_id, "en")
        assert (view.stored.request.state, view.broken_at) == ("consumed", None)
        assert (await verify_chain(session, book.company.id))[1] is None


async def test_a_waiver_is_of_this_amount_only(engine: Database) -> None:
    """Another difference on the same account is another finding, which holds the run again."""
    book, people = await held_book(engine)
    (difference,) = await findings_of(book)
    request_id = await ask_waiver(engine, book.company, difference.id, "rounding", people["carl"])
    await click(book, request_id, people["mona"])
    await click(book, request_id, people["alice"])
    async with transaction(engine, book.company.id) as session:
        await insert_control_balance(session, book.company.id, dataclasses.replace(WRONG, amount=90_070_001))
    report = await close_period(engine, book.company, CLOSING)
    assert report["stage"] == "review"
    assert [one.facts["difference"] for one in await findings_of(book)] == ["-100.01"]


async def test_a_request_about_a_difference_that_is_gone_ends(engine: Database) -> None:
    """The books were corrected while people were thinking."""
    book, people = await held_book(engine)
    (difference,) = await findings_of(book)
    request_id = await ask_waiver(engine, book.company, difference.id, "rounding", people["carl"])
    async with transaction(engine, book.company.id) as session:
        await insert_control_balance(session, book.company.id, dataclasses.replace(WRONG, amount=90_060_000))
    await close_period(engine, book.company, CLOSING)
    with pytest.raises(RequestClosed):
        await click(book, request_id, people["mona"])
    with pytest.raises(FindingClosed):
        await ask_waiver(engine, book.company, difference.id, "again", people["carl"])


async def test_a_compliance_finding_is_waived_the_same_way(engine: Database) -> None:
    """Rejected, it stays open; fixed meanwhile, its request ends."""
    book, people = await held_book(engine)
    async with transaction(engine, book.company.id) as session:
        for days, key in enumerate(("one", "two"), start=12):
            facts = {"number": "S-1", "days": days}
            new = NewFinding("unanswered", "statement", "S-1", "warning", "no_answer", facts, key)
            await keep_finding(session, book.company.id, new)
        found = await list_findings(session, book.company.id, checks=["unanswered"])
    first, second = sorted(found, key=lambda one: int(one.facts["days"]))  # ids of one millisecond have no order
    with pytest.raises(FindingReasonMissing):
        await ask_waiver(engine, book.company, first.id, "  ", people["dora"])
    with pytest.raises(FindingUnknown):
        await ask_waiver(engine, book.company, new_id(), "why", people["dora"])
    asked = await ask_waiver(engine, book.company, first.id, "they answered by telephone", people["dora"])
    await click(book, asked, people["alice"])
    assert (await click(book, asked, people["mona"], "reject")).state == "rejected"
    again = await ask_waiver(engine, book.company, first.id, "here is the note of it", people["dora"])
    assert again != asked
    await click(book, again, people["alice"])
    await click(book, again, people["mona"])
    async with transaction(engine, book.company.id) as session:
        assert await keep_finding(session, book.company.id, dataclasses.replace(new, dedup_key="one")) == "waived"
    other = await ask_waiver(engine, book.company, second.id, "the same", people["dora"])
    await close_finding(engine, book.company, second.id, "fixed", "answered", Actor("user", people["dora"]))
    async with transaction(engine, book.company.id) as session:
        left = {one.id: one.status for one in await list_findings(session, book.company.id, status=None)}
        gone = await read_request(session, book.company.id, other)
    assert (left[first.id], left[second.id]) == ("waived", "fixed")
    assert gone is not None
    assert gone.request.state == "cancelled"
