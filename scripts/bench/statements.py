"""Statements: figures of a whole company, of the one customer in a hundred that changed, and the drafts themselves.

Peers are a pair of queries per customer and window functions over everything; the limit is reading the facts alone.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import date
from uuid import UUID

import psycopg

from ledger.aging import DEFAULT_POLICY
from ledger.business_calendar import parse_period
from ledger.columnar import account_figures, aged, open_frame
from scripts.bench.house import COMPANY, Bench, bench_house
from scripts.bench.ledger_file import LINES_PER_CUSTOMER, write_ledger
from scripts.bench.measure import Comparison, Contender, Given, compare, timed
from services.add_company import company_by_code
from services.build_statements import build_statements
from services.tie_out import tie_out
from storage.companies import Company
from storage.database import Database, engine_for
from storage.ledger_rows import read_ledger

LINES = 10_000
"""At 1 ×: 500 customers. The design's figures are at 100 ×."""

START, END = date(2026, 5, 1), date(2026, 5, 31)
PERIOD = parse_period("2026-05")

ONE_IN = 100
"""One customer in so many has changed since the last time."""

_BALANCES = (
    "select coalesce(sum(amount) filter (where document_date < %(start)s), 0), coalesce(sum(amount), 0)"
    " from open_item where customer_id = %(customer)s and document_date <= %(end)s"
)
_MOVEMENTS = (
    "select number, amount, sum(amount) over (order by document_date, id) from open_item"
    " where customer_id = %(customer)s and document_date between %(start)s and %(end)s"
)
_WINDOWS = (
    "select customer_id, number, amount, sum(amount) over (partition by customer_id, currency order by document_date,"
    " id), %(end)s - coalesce(due_date, document_date) from open_item where document_date <= %(end)s"
)


def bench(given: Given) -> Iterator[Comparison]:
    """Figures first, then the drafts of a period, then the same drafts when nothing has changed."""
    with bench_house() as house:
        for lines in given.sizes(LINES):
            url = _company(house, lines)
            customers = lines // LINES_PER_CUSTOMER
            yield _figures(house, url, customers, given)
            yield _drafts(house, url, customers, given)


def _company(house: Bench, lines: int) -> str:
    file = house.folder / "ledger.csv"
    write_ledger(file, lines)
    url = house.fresh_database("statements")
    house.company_on(url)
    house.tieout(url, "import", str(file), "--company", COMPANY, "--profile", "standard")
    return url


def _figures(house: Bench, url: str, customers: int, given: Given) -> Comparison:
    def contender(name: str, work: str, role: str) -> Contender:
        command = [sys.executable, "-m", "scripts.bench.statements", work, url]
        return Contender(name, command, role, times_itself=True)

    contenders = [
        contender("columns", "figures", "ours"),
        contender("columns, 1 in 100 changed", "changed", "ours"),
        contender("two queries a customer", "pairs", "peer"),
        contender("window functions", "windows", "peer"),
        contender("reading alone", "reading", "limit"),
    ]
    return compare(
        "figures: opening, lines, closing, aging", customers, "customers", contenders, given,
        server_pid=house.server_pid, wanted="1.5 s for 50,000 customers; 50 ms for 1 in 100 of them",
    )  # fmt: skip


def _drafts(house: Bench, url: str, customers: int, given: Given) -> Comparison:
    def without_drafts() -> None:
        with psycopg.connect(url) as connection:
            connection.execute("delete from statement")

    command = [sys.executable, "-m", "scripts.bench.statements"]
    contenders = [
        Contender("tied drafts", [*command, "drafts", url], "ours", without_drafts, times_itself=True),
        Contender("again, nothing changed", [*command, "drafts", url], "ours", times_itself=True),
        Contender("tie-out of the period", [*command, "tie", url], "ours", times_itself=True),
    ]
    return compare("drafts of a period", customers, "statements", contenders, given, server_pid=house.server_pid)


def _on_company(url: str, work: Callable[[Database, Company], Awaitable[object]]) -> None:
    async def whole() -> None:
        engine = engine_for(url)
        await work(engine, await company_by_code(engine, COMPANY))
        await engine.dispose()

    asyncio.run(whole())


def _figures_of(url: str, customers: Sequence[UUID] | None) -> None:
    async def work(engine: Database, company: Company) -> None:
        ledger = await read_ledger(engine, company.id, None, customers)
        account_figures(ledger, START, END)
        aged(open_frame(ledger, END), END, DEFAULT_POLICY)

    _on_company(url, work)


def _some_customers(url: str) -> list[UUID]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("select id from customer order by code").fetchall()
    return [row[0] for row in rows[::ONE_IN]]


def _pairs(url: str) -> None:
    with psycopg.connect(url) as connection:
        for (customer,) in connection.execute("select id from customer").fetchall():
            for query in (_BALANCES, _MOVEMENTS):
                connection.execute(query, {"customer": customer, "start": START, "end": END}).fetchall()


def _windows(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(_WINDOWS, {"end": END}).fetchall()


def _reading(url: str) -> None:
    _on_company(url, lambda engine, company: read_ledger(engine, company.id))


def main() -> None:
    """`python -m scripts.bench.statements WORK URL`: one contender's work."""
    work, url = sys.argv[1:]
    some = _some_customers(url)
    works: dict[str, Callable[[], None]] = {
        "figures": lambda: _figures_of(url, None),
        "changed": lambda: _figures_of(url, some),
        "pairs": lambda: _pairs(url),
        "windows": lambda: _windows(url),
        "reading": lambda: _on_company(url, lambda engine, company: read_ledger(engine, company.id)),
        "drafts": lambda: _on_company(url, lambda engine, company: build_statements(engine, company, PERIOD)),
        "tie": lambda: _on_company(url, lambda engine, company: tie_out(engine, company, PERIOD)),
    }
    timed(works[work])


if __name__ == "__main__":
    main()
