"""Brings a database to the newest schema, and gives the application's role its rights."""

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


def migrate(url: str) -> None:
    """Upgrades the database behind `url` to head."""
    command.upgrade(alembic_config(url), "head")
