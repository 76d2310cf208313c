"""Lists of callers: each gets its own answer, a bad one harms nobody, an urgent one does not wait."""

import asyncio
from collections.abc import Sequence

import pytest

from services.group_commits import Group


async def test_who_comes_meanwhile_goes_together() -> None:
    """The first goes alone, those who come while it is worked on go in lists of three, each with its own answer."""
    lists: list[list[int]] = []
    begun, gate = asyncio.Event(), asyncio.Event()

    async def work(items: Sequence[int]) -> list[int]:
        lists.append(list(items))
        begun.set()
        await gate.wait()
        return [item * 10 for item in items]

    group = Group(work, most=3)
    first = asyncio.create_task(group.do(0))
    await begun.wait()
    rest = [asyncio.create_task(group.do(number)) for number in range(1, 6)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(first, *rest) == [0, 10, 20, 30, 40, 50]
    assert lists == [[0], [1, 2, 3], [4, 5]]


async def test_a_bad_member_fails_alone() -> None:
    """The list is tried again one by one: the good ones come through, the bad one's error is its own."""

    async def work(items: Sequence[int]) -> list[int]:
        if 2 in items:
            raise ValueError("two")
        return list(items)

    group = Group(work, most=10)
    found = await asyncio.gather(*(group.do(number) for number in range(4)), return_exceptions=True)
    assert [str(one) for one in found] == ["0", "1", "two", "3"]


async def test_when_the_database_is_away_nobody_is_tried_again() -> None:
    """Everybody hears of it at once."""
    calls: list[int] = []

    async def work(items: Sequence[int]) -> list[int]:
        calls.append(len(items))
        raise ConnectionResetError

    group = Group(work, most=10)
    found = await asyncio.gather(*(group.do(number) for number in range(4)), return_exceptions=True)
    assert {type(one) for one in found} == {ConnectionResetError}
    assert calls == [4]


async def test_the_urgent_one_waits_for_no_list() -> None:
    """A list that takes long is under way and others wait: the urgent one is through before any of them."""
    gate, order = asyncio.Event(), list[int]()

    async def work(items: Sequence[int]) -> list[int]:
        if 99 not in items:
            await gate.wait()
        order.extend(items)
        return list(items)

    group = Group(work, most=1)
    slow = [asyncio.create_task(group.do(number)) for number in range(3)]
    await asyncio.sleep(0)
    assert await group.do(99, urgent=True) == 99
    assert order == [99]
    gate.set()
    assert await asyncio.gather(*slow) == [0, 1, 2]


async def test_a_caller_that_gives_up_stops_nobody() -> None:
    """Its work is done with the others', and they get their answers."""

    async def work(items: Sequence[int]) -> list[int]:
        await asyncio.sleep(0)
        return list(items)

    group = Group(work, most=10)
    gone, stays = asyncio.create_task(group.do(1)), asyncio.create_task(group.do(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 2
    with pytest.raises(asyncio.CancelledError):
        await gone
