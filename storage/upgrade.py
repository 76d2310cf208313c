"""Alembic, which takes half a second to load: only who changes or examines a schema imports this."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def alembic_config(url: str) -> Config:
    """Alembic's settings for our migrations, which travel in the wheel."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    sync_url = plain.replace("postgresql://", "postgresql+psycopg://", 1)
    config.set_main_option("sqlalchemy.url", sync_url.replace("%", "%%"))
    return config


def upgrade(url: str) -> None:
    """Runs the migrations that the database has not seen."""
    command.upgrade(alembic_config(url), "head")
