"""Rounds, batches, waivers, timers, delegations and policies through the whole shell."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from approvals.commands import Grant
from approvals.default_policy import statement_policy
from approvals.refusals import NotApproved, NotDelegated, SubjectDiffers
from services.add_user import UserExists, UserInvalid, add_user, change_roles
from services.consume_approval import consume
from services.edit_policies import parsed
from services.fire_approval_timers import fire_approval_timers, recheck_people
from services.open_approvals import open_batch_approval, open_statement_approval
from services.publish_policy import NotADraft, PolicyInvalid, draft_policy, publish_policy
from services.second_person import SecondPersonNeeded
from services.show_approval import show_approval, show_approvals, simulate_policy
from services.show_inbox import card_of, inbox
from storage.database import transaction
from storage.people import insert_delegation, revoke_delegation
from storage.presence import database_now
from storage.schema import approval_act, statement, task
from tests.approvals.conftest import House
from tests.approvals.test_shell import click, loaded, messages, status_of, submitted
from tests.support.approval_samples import write_statement


async def test_a_returned_statement_comes_back_as_a_new_version_in_the_next_round(house: House) -> None:
    """The returned request is superseded; nothing that changed keeps a vote."""
    first, request_id = await submitted(house, 80_000_00)
    await click(house, request_id, house.alice, "return")
    assert await status_of(house, first) == "returned"
    async with transaction(house.engine, house.id) as session:
        second = await write_statement(session, house.id, "C1", 81_000_00, version=2, supersedes=first)
        again = await open_statement_approval(session, house.id, second)
    assert (await loaded(house, request_id)).request.state == "superseded"
    request = (await loaded(house, again)).request
    assert (request.round, request.state) == (2, "open")
    assert (await click(house, again, house.alice)).state == "approved"


async def test_a_newer_version_ends_the_request_of_the_older(house: House) -> None:
    """Nobody approves what has been replaced."""
    first, request_id = await submitted(house, 80_000_00)
    async with transaction(house.engine, house.id) as session:
        second = await write_statement(session, house.id, "C1", 81_000_00, version=2, supersedes=first)
        await open_statement_approval(session, house.id, second)
    assert (await loaded(house, request_id)).request.state == "cancelled"
    assert len(await _cards(house, house.alice)) == 1


async def test_a_void_statement_cannot_be_approved(house: House) -> None:
    """The digest now is asked for in the transaction of the click."""
    first, request_id = await submitted(house, 80_000_00)
    async with transaction(house.engine, house.id) as session:
        await session.execute(update(statement).where(statement.c.id == first).values(status="void"))
    with pytest.raises(SubjectDiffers):
        await click(house, request_id, house.alice)


async def test_opening_again_is_the_same_request(house: House) -> None:
    """A command may be repeated."""
    first, request_id = await submitted(house, 80_000_00)
    async with transaction(house.engine, house.id) as session:
        assert await open_statement_approval(session, house.id, first) == request_id


async def test_a_batch_is_one_decision_and_each_statement_is_sent_once(house: House) -> None:
    """Approved together, consumed one by one; with the last the batch is used up."""
    async with transaction(house.engine, house.id) as session:
        members = [await write_statement(session, house.id, f"C{n}", 30_000_00) for n in range(3)]
        request_id = await open_batch_approval(session, house.id, members)
    card = (await _cards(house, house.alice))[0]
    assert card == "3 statements of 2012-06"
    await click(house, request_id, house.alice)
    assert [await status_of(house, member) for member in members] == ["approved"] * 3
    for number, member in enumerate(members):
        async with transaction(house.engine, house.id) as session:
            digest = (await session.execute(select(statement.c.digest).where(statement.c.id == member))).scalar_one()
            await consume(session, house.id, "statement", str(member), digest)
            await session.execute(update(statement).where(statement.c.id == member).values(status="sent"))
        assert (await loaded(house, request_id)).request.state == ("consumed" if number == 2 else "approved")
    with pytest.raises(NotApproved):
        async with transaction(house.engine, house.id) as session:
            await consume(session, house.id, "statement", str(members[0]), digest)


async def test_timers_remind_widen_and_expire(house: House) -> None:
    """By the instants that were fixed when the stage opened; the statement goes back to draft."""
    first, request_id = await submitted(house, 80_000_00)
    async with transaction(house.engine, house.id) as session:
        now = await database_now(session)
    assert await fire_approval_timers(house.engine, house.company, now) == 0
    assert await fire_approval_timers(house.engine, house.company, now + timedelta(days=20)) >= 2
    assert await messages(house, "approval_reminded", "email") == 2
    assert len(await _cards(house, house.mona)) == 1
    await fire_approval_timers(house.engine, house.company, now + timedelta(days=90))
    assert (await loaded(house, request_id)).request.state == "expired"
    assert await status_of(house, first) == "draft"
    assert await fire_approval_timers(house.engine, house.company, now + timedelta(days=400)) == 0


async def test_a_delegate_decides_for_the_principal_until_the_grant_is_ended(house: House) -> None:
    """The card says for whom; the act names both."""
    _, request_id = await submitted(house, 80_000_00)
    async with transaction(house.engine, house.id) as session:
        now = await database_now(session)
        grant = Grant(house.alice, house.carl, now - timedelta(hours=1), now + timedelta(hours=1))
        delegation = await insert_delegation(session, house.id, grant)
        card = (await inbox(session, house.company, house.carl)).cards[0]
        assert (card.authority_id, card.for_whom) == (house.alice, "Alice")
        assert (await card_of(session, house.company, house.carl, request_id)) == card
        assert await card_of(session, house.company, house.mona, request_id) is None
    async with transaction(house.engine, house.id) as session:
        assert await revoke_delegation(session, house.id, delegation, house.alice)
    with pytest.raises(NotDelegated):
        await click(house, request_id, house.carl, authority_id=house.alice)
    async with transaction(house.engine, house.id) as session:
        await insert_delegation(session, house.id, grant)
    assert (await click(house, request_id, house.carl)).state == "approved"
    async with transaction(house.engine, house.id) as session:
        query = select(approval_act.c.actor_id, approval_act.c.authority_id).where(approval_act.c.kind == "Voted")
        assert (await session.execute(query)).one() == (house.carl, house.alice)


async def test_nobody_left_becomes_a_task_for_the_administrator(house: House) -> None:
    """Roles are read in the transaction; the stage blocks and comes back."""
    _, request_id = await submitted(house, 80_000_00)
    for email in ("alice@acme.example", "bob@acme.example"):
        await change_roles(house.engine, house.id, email, frozenset({"clerk"}))
    assert await recheck_people(house.engine, house.id, "reviewer") == 1
    assert (await loaded(house, request_id)).request.current().status == "blocked"
    async with transaction(house.engine, house.id) as session:
        kinds = (await session.execute(select(task.c.kind).where(task.c.company_id == house.id))).scalars().all()
    assert kinds == ["approval_blocked"]
    await change_roles(house.engine, house.id, "bob@acme.example", frozenset({"reviewer"}))
    assert await recheck_people(house.engine, house.id, "reviewer") == 1
    assert (await click(house, request_id, house.bob)).state == "approved"


async def test_a_policy_is_published_by_a_second_person_and_changes_no_open_request(house: House) -> None:
    """Versions are immutable; the next request opens under the new one."""
    _, request_id = await submitted(house, 80_000_00)
    document = {**statement_policy(), "stages": [{"name": "manager", "seats": [["role:manager"]]}]}
    policy_id = await draft_policy(house.engine, house.id, document, house.root)
    with pytest.raises(SecondPersonNeeded):
        await publish_policy(house.engine, house.id, policy_id, house.root)
    await publish_policy(house.engine, house.id, policy_id, house.mona)
    with pytest.raises(NotADraft):
        await publish_policy(house.engine, house.id, policy_id, house.mona)
    assert (await click(house, request_id, house.alice)).state == "approved"
    _, other = await submitted(house, 80_000_00, code="C2")
    assert (await loaded(house, other)).request.current().name == "manager"
    with pytest.raises(PolicyInvalid):
        await draft_policy(house.engine, house.id, {"name": "x"}, house.root)


async def test_simulation_says_what_really_happened(house: House) -> None:
    """The policy in force changes nothing in its own history; a stricter one changes what it should."""
    await submitted(house, 100_00, code="C1")
    await submitted(house, 80_000_00, code="C2")
    async with transaction(house.engine, house.id) as session:
        same = await simulate_policy(session, house.id, parsed(statement_policy()), None, "en")
        strict = {key: value for key, value in statement_policy().items() if key != "auto"}
        other = await simulate_policy(session, house.id, parsed(strict), {"currency": "CNY", "closing_whole": 1}, "zh")
    assert same["history"] == {"requests": 2, "changed": []}
    assert len(other["history"]["changed"]) == 1
    assert other["simulated"]["outcome"] == "asked"


async def test_the_trail_of_a_request_is_one_document(house: House) -> None:
    """With names, channels, digests and an unbroken chain; an edit is found."""
    _, request_id = await submitted(house, 80_000_00)
    await click(house, request_id, house.alice)
    async with transaction(house.engine, house.id) as session:
        view = (await show_approval(session, house.id, request_id, "zh")).as_json()
        assert len(await show_approvals(session, house.id, "approved", "en")) == 1
    assert [act["kind"] for act in view["acts"]] == ["Submitted", "StageOpened", "Voted", "StageSatisfied", "Closed"]
    assert view["stages"][0]["votes"][0]["by"] == "Alice"
    assert view["chain_holds"]
    assert "对账单" in view["title"]
    async with house.engine.begin() as session:
        await session.execute(update(approval_act).where(approval_act.c.number == 3).values(assurance="mfa"))
    async with transaction(house.engine, house.id) as session:
        assert not (await show_approval(session, house.id, request_id, "en")).as_json()["chain_holds"]


async def test_users(house: House) -> None:
    """One address is one person; unknown roles and short passwords are refused."""
    with pytest.raises(UserExists):
        await add_user(house.engine, house.id, "Alice@acme.example", "A", frozenset())
    for email, roles, password in (
        ("x", frozenset[str](), None),
        ("x@acme.example", frozenset({"boss"}), None),
        ("x@acme.example", frozenset[str](), "short"),
    ):
        with pytest.raises(UserInvalid):
            await add_user(house.engine, house.id, email, "X", roles, password=password)
    assert isinstance(await add_user(house.engine, house.id, "x@acme.example", "X", frozenset({"clerk"})), UUID)


async def _cards(house: House, person: UUID) -> list[str]:
    async with transaction(house.engine, house.id) as session:
        return [card.title for card in (await inbox(session, house.company, person, language="en")).cards]
