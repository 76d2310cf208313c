"""The whole life of a statement under random acts of customer, staff, bank and clock: what must hold after each."""

import asyncio
import json
from collections.abc import Coroutine
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from services.ask_adjustment import Ask, ask_adjustment
from services.chase_customers import chase_customers
from services.follow_answers import follow_answers
from services.judge_promises import judge_promises_of
from services.record_answer import AnswerClosed, DisputedLine, PromisedPart, PromiseTooLarge, ToldPayment
from services.reissue_statement import reissue_statement
from services.resolve_dispute import resolve_dispute
from services.work_dispute import propose_resolution, reopen_dispute, take_dispute
from statements.disputes import OPEN_STATUSES
from statements.lifecycle import TABLE
from storage.audit import Actor, verify_chain
from storage.database import engine_for, transaction
from storage.disputes import Dispute, disputed_amounts
from storage.schema import allocation, answer, audit_event, dispute, open_item, outbox, promise, statement
from tests.answers.test_money_on_its_way import TODAY, day
from tests.disputes.case_house import CaseHouse, new_house
from tests.support.books import Item
from words.refusal import Refusal

T = TypeVar("T")
AMOUNTS = (100_00, 60_00, 40_50)
MOVES = {(step.state.value, step.to.value) for step in TABLE}
"""Every way from one status to another that the table names."""

CENTS = st.integers(1, 100_00)


def text_of(cents: int) -> str:
    """An amount as it is typed."""
    return f"{cents // 100}.{cents % 100:02}"


