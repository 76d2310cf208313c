"""`tieout up`: the whole system with one command, and nothing left of it afterwards."""

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated
from uuid import uuid4

import typer

from console.context import fail
from console.speech import say
from console.supervisor import Child, Supervisor
from flows.prefect_settings import prefect_environment
from flows.tether import MARK
from services.settings import Settings
from storage.companies import list_companies
from storage.database import engine_for, owner_transaction
from storage.embedded import database_url, start_embedded
from storage.migrate import migrate
from words.refusal import Refusal

DEFAULT_PORT = 8800

LOOK_SECONDS = 0.1
"""How often a starting server is asked whether it answers."""

GUARD_SECONDS = 20.0
"""The guard ends leftovers and stops PostgreSQL within this; then we leave without it."""

PORTS_TRIED = 50
"""Prefect takes the first free port after ours."""


class PortInUse(Refusal):
    """Another program listens there."""

    code = "port_in_use"
    sentence = "Port {port} is in use by another program."
    remedy = "Choose another: tieout up --port {other}"


class AlreadyUp(Refusal):
    """Two systems on one data folder would start two of everything."""

    code = "already_up"
    sentence = "tieout up already runs on {home}."
    remedy = "Use that one, end it, or set TIEOUT_HOME to another folder."


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be started, and where."""

    settings: Settings
    host: str
    port: int
    prefect_port: int | None
    demo: bool
    url: str
    token: str

    @property
    def address(self) -> str:
        """Where the pages answer."""
        return f"http://{self.host}:{self.port}"

    @property
    def prefect_api_url(self) -> str | None:
        """The Prefect server's API, ours or the one of the settings."""
        return f"http://127.0.0.1:{self.prefect_port}/api" if self.prefect_port else self.settings.prefect_api_url


def up_command(
    port: Annotated[int, typer.Option(help="Port of the pages.")] = DEFAULT_PORT,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    demo: Annotated[bool, typer.Option(help="Make the sample company when there is no company yet.")] = True,
) -> None:
    """Start the whole system: database, pages, outbox relay, clock, jobs, Prefect, mail and chat catchers.

    Example: tieout up --port 8800
    """
    settings = Settings()
    try:
        _refuse_taken_port(host, port)
        with _only_one(settings.home):
            asyncio.run(_up(settings, host, port, demo=demo))
    except Refusal as refusal:
        fail(refusal, settings.language)


async def _up(settings: Settings, host: str, port: int, *, demo: bool) -> None:
    started = time.monotonic()
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ending.set)
    token = uuid4().hex
    state = settings.home / "state"
    state.mkdir(parents=True, exist_ok=True)
    guard = await asyncio.to_thread(_start_guard, settings, token, state)
    try:
        embedded = settings.database_url is None
        url = (
            database_url(await asyncio.to_thread(start_embedded, settings.home)) if embedded else settings.database_url
        )
        await asyncio.to_thread(migrate, str(url))
        prefect_port = _free_port_after(port) if settings.prefect and settings.prefect_api_url is None else None
        plan = Plan(settings, host, port, prefect_port, demo, str(url), token)
        supervisor = Supervisor(_environment(plan, state), state, _write)
        work = asyncio.create_task(_start_all(plan, supervisor, started))
        await _first(ending, work)
        await supervisor.end()
    finally:
        await asyncio.to_thread(_end_guard, guard)
    _write("up", say("Everything has ended."))


async def _first(ending: asyncio.Event, work: asyncio.Task[None]) -> None:
    """Waits for the signal; an error while starting is raised at once."""
    waiting = asyncio.create_task(ending.wait())
    await asyncio.wait({waiting, work}, return_when=asyncio.FIRST_COMPLETED)
    if work.done():
        work.result()
        await waiting
    else:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
    _write("up", say("Ending …"))


