"""Every row of the specification's table of cases that the pure core answers, by its name."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from approvals import commands as c
from approvals import refusals as r
from approvals.core import decide
from approvals.events import Event
from approvals.evolve import fold
from approvals.policy import parse_policy
from approvals.refusals import ApprovalRefusal
from approvals.request import Request, new_request
from approvals.working_time import WorkingCalendar

ALICE, BOB, CHARLIE, MONA, CARL, ROOT = (UUID(int=number) for number in range(1, 7))
MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)
CAST = {ALICE: ("reviewer",), BOB: ("reviewer",), CHARLIE: (), MONA: ("manager",), CARL: ("clerk",),
        ROOT: ("administrator",)}  # fmt: skip
REVIEW = {"name": "review", "seats": [["role:reviewer"]]}
MANAGER = {"name": "manager", "seats": [["role:manager"]]}


@dataclass
class Desk:
    """One request on a table, with everything around it."""

    policy: dict[str, Any]
    now: datetime = MONDAY
    digest: str = "d1"
    grants: tuple[c.Grant, ...] = ()
    roles: dict[UUID, tuple[str, ...]] | None = None
    request: Request = field(default_factory=lambda: new_request(UUID(int=99), "statement", "s"))

    def env(self) -> c.Env:
        """The moment."""
        people = {
            person: frozenset({f"user:{person}"} | {f"role:{role}" for role in roles})
            for person, roles in (self.roles or CAST).items()
        }
        calendar = WorkingCalendar("CN", "Asia/Shanghai")
        return c.Env(parse_policy(self.policy), self.now, self.digest, people, self.grants, calendar)

    def send(self, command: c.Command) -> list[Event] | ApprovalRefusal:
        """Sends a command; accepted events change the request."""
        answer = decide(self.request, command, self.env())
        if not isinstance(answer, ApprovalRefusal):
            self.request = fold(self.request, answer)
        return answer

    def submit(self, by: UUID | None = CARL, preparers: tuple[UUID, ...] = (), **facts: Any) -> "Desk":  # noqa: ANN401
        """Opens the request."""
        assert isinstance(self.send(c.Submit(by, frozenset(preparers), self.digest, facts)), list)
        return self

    def click(self, actor: UUID, authority: UUID | None = None, **given: Any) -> c.Click:  # noqa: ANN401
        """A click on what is shown now, unless `given` says otherwise."""
        shown = c.Click(actor, authority or actor, self.request.round, self.request.stage, self.request.digest, "why")
        return replace(shown, **given)

    def approve(self, actor: UUID, authority: UUID | None = None, **given: Any) -> list[Event] | ApprovalRefusal:  # noqa: ANN401
        """An approval."""
        return self.send(c.Approve(self.click(actor, authority, **given)))

    def delegate(self, principal: UUID, to: UUID, hours: int = 100) -> "Desk":
        """A delegation from now on."""
        self.grants += (c.Grant(principal, to, self.now, self.now + timedelta(hours=hours)),)
        return self


def policy(*stages: dict[str, Any], **others: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a document
    """A policy document for statements."""
    return {"name": "p", "subjects": ["statement"], "stages": list(stages), **others}


def desk(*stages: dict[str, Any], **others: Any) -> Desk:  # noqa: ANN401 - parts of a document
    """An open request under these stages."""
    return Desk(policy(*(stages or (REVIEW,)), **others)).submit()


def test_any_of_three() -> None:
    """或签: One seat, several candidates: the first closes."""
    table = desk({"name": "any", "seats": [[f"user:{ALICE}", f"user:{BOB}", f"user:{MONA}"]]})
    table.approve(BOB)
    assert table.request.state == "approved"


def test_all_of_two() -> None:
    """会签: A seat each."""
    table = desk({"name": "all", "seats": [[f"user:{ALICE}"], [f"user:{BOB}"]]})
    table.approve(BOB)
    assert table.request.state == "open"
    table.approve(ALICE)
    assert table.request.state == "approved"


def test_two_of_three() -> None:
    """Two seats with the same three candidates."""
    three = [f"user:{ALICE}", f"user:{BOB}", f"user:{MONA}"]
    table = desk({"name": "two of three", "seats": [three, three]})
    table.approve(MONA)
    assert table.request.state == "open"
    table.approve(ALICE)
    assert table.request.state == "approved"


def test_greedy_filling_would_strand_the_second() -> None:
    """Seats {r1},{r2}: the holder of both clicks first, the holder of r1 alone can still help."""
    table = Desk(
        policy({"name": "two", "seats": [["role:r1"], ["role:r2"]]}), roles={ALICE: ("r1", "r2"), BOB: ("r1",)}
    )
    table.submit()
    table.approve(ALICE)
    table.approve(BOB)
    assert table.request.state == "approved"


def test_in_order() -> None:
    """依次: Consecutive stages; the second opens when the first is full."""
    table = desk(REVIEW, MANAGER)
    assert isinstance(table.approve(MONA), r.NotACandidate)
    table.approve(ALICE)
    assert (table.request.stage, table.request.state) == (2, "open")
    table.approve(MONA)
    assert table.request.state == "approved"


def test_late_click_on_a_closed_stage() -> None:
    """The command carries round and stage."""
    table = desk(REVIEW, MANAGER)
    table.approve(ALICE)
    assert isinstance(table.approve(BOB, stage=1), r.StageMoved)


def test_double_click() -> None:
    """The second writes nothing."""
    table = desk({"name": "two", "seats": [["role:reviewer"], ["role:reviewer"]]})
    table.approve(ALICE)
    before = table.request
    assert isinstance(table.approve(ALICE), r.AlreadyVoted)
    assert table.request == before


def test_approve_and_reject_at_once() -> None:
    """The other sees who and when."""
    table = desk()
    table.send(c.Reject(table.click(ALICE)))
    refused = table.approve(BOB, round=1, stage=1)
    assert isinstance(refused, r.RequestClosed)
    assert (refused.values["by"], refused.values["at"], refused.values["state"]) == (ALICE, MONDAY, "rejected")


def test_approver_loses_the_role() -> None:
    """Earlier votes keep their evidence; who lost the role can not vote; the stage may be blocked."""
    table = desk({"name": "two", "seats": [["role:reviewer"], ["role:reviewer"]]})
    table.approve(ALICE)
    table.roles = {**CAST, ALICE: (), BOB: ()}
    assert isinstance(table.approve(BOB), r.NotACandidate)
    table.send(c.Recheck())
    assert table.request.current().status == "blocked"
    assert table.request.current().votes[0].capacities == {"role:reviewer", f"user:{ALICE}"}
    table.roles = {**CAST, ALICE: ()}
    table.approve(BOB)
    assert table.request.state == "approved"


def test_document_changes_before_the_vote() -> None:
    """Look again; then the new digest can be signed."""
    table = desk()
    table.digest = "d2"
    assert isinstance(table.approve(ALICE), r.SubjectDiffers)
    table.send(c.ChangeSubject("d2", {}, frozenset({"closing"})))
    assert isinstance(table.approve(ALICE, digest="d1"), r.SubjectDiffers)
    table.approve(ALICE)
    assert table.request.state == "approved"


def test_change_voids_the_votes_of_stages_that_watch_the_field() -> None:
    """Naming the fields; a stage that does not watch them keeps its vote."""
    table = desk(
        {**REVIEW, "watch": ["lines"]}, {**MANAGER, "watch": ["closing"]}, {"name": "x", "seats": [["role:x"]]}
    )
    table.approve(ALICE)
    table.approve(MONA)
    table.digest = "d2"
    table.send(c.ChangeSubject("d2", {}, frozenset({"closing"})))
    assert [stage.status for stage in table.request.stages] == ["satisfied", "open", "waiting"]
    table.approve(MONA)
    assert table.request.stage == 3


def test_document_changes_after_approval() -> None:
    """Refused at consume, by digest."""
    table = desk()
    table.approve(ALICE)
    table.digest = "d2"
    assert isinstance(table.send(c.Consume()), r.ChangedAfterApproval)
    table.digest = "d1"
    table.send(c.Consume())
    assert table.request.state == "consumed"
    assert isinstance(table.send(c.Consume()), r.NotApproved)


def test_approved_but_unused_lapses() -> None:
    """After the policy's working hours it can not be used."""
    table = desk(valid_hours=9)
    table.approve(ALICE)
    table.now += timedelta(days=2)
    assert isinstance(table.send(c.Consume()), r.ApprovalLapsed)


