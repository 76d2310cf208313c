"""What looks into large tables finds its rows by an index, whatever the planner knows of them at that moment."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import event, text

from services.add_company import add_company
from storage.approval_tasks import due_timers
from storage.approvals import FEW, ORDERS, waiting_for
from storage.database import Database, Session, owner_transaction, transaction

TIMERS = 2_000

PAGE = 50


async def test_a_poll_of_timers_reads_what_is_due_and_nothing_else(engine: Database) -> None:
    """Among many that are not due, as the application's role."""
    company_id = await add_company(engine, "ACME", "Acme Trading", "CNY", "UTC")
    await _set_timers(engine, company_id)
    plan = await _plan_of(engine, company_id, lambda session: due_timers(session, company_id, 500))
    *_, node = _nodes(plan)
    assert node["Index Name"] == "ix_approval_timer_due"
    assert "due_at" in node["Index Cond"]
    assert not node.get("Rows Removed by Filter")


async def test_an_inbox_of_many_asks_for_the_tasks_of_a_page_only(engine: Database) -> None:
    """Right after a run has opened them, when nothing is known of the tables yet, in every order."""
    company_id = await add_company(engine, "ACME", "Acme Trading", "CNY", "UTC")
    person = uuid4()
    await _ask(engine, company_id, person, FEW + PAGE)
    for order in ORDERS:

        def look(session: Session, order: str = order) -> Awaitable[object]:
            return waiting_for(session, company_id, [person], [], None, PAGE, order=order)

        nodes = list(_nodes(await _plan_of(engine, company_id, look)))
        (probe,) = [node for node in nodes if node.get("Relation Name") == "approval_task"]
        assert probe["Index Name"] == "ix_approval_task_request", order
        assert "request_id" in probe["Index Cond"], order
        assert probe["Actual Loops"] == PAGE, order
        assert not any(node.get("Rows Removed by Join Filter") for node in nodes), order


async def _plan_of(engine: Database, company_id: UUID, work: Callable[[Session], Awaitable[object]]) -> dict[str, Any]:
    """How the last statement of the work is carried out."""
    sent: list[tuple[str, Any]] = []

    def note(_conn: object, _cursor: object, statement: str, given: Any, *_more: object) -> None:  # noqa: ANN401 - SQLAlchemy's event
        sent.append((statement, given))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    async with transaction(engine, company_id) as session:
        await work(session)
        last, given = sent[-1]
        plan = (await session.exec_driver_sql(f"explain (analyze, format json) {last}", given)).scalar_one()
    event.remove(engine.sync_engine, "before_cursor_execute", note)
    root: dict[str, Any] = plan[0]["Plan"]
    return root


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each step of a plan, the deepest last."""
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


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


async def _ask(engine: Database, company_id: UUID, person: UUID, count: int) -> None:
    """So many requests that wait for one person, written at once and without figures for the planner."""
    async with owner_transaction(engine) as session:
        await session.execute(
            text(
                "with policy as (insert into approval_policy (company_id, id, name, version, body, sha256, state)"
                "   values (:company, gen_random_uuid(), 'p', 1, '{}', 'x', 'published') returning id),"
                " request as (insert into approval_request (company_id, id, policy_id, subject_kind, subject_id,"
                "   digest, state, stage, round, opened_at, projection)"
                "   select :company, gen_random_uuid(), policy.id, 'statement', n::text, 'd', 'open', 1, 1,"
                '   statement_timestamp(), \'{"stages": [], "preparers": []}\''
                "   from policy, generate_series(1, :count) n returning id)"
                " insert into approval_task (company_id, id, request_id, stage, round, user_id, opened_at)"
                " select :company, gen_random_uuid(), id, 1, 1, :person, statement_timestamp() from request"
            ),
            {"company": company_id, "person": person, "count": count},
        )
