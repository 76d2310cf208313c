"""Claims, fences, lanes, throttles: the rules of the table itself."""

from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy import text

from services.add_company import add_company
from storage.claims import (
    Outcome,
    Pace,
    attempt_outcomes,
    claim,
    claim_uncertain,
    close_channel,
    settle,
    sweep_abandoned,
)
from storage.claims_bulk import Acceptance, Throttle, enter_data, settle_accepted, take_slots
from storage.database import Database, transaction
from storage.outbox import Message, OutboxRow, cancel, cancel_queued, count_states, enqueue, find_row, retry

PACE = Pace(lease=60, quiet=900)


@pytest.fixture
async def company(engine: Database) -> UUID:
    """A company."""
    return await add_company(engine, "ACME", "Acme Trading", "CNY", "Asia/Shanghai")


async def queue(engine: Database, company: UUID, key: str, lane: str = "normal") -> UUID:
    """Queues one message."""
    async with transaction(engine, company) as session:
        row = await enqueue(
            session, company, Message("reminder", "email", "a@b.example", key, "customer", "1", {}, lane=lane)
        )
    assert row is not None
    return row


async def claimed(engine: Database, company: UUID, limit: int = 10, pace: Pace = PACE) -> list[OutboxRow]:
    """Claims in a transaction of its own."""
    async with transaction(engine, company) as session:
        return await claim(session, company, limit, pace)


async def lapse(engine: Database, row: UUID) -> None:
    """Lets the lease of a row run out, as time would."""
    async with engine.begin() as session:
        await session.execute(
            text("update outbox set lease_until = clock_timestamp() - interval '1 second' where id = :id"), {"id": row}
        )


async def row_now(engine: Database, company: UUID, row: UUID) -> OutboxRow:
    """The row as it stands."""
    async with transaction(engine, company) as session:
        found = await find_row(session, company, row)
    assert found is not None
    return found


async def test_the_same_issue_is_queued_once(engine: Database, company: UUID) -> None:
    """A dedup key is taken for ever."""
    await queue(engine, company, "k")
    async with transaction(engine, company) as session:
        again = await enqueue(session, company, Message("reminder", "email", "a@b.example", "k", "customer", "1", {}))
    assert again is None


async def test_a_claimed_message_is_nobody_elses(engine: Database, company: UUID) -> None:
    """Two relays never hold the same row, and the next look is pushed back at the claim."""
    row = await queue(engine, company, "k")
    assert [held.id for held in await claimed(engine, company)] == [row]
    assert await claimed(engine, company) == []
    await lapse(engine, row)
    async with transaction(engine, company) as session:
        assert await sweep_abandoned(session, company, PACE) == 1
    assert await claimed(engine, company) == [], "a relay that dies in a loop must not offer it at once"


async def test_urgent_first_and_bulk_not_starved(engine: Database, company: UUID) -> None:
    """A batch of ten takes six urgent ones at most while others wait, and keeps two places for bulk."""
    for number in range(12):
        await queue(engine, company, f"b{number}", "bulk")
    for number in range(12):
        await queue(engine, company, f"u{number}", "urgent")
    first = [row.lane for row in await claimed(engine, company, 10)]
    assert first[:6] == ["urgent"] * 6
    assert first.count("bulk") == 4


async def test_a_small_claim_serves_every_lane(engine: Database, company: UUID) -> None:
    """Urgent messages that are always due, as to a chat that is down, keep nobody else waiting for ever."""
    for lane in ("urgent", "normal", "bulk"):
        for number in range(4):
            await queue(engine, company, f"{lane}{number}", lane)
    assert Counter(row.lane for row in await claimed(engine, company, 3)) == {"urgent": 1, "normal": 1, "bulk": 1}


async def test_a_lapsed_lease_is_fenced(engine: Database, company: UUID) -> None:
    """Who slept past the lease can neither hand over nor settle; what it knows stays as evidence."""
    row_id = await queue(engine, company, "k")
    (row,) = await claimed(engine, company)
    await lapse(engine, row_id)
    async with transaction(engine, company) as session:
        assert not await enter_data(session, company, [row], PACE)
        assert not await settle(session, company, row, Outcome("accepted", "accepted", "250 ok"))
        assert await attempt_outcomes(session, company, row_id) == ["accepted"]
    assert (await row_now(engine, company, row_id)).state == "sending"


