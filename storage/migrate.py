"""Brings a database to the newest schema, and gives the application's role its rights."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.exc import OperationalError

from words.refusal import Refusal


class DatabaseUnreachable(Refusal):
    """Nobody answers at the address of the settings, or not to us."""

    code = "database_unreachable"
    sentence = "The database does not answer: {reason}"
    remedy = "Check DATABASE_URL and that PostgreSQL runs there; without DATABASE_URL the embedded one is used."


def alembic_config(url: str) -> Config:
    """Alembic's settings for our migrations, which travel in the wheel."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    sync_url = plain.replace("postgresql://", "postgresql+psycopg://", 1)
    config.set_main_option("sqlalchemy.url", sync_url.replace("%", "%%"))
    return config


def migrate(url: str) -> None:
    """Upgrades the database behind `url` to head."""
    try:
        command.upgrade(alembic_config(url), "head")
    except OperationalError as error:
        raise DatabaseUnreachable(reason=str(error.orig).strip().splitlines()[0]) from error
