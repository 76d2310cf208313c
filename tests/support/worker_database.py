"""One database for all tests of a worker: copying the template takes half a second, emptying it some milliseconds.

A test that changed the schema, or the database itself, leaves it to be copied anew.
"""

import psycopg
from psycopg import sql

LARGE_BYTES = 1_000_000
"""A table that grew beyond is truncated, so that the next test does not read its dead rows; others are deleted from."""

_SCHEMA = """
select md5(
    coalesce((select string_agg(concat_ws(' ', oid, relname, relacl, relrowsecurity), ',' order by oid)
              from pg_class where relkind in ('r', 'v', 'S', 'i') and relnamespace = 'public'::regnamespace), '')
    || (select count(*) || ' ' || coalesce(sum(hashtext(tgenabled::text || tgname)), 0) from pg_trigger)
    || (select count(*) || ' ' || coalesce(sum(hashtext(concat_ws(' ', polname, polqual, polwithcheck))), 0)
        from pg_policy)
    || (select count(*) from pg_proc) || ' ' || (select count(*) from pg_constraint)
    || (select count(*) from pg_attribute where attrelid > 16384 and not attisdropped)
    || (select coalesce(sum(hashtext(setconfig::text)), 0) from pg_db_role_setting)
    || (select version_num from alembic_version)
)
"""
_TABLES = "select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'"
_SEQUENCES = "select sequencename, start_value from pg_sequences where schemaname = 'public'"


class WorkerDatabase:
    """The database of one worker on its own server; `url` is made of the server's and the name."""

    def __init__(self, server_url: str, url: str, template: str, name: str) -> None:
        self._server_url, self._template, self._name = server_url, template, name
        self.url = url
        self._schema = ""

    def ready(self) -> None:
        """Makes it empty: by taking out rows where that is enough."""
        try:
            if self._schema and self._emptied():
                return
        except psycopg.OperationalError:
            pass  # a test took the database away
        self.drop()
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            copied = sql.SQL("create database {} template {}")
            connection.execute(copied.format(sql.Identifier(self._name), sql.Identifier(self._template)))
        with psycopg.connect(self.url) as connection:
            self._schema = self._fingerprint(connection)

    def drop(self) -> None:
        """Takes it away, whoever is connected."""
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(self._name)))

    def _emptied(self) -> bool:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
            if self._fingerprint(connection) != self._schema:
                return False
            connection.execute("set session_replication_role = replica")  # neither references nor triggers in the way
            for table in self._written(connection):
                name = sql.Identifier(table)
                size = connection.execute("select pg_total_relation_size(%s::regclass)", [f'"{table}"']).fetchone()
                if size is not None and size[0] > LARGE_BYTES:
                    connection.execute(sql.SQL("truncate {} cascade").format(name))
                else:
                    connection.execute(sql.SQL("delete from {}").format(name))
            for name, start in connection.execute(_SEQUENCES).fetchall():
                connection.execute("select setval(%s::regclass, %s, false)", [f'"{name}"', start])
        return True

    def _written(self, connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
        tables = [str(row[0]) for row in connection.execute(_TABLES)]
        asked = sql.SQL(", ").join(sql.SQL("exists (select from {})").format(sql.Identifier(table)) for table in tables)
        found = connection.execute(sql.SQL("select {}").format(asked)).fetchone()
        return [table for table, is_there in zip(tables, found or (), strict=True) if is_there]

    def _fingerprint(self, connection: psycopg.Connection[tuple[object, ...]]) -> str:
        row = connection.execute(_SCHEMA).fetchone()
        return str(row[0]) if row is not None else ""
