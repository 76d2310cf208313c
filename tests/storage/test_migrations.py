"""The migrations make exactly the schema that the code speaks to."""

import hashlib
import time
from pathlib import Path
from uuid import RFC_4122

import psycopg
from alembic import command
from alembic.script import ScriptDirectory

import storage
from storage.clusters import plain_url
from storage.identifiers import new_id
from storage.migrate import migrate, newest_revision
from storage.upgrade import alembic_config

VERSIONS = Path(storage.__file__).parent / "migrations" / "versions"


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


def test_the_first_schema_stays_as_it_was_released() -> None:
    """Databases were made from it: what changes is a migration of its own."""
    released = "466104a4f7209cf20bb7609bec6323e9d7555e3da622e953470abaf9dbad4ab5"
    assert hashlib.sha256((VERSIONS / "0001_house.sql").read_bytes()).hexdigest() == released


def test_an_older_database_is_brought_up(database: str) -> None:
    command.downgrade(alembic_config(database), "0001")
    migrate(database)
    command.check(alembic_config(database))


def test_requests_of_an_older_database_keep_their_place_in_the_inbox(database: str) -> None:
    """Amount and deadline are read from what the request holds; a closed one needs neither."""
    command.downgrade(alembic_config(database), "0001")
    with psycopg.connect(plain_url(database)) as connection:
        connection.execute(_OLD_REQUESTS)
    migrate(database)
    with psycopg.connect(plain_url(database)) as connection:
        rows = connection.execute(
            "select amount_whole, due_at = '2026-07-01 12:00+00', due_at > '9999-01-01'"
            " from approval_request order by state"
        ).fetchall()
        kept = connection.execute("select head, projection from approval_request where state = 'rejected'").fetchall()
    assert rows == [(0, False, True), (7500, True, False), (0, False, True)]
    assert kept == [("aa", {"stages": [], "reason": "no"})]


_OLD_REQUESTS = """
    insert into company (id, code, name, currency, timezone, language, settings)
        values ('0198a1c2-0000-7000-8000-000000000001', 'OLD', 'Old', 'CNY', 'Asia/Shanghai', 'zh', '{}');
    insert into approval_policy (company_id, id, name, version, body, sha256, state)
        values ('0198a1c2-0000-7000-8000-000000000001', '0198a1c2-0000-7000-8000-000000000002', 'p', 1, '{}', 'x',
                'published');
    insert into approval_request
        (company_id, id, policy_id, subject_kind, subject_id, digest, facts, state, stage, round,
         projection, opened_at)
    select '0198a1c2-0000-7000-8000-000000000001', gen_random_uuid(), '0198a1c2-0000-7000-8000-000000000002',
           'statement', state, 'd', facts::jsonb, state, 1, 1, stages::jsonb, now()
    from (values
        ('approved', '{"closing_whole": 9}', '{"request": {"stages": []}}'),
        ('open', '{"closing_whole": 7500}', '{"request": {"stages": [
            {"status": "satisfied", "expires_at": "2026-06-01T12:00:00+00:00"},
            {"status": "open", "expires_at": "2026-07-01T12:00:00+00:00"}]}}'),
        ('rejected', '{}', '{"head": "aa", "request": {"stages": [], "reason": "no", "state": "rejected", "round": 1}}')
    ) as old (state, facts, stages);
"""


def test_ids_are_version_7_and_sort_by_time() -> None:
    """Milliseconds lead, so that an index grows at its end."""
    before = time.time_ns() // 1_000_000
    ids = [new_id() for _ in range(1_000)]
    assert {(made.version, made.variant) for made in ids} == {(7, RFC_4122)}
    assert before <= ids[0].int >> 80 <= time.time_ns() // 1_000_000
    assert len(set(ids)) == len(ids)
