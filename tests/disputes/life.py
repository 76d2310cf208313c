"""The whole life of a statement under random acts of customer, staff, bank and clock, with an umpire that watches.

The umpire keeps its own book: what was answered, what is disputed, what each version must close with. It believes no
row of the house that it can compute itself.
"""

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
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
from storage.database import Database, transaction
from storage.disputes import Dispute
from storage.schema import allocation, answer, audit_event, chase, dispute, open_item, outbox, promise, statement
from tests.answers.test_money_on_its_way import TODAY, day
from tests.disputes.case_house import CaseHouse, new_house
from tests.support.books import Item
from words.refusal import Refusal

T = TypeVar("T")
AMOUNTS = (100_00, 60_00, 40_50)
AS_OF = date(2026, 6, 30)
MOVES = {(step.state.value, step.to.value) for step in TABLE}
"""Every way from one status to another that the table names."""

CENTS = st.integers(1, 100_00)

Claims = dict[UUID, int]
"""Disputed cents of each document."""


@dataclass
class World:
    """What all lives of a module share: one database, one loop, and a number for each company."""

    engine: Database
    loop: asyncio.AbstractEventLoop
    lives: int = 0

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs one service."""
        return self.loop.run_until_complete(work)


def text_of(cents: int) -> str:
    """An amount as it is typed."""
    return f"{cents // 100}.{cents % 100:02}"


def cents_of(text: str) -> int:
    """The other way round."""
    return int(Decimal(text) * 100)


class LifeOfAStatement(RuleBasedStateMachine):
    """One account with three invoices; the clock of chasing runs ahead of the wall's, day by day."""

    world: World

    @initialize()
    def begin(self) -> None:
        """A company of its own, with June sent."""
        self.world.lives += 1
        self.engine = self.world.engine
        items = [
            Item(f"INV-{place}", amount, date(2026, 5, 4), date(2026, 6, 3)) for place, amount in enumerate(AMOUNTS)
        ]
        self.house: CaseHouse = self.do(new_house(self.engine, f"L{self.world.lives}", items))
        self.today = TODAY
        self.answered: list[tuple[str, str]] = []
        self.live: Claims = {}
        self.asked: list[UUID] = []
        self.closings: dict[UUID, int] = {}
        self.told = 0
        self.do(self.house.send_june())

    def teardown(self) -> None:
        """The trail of the whole life is one chain."""
        if hasattr(self, "house"):
            assert self.do(self._broken_link()) is None, "the audit trail is broken"

    async def _broken_link(self) -> object:
        async with transaction(self.engine, self.house.book.company.id) as session:
            return (await verify_chain(session, self.house.book.company.id))[1]

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs one service."""
        return self.world.do(work)

    def may(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What the rules may refuse; a refusal must leave everything as it was, which the umpire sees."""
        try:
            return self.do(work)
        except Refusal:
            return None

    @property
    def bob(self) -> Actor:
        """The clerk."""
        return Actor("user", self.house.people["bob"])

    # -- what the customer does ----------------------------------------------------------------------

    def say(self, kind: str, *lines: DisputedLine, **changes: Any) -> bool:  # noqa: ANN401 - fields of the answer
        """An answer under a name of its own; refused only because the account is settled or too much is promised."""
        name = f"Wang {len(self.answered) + 1}"
        try:
            self.do(self.house.answer(kind, *lines, name=name, **changes))
        except (AnswerClosed, PromiseTooLarge):
            return False
        self.answered.append((kind, name))
        return True

    def open_lines(self) -> list[tuple[int, int, UUID]]:
        """Line, open cents and document of the newest version."""
        _, page = self.do(self.house.page())
        found = [(one["line"], cents_of(one["open"]), UUID(one["item_id"])) for one in page.content["lines"]]
        return [one for one in found if one[1] > 0]

    @rule()
    def agrees(self) -> None:
        """The customer agrees to everything: nothing is disputed any more."""
        if self.say("agree"):
            self.live = {}

    @rule(data=st.data(), cents=CENTS, stance=st.sampled_from(["agree_except", "dispute"]), several=st.booleans())
    def disputes(self, data: st.DataObject, cents: int, stance: str, several: bool) -> None:
        """The customer disputes parts of one line or of two, which replaces what was disputed before."""
        lines = self.open_lines()
        chosen = data.draw(st.permutations(lines))[: 2 if several else 1] if lines else []
        said = [(line, min(cents, left), item) for line, left, item in chosen]
        reason = data.draw(st.sampled_from(["price", "quantity"]))
        if said and self.say(stance, *[DisputedLine(line, reason, text_of(part)) for line, part, _ in said]):
            self.live = {item: part for _, part, item in said}

    @rule(cents=CENTS)
    def tells_of_a_payment(self, cents: int) -> None:
        """The customer says that something is paid."""
        self.say("already_paid", payments=(ToldPayment(text_of(cents), day(-1)),))

    @rule(cents=CENTS, ahead=st.integers(1, 40))  # from tomorrow on: a long life may see midnight
    def promises(self, cents: int, ahead: int) -> None:
        """The customer promises a payment."""
        self.say("promise", promises=(PromisedPart(text_of(cents), day(ahead)),))

    # -- what the bank and the staff do --------------------------------------------------------------

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

    def case(self, data: st.DataObject, *, is_open: bool) -> Dispute | None:
        """One of the cases, if there is one."""
        cases = [one for one in self.do(self.house.cases()) if (one.status in OPEN_STATUSES) == is_open]
        return data.draw(st.sampled_from(cases)) if cases else None

    @rule(data=st.data(), cents=CENTS, corrects=st.booleans(), kind=st.sampled_from(["credit_memo", "write_off"]))
    def asks_for_a_credit(self, data: st.DataObject, cents: int, corrects: bool, kind: str) -> None:
        """The clerk asks for a credit in a case."""
        case = self.case(data, is_open=True)
        if case is not None:
            effective = AS_OF if corrects else self.today
            ask = Ask(kind, case.item_id, text_of(min(cents, case.amount)), effective, "checked", case.id)
            made = self.may(ask_adjustment(self.engine, self.house.book.company, ask, self.house.people["bob"]))
            self.asked += [made] if made is not None else []

    @precondition(lambda self: self.asked)
    @rule(command=st.sampled_from(["approve", "approve", "reject"]))
    def decides(self, command: str) -> None:
        """The reviewer decides what waits longest."""
        self.may(self.house.decide(self.asked.pop(0), "alice", command))
        self.live = self.cases_by_document()

    @rule(data=st.data(), ending=st.sampled_from(["accepted", "withdrawn"]))
    def ends_a_case(self, data: st.DataObject, ending: str) -> None:
        """The clerk ends a case without a credit."""
        case = self.case(data, is_open=True)
        if case is not None:
            self.do(resolve_dispute(self.engine, self.house.book.company, case.id, ending, "seen", self.bob))
            self.do(self.house.work())
            self.live.pop(case.item_id)

    @rule(data=st.data())
    def works_a_case(self, data: st.DataObject) -> None:
        """The clerk takes a case and offers something."""
        case, company = self.case(data, is_open=True), self.house.book.company
        if case is not None:
            self.do(take_dispute(self.engine, company, case.id, self.bob))
            self.do(propose_resolution(self.engine, company, case.id, "credited", "half", self.bob, "1"))

    @rule(data=st.data())
    def reopens(self, data: st.DataObject) -> None:
        """The clerk opens a case again, as often as the rounds allow."""
        case = self.case(data, is_open=False)
        if case is not None:
            self.may(reopen_dispute(self.engine, self.house.book.company, case.id, "again", self.bob))
            self.live = self.cases_by_document()

    @rule(cents=CENTS)
    def finds_a_document_of_june(self, cents: int) -> None:
        """A forgotten invoice changes the figures, so that a new version goes out."""
        late = Item(f"LATE-{len(self.house.items)}", cents, date(2026, 6, 20), date(2026, 7, 20))
        self.do(self.house.book.add_items(self.house.customer, [late]))
        self.house.items.append(late)
        self.reissues()

    @rule()
    def reissues(self) -> None:
        """A new version is asked for, whether or not figures changed."""
        newest, bob = self.do(self.house.newest()), self.house.people["bob"]
        self.do(reissue_statement(self.engine, self.house.book.company.id, newest, bob))
        self.do(self.house.work())

    @rule(data=st.data(), cents=CENTS, days=st.integers(8, 16))
    def disputes_and_waits(self, data: st.DataObject, cents: int, days: int) -> None:
        """Long enough for the next reminder to be due while the case is open."""
        self.disputes(data, cents, "agree_except", several=False)
        self.time_passes(days)

    @rule(data=st.data(), cents=CENTS)
    def disputes_before_a_new_version(self, data: st.DataObject, cents: int) -> None:
        """The next version must know what is disputed."""
        self.disputes(data, cents, "dispute", several=True)
        self.finds_a_document_of_june(cents)

    @rule(days=st.integers(1, 16))
    def time_passes(self, days: int) -> None:
        """Days go by; the clock's work is done: chasing, promises, late cases, paid statements."""
        self.today += timedelta(days=days)
        self.do(chase_customers(self.engine, self.house.book.company, self.today))
        self.do(judge_promises_of(self.engine, self.house.book.company, self.today))
        self.do(follow_answers(self.engine, self.house.book.company))

    # -- what the umpire sees ------------------------------------------------------------------------

    def cases_by_document(self) -> Claims:
        """Disputed cents of each document by the cases that are open."""
        found: Claims = {}
        for one in self.do(self.house.cases()):
            if one.status in OPEN_STATUSES:
                found[one.item_id] = found.get(one.item_id, 0) + one.amount
        return found

    @invariant()
    def nothing_disputed_is_lost(self) -> None:
        """What the customer disputes stays disputed until they or the staff say otherwise, whatever else happens."""
        if hasattr(self, "house"):
            assert self.cases_by_document() == self.live, "a dispute was lost"

    @invariant()
    def figures_tie(self) -> None:
        """A new version closes with what the ledger holds at its day, ties in itself and names every dispute."""
        if not hasattr(self, "house"):
            return
        for row in self.do(self.house.rows(select(statement).order_by(statement.c.version))):
            if row.id not in self.closings:
                self.closings[row.id] = self._ledger_says()
                self._names_every_dispute(json.loads(row.content))
            content = json.loads(row.content)
            assert row.closing == self.closings[row.id] == cents_of(content["closing"]), "closing is off"
            assert row.opening + row.debits + row.credits == row.closing, "movements are off"
            assert sum(cents_of(bucket["amount"]) for bucket in content["aging"]) == row.closing, "aging is off"
        self._credits_tie()

    def _names_every_dispute(self, content: dict[str, Any]) -> None:
        numbers = {item.id: item.number for item in self.house.items}
        named = {one["number"]: cents_of(one["amount"]) for one in content["disputes"]}
        assert named == {numbers[item]: part for item, part in self.live.items()}, "a version forgets a dispute"

    def _ledger_says(self) -> int:
        query = select(func.sum(open_item.c.amount)).where(open_item.c.document_date <= AS_OF)
        [row] = self.do(self.house.rows(query))
        return int(row[0])

    def _credits_tie(self) -> None:
        taken = select(func.coalesce(func.sum(allocation.c.amount), 0)).where(
            allocation.c.debit_item_id == open_item.c.id
        )
        debits = select(open_item.c.amount, taken.scalar_subquery()).where(open_item.c.amount > 0)
        for amount, applied in self.do(self.house.rows(debits)):
            assert 0 <= int(applied) <= amount, "more was applied than was owed"
        posted = select(func.coalesce(func.sum(-open_item.c.amount), 0)).where(
            open_item.c.kind.in_(("credit_memo", "write_off"))
        )
        credited = select(func.coalesce(func.sum(dispute.c.credited), 0), posted.scalar_subquery())
        [row] = self.do(self.house.rows(credited))
        assert int(row[0]) == int(row[1]), "credits and cases differ"

    @invariant()
    def nothing_disputed_is_chased(self) -> None:
        """A reminder of today asks at most for what is open less what is disputed, and the ledger of chases agrees."""
        if not hasattr(self, "house"):
            return
        query = select(outbox.c.payload).where(
            outbox.c.kind == "reminder", outbox.c.state == "pending",
            outbox.c.dedup_key == f"chase/{self.house.customer}/{self.today}",
        )  # fmt: skip
        for row in self.do(self.house.rows(query)):
            for item in row.payload["items"]:
                held = self.live.get(UUID(item["item_id"]), 0)
                assert 0 < cents_of(item["amount"]) <= cents_of(item["open"]) - held, "a disputed amount is chased"
        per_day = select(chase.c.day).group_by(chase.c.day).having(func.count() > 1)
        assert self.do(self.house.rows(per_day)) == [], "two reminders on one day"

    @invariant()
    def no_answer_is_lost(self) -> None:
        """Every answer that was accepted is there as it was given; promises point at theirs."""
        if not hasattr(self, "house"):
            return
        rows = self.do(self.house.rows(select(answer).order_by(answer.c.at, answer.c.id)))
        assert [(row.kind, row.name) for row in rows] == self.answered, "an answer was lost"
        given = {row.answer_id for row in self.do(self.house.rows(select(promise.c.answer_id)))}
        assert given <= {row.id for row in rows}, "a promise has no answer"

    @invariant()
    def every_transition_is_in_the_table(self) -> None:
        """The trail tells each change of status since the last look; one living version is with the customer."""
        if not hasattr(self, "house"):
            return
        moved = select(audit_event.c.number, audit_event.c.facts).where(
            audit_event.c.verb.like("statement_%"), audit_event.c.facts.like('%"from"%'),
            audit_event.c.number > self.told,
        )  # fmt: skip
        for row in self.do(self.house.rows(moved.order_by(audit_event.c.number))):
            facts, self.told = json.loads(row.facts), row.number
            assert (facts["from"], facts["to"]) in MOVES, "a transition outside the table"
        held = [status for _, status in self.do(self.house.versions()) if status in {"sent", "confirmed", "disputed"}]
        assert len(held) <= 1, "two versions are with the customer"