@pytest.mark.parametrize("excluded", ["submitter", "preparer"])
def test_delegate_is_the_submitter_and_acting_for_the_submitter(excluded: str) -> None:
    """Exclusions bind actor and authority."""
    roles = {**CAST, CARL: ("reviewer",)}
    table = Desk(policy(REVIEW), roles=roles)
    table.submit(CARL if excluded == "submitter" else None, (CARL,) if excluded == "preparer" else ())
    table.delegate(ALICE, CARL).delegate(CARL, BOB)
    assert isinstance(table.approve(CARL), r.Excluded)
    assert isinstance(table.approve(CARL, ALICE), r.Excluded)
    assert isinstance(table.approve(BOB, CARL), r.Excluded)
    assert isinstance(table.approve(BOB), list)


def test_a_and_b_both_delegate_to_c() -> None:
    """One vote."""
    table = desk({"name": "two", "seats": [["role:reviewer"], ["role:reviewer"]]})
    table.delegate(ALICE, CHARLIE).delegate(BOB, CHARLIE)
    assert isinstance(table.approve(CHARLIE, ALICE), list)
    assert isinstance(table.approve(CHARLIE, BOB), r.AlreadyVoted)
    assert isinstance(table.approve(ALICE), r.AlreadyVoted)
    table.approve(BOB)
    assert table.request.state == "approved"