async def _start_all(plan: Plan, supervisor: Supervisor, started: float) -> None:
    """The pages first, because a person waits for them; Prefect last, because nothing does."""
    supervisor.keep(Child("web", ["-m", "console.web", str(plan.port), "--host", plan.host]))
    supervisor.keep(Child("worker", ["-m", "console.worker"]))
    await _until_it_answers(f"{plan.address}/healthz")
    if plan.settings.slack_app_token:
        supervisor.keep(Child("chat", ["-m", "console.chat"]))
    _announce(plan, time.monotonic() - started)
    if plan.demo and await _wants_sample(plan.url):
        _write("up", say("Making the sample company …"))
        if await supervisor.once(Child("demo", ["-m", "console", "demo"])) == 0:
            _write("up", say("The sample company is there: {address}", address=plan.address))
    if plan.prefect_port is not None:
        supervisor.keep(Child("prefect", ["-m", "flows.prefect_server", str(plan.prefect_port)]))
        await _until_it_answers(f"{plan.prefect_api_url}/health")
        _write("up", say("Prefect shows the flows: {address}", address=f"http://127.0.0.1:{plan.prefect_port}"))
    if plan.prefect_api_url is not None and plan.settings.prefect:
        supervisor.keep(Child("runner", ["-m", "flows.runner"]))


def _announce(plan: Plan, seconds: float) -> None:
    _write("up", say("Tieout answers at {address} ({seconds} s).", address=plan.address, seconds=f"{seconds:.1f}"))
    if plan.settings.smtp_url is None:
        _write("up", say("No mail server is set: mail is caught at {address}", address=f"{plan.address}/dev/mail"))
    if plan.settings.slack_bot_token is None:
        _write("up", say("No Slack is set: chat is caught at {address}", address=f"{plan.address}/dev/chat"))
    _write("up", say("Ctrl-C ends everything."))


def _environment(plan: Plan, state: Path) -> dict[str, str]:
    """What the children are given: they run in the state folder."""
    values = plan.settings.as_environment()
    if plan.settings.public_url == Settings.model_fields["public_url"].default:
        values["TIEOUT_PUBLIC_URL"] = plan.address
    if plan.demo:
        values["TIEOUT_DEMO"] = "true"  # shows the people of sample companies only
    if plan.prefect_api_url is not None:
        values["TIEOUT_PREFECT_API_URL"] = plan.prefect_api_url
        folder = state / "prefect"
        folder.mkdir(exist_ok=True)
        values |= prefect_environment(folder, plan.prefect_api_url)
    return {**os.environ, **values, "DATABASE_URL": plan.url, MARK: plan.token, "PYTHONUNBUFFERED": "1"}


async def _wants_sample(url: str) -> bool:
    """Whether there is no company yet, or a sample company whose making was cut short."""
    engine = engine_for(url)
    try:
        async with owner_transaction(engine) as session:
            companies = await list_companies(session)
    finally:
        await engine.dispose()
    samples = [company.settings["sample"] for company in companies if "sample" in company.settings]
    return not companies or any(not sample.get("complete") for sample in samples)


async def _until_it_answers(address: str) -> None:
    while True:
        if await asyncio.to_thread(_answers, address):
            return
        await asyncio.sleep(LOOK_SECONDS)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as response:  # noqa: S310 - our own http address
            return int(response.status) < 400  # noqa: PLR2004 - HTTP's first error
    except (OSError, urllib.error.URLError):
        return False


def _refuse_taken_port(host: str, port: int) -> None:
    if not _is_free(host, port):
        raise PortInUse(port=port, other=_free_port_after(port))


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _free_port_after(port: int) -> int:
    for candidate in range(port + 1, port + PORTS_TRIED):
        if _is_free("127.0.0.1", candidate):
            return candidate
    return 0


@contextlib.contextmanager
def _only_one(home: Path) -> Iterator[IO[str]]:
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyUp(home=home) from None
        yield file


def _start_guard(settings: Settings, token: str, state: Path) -> subprocess.Popen[bytes]:
    arguments = [token, str(settings.home)] if settings.database_url is None else [token]
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "console.guard", *arguments],
        stdin=subprocess.PIPE, cwd=state, start_new_session=True,
    )  # fmt: skip


def _end_guard(guard: subprocess.Popen[bytes]) -> None:
    if guard.stdin is not None:
        guard.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        guard.wait(GUARD_SECONDS)


def _write(name: str, line: str) -> None:
    sys.stdout.write(f"{name:<8}│ {line}\n")
    sys.stdout.flush()
