"""The guard of `tieout up`: it waits for the supervisor to end, in whatever way, and leaves nothing behind.

It reads a pipe whose other end only the supervisor holds; the kernel closes it even after SIGKILL.
"""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

from flows.tether import MARK
from storage.embedded import start_embedded
from storage.server_handles import forget_dead_handles

POLITE_SECONDS = 5.0
"""Between SIGTERM and SIGKILL."""


def marked_processes(token: str) -> list[int]:
    """Ids of the living processes that carry the token, without this one; empty where there is no /proc."""
    wanted = f"{MARK}={token}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0") and int(folder.name) != os.getpid():
                found.append(int(folder.name))
    return found


def end_processes(token: str) -> None:
    """SIGTERM to all that carry the token, SIGKILL to those that stay."""
    for number, deadline in ((signal.SIGTERM, POLITE_SECONDS), (signal.SIGKILL, POLITE_SECONDS)):
        until = time.monotonic() + deadline
        for pid in marked_processes(token):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        while marked_processes(token) and time.monotonic() < until:
            time.sleep(0.05)


def stop_database(home: Path) -> None:
    """Stops the embedded server unless another living process uses it."""
    data = home / "postgresql"
    forget_dead_handles(data)
    if (data / "postmaster.pid").is_file():
        start_embedded(home).cleanup()


def main() -> None:
    """`python -m console.guard TOKEN [HOME]`; HOME only when the database is embedded."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    end_processes(sys.argv[1])
    if len(sys.argv) > 2:  # noqa: PLR2004 - token and home
        stop_database(Path(sys.argv[2]))


if __name__ == "__main__":
    main()
