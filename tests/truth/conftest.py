"""Real ledgers, each imported once by our own commands into a database of its own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from typer.testing import CliRunner

from console.main import app


class Tieout:
    """Runs `tieout … --json` on one database and answers what it printed; fails on any other exit than 0."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._runner = CliRunner()

    def __call__(self, *arguments: str) -> dict[str, Any]:
        """One command."""
        result = self._runner.invoke(app, [*arguments, "--json"], env={"DATABASE_URL": self.url})
        assert result.exit_code == 0, result.output
        answer: dict[str, Any] = json.loads(result.stdout)
        return answer

    def rows(self, sql: LiteralString) -> list[tuple[Any, ...]]:
        """What the tables say."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(sql).fetchall()


PROFILES = Path(__file__).parents[2] / "examples" / "profiles"


@contextmanager
def commands_on(server_url: str, template: str, name: str) -> Iterator[Tieout]:
    """Commands on a fresh database."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database {name} template {template}")
    head, _, query = server_url.partition("?")
    url = f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")
    yield Tieout(url)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="module")
def ibm(server_url: str, template_database: str, shared_data: Path) -> Iterator[Tieout]:
    """Commands on the imported IBM ledger, company IBM."""
    with commands_on(server_url, template_database, "truth_ibm") as tieout:
        tieout("company", "add", "IBM", "--name", "IBM", "--currency", "USD", "--timezone", "America/New_York")
        tieout("profile", "add", "ibm-ar", str(PROFILES / "ibm-ar.toml"))
        ledger = shared_data / "ibm_ar" / "accounts_receivable.csv"
        tieout("import", str(ledger), "--company", "IBM", "--profile", "ibm-ar")
        yield tieout


@pytest.fixture(scope="module")
def retail(server_url: str, template_database: str, shared_data: Path) -> Iterator[Tieout]:
    """Commands on the imported Online Retail ledger, company SHOP; lines without customer are on account CASH."""
    with commands_on(server_url, template_database, "truth_retail") as tieout:
        tieout("company", "add", "SHOP", "--name", "Shop", "--currency", "GBP", "--timezone", "Europe/London")
        tieout("profile", "add", "retail", str(PROFILES / "online-retail-cash.toml"))
        ledger = shared_data / "online_retail" / "online_retail_20101201_20111209.csv.zst"
        tieout("import", str(ledger), "--company", "SHOP", "--profile", "retail")
        yield tieout
