"""Statements through open, decide and consume on real PostgreSQL."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from approvals.refusals import ChangedAfterApproval, Excluded, NotApproved, RequestClosed, StageMoved
from services.consume_approval import consume
from services.decide_approval import KeyReused, Outcome, decide
from services.open_approvals import open_approvals_for_run, open_statement_approval
from services.show_inbox import CursorInvalid, inbox
from storage.approval_acts import first_break
from storage.approvals import StoredRequest, read_request
from storage.database import transaction
from storage.schema import outbox
from tests.approvals.conftest import House
from tests.support.approval_samples import statement_status, write_run, write_statement


async def submitted(house: House, closing: int, code: str = "C1", prepared_by: UUID | None = None) -> tuple[UUID, UUID]:
    """A statement of this closing balance, and its request."""
    async with transaction(house.engine, house.id) as session:
        statement = await write_statement(session, house.id, code, closing, prepared_by=prepared_by)
        request = await open_statement_approval(session, house.id, statement)
    return statement, request


async def loaded(house: House, request_id: UUID) -> StoredRequest:
    """The request as it stands."""
    async with transaction(house.engine, house.id) as session:
        stored = await read_request(session, house.id, request_id)
        assert stored is not None
        assert await first_break(session, house.id, request_id) is None
    return stored


async def click(house: House, request_id: UUID, who: UUID, command: str = "approve", **given: Any) -> Outcome:  # noqa: ANN401 - keyword arguments of `decide`
    """A decision on the request as it stands now, unless `given` says otherwise."""
    request = (await loaded(house, request_id)).request
    shown: dict[str, Any] = {
        "round": request.round, "stage": request.stage, "digest": request.digest, "key": str(uuid4()),
        "comment": "" if command == "approve" else "a reason", **given,
    }  # fmt: skip
    return await decide(house.engine, house.id, request_id, command, actor_id=who, **shown)


async def status_of(house: House, statement: UUID) -> str:
    """Where the statement stands."""
    async with transaction(house.engine, house.id) as session:
        return await statement_status(session, house.id, statement)


async def messages(house: House, kind: str, channel: str | None = None) -> int:
    """How many rows of this kind the outbox holds."""
    query = select(func.count()).where(outbox.c.company_id == house.id, outbox.c.kind == kind)
    if channel is not None:
        query = query.where(outbox.c.channel == channel)
    async with transaction(house.engine, house.id) as session:
        return int((await session.execute(query)).scalar_one())


async def test_small_and_clean_is_approved_without_people_and_says_so(house: House) -> None:
    """No task, no mail; the reason stands in the trail."""
    statement, request_id = await submitted(house, 4_999_00)
    stored = await loaded(house, request_id)
    assert stored.request.state == "approved"
    assert "small" in stored.request.reason
    assert await status_of(house, statement) == "approved"
    assert await messages(house, "approval_asked") == 0
    assert await messages(house, "approval_closed", "internal") == 1


async def test_the_rest_needs_a_reviewer(house: House) -> None:
    """Both reviewers are asked, one decides, the effect may follow once."""
    statement, request_id = await submitted(house, 80_000_00)
    assert await status_of(house, statement) == "in_review"
    assert await messages(house, "approval_asked", "email") == 2
    assert await messages(house, "approval_asked", "slack") == 1
    outcome = await click(house, request_id, house.alice)
    assert (outcome.state, outcome.replayed) == ("approved", False)
    assert await status_of(house, statement) == "approved"
    digest = (await loaded(house, request_id)).request.digest
    async with transaction(house.engine, house.id) as session:
        assert await consume(session, house.id, "statement", str(statement), digest) == request_id
    with pytest.raises(NotApproved):
        async with transaction(house.engine, house.id) as session:
            await consume(session, house.id, "statement", str(statement), digest)


async def test_a_large_one_needs_a_manager_too_who_is_another_person(house: House) -> None:
    """The reviewer's click opens the second stage."""
    statement, request_id = await submitted(house, 600_000_00)
    first = await click(house, request_id, house.alice)
    assert (first.state, first.stage) == ("open", 2)
    assert await messages(house, "approval_asked", "email") == 3
    with pytest.raises(Excluded):
        await click(house, request_id, house.alice)
    assert (await click(house, request_id, house.mona)).state == "approved"
    assert await status_of(house, statement) == "approved"


