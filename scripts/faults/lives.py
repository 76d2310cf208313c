"""The other end of the zygote's pipe: orders lives, and hears how each one ended."""

import asyncio
import json
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from itertools import count
from math import exp, log
from typing import Any

from scripts.faults.zygote import Order


@dataclass(frozen=True, slots=True)
class Death:
    """How a life ended. `status` as of `Process.exitcode`; `timed_out` = it was killed because its time was over."""

    status: int
    lived: float
    timed_out: bool

    @property
    def at_failpoint(self) -> bool:
        """It killed itself where it was told to."""
        return self.status == -signal.SIGKILL and not self.timed_out

    @property
    def killed(self) -> bool:
        """By whomever."""
        return self.status == -signal.SIGKILL


@dataclass(slots=True)
class Lives:
    """Orders to one zygote; several lives may run at once."""

    process: asyncio.subprocess.Process
    numbers: Any = field(default_factory=count)
    waiting: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)

    async def warm(self, place: dict[str, Any]) -> None:
        """Lets the zygote itself do some of the work, so that its children find everything compiled."""
        await self._order(Order(next(self.numbers), place))

    async def live(
        self, place: dict[str, Any], seconds: float, point: str | None = None, *, pause: float = 0.0
    ) -> Death:
        """One process, until it ends by itself, at its failpoint, or after so many seconds."""
        order = Order(next(self.numbers), place, point, seconds, pause)
        answer = await self._order(order)
        return Death(answer["status"], answer["lived"], answer["timed_out"])

    async def _order(self, order: Order) -> dict[str, Any]:
        told = asyncio.get_running_loop().create_future()
        self.waiting[order.number] = told
        if self.process.stdin is None:
            raise RuntimeError("the zygote has no pipe")
        self.process.stdin.write(json.dumps(asdict(order)).encode() + b"\n")
        answer: dict[str, Any] = await told
        return answer

    async def listen(self) -> None:
        """Hands each answer to whoever waits for it."""
        if self.process.stdout is None:
            raise RuntimeError("the zygote has no pipe")
        async for line in self.process.stdout:
            answer = json.loads(line)
            self.waiting.pop(answer["number"]).set_result(answer)
        for told in self.waiting.values():
            told.set_exception(RuntimeError("the zygote died"))


@asynccontextmanager
async def zygote(work: str) -> AsyncIterator[Lives]:
    """A zygote of this module for as long as the block; its children end with it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scripts.faults.zygote", work,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    lives = Lives(process)
    listening = asyncio.create_task(lives.listen())
    try:
        yield lives
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
        await listening


def any_moment(chance: random.Random, shortest: float, longest: float) -> float:
    """Seconds drawn log-uniformly: as many deaths between 10 and 20 ms as between 100 and 200."""
    return exp(chance.uniform(log(shortest), log(longest)))
