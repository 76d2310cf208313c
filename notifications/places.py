"""Places at a mail server: an urgent mail gets the next free one, and a mail that a slow server keeps steps aside.

What answers quickly is given more at once, what answers slowly goes back to little.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SLOW_SECONDS = 0.5
"""A hand-over takes 20 ms; whoever takes this long waits for somebody else's server."""

DOMAIN_FLIGHT = 3
"""Mails under way to a domain of which nobody knows how it answers: a tarpit then holds three places, and nobody
behind them."""

DOMAIN_FLIGHT_MOST = 48
"""Mails under way to a domain that answers quickly: one that turns slow holds these until they have passed."""

ASIDE = DOMAIN_FLIGHT
"""Mails that may wait aside, each on a connection more."""


KEPT = 1
"""A place more that only urgent mails take, so that they leave while a server answers nobody else."""


class Width:
    """How many at once: one more for each that was quick, half as many after one that was slow."""

    def __init__(self, least: int, most: int) -> None:
        self._least = least
        self._most = max(most, least)
        self.now = least

    def note(self, *, quick: bool) -> None:
        """One has ended."""
        self.now = min(self.now + 1, self._most) if quick else max(self.now // 2, self._least)


class Places:
    """A number of places. `aside` more are for those who hold one longer than `slow` seconds, so that a tarpit's mails
    keep nobody from a place.
    """  # noqa: D205 - one sentence over two lines

    def __init__(self, number: int, slow: float = SLOW_SECONDS, aside: int = ASIDE) -> None:
        self._free = number + KEPT
        self._slow = slow
        self._aside = aside
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def one(self, *, urgent: bool = False) -> AsyncIterator[None]:
        """Holds a place."""
        await self._take(urgent=urgent)
        stay = _Stay(self)
        clock = asyncio.get_running_loop().call_later(self._slow, stay.step_aside)
        try:
            yield
        finally:
            clock.cancel()
            stay.leave()

    async def _take(self, *, urgent: bool) -> None:
        if self._free > (0 if urgent else KEPT):
            self._free -= 1
            return
        given = asyncio.get_running_loop().create_future()
        (self._urgent if urgent else self._others).append(given)
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self.give()
            raise

    def give(self) -> None:
        """Gives a place to who waits first, the urgent before the others."""
        self._free += 1
        for queue, kept in ((self._urgent, 0), (self._others, KEPT)):
            while queue and self._free > kept:
                waiting = queue.popleft()
                if not waiting.done():
                    self._free -= 1
                    waiting.set_result(None)
                    return

    def take_aside(self) -> bool:
        """Whether there was room aside."""
        if not self._aside:
            return False
        self._aside -= 1
        return True

    def give_aside(self) -> None:
        """Frees a place aside."""
        self._aside += 1


class _Stay:
    """One holder's time: in a place, then perhaps aside."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._is_aside = False

    def step_aside(self) -> None:
        if self._places.take_aside():
            self._is_aside = True
            self._places.give()

    def leave(self) -> None:
        if self._is_aside:
            self._places.give_aside()
        else:
            self._places.give()