def test_delegation_is_half_open_and_one_deep() -> None:
    """Read at the click; the instant of its end is outside; a delegate does not delegate on."""
    table = desk().delegate(ALICE, CHARLIE, hours=2).delegate(CHARLIE, CARL)
    assert isinstance(table.approve(CARL, ALICE), r.NotDelegated)
    table.now += timedelta(hours=2)
    assert isinstance(table.approve(CHARLIE, ALICE), r.NotDelegated)
    table.now -= timedelta(microseconds=1)
    assert isinstance(table.approve(CHARLIE, ALICE), list)


def test_delegation_for_other_kinds_of_documents() -> None:
    """Its scope is looked at."""
    table = desk()
    table.grants = (c.Grant(ALICE, CHARLIE, MONDAY, MONDAY + timedelta(days=1), frozenset({"credit_limit"})),)
    assert isinstance(table.approve(CHARLIE, ALICE), r.NotDelegated)


def test_too_few_people_left() -> None:
    """Blocked from the start; the number is never lowered; a rescue gives candidates, not a vote."""
    table = Desk(policy({"name": "three", "seats": [["role:reviewer"]] * 3})).submit()
    assert table.request.current().status == "blocked"
    table.approve(ALICE)
    table.approve(BOB)
    assert table.request.state == "open"
    assert isinstance(table.send(c.Rescue(BOB, frozenset({"role:manager"}), "why")), r.NotYours)
    table.send(c.Rescue(ROOT, frozenset({"role:manager"}), "holiday"))
    assert (table.request.state, table.request.current().status) == ("open", "open")
    assert isinstance(table.approve(ROOT), r.Excluded)
    table.approve(MONA)
    assert table.request.state == "approved"


def test_assurance_below_the_stage() -> None:
    """A stage above the link's level asks for a session."""
    table = desk({**REVIEW, "assure": "session"})
    assert isinstance(table.approve(ALICE, assurance="chat"), r.AssuranceTooLow)
    assert isinstance(table.approve(ALICE, assurance="mfa"), list)


