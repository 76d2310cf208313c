"""The whole system as a user runs it: `tieout up` in processes of its own, and commands beside it."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from console.main import app
from scripts.folders import short_lived_folder
from tests.support.ports import free_port

START_SECONDS = 90
"""Two cores shared with every other test."""

END_SECONDS = 30


@dataclass(frozen=True, slots=True)
class RunningSystem:
    """Where its pages answer, and the environment that its commands run in."""

    address: str
    environment: dict[str, str]
    log: Path

    def run(self, *arguments: str, **more: str) -> str:
        """One `tieout` command; answers what it printed, fails on any other exit than 0.

        In a thread of this process: a process of its own takes longer to load than most commands to do their work.
        """
        with ThreadPoolExecutor(1) as pool:
            result = pool.submit(CliRunner().invoke, app, arguments, env={**self.environment, **more}).result()
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str, **more: str) -> dict[str, Any]:
        """The same with `--json`."""
        answer: dict[str, Any] = json.loads(self.run(*arguments, "--json", **more))
        return answer


def clean_environment() -> dict[str, str]:
    """Ours without anything that would set up the system another way."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIEOUT_", "PREFECT_"))}
    kept.pop("DATABASE_URL", None)
    return kept


@contextlib.contextmanager
def running_system(database: str, **settings: str) -> Iterator[RunningSystem]:
    """`tieout up --no-demo` on a database, until the end of the block."""
    home = short_lived_folder("tieout-period-")
    port = free_port()
    environment = {**clean_environment(), "DATABASE_URL": database, "TIEOUT_HOME": str(home), **settings}
    log = home / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "console", "up", "--no-demo", "--port", str(port)],
            stdout=file, stderr=subprocess.STDOUT, text=True, env=environment,
        )  # fmt: skip
    try:
        _until_it_answers(f"http://127.0.0.1:{port}/healthz", log)
        yield RunningSystem(f"http://127.0.0.1:{port}", environment, log)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
        process.kill()
        process.wait()
        shutil.rmtree(home, ignore_errors=True)


def _until_it_answers(address: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=2) as response:  # noqa: S310 - ours
            if response.status == 200:
                return
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)