class LifeOfAStatement(RuleBasedStateMachine):
    """One account with three invoices; the clock of chasing runs ahead of the wall's, day by day."""

    url: str
    number = 0

    @initialize()
    def begin(self) -> None:
        """A company of its own, with June sent."""
        LifeOfAStatement.number += 1
        self.loop = asyncio.new_event_loop()
        self.engine = engine_for(self.url)
        items = [
            Item(f"INV-{place}", amount, date(2026, 5, 4), date(2026, 6, 3)) for place, amount in enumerate(AMOUNTS)
        ]
        self.house: CaseHouse = self.do(new_house(self.engine, f"L{LifeOfAStatement.number}", items))
        self.do(self.house.send_june())
        self.today = TODAY
        self.answers = 0
        self.asked: list[UUID] = []

    def teardown(self) -> None:
        """Gives the connections back."""
        if hasattr(self, "loop"):
            self.do(self.engine.dispose())
            self.loop.close()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs one service."""
        return self.loop.run_until_complete(work)

    @property
    def bob(self) -> Actor:
        """The clerk."""
        return Actor("user", self.house.people["bob"])

    def may(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What the rules may refuse; a refusal must leave everything as it was, which the invariants see."""
        try:
            return self.do(work)
        except Refusal:
            return None

    def say(self, kind: str, *lines: DisputedLine, **changes: Any) -> None:  # noqa: ANN401 - fields of the answer
        """An answer to the newest version; refused only because the account is settled or too much is promised."""
        try:
            self.do(self.house.answer(kind, *lines, **changes))
        except (AnswerClosed, PromiseTooLarge):
            return
        self.answers += 1

    def open_lines(self) -> list[tuple[int, int]]:
        """Line and open cents of the newest version."""
        _, page = self.do(self.house.page())
        found = [(line["line"], int(Decimal(line["open"]) * 100)) for line in page.content["lines"]]
        return [(line, cents) for line, cents in found if cents > 0]

    def case(self, data: st.DataObject, *, is_open: bool) -> Dispute | None:
        """One of the cases, if there is one."""
        cases = [one for one in self.do(self.house.cases()) if (one.status in OPEN_STATUSES) == is_open]
        return data.draw(st.sampled_from(cases)) if cases else None

    @rule()
    def agrees(self) -> None:
        """The customer agrees to everything."""
        self.say("agree")

    @rule(data=st.data(), cents=CENTS, stance=st.sampled_from(["agree_except", "dispute"]))
    def disputes(self, data: st.DataObject, cents: int, stance: str) -> None:
        """The customer disputes a part of one line."""
        lines = self.open_lines()
        if lines:
            line, is_open = data.draw(st.sampled_from(lines))
            reason = data.draw(st.sampled_from(["price", "quantity"]))
            self.say(stance, DisputedLine(line, reason, text_of(min(cents, is_open))))

    @rule(cents=CENTS)
    def tells_of_a_payment(self, cents: int) -> None:
        """The customer says that something is paid."""
        self.say("already_paid", payments=(ToldPayment(text_of(cents), day(-1)),))

    @rule(cents=CENTS, ahead=st.integers(0, 40))
    def promises(self, cents: int, ahead: int) -> None:
        """The customer promises a payment."""
        self.say("promise", promises=(PromisedPart(text_of(cents), day(ahead)),))

    @rule(data=st.data(), cents=CENTS)
    def pays(self, data: st.DataObject, cents: int) -> None:
        """Money comes and is set against a document, never beyond what is open there."""
        item = data.draw(st.sampled_from(self.house.items))
        [row] = self.do(self.house.rows(
            select(func.coalesce(func.sum(allocation.c.amount), 0)).where(allocation.c.debit_item_id == item.id)
        ))  # fmt: skip
        applied = min(cents, item.amount - int(row[0]))
        receipt = Item(f"R-{cents}", -cents, max(TODAY, self.today), kind="receipt")
        self.do(self.house.book.add_items(self.house.customer, [receipt]))
        if applied > 0:
            self.do(self.house.book.apply(receipt, item, applied, receipt.document_date))

    @rule(data=st.data(), cents=CENTS, corrects=st.booleans(), kind=st.sampled_from(["credit_memo", "write_off"]))
    def asks_for_a_credit(self, data: st.DataObject, cents: int, corrects: bool, kind: str) -> None:
        """The clerk asks for a credit in a case."""
        case = self.case(data, is_open=True)
        if case is not None:
            effective = date(2026, 6, 30) if corrects else self.today
            ask = Ask(kind, case.item_id, text_of(min(cents, case.amount)), effective, "checked", case.id)
            made = self.may(ask_adjustment(self.engine, self.house.book.company, ask, self.house.people["bob"]))
            self.asked += [made] if made is not None else []

    @precondition(lambda self: self.asked)
    @rule(command=st.sampled_from(["approve", "approve", "reject"]))
    def decides(self, command: str) -> None:
        """The reviewer decides what waits longest."""
        self.may(self.house.decide(self.asked.pop(0), "alice", command))

    @rule(data=st.data(), ending=st.sampled_from(["accepted", "withdrawn"]))
    def ends_a_case(self, data: st.DataObject, ending: str) -> None:
        """The clerk ends a case without a credit."""
        case = self.case(data, is_open=True)
        if case is not None:
            self.do(resolve_dispute(self.engine, self.house.book.company, case.id, ending, "seen", self.bob))
            self.do(self.house.work())

    @rule(data=st.data())
    def works_a_case(self, data: st.DataObject) -> None:
        """The clerk takes a case and offers something."""
        case = self.case(data, is_open=True)
        if case is not None:
            self.do(take_dispute(self.engine, self.house.book.company, case.id, self.bob))
            self.do(
                propose_resolution(self.engine, self.house.book.company, case.id, "credited", "half", self.bob, "1")
            )

    @rule(data=st.data())
    def reopens(self, data: st.DataObject) -> None:
        """The clerk opens a case again, as often as the rounds allow."""
        case = self.case(data, is_open=False)
        if case is not None:
            self.may(reopen_dispute(self.engine, self.house.book.company, case.id, "again", self.bob))

    @rule()
    def reissues(self) -> None:
        """A new version is asked for, whether or not figures changed."""
        newest = self.do(self.house.newest())
        self.do(reissue_statement(self.engine, self.house.book.company.id, newest, self.house.people["bob"]))
        self.do(self.house.work())

    @rule(days=st.integers(1, 9))
    def time_passes(self, days: int) -> None:
        """Days go by; the clock's work is done: chasing, promises, late cases, paid statements."""
        self.today += timedelta(days=days)
        self.do(chase_customers(self.engine, self.house.book.company, self.today))
        self.do(judge_promises_of(self.engine, self.house.book.company, self.today))
        self.do(follow_answers(self.engine, self.house.book.company))

    @rule(data=st.data(), cents=CENTS, days=st.integers(8, 16))
    def disputes_and_waits(self, data: st.DataObject, cents: int, days: int) -> None:
        """Long enough for the next reminder to be due while the case is open."""
        lines = self.open_lines()
        if lines:
            line, is_open = data.draw(st.sampled_from(lines))
            self.say("agree_except", DisputedLine(line, "date", text_of(min(cents, is_open))))
        self.today += timedelta(days=days)

    @invariant()
    def figures_tie(self) -> None:
        """Every version ties in itself; what the ledger holds open is what invoices less allocations leave."""
        if not hasattr(self, "house"):
            return
        for row in self.do(self.house.rows(select(statement))):
            assert row.ties
            assert row.opening + row.debits + row.credits == row.closing
        debits = self.do(self.house.rows(select(open_item.c.id, open_item.c.amount).where(open_item.c.amount > 0)))
        for item in debits:
            query = select(func.coalesce(func.sum(allocation.c.amount), 0)).where(allocation.c.debit_item_id == item.id)
            [taken] = self.do(self.house.rows(query))
            assert 0 <= int(taken[0]) <= item.amount
        credited = self.do(self.house.rows(select(func.coalesce(func.sum(dispute.c.credited), 0))))
        posted = self.do(self.house.rows(
            select(func.coalesce(func.sum(-open_item.c.amount), 0)).where(
                open_item.c.kind.in_(("credit_memo", "write_off"))
            )
        ))  # fmt: skip
        assert int(credited[0][0]) == int(posted[0][0])

    @invariant()
    def nothing_disputed_is_chased(self) -> None:
        """A reminder that went today asks at most for what is open less what is disputed."""
        if not hasattr(self, "house"):
            return
        self.do(chase_customers(self.engine, self.house.book.company, self.today))
        query = select(outbox.c.payload).where(
            outbox.c.kind == "reminder", outbox.c.state == "pending",
            outbox.c.dedup_key == f"chase/{self.house.customer}/{self.today}",
        )  # fmt: skip
        live: dict[UUID, int] = {}
        for one in self.do(self.house.cases()):
            if one.status in OPEN_STATUSES:
                live[one.item_id] = live.get(one.item_id, 0) + one.amount
        for row in self.do(self.house.rows(query)):
            for item in row.payload["items"]:
                asked, is_open = Decimal(item["amount"]), Decimal(item["open"])
                assert 0 < asked <= is_open - Decimal(live.get(UUID(item["item_id"]), 0)) / 100
        assert live == self.do(self._held())

    async def _held(self) -> dict[UUID, int]:
        async with transaction(self.engine, self.house.book.company.id) as session:
            return await disputed_amounts(session, self.house.book.company.id)

    @invariant()
    def no_answer_is_lost(self) -> None:
        """Every answer that was accepted is a row; promises point at theirs; the audit chain is whole."""
        if not hasattr(self, "house"):
            return
        assert len(self.do(self.house.rows(select(answer.c.id)))) == self.answers
        known = {row.id for row in self.do(self.house.rows(select(answer.c.id)))}
        assert {row.answer_id for row in self.do(self.house.rows(select(promise.c.answer_id)))} <= known
        assert self.do(self._broken_link()) is None

    async def _broken_link(self) -> object:
        async with transaction(self.engine, self.house.book.company.id) as session:
            return (await verify_chain(session, self.house.book.company.id))[1]

    @invariant()
    def every_transition_is_in_the_table(self) -> None:
        """The audit trail tells each change of status; one living version per account is with the customer."""
        if not hasattr(self, "house"):
            return
        moved = select(audit_event.c.facts).where(
            audit_event.c.verb.like("statement_%"), audit_event.c.facts.like('%"from"%')
        )
        for row in self.do(self.house.rows(moved)):
            facts = json.loads(row.facts)
            assert (facts["from"], facts["to"]) in MOVES
        held = [status for _, status in self.do(self.house.versions()) if status in {"sent", "confirmed", "disputed"}]
        assert len(held) <= 1


def test_any_life_keeps_its_promises(module_database: str) -> None:
    """A few lives of a dozen acts each here; more by raising the numbers."""
    LifeOfAStatement.url = module_database
    run_state_machine_as_test(
        LifeOfAStatement,
        settings=settings(
            max_examples=8, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