async def test_what_may_have_arrived_waits_the_quiet_period(engine: Database, company: UUID) -> None:
    """A row found in phase data becomes uncertain and is judged only after the quiet period."""
    row_id = await queue(engine, company, "k")
    (row,) = await claimed(engine, company)
    async with transaction(engine, company) as session:
        assert await enter_data(session, company, [row], PACE) == {row_id}
    await lapse(engine, row_id)
    async with transaction(engine, company) as session:
        await sweep_abandoned(session, company, PACE)
        assert await claim_uncertain(session, company, 10, PACE) == []
    now = await row_now(engine, company, row_id)
    assert (now.state, now.phase) == ("uncertain", "data")
    async with engine.begin() as session:
        await session.execute(text("update outbox set next_at = clock_timestamp() - interval '1 second'"))
    async with transaction(engine, company) as session:
        assert [held.id for held in await claim_uncertain(session, company, 10, PACE)] == [row_id]


async def test_cancel_and_retry_by_a_person(engine: Database, company: UUID) -> None:
    """A message in a carrier's hands cannot be called off; a given-up one can be sent again."""
    row_id = await queue(engine, company, "k")
    (row,) = await claimed(engine, company)
    async with transaction(engine, company) as session:
        assert not await cancel(session, company, row_id)
        assert await settle(session, company, row, Outcome("dead", "permanent", "554 no"))
        assert await retry(session, company, row_id)
        assert not await retry(session, company, row_id)
        assert await cancel_queued(session, company, ["reminder"], subject=("customer", "1")) == 1
        assert await count_states(session, company) == {"cancelled": 1}


async def test_each_of_many_has_its_own_fence(engine: Database, company: UUID) -> None:
    """Steps that many messages take together leave out the one whose lease is gone, and keep what it knows."""
    late_id, held_id = [await queue(engine, company, key) for key in ("late", "held")]
    rows = sorted(await claimed(engine, company), key=lambda row: row.id != late_id)
    async with transaction(engine, company) as session:
        assert await enter_data(session, company, rows, PACE) == {late_id, held_id}
    await lapse(engine, late_id)
    async with transaction(engine, company) as session:
        assert await enter_data(session, company, rows, PACE) == {held_id}
        accepted = [Acceptance(row, f"250 {row.dedup_key}", "C1/1") for row in rows]
        assert await settle_accepted(session, company, accepted) == {held_id}
        assert await settle_accepted(session, company, accepted) == frozenset()
        assert await attempt_outcomes(session, company, late_id) == ["accepted", "accepted"]
    held, late = await row_now(engine, company, held_id), await row_now(engine, company, late_id)
    assert (held.state, held.phase, held.answer, held.external_id) == ("accepted", "data", "250 held", "C1/1")
    assert (late.state, late.phase, late.answer) == ("sending", "data", None)


async def test_throttles_are_in_the_database(engine: Database, company: UUID) -> None:
    """A channel with one place per second gives one, then says how long; Retry-After closes it."""
    async with transaction(engine, company) as session:

        async def take(*keys: str, interval: float = 1.0, burst: float = 0.0) -> list[float]:
            return await take_slots(session, company, [Throttle(key, interval, burst) for key in keys])

        first, second, third, other = await take("slack/C1", "slack/C1", "slack/C1", "slack/C2")
        assert (first, other) == (0.0, 0.0)
        assert 0 < second <= 1.0 < third <= 2.0, "the refused come back one after the other"
        (again,) = await take("slack/C1")
        assert 0 < again <= 1.0, "who was refused has taken no place"
        await close_channel(session, company, "slack/C2", 30)
        (closed,) = await take("slack/C2")
        assert 25 < closed <= 30
        burst = await take(*["email/x"] * 6, interval=0.5, burst=2.0)
        assert burst[:5] == [0.0] * 5
        assert burst[5] > 0


async def test_companies_do_not_see_each_other(engine: Database, company: UUID) -> None:
    """Another company's relay claims nothing of ours."""
    await queue(engine, company, "k")
    other = await add_company(engine, "OTHER", "Other", "USD", "UTC")
    assert await claimed(engine, other) == []
