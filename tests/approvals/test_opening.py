"""Opening many at once is the same as opening each alone, in the pure core and in the database."""

from datetime import UTC, datetime
from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from approvals.codec import Memo, from_json, to_json, to_text
from approvals.commands import Env, Submit
from approvals.core import decide
from approvals.default_policy import statement_policy
from approvals.events import event_json, event_text
from approvals.evolve import fold
from approvals.opening import Submission, submit_many
from approvals.policy import parse_policy
from approvals.refusals import ApprovalRefusal
from approvals.request import Request, new_request
from approvals.working_time import WorkingCalendar
from ledger.canonical import canonical_json
from services.open_approvals import open_approvals_for_run, open_statement_approval
from storage.approval_acts import first_break
from storage.audit import verify_chain
from storage.database import transaction
from tests.approvals.conftest import House
from tests.support.approval_play import new_table, play
from tests.support.approval_samples import write_run, write_statement

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
SEEDS = st.integers(0, 10**9)


@given(SEEDS)
@settings(max_examples=200, deadline=None)
def test_many_submissions_are_decided_as_each_alone(seed: int) -> None:
    """Random policies and people, and submissions of which many are treated alike."""
    rng = Random(seed)  # noqa: S311 - a game, not a secret
    table = new_table(rng)
    env = table.env()
    people = [None, *table.people][:4]
    new = []
    for number in range(12):
        facts = {"amount": rng.choice((1, 4, 20, 99, "much")), "number": number}
        preparers = frozenset(one for one in rng.sample(people, rng.randint(0, 2)) if one is not None)
        kind = rng.choice(("statement", "statement", "statement", "write_off"))
        command = Submit(rng.choice(people), preparers, f"d{number}", facts)
        new.append(Submission(UUID(int=100 + number), kind, f"s{number}", command))
    for one, opened in zip(new, submit_many(new, env), strict=True):
        request = new_request(one.id, one.subject_kind, one.subject_id)
        alone = decide(request, one.command, env)
        if isinstance(alone, ApprovalRefusal):
            assert isinstance(opened, ApprovalRefusal)
            assert (opened.code, opened.values) == (alone.code, alone.values)
        else:
            assert not isinstance(opened, ApprovalRefusal)
            assert opened.events == alone
            assert opened.request == fold(request, alone)


@given(SEEDS)
@settings(max_examples=100, deadline=None)
def test_the_text_of_an_act_is_its_canonical_json(seed: int) -> None:
    """Whatever was written before with the same memo, and it reads back as the same request."""
    table = play(Random(seed))  # noqa: S311 - a game, not a secret
    memo: Memo = {}
    for event in table.events:
        assert event_text(event, memo) == canonical_json(event_json(event))
    assert to_text(table.request, memo) == canonical_json(to_json(table.request))
    assert from_json(Request, to_json(table.request)) == table.request


async def test_a_run_opens_what_each_statement_alone_would(house: House) -> None:
    """Same states, stages, tasks, timers and statuses; one outbox row per close; every chain holds."""
    amounts = (100, 4_999_00, 80_000_00, 600_000_00, -50_00, 90_000_00)
    async with transaction(house.engine, house.id) as session:
        run = await write_run(session, house.id)
        together = [
            await write_statement(session, house.id, f"A{n}", amount, run_id=run, disputed="1.00" if n == 5 else "0.00")
            for n, amount in enumerate(amounts)
        ]
        alone = [
            await write_statement(session, house.id, f"B{n}", amount, disputed="1.00" if n == 5 else "0.00")
            for n, amount in enumerate(amounts)
        ]
    await open_approvals_for_run(house.engine, house.company, run)
    async with transaction(house.engine, house.id) as session:
        for statement_id in alone:
            await open_statement_approval(session, house.id, statement_id)
    async with transaction(house.engine, house.id) as session:
        found = {}
        for name, statements in (("together", together), ("alone", alone)):
            rows = await session.execute(
                text("""
                    select s.status, r.state, r.stage, r.round, r.act_count, r.facts - 'number' - 'customer' - 'run_id',
                           (select array_agg(t.role order by t.role) from approval_task t where t.request_id = r.id),
                           (select array_agg(t.kind order by t.kind) from approval_timer t where t.request_id = r.id),
                           (select count(*) from outbox o where o.subject_id = r.id::text and o.channel = 'internal'),
                           (select count(*) from audit_event a where a.subject_id = s.id::text)
                      from statement s join approval_request r on r.subject_id = s.id::text
                     where s.id = any(:ids) order by array_position(:ids, s.id)"""),
                {"ids": statements},
            )
            found[name] = [tuple(row) for row in rows]
        assert found["together"] == found["alone"]
        assert [row[1] for row in found["alone"]] == ["approved", "approved", "open", "open", "open", "open"]
        requests = (await session.execute(text("select id from approval_request"))).scalars().all()
        assert [await first_break(session, house.id, one) for one in requests] == [None] * len(requests)
        assert (await verify_chain(session, house.id))[1] is None


async def test_a_role_that_nobody_holds_makes_one_task_for_the_run(house: House) -> None:
    """Twenty blocked statements are one thing to see to."""
    async with transaction(house.engine, house.id) as session:
        await session.execute(text("delete from user_role where role = 'reviewer'"))
        run = await write_run(session, house.id)
        for n in range(20):
            await write_statement(session, house.id, f"C{n}", 80_000_00, run_id=run)
    await open_approvals_for_run(house.engine, house.company, run)
    async with transaction(house.engine, house.id) as session:
        tasks = (await session.execute(text("select facts from task where kind = 'approval_blocked'"))).scalars().all()
    assert [one["requests"] for one in tasks] == [20]


def test_a_policy_condition_stops_at_the_first_answer_that_settles_it() -> None:
    """Unknown parts do not hide a false one, wherever they stand."""
    policy = parse_policy(statement_policy())
    env = Env(policy, NOON, "d", {}, (), WorkingCalendar("CN", "Asia/Shanghai"))
    request = new_request(UUID(int=1), "statement", "s")
    answer = decide(request, Submit(None, frozenset(), "d", {"ties": False}), env)
    assert not isinstance(answer, ApprovalRefusal)
    assert fold(request, answer).state == "open"