async def test_the_preparer_does_not_approve(house: House) -> None:
    """Even when she is a reviewer."""
    _, request_id = await submitted(house, 80_000_00, prepared_by=house.alice)
    with pytest.raises(Excluded):
        await click(house, request_id, house.alice)
    assert (await click(house, request_id, house.bob)).state == "approved"
    assert await messages(house, "approval_decided", "email") == 1


async def test_the_same_key_gets_the_same_answer_and_no_second_act(house: House) -> None:
    """A double click, a replayed link."""
    _, request_id = await submitted(house, 80_000_00)
    request = (await loaded(house, request_id)).request
    shown: dict[str, Any] = {"round": request.round, "stage": request.stage, "digest": request.digest, "key": "one"}
    first = await click(house, request_id, house.alice, **shown)
    acts = (await loaded(house, request_id)).act_count
    again = await click(house, request_id, house.alice, **shown)
    assert again == first
    assert again.replayed
    assert (await loaded(house, request_id)).act_count == acts
    with pytest.raises(KeyReused):
        await click(house, request_id, house.alice, "reject", **shown)


async def test_a_late_click_is_refused(house: House) -> None:
    """The command carries the stage that was on the screen."""
    _, request_id = await submitted(house, 600_000_00)
    await click(house, request_id, house.alice)
    with pytest.raises(StageMoved):
        await click(house, request_id, house.bob, stage=1)


async def test_the_other_sees_who_and_when(house: House) -> None:
    """First commit wins."""
    statement, request_id = await submitted(house, 80_000_00)
    await click(house, request_id, house.alice, "reject")
    with pytest.raises(RequestClosed) as refused:
        await click(house, request_id, house.bob, round=1, stage=1)
    assert "Alice" in refused.value.text("en")
    assert await status_of(house, statement) == "rejected"


async def test_changed_after_approval_is_refused_at_consume(house: House) -> None:
    """By digest, in the effect's transaction."""
    statement, request_id = await submitted(house, 80_000_00)
    await click(house, request_id, house.alice)
    with pytest.raises(ChangedAfterApproval):
        async with transaction(house.engine, house.id) as session:
            await consume(session, house.id, "statement", str(statement), "0" * 64)


async def test_a_run_asks_each_person_once(house: House) -> None:
    """Twelve statements, one mail each for the two reviewers; a repetition asks nobody."""
    async with transaction(house.engine, house.id) as session:
        run = await write_run(session, house.id)
        for n in range(12):
            await write_statement(session, house.id, f"C{n}", 80_000_00 if n else 100, run_id=run)
    figures = await open_approvals_for_run(house.engine, house.company, run)
    assert figures == {"opened": 12, "approved_without_people": 1, "waiting": 11, "messages": 3}
    assert await messages(house, "approval_asked", "email") == 2
    again = await open_approvals_for_run(house.engine, house.company, run)
    assert again == {"opened": 0, "approved_without_people": 0, "waiting": 0, "messages": 0}
    async with transaction(house.engine, house.id) as session:
        page = await inbox(session, house.company, house.alice, limit=5)
        assert len(page.cards) == 5
        rest = await inbox(session, house.company, house.alice, after=page.after, limit=50)
        assert len(rest.cards) == 6
        assert rest.after is None
        assert (await inbox(session, house.company, house.mona)).cards == []
        assert len((await inbox(session, house.company, house.bob, run_id=str(run))).cards) == 11


async def test_the_inbox_is_sorted_four_ways_and_paged_in_each(house: House) -> None:
    """Oldest, latest, dearest and most urgent; a page mark of one order does not fit another."""
    amounts = (90_000_00, 30_000_00, 700_000_00, 30_000_00, 50_000_00)
    opened = [(await submitted(house, amount, f"C{n}"))[1] for n, amount in enumerate(amounts)]
    dearest = [opened[2], opened[0], opened[4], opened[3], opened[1]]
    expected = {"oldest": opened, "latest": opened[::-1], "dearest": dearest, "urgent": opened}
    async with transaction(house.engine, house.id) as session:
        for order, requests in expected.items():
            after, seen = None, []
            while True:
                page = await inbox(session, house.company, house.alice, after=after, limit=2, order=order)
                seen += [card.request_id for card in page.cards]
                after = page.after
                if after is None:
                    break
            assert seen == requests, order
        with pytest.raises(CursorInvalid):
            await inbox(session, house.company, house.alice, order="nicest")
        page = await inbox(session, house.company, house.alice, limit=2)
        with pytest.raises(CursorInvalid):
            await inbox(session, house.company, house.alice, after=page.after, order="dearest")
