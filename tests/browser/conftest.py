"""A server on a free port with the sample company, and Chromium."""

import asyncio
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from api.app import ASSETS, create_app
from services.settings import Settings
from storage.database import engine_for
from tests.api.sample import Sample, make_sample

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@dataclass(frozen=True)
class Served:
    """A running system."""

    url: str
    sample: Sample
    database: str
    """For what a test brings about beside the pages."""


@pytest.fixture(scope="session")
def served(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The application in a thread of its own, on a database of its own."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database browser template {template_database}")
    head, _, query = server_url.partition("?")
    url = f"{head.rsplit('/', 1)[0]}/browser?{query}"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    settings = Settings(home=tmp_path_factory.mktemp("home"), public_url=address, demo=True)
    ready = threading.Event()
    found: list[Sample] = []
    server: list[uvicorn.Server] = []

    async def run() -> None:
        engine = engine_for(url)
        found.append(await make_sample(engine))
        server.append(uvicorn.Server(uvicorn.Config(create_app(settings, engine), port=port, log_level="warning")))
        ready.set()
        await server[0].serve()
        await engine.dispose()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert ready.wait(60)
    _await_port(port)
    yield Served(address, found[0], url)
    server[0].should_exit = True
    thread.join(20)


def _await_port(port: int) -> None:
    for _ in range(2_000):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            threading.Event().wait(0.01)
    raise AssertionError("the server did not open its port")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for one module: a running Playwright holds the thread's event loop, which other tests need.

    Its absence skips, or fails under CI=true.
    """
    if not Path(CHROMIUM).exists() or not (ASSETS / "js" / "axe.min.js").exists():
        message = "Chromium or the assembled assets are missing"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


def enter(page: Page, url: str, who: str) -> None:
    """Signs one of the sample people in by the demo's one click."""
    page.goto(f"{url}/sign-in?lang=en")
    page.get_by_role("button", name=who).first.click()
    page.wait_for_url("**/inbox")