def test_clocks() -> None:
    """A deadline is a predicate at the click; expired is not rejected; working time skips the holidays."""
    table = Desk(policy(REVIEW, clock={"expire_hours": 18}), now=datetime(2026, 2, 13, 2, tzinfo=UTC)).submit()
    deadline = table.request.current().expires_at
    assert deadline is not None
    assert deadline.date() > datetime(2026, 2, 20, tzinfo=UTC).date()  # 2026's Spring Festival lies between
    table.now = deadline
    assert isinstance(table.approve(ALICE), r.DeadlinePassed)
    table.send(c.Fire("expire", 1, 1))
    assert table.request.state == "expired"


def test_a_timer_too_early_or_of_a_passed_stage_finds_nothing_to_do() -> None:
    """It never approves, and never closes another stage."""
    table = desk(REVIEW, MANAGER, clock={"expire_hours": 18})
    assert table.send(c.Fire("expire", 1, 1)) == []
    table.approve(ALICE)
    table.now += timedelta(days=1)
    assert table.send(c.Fire("expire", 1, 1)) == []
    assert table.request.state == "open"


def test_escalation_adds_candidates() -> None:
    """And closes nothing by itself."""
    table = desk(clock={"escalate_hours": 9, "escalate_to": ["role:manager"]})
    assert isinstance(table.approve(MONA), r.NotACandidate)
    table.send(c.Fire("escalate", 1, 1))
    assert table.request.state == "open"
    table.approve(MONA)
    assert table.request.state == "approved"


def test_return_and_resubmit_carry_votes_of_untouched_stages() -> None:
    """退回: the next round keeps what nobody changed."""
    stages = ({**REVIEW, "watch": ["closing"]}, {**MANAGER, "watch": ["lines"]})
    table = desk(*stages)
    table.approve(ALICE)
    table.send(c.Return(table.click(MONA)))
    assert table.request.state == "returned"
    again = Desk(policy(*stages), digest="d2")
    again.send(c.Submit(CARL, frozenset(), "d2", {}, previous=table.request, changed=frozenset({"lines"})))
    assert (again.request.round, again.request.stage) == (2, 2)
    assert isinstance(again.approve(ALICE), r.Excluded)
    assert isinstance(again.approve(MONA), list)
    touched = Desk(policy(*stages), digest="d2")
    touched.send(c.Submit(CARL, frozenset(), "d2", {}, previous=table.request, changed=frozenset({"closing"})))
    assert (touched.request.round, touched.request.stage) == (2, 1)
    table.send(c.Supersede("next round"))
    assert table.request.state == "superseded"


def test_rounds_are_limited() -> None:
    """After the last one there is only yes or no."""
    table = desk(rounds=1)
    assert isinstance(table.send(c.Return(table.click(ALICE))), r.RoundsUsedUp)


def test_revoke_own_vote() -> None:
    """While the stage is open; then one may vote again."""
    table = desk({"name": "two", "seats": [["role:reviewer"], ["role:reviewer"]]})
    table.approve(ALICE)
    assert isinstance(table.send(c.Revoke(table.click(BOB))), r.NothingToTakeBack)
    table.send(c.Revoke(table.click(ALICE)))
    assert table.request.current().votes == ()
    assert isinstance(table.approve(ALICE), list)


def test_withdraw() -> None:
    """撤回: By the submitter alone."""
    table = desk()
    assert isinstance(table.send(c.Withdraw(ALICE)), r.NotYours)
    table.send(c.Withdraw(CARL))
    assert table.request.state == "withdrawn"


def test_forward() -> None:
    """转交: The place passes on, never in a circle, never to the excluded."""
    table = desk(forward_to=["role:manager"])
    assert isinstance(table.send(c.Forward(table.click(ALICE), CHARLIE)), r.TargetNotEligible)
    table.send(c.Forward(table.click(ALICE), MONA))
    assert isinstance(table.approve(ALICE), r.NotACandidate)
    assert isinstance(table.send(c.Forward(table.click(MONA), ALICE)), r.TargetNotEligible)
    table.approve(MONA)
    assert table.request.state == "approved"


