"""What every test may ask for: a PostgreSQL server, a fresh database per test, a company, the shared data."""

import gc
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from hypothesis import settings

from console.start import YOUNG_OBJECTS
from scripts.folders import short_lived_folder
from storage.database import Database, engine_for
from storage.embedded import start_embedded
from storage.migrate import migrate

settings.register_profile("house", deadline=None)  # no test times anything: a busy machine is no defect
settings.load_profile("house")

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def pytest_configure() -> None:
    """Garbage is looked for as seldom as every command of ours does."""
    gc.set_threshold(YOUNG_OBJECTS)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` rewrites golden files instead of comparing."""
    parser.addoption("--update-golden", action="store_true", help="rewrite golden files")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real input; its absence skips, or fails under CI=true."""
    if not SHARED_DATA.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{SHARED_DATA} is absent under CI=true")
        pytest.skip(f"{SHARED_DATA} is absent")
    return SHARED_DATA


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """URL of a PostgreSQL server of this worker's own, without database name."""
    home = short_lived_folder("tieout-test-")
    server = start_embedded(home, keep_running=True)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"alter system set {setting} = off")
    server.psql("select pg_reload_conf()")
    yield server.get_uri()
    server.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def template_database(server_url: str) -> str:
    """A migrated database that each test's own is copied from."""
    name = "template_tieout"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    migrate(_url_of(server_url, name))
    return name


_counter = iter(range(1_000_000))


@pytest.fixture
def database(server_url: str, template_database: str) -> Iterator[str]:
    """URL of a fresh, migrated, empty database."""
    with _fresh_database(server_url, template_database) as url:
        yield url


@pytest.fixture(scope="module")
def module_database(server_url: str, template_database: str) -> Iterator[str]:
    """The same for all tests of a module: for those that only read, or import once and look at it many times."""
    with _fresh_database(server_url, template_database) as url:
        yield url


@contextmanager
def _fresh_database(server_url: str, template: str) -> Iterator[str]:
    name = f"test_{next(_counter)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        # Copying files is three times cheaper than logging each block, on a server that need not survive a crash.
        connection.execute(f"create database {name} template {template} strategy file_copy")
    yield _url_of(server_url, name)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest_asyncio.fixture
async def engine(database: str) -> AsyncIterator[Database]:
    """An engine on the fresh database."""
    made = engine_for(database)
    yield made
    await made.dispose()


def _url_of(server_url: str, name: str) -> str:
    head, _, query = server_url.partition("?")
    base = head.rsplit("/", 1)[0]
    return f"{base}/{name}?{query}" if query else f"{base}/{name}"
