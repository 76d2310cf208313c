"""Brings a database to the newest schema, and gives the application's role its rights."""

import importlib
import re
from pathlib import Path

import psycopg
from sqlalchemy.exc import OperationalError

from storage.clusters import plain_url
from words.refusal import Refusal

_FOLLOWS = re.compile(r'^down_revision = "(\w+)"', re.MULTILINE)


class DatabaseUnreachable(Refusal):
    """Nobody answers at the address of the settings, or not to us."""

    code = "database_unreachable"
    sentence = "The database does not answer: {reason}"
    remedy = "Check DATABASE_URL and that PostgreSQL runs there; without DATABASE_URL the embedded one is used."


def newest_revision() -> str:
    """The last of our migrations: the one that no other follows. Read as text: loading Alembic costs a start 0.3 s."""
    folder = Path(__file__).parent / "migrations" / "versions"
    revisions = {path.name[:4]: path.read_text(encoding="utf-8") for path in folder.glob("[0-9]*.py")}
    followed = {match[1] for match in map(_FOLLOWS.search, revisions.values()) if match}
    return max(revisions.keys() - followed)


def migrate(url: str) -> None:
    """Upgrades the database behind `url` to head; a database that is there already costs one question."""
    try:
        if _revision(url) != newest_revision():
            importlib.import_module("storage.upgrade").upgrade(url)
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(reason=str(error).strip().splitlines()[0]) from error
    except OperationalError as error:
        raise DatabaseUnreachable(reason=str(error.orig).strip().splitlines()[0]) from error


def _revision(url: str) -> str | None:
    with psycopg.connect(plain_url(url)) as connection:
        found = connection.execute("select to_regclass('alembic_version')").fetchone()
        if found is None or found[0] is None:
            return None
        row = connection.execute("select version_num from alembic_version").fetchone()
        return str(row[0]) if row is not None else None
