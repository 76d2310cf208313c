"""An open item belongs to a customer of its own company, and customers stay: checked per statement, not per row."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from storage.database import APPLICATION_ROLE
from storage.identifiers import new_id

INSERTION = (
    "insert into open_item (company_id, id, customer_id, kind, number, source_id, source_ref, document_date, currency,"
    " amount) values (%s, %s, %s, 'invoice', 'INV', %s, %s, '2026-06-01', 'CNY', 100)"
)


@pytest.fixture(scope="module")
def connection(module_database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(module_database, autocommit=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def customers(connection: psycopg.Connection) -> dict[str, tuple[UUID, UUID]]:
    """Company and customer id, of us and of others."""
    made = {}
    for code in ("OURS", "THEIRS"):
        made[code] = company_id, customer_id = new_id(), new_id()
        connection.execute(
            "insert into company (id, code, name, currency, timezone) values (%s, %s, %s, 'CNY', 'UTC')",
            (company_id, code, code),
        )
        connection.execute(
            "insert into customer (company_id, id, code, name) values (%s, %s, 'C1', 'One')", (company_id, customer_id)
        )
    return made


def _add(connection: psycopg.Connection, company_id: UUID, *customer_ids: UUID) -> None:
    with connection.transaction():
        connection.cursor().executemany(
            INSERTION, [(company_id, new_id(), one, new_id(), str(new_id())) for one in customer_ids]
        )


def test_an_item_of_a_known_customer_is_added(
    connection: psycopg.Connection, customers: dict[str, tuple[UUID, UUID]]
) -> None:
    company_id, customer_id = customers["OURS"]
    before = connection.execute("select count(*) from open_item").fetchone()
    _add(connection, company_id, customer_id, customer_id)
    assert before == (0,)
    assert connection.execute("select count(*) from open_item").fetchone() == (2,)


@pytest.mark.parametrize("whose", ["nobody's", "another company's"])
def test_an_item_without_its_customer_is_refused(
    connection: psycopg.Connection, customers: dict[str, tuple[UUID, UUID]], whose: str
) -> None:
    company_id, customer_id = customers["OURS"]
    stranger = new_id() if whose == "nobody's" else customers["THEIRS"][1]
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        _add(connection, company_id, customer_id, stranger)


def test_the_application_cannot_take_a_customer_away(
    connection: psycopg.Connection, customers: dict[str, tuple[UUID, UUID]]
) -> None:
    company_id, _ = customers["OURS"]
    with connection.transaction():
        connection.execute(
            "select set_config('role', %s, true), set_config('tieout.company', %s, true)",
            (APPLICATION_ROLE, str(company_id)),
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("delete from customer")
