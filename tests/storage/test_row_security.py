"""A transaction sees and writes one company's rows; some tables only grow."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from storage.database import APPLICATION_ROLE
from storage.identifiers import new_id
from storage.schema import INSERT_ONLY_TABLES, UNOWNED_TABLES, metadata

OWNED = sorted(table.name for table in metadata.sorted_tables if table.name not in UNOWNED_TABLES)


@pytest.fixture
def connection(module_database: str) -> Iterator[psycopg.Connection]:
    """A plain connection as the owner; each test says where its transactions lie."""
    with psycopg.connect(module_database, autocommit=True) as opened:
        yield opened


def test_every_owned_table_has_row_security(connection: psycopg.Connection) -> None:
    """Enabled, with a policy, and bound to a company column that leads the key."""
    with connection.transaction():
        rows = connection.execute(
            "select c.relname, c.relrowsecurity, count(p.polname) from pg_class c "
            "left join pg_policy p on p.polrelid = c.oid and p.polpermissive where c.relkind = 'r' "
            "and c.relnamespace = 'public'::regnamespace group by 1, 2"
        ).fetchall()
    secured = {name for name, enabled, policies in rows if enabled and policies == 1}
    assert secured == set(OWNED) | {"company"}
    for name in OWNED:
        assert next(iter(metadata.tables[name].primary_key.columns)).name == "company_id"


def test_another_companys_rows_are_invisible_and_cannot_be_written(connection: psycopg.Connection) -> None:
    """Reading gives nothing, writing is refused, for a table that stands for all."""
    ours, theirs = new_id(), new_id()
    with connection.transaction():
        for company_id, code in ((ours, "OURS"), (theirs, "THEIRS")):
            connection.execute(
                "insert into company (id, code, name, currency, timezone) values (%s, %s, %s, 'CNY', 'UTC')",
                (company_id, code, code),
            )
            connection.execute(
                "insert into customer (company_id, id, code, name) values (%s, %s, 'C1', 'One')",
                (company_id, new_id()),
            )
    with connection.transaction():
        _become(connection, str(ours))
        assert connection.execute("select company_id from customer").fetchall() == [(ours,)]
        assert connection.execute("select code from company").fetchall() == [("OURS",)]
        assert connection.execute("update customer set name = 'x'").rowcount == 1
    with connection.transaction(force_rollback=True):
        _become(connection, str(ours))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "insert into customer (company_id, id, code, name) values (%s, %s, 'C2', 'Two')", (theirs, new_id())
            )


@pytest.mark.parametrize("table", OWNED)
def test_without_a_company_nothing_is_seen(connection: psycopg.Connection, table: str) -> None:
    """A forgotten company is an empty answer, never everybody's."""
    with connection.transaction():
        _become(connection, "")
        query = sql.SQL("select count(*) from {}").format(sql.Identifier(table))
        assert connection.execute(query).fetchone() == (0,)


@pytest.mark.parametrize("table", sorted(INSERT_ONLY_TABLES))
@pytest.mark.parametrize("statement", ["delete from {}", "update {} set company_id = company_id"])
def test_the_record_only_grows(connection: psycopg.Connection, table: str, statement: str) -> None:
    """The application's role can neither change nor remove what was recorded."""
    with connection.transaction(force_rollback=True):
        _become(connection, str(new_id()))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(sql.SQL(statement).format(sql.Identifier(table)))


def _become(connection: psycopg.Connection, company: str) -> None:
    connection.execute(
        "select set_config('role', %s, true), set_config('tieout.company', %s, true)", (APPLICATION_ROLE, company)
    )
