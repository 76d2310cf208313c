"""A running application over houses of this folder: pages for a browser, services for what workers do meanwhile."""

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import uvicorn

from api.app import create_app
from services.settings import Settings
from storage.database import Database, engine_for, owner_transaction
from storage.schema import company
from tests.disputes.case_house import CaseHouse, new_house
from tests.support.books import Item

T = TypeVar("T")


class ServedHouses:
    """One server; houses are made as tests need them."""

    url: str
    engine: Database
    _loop: asyncio.AbstractEventLoop

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a service in the server's own loop and waits for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def house(self, code: str, items: list[Item] | None = None) -> CaseHouse:
        """A company whose people may sign in with one click, and whose June is with the customer."""
        made = self.do(new_house(self.engine, code, items))
        self.do(self._open_to_all())
        self.do(made.send_june())
        return made

    def link(self, house: CaseHouse) -> str:
        """The address in the customer's newest mail."""
        token, _ = self.do(house.page())
        return f"{self.url}/s#{token}"

    async def _open_to_all(self) -> None:
        async with owner_transaction(self.engine) as session:
            await session.execute(company.update().values(settings={"sample": {}}))

    async def _serve(self, database: str, home: Path, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self.engine = engine_for(database)
        settings = Settings(home=home, public_url=self.url, demo=True)
        port = int(self.url.rpartition(":")[2])
        self.server = uvicorn.Server(uvicorn.Config(create_app(settings, self.engine), port=port, log_level="warning"))
        ready.set()
        await self.server.serve()
        await self.engine.dispose()

    def start(self, database: str, home: Path) -> threading.Thread:
        """A thread of its own: a running Playwright holds the test's loop."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        ready = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._serve(database, home, ready)), daemon=True)
        thread.start()
        assert ready.wait(60)
        for _ in range(2_000):
            if self.server.started:
                return thread
            threading.Event().wait(0.01)
        raise AssertionError("the server did not start")


@contextmanager
def served_houses(server_url: str, template: str, name: str, home: Path) -> Iterator[ServedHouses]:
    """The application on a database of its own."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database {name} template {template} strategy file_copy")
    head, _, query = server_url.partition("?")
    made = ServedHouses()
    thread = made.start(f"{head.rsplit('/', 1)[0]}/{name}?{query}", home)
    yield made
    made.server.should_exit = True
    thread.join(20)
