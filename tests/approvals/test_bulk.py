"""Many decisions by one press: n commands, n keys, n results, the same facts as one by one."""

from uuid import UUID, uuid4

from sqlalchemy import text

from approvals.refusals import NotInBulk, SubjectDiffers
from services.ask_waiver import ask_waiver
from services.decide_alone import Decision, Press
from services.decide_approval import KeyReused, Outcome, RequestUnknown
from services.decide_many import decide_many
from services.show_inbox import inbox
from storage.approval_acts import first_break
from storage.audit import verify_chain
from storage.database import transaction
from storage.findings import NewFinding, keep_finding, list_findings
from tests.approvals.conftest import House
from tests.approvals.test_shell import loaded, messages, status_of, submitted


async def chosen(house: House, who: UUID, count: int) -> list[Decision]:
    """The person's whole inbox, each with a fresh key."""
    async with transaction(house.engine, house.id) as session:
        cards = (await inbox(session, house.company, who, limit=count)).cards
    return [Decision(one.request_id, one.authority_id, one.round, one.stage, one.digest, str(uuid4())) for one in cards]


async def test_each_of_many_has_its_own_result(house: House) -> None:
    """Approved, waiting for a manager, changed, already voted, unknown: one press, five different answers."""
    small, _ = await submitted(house, 80_000_00, "C1", prepared_by=house.carl)
    await submitted(house, 600_000_00, "C2", prepared_by=house.carl)
    await submitted(house, 90_000_00, "C3", prepared_by=house.carl)
    decisions = await chosen(house, house.alice, 3)
    async with transaction(house.engine, house.id) as session:
        await session.execute(text("update statement set digest = 'other' where number like '%C3%'"))
    press = Press("approve", house.alice)
    unknown = Decision(uuid4(), house.alice, 1, 1, "", str(uuid4()))
    results = await decide_many(house.engine, house.id, press, [*decisions, unknown])
    states = [one.state if isinstance(one, Outcome) else type(one) for one in results]
    assert states == ["approved", "open", SubjectDiffers, RequestUnknown]
    assert await status_of(house, small) == "approved"
    again = await decide_many(house.engine, house.id, press, decisions[:2])
    assert again == results[:2]
    assert all(isinstance(one, Outcome) and one.replayed for one in again)
    for decision in decisions:
        await loaded(house, decision.request_id)
    async with transaction(house.engine, house.id) as session:
        assert (await verify_chain(session, house.id))[1] is None


async def test_a_key_of_another_question_and_a_second_vote_are_refused(house: House) -> None:
    """In bulk as alone."""
    _, first = await submitted(house, 600_000_00, "C1")
    (decision,) = await chosen(house, house.alice, 1)
    assert decision.request_id == first
    await decide_many(house.engine, house.id, Press("approve", house.alice), [decision])
    (reused,) = await decide_many(house.engine, house.id, Press("reject", house.alice, "why"), [decision])
    assert isinstance(reused, KeyReused)
    _, second = await submitted(house, 80_000_00, "C2")
    (choice,) = await chosen(house, house.bob, 1)
    assert choice.request_id == second
    twice = [choice, Decision(second, house.bob, 1, 1, choice.digest, "another key")]
    results = await decide_many(house.engine, house.id, Press("approve", house.bob), twice)
    assert [isinstance(one, Outcome) for one in results] == [True, False]


async def test_hundreds_are_decided_together_and_people_hear_once(house: House) -> None:
    """One message to the preparer and one to the next stage, one outbox row per close, whole chains."""
    for number in range(120):
        await submitted(house, 80_000_00 if number % 4 else 600_000_00, f"C{number}", prepared_by=house.carl)
    async with transaction(house.engine, house.id) as session:
        await session.execute(text("delete from outbox"))
    results = await decide_many(
        house.engine, house.id, Press("approve", house.alice), await chosen(house, house.alice, 200)
    )
    assert [one.state for one in results if isinstance(one, Outcome)].count("approved") == 90
    assert len(results) == 120
    assert await messages(house, "approval_closed", "internal") == 90
    assert await messages(house, "approval_decided", "email") == 2
    assert await messages(house, "approval_asked", "email") == 2
    rest = await decide_many(house.engine, house.id, Press("approve", house.mona), await chosen(house, house.mona, 200))
    assert [one.state for one in rest if isinstance(one, Outcome)] == ["approved"] * 30
    async with transaction(house.engine, house.id) as session:
        requests = (await session.execute(text("select id from approval_request order by id limit 8"))).scalars().all()
        assert [await first_break(session, house.id, one) for one in requests] == [None] * 8
        assert (await verify_chain(session, house.id))[1] is None
        left = await session.execute(text("select count(*) from approval_timer where fired_at is null"))
        assert left.scalar_one() == 0
        left = await session.execute(text("select count(*) from approval_task where state = 'open'"))
        assert left.scalar_one() == 0


async def test_a_stage_that_forbids_it_is_not_decided_in_bulk(house: House) -> None:
    """A waiver is looked at by itself, whatever the form brings."""
    async with transaction(house.engine, house.id) as session:
        new = NewFinding("tie_out", "run", "r", "breach", "tie_out_difference", {"difference": "1.00"}, "k")
        await keep_finding(session, house.id, new)
        (difference,) = await list_findings(session, house.id)
    await ask_waiver(house.engine, house.company, difference.id, "rounding", house.carl)
    decisions = await chosen(house, house.mona, 5)
    (result,) = await decide_many(house.engine, house.id, Press("approve", house.mona, "seen"), decisions)
    assert isinstance(result, NotInBulk)
