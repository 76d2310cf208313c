"""Many callers, one transaction: what comes while the last one runs is done together in the next."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import DBAPIError

Item = TypeVar("Item")
Result = TypeVar("Result")


class Group(Generic[Item, Result]):
    """Gives what callers bring to `work` in lists, and each caller its own answer.

    `most` bounds a list, `at_once` the lists that are worked on at the same time; the first of a list waits `linger`
    seconds for others. An urgent one waits for no list to end. When a list fails by one of its members, each is tried
    alone.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        most: int,
        at_once: int = 1,
        linger: float = 0.0,
    ) -> None:
        self._linger = linger
        self._work = work
        self._most = most
        self._at_once = at_once
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = 0

    async def do(self, item: Item, *, urgent: bool = False) -> Result:
        """Brings one and waits for its answer."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        if urgent:
            self._waiting.appendleft((item, future))
        else:
            self._waiting.append((item, future))
        if self._running < self._at_once + urgent:
            self._running += 1
            task = asyncio.create_task(self._run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _run(self) -> None:
        while self._waiting:
            if self._linger:
                await asyncio.sleep(self._linger)
            taken = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            if not await self._answer(taken):
                for one in taken:
                    await self._answer([one])
            if self._running > self._at_once:
                break  # one came for what was urgent
        self._running -= 1

    async def _answer(self, taken: Sequence[tuple[Item, asyncio.Future[Result]]]) -> bool:
        """False when it failed, and its members may do better alone."""
        (answer,) = await asyncio.gather(self._work([item for item, _ in taken]), return_exceptions=True)
        if not isinstance(answer, BaseException):
            for (_, future), result in zip(taken, answer, strict=True):
                if not future.done():  # else its caller was cancelled
                    future.set_result(result)
        elif len(taken) == 1 or _is_away(answer):
            for _, future in taken:
                if not future.done():
                    future.set_exception(answer)
        else:
            return False
        return True


def _is_away(error: BaseException) -> bool:
    """Whether the database itself went away, which no member of a list is to blame for."""
    return isinstance(error, OSError) or (isinstance(error, DBAPIError) and error.connection_invalidated)