def test_an_opinion_never_counts() -> None:
    """It is asked, given and shown."""
    table = desk()
    table.send(c.AskOpinion(table.click(ALICE), CHARLIE, "is line 3 paid?"))
    assert isinstance(table.send(c.GiveOpinion(BOB, "yes")), r.NothingToTakeBack)
    table.send(c.GiveOpinion(CHARLIE, "yes"))
    assert table.request.opinions[0].text == "yes"
    assert table.request.state == "open"


@pytest.mark.parametrize(("where", "order"), [("before", (MONA, ALICE)), ("after", (ALICE, MONA))])
def test_add_sign_before_and_after(where: str, order: tuple[UUID, UUID]) -> None:
    """加签: An inserted stage before or after the one that is open."""
    table = desk()
    table.send(c.AddSign(table.click(BOB), frozenset({"role:manager"}), where))
    table.approve(order[0])
    assert table.request.state == "open"
    table.approve(order[1])
    assert table.request.state == "approved"


def test_add_sign_beside_and_take_it_back() -> None:
    """One more seat; only its adder removes it; what is then full closes."""
    table = desk()
    table.send(c.AddSign(table.click(BOB), frozenset({"role:manager"}), "beside"))
    table.approve(ALICE)
    assert table.request.state == "open"
    assert isinstance(table.send(c.RemoveSign(ALICE, 1, 1)), r.NotYours)
    table.send(c.RemoveSign(BOB, 1, 1))
    assert table.request.state == "approved"


def test_remind_is_throttled() -> None:
    """催办: By the submitter, not twice in two working hours."""
    table = desk()
    assert isinstance(table.send(c.Remind(CARL)), r.TooSoon)
    table.now += timedelta(hours=2)
    assert isinstance(table.send(c.Remind(CARL)), list)
    assert isinstance(table.send(c.Remind(CARL)), r.TooSoon)
    assert isinstance(table.send(c.Remind(ALICE)), r.NotYours)


def test_cancel_by_an_administrator_with_a_reason() -> None:
    """Who never votes."""
    table = desk()
    assert isinstance(table.send(c.Cancel(ALICE, "why")), r.NotYours)
    assert isinstance(table.send(c.Cancel(ROOT, " ")), r.CommentRequired)
    table.send(c.Cancel(ROOT, "wrong period"))
    assert table.request.state == "cancelled"


def test_a_stage_whose_condition_is_unknown_applies() -> None:
    """Only a condition that is known to be false spares a stage."""
    tiers = policy(REVIEW, {**MANAGER, "if": {"gt": ["amount", 100]}})
    for facts, stages in (({"amount": 5}, 1), ({"amount": 500}, 2), ({}, 2), ({"amount": "500"}, 2)):
        table = Desk(tiers).submit(CARL, (), **facts)
        assert sum(stage.status != "skipped" for stage in table.request.stages) == stages


def test_auto_approval_says_so() -> None:
    """And an unknown fact is not enough for it."""
    auto = {"if": {"lte": ["amount", 10]}, "reason": "small"}
    assert Desk(policy(REVIEW, auto=auto)).submit(CARL, (), amount=10).request.reason == "small"
    assert Desk(policy(REVIEW, auto=auto)).submit(CARL, ()).request.state == "open"


def test_comment_required() -> None:
    """A rejection says why."""
    table = desk()
    assert isinstance(table.send(c.Reject(table.click(ALICE, comment=" "))), r.CommentRequired)


def test_an_open_request_keeps_the_policy_it_opened_with() -> None:
    """Its seats are its own; a new version changes nothing in it."""
    table = desk()
    table.policy = policy({"name": "other", "seats": [["role:manager"]]})
    assert isinstance(table.approve(MONA), r.NotACandidate)
    assert isinstance(table.approve(ALICE), list)
