"""The engine: `decide` answers a command with events or a refusal; `evolve` (evolve.py) folds the events.

Pure: everything it must know about the moment comes in `Env`. Nothing that it refuses leaves a trace.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from approvals import commands as c
from approvals import events as e
from approvals import votes
from approvals.evolve import fold
from approvals.policy import Policy, StageRule
from approvals.predicate import Facts, asking, holds
from approvals.refusals import (
    ApprovalLapsed,
    ApprovalRefusal,
    ChangedAfterApproval,
    CommandNotPossible,
    CommentRequired,
    NotApproved,
    NotCovered,
    NothingToTakeBack,
    NotYours,
    RoundsUsedUp,
    TooSoon,
)  # fmt: skip
from approvals.request import (
    APPROVED,
    CANCELLED,
    EXPIRED,
    NEW,
    OPEN,
    REQUEST_MOVES,
    RETURNED,
    SUPERSEDED,
    WITHDRAWN,
    Request,
    Stage,
    Vote,
)  # fmt: skip
from approvals.staffing import advance, exclusion, recheck, settle, valid_until

REMIND_EVERY_HOURS = 2
"""A person may remind at most this often (working hours): a chat that nags is muted."""


def decide(request: Request, command: c.Command, env: c.Env) -> list[e.Event] | ApprovalRefusal:
    """The events that follow from the command, in order, or why not. An empty list: nothing to do."""
    try:
        return _HANDLERS[type(command)](request, command, env)
    except ApprovalRefusal as refusal:
        return refusal


def covering(policy: Policy) -> Callable[[str, Facts], bool]:
    """Whether the policy speaks about a subject, to be asked of many; unknown facts do not count as covered."""
    when = asking(policy.when) if policy.when is not None else None
    return lambda kind, facts: kind in policy.subjects and (when is None or when(facts) is True)


def covers_subject(kind: str, facts: Facts, env: c.Env) -> bool:
    """The same of one subject and the policy of this moment."""
    return covering(env.policy)(kind, facts)


# -- opening -----------------------------------------------------------------------------------------


def _submit(request: Request, command: c.Submit, env: c.Env) -> list[e.Event]:
    if request.state != NEW:
        raise CommandNotPossible(state=request.state, command="submit")
    if not covers_subject(request.subject_kind, command.facts, env):
        raise NotCovered
    previous = command.previous
    round_ = previous.round + 1 if previous else 1
    if round_ > env.policy.rounds:
        raise RoundsUsedUp(rounds=round_ - 1)
    stages = tuple(_first_form(rule, command.facts) for rule in env.policy.stages)
    opened: list[e.Event] = [
        e.Submitted(env.now, command.by, command.preparers, round_, command.digest, command.facts, stages)
    ]
    auto = env.policy.auto
    if auto is not None and holds(auto.condition, command.facts) is True:
        return [*opened, e.AutoApproved(env.now, auto.reason, valid_until(env))]
    if all(stage.status == "skipped" for stage in stages):
        raise NotCovered
    if previous is not None:
        opened = [_with_carried(opened[0], request, command, env)]
    return opened + advance(fold(request, opened), env)


def _first_form(rule: StageRule, facts: Facts) -> Stage:
    return Stage(
        number=rule.number, name=rule.name, status="skipped" if _spared(rule, facts) else "waiting", seats=rule.seats,
        watch=rule.watch, assure=rule.assure, bulk=rule.bulk,
    )  # fmt: skip


def _spared(rule: StageRule, facts: Facts) -> bool:
    """Only a condition that is known to be false spares a stage."""
    return rule.condition is not None and holds(rule.condition, facts) is False


def _with_carried(event: e.Event, request: Request, command: c.Submit, env: c.Env) -> e.Submitted:
    """Votes of the returned round stand where nothing that their stage watches has changed."""
    assert isinstance(event, e.Submitted)  # noqa: S101 - made three lines above
    assert command.previous is not None  # noqa: S101 - the caller asked
    begun = fold(request, [event])
    stages = tuple(_carry(begun, stage, command.previous, command, env) for stage in event.stages)
    return replace(event, stages=stages)


def _carry(begun: Request, stage: Stage, previous: Request, command: c.Submit, env: c.Env) -> Stage:
    if stage.status == "skipped" or not previous.has_stage(stage.number) or stage.watches(command.changed):
        return stage
    old = previous.stage_numbered(stage.number)
    kept = tuple(vote for vote in old.votes if vote.choice == "approve" and _still_free(begun, stage, vote, env))
    return replace(stage, votes=kept)


def _still_free(begun: Request, stage: Stage, vote: Vote, env: c.Env) -> bool:
    return all(exclusion(begun, stage, person, env) is None for person in (vote.actor, vote.authority))


# -- while it is open --------------------------------------------------------------------------------


def _change_subject(request: Request, command: c.ChangeSubject, env: c.Env) -> list[e.Event]:
    if request.state == APPROVED:
        return [e.Superseded(env.now, "the document changed after approval")]
    votes.require_open(request)
    voided = tuple(stage.number for stage in request.stages if stage.votes and stage.watches(command.fields))
    rules = {rule.number: rule for rule in env.policy.stages}
    skipped = tuple(
        stage.number
        for stage in request.stages
        if stage.status != "void" and stage.number in rules and _spared(rules[stage.number], command.facts)
    )
    changed: list[e.Event] = [e.SubjectChanged(env.now, command.digest, command.facts, command.fields, voided, skipped)]
    after = fold(request, changed)
    if all(stage.status in ("skipped", "void") for stage in after.stages):
        raise NotCovered
    return changed + advance(after, env)


def _ask_opinion(request: Request, command: c.AskOpinion, env: c.Env) -> list[e.Event]:
    votes.gate(request, command.click, env)
    return [e.OpinionAsked(env.now, command.click.actor, command.of, command.question)]


def _give_opinion(request: Request, command: c.GiveOpinion, env: c.Env) -> list[e.Event]:
    votes.require_open(request)
    if not any(one.of == command.by and one.text is None for one in request.opinions):
        raise NothingToTakeBack
    return [e.OpinionGiven(env.now, command.by, command.text)]


def _add_sign(request: Request, command: c.AddSign, env: c.Env) -> list[e.Event]:
    stage = votes.gate(request, command.click, env)
    by = command.click.actor
    if not command.seat:
        raise NothingToTakeBack
    if command.where == "beside":
        number = max((sign.number for one in request.stages for sign in one.signs), default=0) + 1
        added: list[e.Event] = [e.SeatAdded(env.now, stage.number, number, by, command.seat)]
        return added + settle(fold(request, added), env)
    before = command.where == "before"
    inserted = replace(
        stage, number=request.next_number(), status="waiting", seats=(command.seat,), signs=(), votes=(),
        lapsed_votes=(), handed_on=(), opened_at=None, expires_at=None, inserted_by=by,
    )  # fmt: skip
    events: list[e.Event] = [e.StageInserted(env.now, inserted, stage.number, before)]
    return events + advance(fold(request, events), env) if before else events


def _remove_sign(request: Request, command: c.RemoveSign, env: c.Env) -> list[e.Event]:
    votes.require_open(request)
    if not request.has_stage(command.stage):
        raise NothingToTakeBack
    stage = request.stage_numbered(command.stage)
    owner = stage.inserted_by if command.sign == 0 else _adder(stage, command.sign)
    if owner is None or stage.status not in ("waiting", "open", "blocked"):
        raise NothingToTakeBack
    if owner != command.by:
        raise NotYours(whom="the person who added it")
    events: list[e.Event] = [e.SignRemoved(env.now, command.stage, command.sign, command.by)]
    after = fold(request, events)
    if after.stage == 0:
        return events + advance(after, env)
    return events + (settle(after, env) if request.stage == command.stage else [])


def _adder(stage: Stage, sign: int) -> UUID | None:
    return next((one.by for one in stage.signs if one.number == sign), None)


def _remind(request: Request, command: c.Remind, env: c.Env) -> list[e.Event]:
    votes.require_open(request)
    if command.by != request.submitted_by and command.by not in request.preparers:
        raise NotYours(whom="the submitter")
    last = request.reminded_at or request.current().opened_at
    if last is not None and env.now < env.calendar.add_hours(last, REMIND_EVERY_HOURS):
        raise TooSoon(at=last)
    return [e.Reminded(env.now, request.stage, command.by)]


def _fire(request: Request, command: c.Fire, env: c.Env) -> list[e.Event]:
    """A timer of a stage that has passed finds nothing to do; no timer approves."""
    if request.state != OPEN or (command.stage, command.round) != (request.stage, request.round):
        return []
    stage = request.current()
    if command.kind == "expire":
        due = stage.expires_at is not None and env.now >= stage.expires_at
        return [e.Closed(env.now, EXPIRED, None, "nobody decided in time", None)] if due else []
    if command.kind == "escalate":
        candidates = env.policy.clock.escalate_to
        if all(candidates <= seat for seat in stage.seats):
            return []
        events: list[e.Event] = [e.Escalated(env.now, stage.number, candidates, None, "nobody decided in time")]
        return events + recheck(fold(request, events), env)
    return [e.Reminded(env.now, stage.number, None)]


def _rescue(request: Request, command: c.Rescue, env: c.Env) -> list[e.Event]:
    votes.require_open(request)
    _require_administrator(command.by, command.reason, env)
    events: list[e.Event] = [e.Escalated(env.now, request.stage, command.candidates, command.by, command.reason)]
    return events + recheck(fold(request, events), env)


def _recheck(request: Request, _command: c.Recheck, env: c.Env) -> list[e.Event]:
    return recheck(request, env) if request.state == OPEN else []


# -- endings -----------------------------------------------------------------------------------------


def _withdraw(request: Request, command: c.Withdraw, env: c.Env) -> list[e.Event]:
    votes.require_open(request)
    if command.by != request.submitted_by:
        raise NotYours(whom="the submitter")
    return [e.Closed(env.now, WITHDRAWN, command.by, command.reason, None)]


def _cancel(request: Request, command: c.Cancel, env: c.Env) -> list[e.Event]:
    votes.require_open(request)
    _require_administrator(command.by, command.reason, env)
    return [e.Closed(env.now, CANCELLED, command.by, command.reason, None)]


def _subject_gone(request: Request, command: c.SubjectGone, env: c.Env) -> list[e.Event]:
    if request.state == APPROVED:
        return [e.Superseded(env.now, command.reason)]
    votes.require_open(request)
    return [e.Closed(env.now, CANCELLED, None, command.reason, None)]


def _require_administrator(person: UUID, reason: str, env: c.Env) -> None:
    if "role:administrator" not in env.people.get(person, frozenset()):
        raise NotYours(whom="an administrator")
    if not reason.strip():
        raise CommentRequired


def _consume(request: Request, _command: c.Consume, env: c.Env) -> list[e.Event]:
    if request.state != APPROVED:
        raise NotApproved(state=request.state)
    if request.valid_until is not None and env.now >= request.valid_until:
        raise ApprovalLapsed(at=request.valid_until)
    if env.digest != request.digest:
        raise ChangedAfterApproval
    return [e.Consumed(env.now, env.digest)]


def _supersede(request: Request, command: c.Supersede, env: c.Env) -> list[e.Event]:
    if SUPERSEDED not in REQUEST_MOVES[request.state]:
        raise CommandNotPossible(state=request.state, command="supersede")
    assert request.state in (RETURNED, APPROVED)  # noqa: S101 - what the table says
    return [e.Superseded(env.now, command.reason)]


_HANDLERS: dict[type, Callable[[Request, Any, c.Env], list[e.Event]]] = {
    c.Submit: _submit, c.Approve: votes.approve, c.Reject: votes.reject, c.Return: votes.return_,
    c.Revoke: votes.revoke, c.Forward: votes.forward, c.AskOpinion: _ask_opinion, c.GiveOpinion: _give_opinion,
    c.AddSign: _add_sign, c.RemoveSign: _remove_sign, c.Withdraw: _withdraw, c.Remind: _remind, c.Fire: _fire,
    c.Cancel: _cancel, c.Rescue: _rescue, c.ChangeSubject: _change_subject, c.Recheck: _recheck,
    c.Consume: _consume, c.Supersede: _supersede, c.SubjectGone: _subject_gone,
}  # fmt: skip
