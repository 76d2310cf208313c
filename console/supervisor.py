"""Keeps child processes running: one log with prefixes, a dead one comes back with growing pauses."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
"""A child that cannot start must not eat the machine, and is back soon after its trouble is over."""

STEADY_SECONDS = 60.0
"""After this long alive the pauses start small again."""

POLITE_SECONDS = 8.0
"""Between SIGTERM and SIGKILL when everything ends: a relay may be in the middle of a mail."""

LINE_LIMIT = 1 << 20
"""Longest line read from a child: tracebacks with figures are long, endless lines are a fault."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running."""

    name: str
    arguments: list[str]


@dataclass(slots=True)
class Supervisor:
    """Starts children in `folder` with `environment`, and ends them all."""

    environment: dict[str, str]
    folder: Path
    write: Callable[[str, str], None]
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _running: dict[str, Process] = field(default_factory=dict)
    _ending: bool = False

    def keep(self, child: Child) -> None:
        """Starts the child and restarts it whenever it ends."""
        self._tasks.append(asyncio.create_task(self._keep(child)))

    async def once(self, child: Child) -> int:
        """Runs the child to its end and answers its exit status."""
        process = await self._start(child)
        await self._copy_lines(child.name, process)
        return await process.wait()

    async def end(self) -> None:
        """SIGTERM to every child, SIGKILL to those that stay."""
        self._ending = True
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        _done, late = await asyncio.wait(self._tasks, timeout=POLITE_SECONDS) if self._tasks else (set(), set())
        for process in self._running.values():
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        for task in late:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, child: Child) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._ending:
            started = time.monotonic()
            process = await self._start(child)
            await self._copy_lines(child.name, process)
            status = await process.wait()
            if self._ending:
                return
            pause = FIRST_PAUSE_SECONDS if time.monotonic() - started > STEADY_SECONDS else pause
            self.write("up", f"{child.name} ended with {status}; again in {pause:.0f} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _start(self, child: Child) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *child.arguments, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, cwd=self.folder,
            env=self.environment, start_new_session=True, limit=LINE_LIMIT,
        )  # fmt: skip
        self._running[child.name] = process
        return process

    async def _copy_lines(self, name: str, process: Process) -> None:
        if process.stdout is None:
            return
        async for line in process.stdout:
            self.write(name, line.decode(errors="replace").rstrip())
