"""Clicks at once on real PostgreSQL: each stage closes once, by the right people, with one notice."""

import asyncio
import os
from collections import Counter
from uuid import UUID

from sqlalchemy import func, select

from services.decide_alone import Decision, Press, decide_alone
from services.decide_approval import Outcome, decide
from services.open_approvals import open_statement_approval
from storage.approval_acts import first_break
from storage.approvals import read_request
from storage.database import transaction
from storage.schema import approval_act, outbox
from tests.approvals.conftest import House
from tests.support.approval_samples import write_statement
from words.refusal import Refusal

REQUESTS = int(os.environ.get("TIEOUT_RACES", "50"))
"""Fifty in the ordinary run; the nightly run sets more."""

CLICKS = 8
TOGETHER = 6
"""Requests raced at a time: more only queue for connections."""


async def _open(house: House) -> list[tuple[UUID, str]]:
    requests = []
    async with transaction(house.engine, house.id) as session:
        for number in range(REQUESTS):
            statement = await write_statement(session, house.id, f"C{number}", 80_000_00)
            request_id = await open_statement_approval(session, house.id, statement)
            stored = await read_request(session, house.id, request_id)
            assert stored is not None
            requests.append((request_id, stored.request.digest))
    return requests


async def _click(house: House, request: tuple[UUID, str], number: int) -> Outcome | Refusal:
    """Alice and Bob over three channels; every other click repeats the one before under its key."""
    who = (house.alice, house.bob)[number // 2 % 2]
    channel, assurance = (("web", "session"), ("link", "link"), ("slack", "chat"), ("web", "mfa"))[number // 2]
    command = "reject" if number // 2 == 3 else "approve"
    comment, key = "why" if command == "reject" else "", f"{request[0]}/{number // 2}"
    # Within a process clicks share transactions; those of other processes race them for the row.
    try:
        if number % 2:
            return await decide(
                house.engine, house.id, request[0], command, actor_id=who, round=1, stage=1, digest=request[1],
                comment=comment, key=key, channel=channel, assurance=assurance,
            )  # fmt: skip
        press = Press(command, who, comment, channel, assurance, bulk=False)
        return await decide_alone(house.engine, house.id, press, Decision(request[0], None, 1, 1, request[1], key))
    except Refusal as refusal:
        return refusal


async def test_racing_clicks_close_each_stage_exactly_once(house: House) -> None:
    """Eight clicks on each request at once over web, link and chat, half of them replays."""
    requests = await _open(house)
    gate = asyncio.Semaphore(TOGETHER)

    async def race(request: tuple[UUID, str]) -> list[Outcome | Refusal]:
        async with gate:
            return await asyncio.gather(*(_click(house, request, number) for number in range(CLICKS)))

    for answers in await asyncio.gather(*(race(request) for request in requests)):
        outcomes = [answer for answer in answers if isinstance(answer, Outcome)]
        assert len(outcomes) == 2
        assert outcomes[0] == outcomes[1]
        assert sorted(outcome.replayed for outcome in outcomes) == [False, True]
    async with transaction(house.engine, house.id) as session:
        kinds = Counter(
            (await session.execute(select(approval_act.c.kind).where(approval_act.c.company_id == house.id))).scalars()
        )
        told = await session.execute(
            select(outbox.c.kind, func.count()).where(outbox.c.company_id == house.id).group_by(outbox.c.kind)
        )
        notices = {kind: count for kind, count in told}  # noqa: C416 - rows, not pairs
        for request_id, _ in requests:
            assert await first_break(session, house.id, request_id) is None
    assert kinds["Closed"] == kinds["Voted"] == REQUESTS
    assert notices["approval_closed"] == REQUESTS


async def test_two_different_commands_under_one_key_cannot_both_win(house: House) -> None:
    """The key belongs to the first; the other is refused and leaves nothing."""
    requests = (await _open_two(house))[:2]

    async def one(request: tuple[UUID, str]) -> Outcome | Refusal:
        try:
            return await decide(
                house.engine, house.id, request[0], "approve", actor_id=house.alice, round=1, stage=1,
                digest=request[1], key="the same",
            )  # fmt: skip
        except Refusal as refusal:
            return refusal

    answers = await asyncio.gather(*(one(request) for request in requests))
    assert sorted(isinstance(answer, Outcome) for answer in answers) == [False, True]
    async with transaction(house.engine, house.id) as session:
        states = []
        for request_id, _ in requests:
            stored = await read_request(session, house.id, request_id)
            assert stored is not None
            states.append(stored.request.state)
    assert sorted(states) == ["approved", "open"]


async def _open_two(house: House) -> list[tuple[UUID, str]]:
    found = []
    async with transaction(house.engine, house.id) as session:
        for number in range(2):
            statement = await write_statement(session, house.id, f"D{number}", 80_000_00)
            request_id = await open_statement_approval(session, house.id, statement)
            stored = await read_request(session, house.id, request_id)
            assert stored is not None
            found.append((request_id, stored.request.digest))
    return found
