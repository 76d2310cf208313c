"""`tieout up` with real processes: it answers, keeps its children alive, and leaves nothing behind."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from scripts.folders import short_lived_folder
from services.close_period import Closing
from services.report_run import report_run
from services.request_run import request_run
from services.start_run import period_of
from storage.database import Database, engine_for, owner_transaction, transaction
from storage.schema import caught_message, outbox
from tests.support.books import Item, new_book

START_SECONDS = 180
"""Two cores shared with every other test."""


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the database's own OS user can reach, and that no process uses afterwards."""
    folder = short_lived_folder("tieout-up-")
    yield folder
    for pid in _processes_of(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _processes_of(home: Path) -> dict[int, str]:
    """Every living process that has the folder in its environment or on its command line, ours excepted."""
    wanted, found = str(home).encode(), {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            if wanted in command or wanted in (folder / "environ").read_bytes():
                found[int(folder.name)] = command.decode(errors="replace").strip()
    found.pop(os.getpid(), None)
    return found


def _environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIEOUT_", "PREFECT_"))}
    kept.pop("DATABASE_URL", None)
    return {**kept, "TIEOUT_HOME": str(home), **more}


@contextlib.contextmanager
def _up(home: Path, port: int, **more: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    log = home / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "console", "up", "--port", str(port), "--no-demo"],
            stdout=file, stderr=subprocess.STDOUT, text=True, env=_environment(home, **more),
        )  # fmt: skip
    try:
        yield process, log
    finally:
        process.kill()
        process.wait()


def _until(what: Callable[[], object], log: Path, seconds: float = START_SECONDS) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _worker_of(home: Path) -> int | None:
    return next((pid for pid, command in _processes_of(home).items() if command.endswith("-m console.worker")), None)


def test_up_answers_and_ends_everything(home: Path) -> None:
    """It answers, refuses a second start, brings a killed worker back, and Ctrl-C ends the database too."""
    port = _free_port()
    with _up(home, port, TIEOUT_PREFECT="false") as (process, log):
        _until(lambda: _answers(port), log)
        other = _free_port()
        for arguments, words in ((port, "port_in_use"), (other, "already_up")):
            refused = subprocess.run(
                [sys.executable, "-m", "console", "up", "--port", str(arguments)],
                capture_output=True, text=True, env=_environment(home), check=False,
            )  # fmt: skip
            assert refused.returncode == 2
            assert words in refused.stderr
        _until(lambda: _worker_of(home), log)
        first = _worker_of(home)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        _until(lambda: _worker_of(home) not in {None, first}, log)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, log.read_text()
    assert _processes_of(home) == {}, log.read_text()


def test_nothing_outlives_a_killed_supervisor(home: Path) -> None:
    """SIGKILL cannot be caught; the guard sees the pipe close, ends the children and stops the database."""
    port = _free_port()
    with _up(home, port, TIEOUT_PREFECT="false") as (process, log):
        _until(lambda: _answers(port), log)
        process.kill()
        process.wait()
        _until(lambda: not _processes_of(home), log, 30)
    assert not _answers(port)


async def _one_close(home: Path) -> dict[str, object]:
    """Asks for a run as a page does, and waits until it stands at its gate or is closed."""
    engine = engine_for(f"postgresql://postgres@/tieout?host={home / 'postgresql'}")
    try:
        book = await new_book(engine)
        customer_id = await book.add_customer("C1")
        await book.add_items(customer_id, [Item("INV-1", 900_000_000, date(2026, 6, 1))])
        run_id = await request_run(engine, book.company, Closing(period_of("2026-06"), today=date(2026, 7, 1)))
        while True:
            report = await report_run(engine, book.company, run_id)
            if report["stage"] == "review" and report["statements"]:
                return report
            await asyncio.sleep(0.2)
    finally:
        await engine.dispose()


@pytest.mark.slow
def test_prefect_runs_a_close_and_its_processes_end_too(home: Path) -> None:
    """A run that a page asks for is started by Prefect in a child of the runner; SIGTERM leaves none of them."""
    port = _free_port()
    with _up(home, port) as (process, log):
        _until_registered(home, log)
        report = asyncio.run(asyncio.wait_for(_one_close(home), START_SECONDS))
        assert report["prefect_run_id"] is not None, log.read_text()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, log.read_text()
    assert _processes_of(home) == {}, log.read_text()


@pytest.mark.slow
def test_a_dead_prefect_server_holds_up_nobody(home: Path) -> None:
    """Killed while a run stands at its gate, and whenever it comes back: a decision counts, the mail goes."""
    port = _free_port()
    with _up(home, port) as (process, log):
        _until_registered(home, log)
        with _kept_dead(home) as killed:
            sent = asyncio.run(asyncio.wait_for(_period_without_prefect(home, killed), START_SECONDS))
        assert sent == ["accounts@c1.example"], log.read_text()
        assert killed
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, log.read_text()
    assert _processes_of(home) == {}, log.read_text()


@contextlib.contextmanager
def _kept_dead(home: Path) -> Iterator[list[int]]:
    """After the first kill every Prefect server of the folder dies as soon as it is seen; answers their ids."""
    killed: list[int] = []
    ending = threading.Event()

    def watch() -> None:
        while not ending.wait(0.1):
            if killed:
                _kill_prefect(home, killed)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield killed
    finally:
        ending.set()
        watcher.join()


def _kill_prefect(home: Path, killed: list[int]) -> None:
    for pid, command in _processes_of(home).items():
        if "prefect_server" in command or "prefect.server" in command:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)


