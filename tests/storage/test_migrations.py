"""The migrations make exactly the schema that the code speaks to."""

import time
from uuid import RFC_4122

from alembic import command
from alembic.script import ScriptDirectory

from storage.identifiers import new_id
from storage.migrate import migrate, newest_revision
from storage.upgrade import alembic_config


def test_migrations_and_schema_agree(database: str) -> None:
    """`alembic check` finds nothing left to do."""
    command.check(alembic_config(database))


def test_migrations_go_down_and_up_again(database: str) -> None:
    """Nothing is left behind that stops a second start."""
    command.downgrade(alembic_config(database), "base")
    command.upgrade(alembic_config(database), "head")
    command.check(alembic_config(database))


def test_the_newest_revision_is_the_head_that_alembic_finds(database: str) -> None:
    assert ScriptDirectory.from_config(alembic_config(database)).get_current_head() == newest_revision()


def test_an_older_database_is_brought_up(database: str) -> None:
    command.downgrade(alembic_config(database), "0001")
    migrate(database)
    command.check(alembic_config(database))


def test_ids_are_version_7_and_sort_by_time() -> None:
    """Milliseconds lead, so that an index grows at its end."""
    before = time.time_ns() // 1_000_000
    ids = [new_id() for _ in range(1_000)]
    assert {(made.version, made.variant) for made in ids} == {(7, RFC_4122)}
    assert before <= ids[0].int >> 80 <= time.time_ns() // 1_000_000
    assert len(set(ids)) == len(ids)
