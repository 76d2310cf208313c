"""One case: who owns it, when it is late, what is offered and refused, how often it comes back, what it costs."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from approvals.refusals import Excluded, RequestClosed, SubjectDiffers
from services.adjustment_subjects import AdjustmentInvalid
from services.ask_adjustment import Ask, ask_adjustment
from services.follow_answers import escalate_disputes, follow_answers
from services.open_statement_page import LinkInvalid
from services.record_answer import AnswerIncomplete, DisputedLine, GivenFile
from services.resolve_dispute import CreditNotFound, DisputeNoteMissing, DisputeUnknown, resolve_dispute
from services.speak_in_dispute import speak_as_customer, speak_as_staff
from services.work_dispute import DisputedAgain, DisputeNotClosed, propose_resolution, reopen_dispute, take_dispute
from statements.disputes import (
    CaseFacts,
    Closed,
    DisputeClosed,
    DisputePolicy,
    DisputeRoundsUsed,
    causes,
    dispute_policy,
    owner_of,
)
from storage.audit import SYSTEM, Actor
from storage.database import Database, owner_transaction
from storage.disputes import Dispute
from storage.identifiers import new_id
from storage.schema import adjustment, company, dispute, open_item, outbox, task
from tests.answers.desk import KEYRING, PDF
from tests.disputes.case_house import CaseHouse, new_house
from tests.support.books import Item

AS_OF = date(2026, 6, 30)
THIRTY = DisputedLine(1, "price", "30.00", "agreed price was 70")


async def disputed(engine: Database, code: str = "ACME") -> tuple[CaseHouse, Dispute]:
    """A house in which 30 of 100 are disputed."""
    house = await new_house(engine, code)
    await house.send_june()
    await house.answer("agree_except", THIRTY)
    [case] = await house.cases()
    return house, case


def clerk(house: CaseHouse) -> Actor:
    """Bob."""
    return Actor("user", house.people["bob"])


async def ask(
    house: CaseHouse, case: Dispute, amount: str = "20.00", effective: date = AS_OF, kind: str = "credit_memo"
) -> UUID:
    """Bob asks for a credit."""
    wanted = Ask(kind, case.item_id, amount, effective, "price list of May", case.id)
    return await ask_adjustment(house.book.engine, house.book.company, wanted, house.people["bob"])


async def test_a_case_is_owned_by_the_rule_or_the_preparer_and_due_in_working_time(engine: Database) -> None:
    house, case = await disputed(engine)
    assert case.owner_id == house.people["bob"]
    assert case.due_at is not None
    assert case.due_at - case.opened_at >= timedelta(days=5) - timedelta(hours=1)
    rules = {"hours": 9, "owners": [{"reasons": ["quality"], "owner": "mary@example.com"}]}
    async with owner_transaction(engine) as session:
        await session.execute(company.update().values(settings={"disputes": rules}))
    await house.answer("agree_except", DisputedLine(1, "quality", "30.00"))
    old, new = await house.cases()
    assert (old.resolution, new.owner_id) == ("withdrawn", house.people["mary"])


async def test_both_sides_talk_and_only_what_is_public_is_read_by_the_customer(engine: Database) -> None:
    house, case = await disputed(engine)
    await take_dispute(engine, house.book.company, case.id, clerk(house))
    await speak_as_staff(engine, house.book.company, case.id, clerk(house), "ask the warehouse", public=False)
    await speak_as_staff(engine, house.book.company, case.id, clerk(house), "we look into it", public=True)
    link, page = await house.page()
    assert await speak_as_customer(
        engine, link, page.nonce, case.id, "see the price list", [("list.pdf", PDF)], KEYRING
    )
    assert not await speak_as_customer(engine, link, page.nonce, case.id, "see the price list", [], KEYRING)
    link, page = await house.page()
    assert [one.body for one in page.talks[case.id]] == ["we look into it", "see the price list"]
    assert [one.status for one in page.disputes] == ["investigating"]
    assert [payload["words"] for payload in await house.mails("dispute_answered")] == ["we look into it"]
    assert [one.filename for one in page.files[case.id]] == ["list.pdf"]
    with pytest.raises(LinkInvalid):
        await speak_as_customer(engine, link, "x.y", case.id, "hello")
    with pytest.raises(AnswerIncomplete):
        await speak_as_customer(engine, link, page.nonce, case.id, "  ")
    other, theirs = await disputed(engine, "OTHER")
    for stranger in (theirs.id, new_id()):
        with pytest.raises(DisputeUnknown):
            await speak_as_customer(engine, link, page.nonce, stranger, "hello")
    await resolve_dispute(engine, house.book.company, case.id, "withdrawn", "by phone", clerk(house))
    with pytest.raises(DisputeClosed):
        await speak_as_staff(engine, house.book.company, case.id, clerk(house), "late", public=True)
    assert other.book.company.id != house.book.company.id


async def test_an_offer_is_shown_and_told(engine: Database) -> None:
    house, case = await disputed(engine)
    await propose_resolution(engine, house.book.company, case.id, "credited", "20 back", clerk(house), "20.00")
    _, page = await house.page()
    assert page.disputes[0].status == "proposed"
    assert page.disputes[0].proposal == {"resolution": "credited", "amount": "20.00", "text": "20 back"}
    with pytest.raises(DisputeNoteMissing):
        await propose_resolution(engine, house.book.company, case.id, "accepted", " ", clerk(house))


async def test_a_credit_is_not_the_askers_to_approve_and_refused_it_changes_nothing(engine: Database) -> None:
    house, case = await disputed(engine)
    request_id = await ask(house, case)
    with pytest.raises(Excluded):
        await house.decide(request_id, "bob")
    assert await house.decide(request_id, "alice", "reject") == "rejected"
    [case] = await house.cases()
    assert (case.status, case.proposal) == ("investigating", {})
    assert await house.rows(select(open_item.c.id).where(open_item.c.amount < 0)) == []
    assert await house.versions() == [(1, "disputed")]


@pytest.mark.parametrize("amount", ["30.01", "0", "-1", "NaN", "1.005", ""])
async def test_no_more_is_given_than_is_disputed(engine: Database, amount: str) -> None:
    house, case = await disputed(engine)
    with pytest.raises(AdjustmentInvalid):
        await ask(house, case, amount)


async def test_two_asks_together_give_no_more_than_is_open(engine: Database) -> None:
    house = await new_house(engine)
    item = house.items[0]
    for amount in ("60.00", "40.00"):
        await ask_adjustment(
            engine, house.book.company, Ask("write_off", item.id, amount, AS_OF, "bankrupt"), house.people["bob"]
        )
    with pytest.raises(AdjustmentInvalid):
        await ask_adjustment(
            engine, house.book.company, Ask("write_off", item.id, "0.01", AS_OF, "bankrupt"), house.people["bob"]
        )


async def test_what_the_customer_took_back_meanwhile_is_not_credited(engine: Database) -> None:
    house, case = await disputed(engine)
    request_id = await ask(house, case)
    await house.answer("agree")
    with pytest.raises(SubjectDiffers):
        await house.decide(request_id, "alice")
    await house.work()
    with pytest.raises(RequestClosed):
        await house.decide(request_id, "alice")
    assert [row.status for row in await house.rows(select(adjustment.c.status))] == ["refused"]
    assert await house.rows(select(task.c.id).where(task.c.kind == "dispute", task.c.state == "open")) == []
    assert await house.rows(select(open_item.c.id).where(open_item.c.amount < 0)) == []
    assert await house.versions() == [(1, "confirmed")]


async def test_a_credit_from_a_later_day_settles_the_version_as_it_was(engine: Database) -> None:
    house, case = await disputed(engine)
    request_id = await ask(house, case, "30.00", date(2026, 7, 10), "write_off")
    await house.decide(request_id, "alice")
    assert await house.versions() == [(1, "settled")]


async def test_a_credit_of_the_ledger_ends_a_case_when_it_is_there(engine: Database) -> None:
    house, case = await disputed(engine)
    company_ = house.book.company
    with pytest.raises(CreditNotFound):
        await resolve_dispute(engine, company_, case.id, "credited", "from the ERP", clerk(house), document="CN-9")
    await house.book.add_items(house.customer, [Item("CN-9", -30_00, date(2026, 6, 20), kind="credit_memo")])
    await resolve_dispute(engine, company_, case.id, "credited", "from the ERP", clerk(house), document="CN-9")
    await house.work()
    assert await house.versions() == [(1, "superseded"), (2, "sent")]
    _, page = await house.page()
    assert page.content["closing"] == "70.00"


async def test_a_late_case_goes_to_a_manager_once(engine: Database) -> None:
    house, case = await disputed(engine)
    assert (await follow_answers(engine, house.book.company))["escalated"] == 0
    async with owner_transaction(engine) as session:
        await session.execute(dispute.update().values(due_at=datetime.now(UTC) - timedelta(hours=1)))
    assert await escalate_disputes(engine, house.book.company) == 1
    assert await escalate_disputes(engine, house.book.company) == 0
    [row] = await house.rows(select(task).where(task.c.kind == "dispute_escalated"))
    assert (row.role, row.facts["amount"], row.subject_id) == ("manager", "30.00", str(case.id))


async def test_it_is_reopened_twice_and_then_a_manager_has_it(engine: Database) -> None:
    house, case = await disputed(engine)
    with pytest.raises(DisputeNotClosed):
        await reopen_dispute(engine, house.book.company, case.id, "again", clerk(house))
    await resolve_dispute(engine, house.book.company, case.id, "accepted", "explained", clerk(house))
    second = await reopen_dispute(engine, house.book.company, case.id, "the list says 70", clerk(house))
    await resolve_dispute(engine, house.book.company, second, "accepted", "explained again", clerk(house))
    # The customer's own word opens the third round.
    await house.answer("agree_except", THIRTY)
    third = (await house.cases())[-1]
    assert (third.round, third.reopens_id, third.escalated_at) == (3, second, None)
    await resolve_dispute(engine, house.book.company, third.id, "accepted", "no", clerk(house))
    with pytest.raises(DisputeRoundsUsed):
        await reopen_dispute(engine, house.book.company, third.id, "still", clerk(house))
    await house.answer("agree_except", THIRTY)
    fourth = (await house.cases())[-1]
    assert (fourth.round, fourth.escalated_at is not None) == (4, True)
    assert len(await house.rows(select(task.c.id).where(task.c.kind == "dispute_escalated"))) == 1


async def test_what_the_customer_disputes_again_is_not_reopened_beside_it(engine: Database) -> None:
    """The same money would be paused twice."""
    house, case = await disputed(engine)
    await resolve_dispute(engine, house.book.company, case.id, "accepted", "explained", clerk(house))
    await house.answer("agree_except", DisputedLine(1, "quantity", "70.00"))
    with pytest.raises(DisputedAgain):
        await reopen_dispute(engine, house.book.company, case.id, "again", clerk(house))
    assert [one.status for one in await house.cases()] == ["resolved", "open"]


async def test_one_of_two_cases_ends_and_the_account_waits_for_the_other(engine: Database) -> None:
    items = [Item("INV-1", 100_00, date(2026, 5, 4), date(2026, 6, 3)), Item("INV-2", 50_00, date(2026, 5, 5))]
    house = await new_house(engine, items=items)
    await house.send_june()
    await house.answer("agree_except", THIRTY, DisputedLine(2, "date", "50.00"))
    first, second = sorted(await house.cases(), key=lambda one: one.amount)
    await house.decide(await ask(house, first), "alice")
    assert await house.versions() == [(1, "disputed")]
    await resolve_dispute(engine, house.book.company, second.id, "accepted", "dated right", SYSTEM)
    await house.work()
    assert await house.versions() == [(1, "superseded"), (2, "sent")]
    assert len(await house.rows(select(outbox.c.id).where(outbox.c.kind == "dispute_resolved"))) == 2


async def test_a_paid_statement_that_was_agreed_is_settled(engine: Database) -> None:
    house = await new_house(engine)
    await house.send_june()
    await house.answer("agree", files=(GivenFile("a.pdf", PDF),))
    assert (await follow_answers(engine, house.book.company))["settled"] == 0
    receipt = Item("R-1", -100_00, date(2026, 7, 1), kind="receipt")
    await house.book.add_items(house.customer, [receipt])
    await house.book.apply(receipt, house.items[0], 100_00, date(2026, 7, 1))
    assert (await follow_answers(engine, house.book.company))["settled"] == 1
    assert await house.versions() == [(1, "settled")]


def test_the_first_fitting_rule_names_the_owner() -> None:
    policy = dispute_policy({
        "owners": [
            {"reasons": ["price"], "salesperson": "Li", "owner": "li@example.com"},
            {"countries": ["DE", "AT"], "owner": "eva@example.com"},
            {"owner": "all@example.com"},
        ]
    })  # fmt: skip
    assert owner_of(policy, CaseFacts("price", "C1", "CN", {"salesperson": "Li"})) == "li@example.com"
    assert owner_of(policy, CaseFacts("price", "C1", "AT", {"salesperson": "Xu"})) == "eva@example.com"
    assert owner_of(policy, CaseFacts("date", "C1", "CN", {})) == "all@example.com"
    assert owner_of(DisputePolicy(), CaseFacts("date", "C1", "CN", {})) is None


def test_root_causes_are_counted_and_the_dearest_stands_first() -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)
    cases = [
        Closed("price", "Paper", "Li", "CNY", 100, 40, start, start + timedelta(days=2)),
        Closed("price", "Paper", "Li", "CNY", 200, 0, start, start + timedelta(days=5)),
        Closed("price", "Paper", "Li", "CNY", 50, 0, start, None),
        Closed("quality", "Ink", "", "CNY", 900, 0, start, None),
    ]
    dearest, second = causes(cases)
    assert (dearest.reason, dearest.cases, dearest.open, dearest.days) == ("quality", 1, 1, None)
    assert (second.cases, second.open, second.amount, second.credited, second.days) == (3, 1, 350, 40, 3.5)