async def _period_without_prefect(home: Path, killed: list[int]) -> list[str]:
    """Prefect dies when the run stands at its gate; answers who got a statement after a click on the mailed link."""
    engine = engine_for(f"postgresql://postgres@/tieout?host={home / 'postgresql'}")
    try:
        book = await new_book(engine)
        customer_id = await book.add_customer("C1")
        await book.add_contact(customer_id, "accounts@c1.example")
        await book.add_items(customer_id, [Item("INV-1", 10_000_000, date(2026, 6, 1))])
        await book.add_person("alice", "reviewer")
        run_id = await request_run(engine, book.company, Closing(period_of("2026-06"), today=date(2026, 7, 1)))
        while True:
            report = await report_run(engine, book.company, run_id)
            if report["stage"] == "review":  # one that answers too late is not waited for
                break
            await asyncio.sleep(0.02)
        _kill_prefect(home, killed)
        asked = await _caught(engine, "alice@example.com")
        await _approve_by_link(asked)
        return await _accepted(engine, book.company.id)
    finally:
        await engine.dispose()


async def _caught(engine: Database, recipient: str) -> str:
    """The text of the first mail that this recipient gets."""
    while True:
        query = select(caught_message.c.content).where(caught_message.c.recipient == recipient).limit(1)
        async with owner_transaction(engine) as session:
            raw = (await session.execute(query)).scalar()
        if raw is not None:
            part = message_from_bytes(raw, policy=policy.default).get_body(("plain",))
            return str(part.get_content()) if part is not None else ""
        await asyncio.sleep(0.1)


async def _accepted(engine: Database, company_id: UUID) -> list[str]:
    """Who had a statement, once the relay has handed over every statement's mail."""
    query = select(outbox.c.recipient, outbox.c.state).where(outbox.c.kind == "statement_to_customer")
    while True:
        async with transaction(engine, company_id) as session:
            rows = (await session.execute(query)).all()
        if rows and all(state == "accepted" for _recipient, state in rows):
            return [recipient for recipient, _state in rows]
        await asyncio.sleep(0.1)


async def _approve_by_link(asked: str) -> None:
    """What a browser does with the link: hands over the secret, reads the page, posts the choice."""
    link = re.search(r"(http://\S+)/a#(\S+)", asked)
    assert link is not None, asked
    async with httpx.AsyncClient(base_url=link[1], follow_redirects=True) as client:
        page = await client.post("/a", data={"token": link[2]})
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        done = await client.post(page.url, data=fields | {"decision": "approve"})
        assert done.status_code == 200, done.text


def _until_registered(home: Path, log: Path) -> None:
    """Until Prefect answers and knows the close's deployment."""
    _until(lambda: any("flows.runner" in command for command in _processes_of(home).values()), log)
    line = next(line for line in log.read_text().splitlines() if "Prefect shows" in line)
    address = f"{line.rsplit(' ', 1)[1]}/api/deployments/name/close_period/close_period"

    def registered() -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as response:  # noqa: S310 - http
            return bool(response.status == 200)
        return False

    _until(registered, log)
