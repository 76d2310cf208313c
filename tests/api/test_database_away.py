"""While the database takes nothing, people and programs are told to come again, and it goes on by itself."""

import httpx
import psycopg

from api.errors import RETRY_AFTER_SECONDS
from storage.clusters import MAINTENANCE_DATABASE, database_name, url_with_database
from tests.api.conftest import SignIn


def _close(database: str, *, closed: bool) -> None:
    """Really closed by PostgreSQL itself: it ends all connections and takes no new one."""
    name = database_name(database)
    maintenance = url_with_database(database, MAINTENANCE_DATABASE)
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"alter database {name} allow_connections {not closed}".encode())
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))


async def test_a_database_that_is_away_is_503_with_retry_after(
    client: httpx.AsyncClient, sign_in: SignIn, database: str
) -> None:
    """As a page and as a problem document; afterwards the same session goes on."""
    reviewer = await sign_in("chen")
    _close(database, closed=True)
    try:
        page = await reviewer.get("/inbox")
        problem = await reviewer.get("/api/v1/session")
        form = await client.post("/sign-in", data={"email": "chen@sample.example", "password": "x"})
    finally:
        _close(database, closed=False)
    for answer in (page, problem, form):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == str(RETRY_AFTER_SECONDS)
    assert problem.json()["code"] == "database_away"
    assert "Try again in a moment" in page.text
    assert (await reviewer.get("/inbox")).status_code == 200
