"""Forks a life at a time from one process that has imported everything, and ends each when its time is over.

Started with the name of a module beside it, whose `run` a child does and whose `warm` prepares for it. Reads one order
per line, answers one line per death. It has no thread of Python's, no loop and no connection when it forks: each
child makes its own. `lives.py` is the other end of the pipe.
"""

import gc
import heapq
import json
import os
import selectors
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any

from notifications.failpoints import VARIABLE

AWAKE_SECONDS = 1.0
"""What a sleeper does after it wakes up is what its pause is about: it gets this long for it."""

READ_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Order:
    """One life: where, the failpoint that ends it, and the seconds after which SIGKILL does; 0 = prepare for lives.

    With `pause` it is stopped at `seconds` for so long, wakes up, and dies a second later.
    """

    number: int
    place: dict[str, Any]
    point: str | None = None
    seconds: float = 0.0
    pause: float = 0.0


@dataclass(order=True, slots=True)
class _Signal:
    when: float
    child: int
    what: signal.Signals


@dataclass(slots=True)
class _Child:
    number: int
    pid: int
    born: float
    timed_out: bool = False


@dataclass(slots=True)
class _Zygote:
    """What children do, the living by the descriptor of their process, and the signals that they will get."""

    work: ModuleType
    selector: selectors.DefaultSelector = field(default_factory=selectors.DefaultSelector)
    living: dict[int, _Child] = field(default_factory=dict)
    agenda: list[_Signal] = field(default_factory=list)
    rest: bytes = b""

    def serve(self) -> None:
        """Until the orders' pipe is closed; then whoever still lives is killed."""
        self.selector.register(0, selectors.EVENT_READ)
        listening = True
        while listening:
            for key, _ in self.selector.select(self._patience()):
                if key.fd == 0:
                    listening = self._take_orders()
                else:
                    self._bury(key.fd)
            self._send_due_signals()
        for child in list(self.living):
            self._send(child, signal.SIGKILL)

    def _patience(self) -> float | None:
        return max(0.0, self.agenda[0].when - time.monotonic()) if self.agenda else None

    def _take_orders(self) -> bool:
        read = os.read(0, READ_BYTES)
        *lines, self.rest = (self.rest + read).split(b"\n")
        for line in lines:
            order = Order(**json.loads(line))
            if order.seconds:
                self._fork(order)
            else:
                self.work.warm(order.place)
                gc.freeze()
                _answer(order.number)
        return bool(read)

    def _fork(self, order: Order) -> None:
        if threading.active_count() > 1:
            raise RuntimeError(f"the zygote has threads: {threading.enumerate()}")
        pid = os.fork()
        if pid == 0:
            _live(self.work, order)
        child = os.pidfd_open(pid)
        born = time.monotonic()
        self.living[child] = _Child(order.number, pid, born)
        self.selector.register(child, selectors.EVENT_READ)
        end = born + order.seconds
        if order.pause:
            heapq.heappush(self.agenda, _Signal(end, child, signal.SIGSTOP))
            heapq.heappush(self.agenda, _Signal(end + order.pause, child, signal.SIGCONT))
            end += order.pause + AWAKE_SECONDS
        heapq.heappush(self.agenda, _Signal(end, child, signal.SIGKILL))

    def _send_due_signals(self) -> None:
        while self.agenda and self.agenda[0].when <= time.monotonic():
            due = heapq.heappop(self.agenda)
            if due.what == signal.SIGKILL:
                self.living[due.child].timed_out = True
            self._send(due.child, due.what)

    def _send(self, child: int, what: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # it has died by itself, and its burial is next
            signal.pidfd_send_signal(child, what)

    def _bury(self, child: int) -> None:
        dead = self.living.pop(child)
        self.selector.unregister(child)
        _, status = os.waitpid(dead.pid, 0)
        os.close(child)
        self.agenda = [one for one in self.agenda if one.child != child]
        heapq.heapify(self.agenda)
        lived = time.monotonic() - dead.born
        _answer(dead.number, os.waitstatus_to_exitcode(status), lived, timed_out=dead.timed_out)


def _live(work: ModuleType, order: Order) -> None:
    """A child, from its first instruction to its last."""
    status = 1
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        gc.disable()  # collecting would copy the zygote's memory
        if order.point is not None:
            os.environ[VARIABLE] = order.point
        work.run(order.place)
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it was, this process must end here and not go on as the zygote
        traceback.print_exc()
    finally:
        os._exit(status)


def _answer(number: int, status: int = 0, lived: float = 0.0, *, timed_out: bool = False) -> None:
    print(json.dumps({"number": number, "status": status, "lived": lived, "timed_out": timed_out}), flush=True)


def main() -> int:
    """Serves until the other end is closed."""
    work = import_module(f"scripts.faults.{sys.argv[1]}")
    gc.freeze()
    _Zygote(work).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
