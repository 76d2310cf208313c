"""What is due is found by an index, not by asking each row after the other for the time."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import event, text

from services.add_company import add_company
from storage.approval_tasks import due_timers
from storage.database import Database, owner_transaction, transaction

STORAGE = Path(__file__).resolve().parents[2] / "storage"

_RUNNING_CLOCK = r"(?:func\.|sql\.|text\(\")?clock_timestamp\(\)"
COMPARED = re.compile(rf"[<>]=? *{_RUNNING_CLOCK}|{_RUNNING_CLOCK}\)? *[<>]")

HELD_BY_KEY = "lease_until"
"""A lease is judged at the very moment of its use, on a row that its key has found."""

TIMERS = 2_000


def test_no_row_is_looked_for_by_a_clock_that_runs() -> None:
    """`clock_timestamp()` may differ from row to row, so no index is asked; `statement_timestamp()` stands still."""
    compared = [
        f"{path.name}:{number}"
        for path in sorted(STORAGE.glob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if COMPARED.search(line) and HELD_BY_KEY not in line
    ]
    assert not compared


async def test_a_poll_of_timers_reads_what_is_due_and_nothing_else(engine: Database) -> None:
    """Among many that are not due, as the application's role."""
    company_id = await add_company(engine, "ACME", "Acme Trading", "CNY", "UTC")
    await _set_timers(engine, company_id)
    sent: list[tuple[str, Any]] = []

    def note(_conn: object, _cursor: object, statement: str, given: Any, *_more: object) -> None:  # noqa: ANN401 - SQLAlchemy's event
        sent.append((statement, given))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    async with transaction(engine, company_id) as session:
        assert not await due_timers(session, company_id, 500)
        poll = sent[-1]
        plan = (await session.exec_driver_sql(f"explain (analyze, format json) {poll[0]}", poll[1])).scalar_one()
    node = plan[0]["Plan"]
    while node.get("Plans"):
        node = node["Plans"][0]
    assert node["Index Name"] == "ix_approval_timer_due"
    assert "due_at" in node["Index Cond"]
    assert not node.get("Rows Removed by Filter")


async def _set_timers(engine: Database, company_id: UUID) -> None:
    async with owner_transaction(engine) as session:
        await session.execute(
            text(
                "insert into approval_timer (company_id, id, request_id, kind, stage, round, due_at)"
                " select :company, gen_random_uuid(), :request, 'remind', 1, 1,"
                " statement_timestamp() + make_interval(hours => n) from generate_series(1, :count) n"
            ),
            {"company": company_id, "request": uuid4(), "count": TIMERS},
        )
        await session.execute(text("analyze approval_timer"))
