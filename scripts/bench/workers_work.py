"""Closes one period with so many processes at once; `--kill` ends the first of them in the middle of the drafts."""

import os
import subprocess
import sys
import time

import psycopg

from scripts.bench.house import COMPANY
from scripts.bench.measure import timed

PERIOD = "2026-05"
LOOK_SECONDS = 0.05
_BEGUN = "select count(*) filter (where state = 'done') * 3 >= count(*) and count(*) > 0 from run_batch"
_STATEMENTS = "select count(*), count(*) filter (where ties) from statement"


def main() -> None:
    """Processes, and whether one is killed, from the command line."""
    count, kill = int(sys.argv[1]), "--kill" in sys.argv
    timed(lambda: _close(count, kill=kill))


def _close(count: int, *, kill: bool) -> dict[str, float]:
    command = [sys.executable, "-m", "console", "run", "close", "--company", COMPANY, "--period", PERIOD, "--json"]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(count)]
    if kill:
        _wait_for_a_third(running[0])
        running[0].kill()
    codes = [process.wait() for process in running]
    if any(codes[kill:]):
        raise RuntimeError(f"a close ended with {codes}")
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        statements, tied = connection.execute(_STATEMENTS).fetchall()[0]
    if statements != tied:
        raise RuntimeError(f"{statements - tied} statements do not tie")
    return {"statements": statements}


def _wait_for_a_third(process: subprocess.Popen[bytes]) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        while process.poll() is None and not connection.execute(_BEGUN).fetchall()[0][0]:
            time.sleep(LOOK_SECONDS)
    if process.poll() is not None:
        raise RuntimeError("the close ended before it could be killed")


if __name__ == "__main__":
    main()
