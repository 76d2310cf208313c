"""The fold: what a request is after an event. Decides nothing; refuses only moves that do not exist."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from approvals import events as e
from approvals.request import (
    APPROVED,
    CONSUMED,
    OPEN,
    REJECTED,
    REQUEST_MOVES,
    STAGE_MOVES,
    SUPERSEDED,
    Opinion,
    Request,
    Sign,
    Stage,
)  # fmt: skip
from approvals.seats import Seat


def evolve(request: Request, event: e.Event) -> Request:
    """The request after `event`."""
    return _HANDLERS[type(event)](request, event)


def fold(request: Request, events: Iterable[e.Event]) -> Request:
    """The request after all of them."""
    for event in events:
        request = evolve(request, event)
    return request


def _request_to(request: Request, state: str) -> Request:
    assert state in REQUEST_MOVES[request.state], (request.state, state)  # noqa: S101 - the table is the law
    return replace(request, state=state)


def _stage_to(stage: Stage, status: str) -> Stage:
    if stage.status == status:
        return stage
    assert status in STAGE_MOVES[stage.status], (stage.status, status)  # noqa: S101 - the table is the law
    return replace(stage, status=status)


def _ended(request: Request, state: str, at: datetime, by: UUID | None, reason: str) -> Request:
    """Closes the request and whatever stages are still unsettled."""
    current = "rejected" if state == REJECTED else "void"
    stages = tuple(
        stage
        if stage.status in ("satisfied", "skipped", "void")
        else replace(_stage_to(stage, current if stage.number == request.stage else "void"), closed_at=at)
        for stage in request.stages
    )
    moved = _request_to(request, state)
    return replace(moved, stages=stages, stage=0, closed_at=at, closed_by=by, reason=reason)


def _submitted(request: Request, event: e.Submitted) -> Request:
    return replace(
        _request_to(request, OPEN),
        round=event.round, digest=event.digest, facts=event.facts, submitted_by=event.by, preparers=event.preparers,
        opened_at=event.at, stages=event.stages,
    )  # fmt: skip


def _auto_approved(request: Request, event: e.AutoApproved) -> Request:
    ended = _ended(request, APPROVED, event.at, None, event.rule)
    return replace(ended, valid_until=event.valid_until)


def _stage_opened(request: Request, event: e.StageOpened) -> Request:
    stage = _stage_to(request.stage_numbered(event.stage), "open")
    opened = replace(stage, opened_at=event.at, expires_at=event.expires_at)
    return replace(request.with_stage(opened), stage=event.stage, reminded_at=None)


def _stage_status(request: Request, event: e.StageBlocked | e.StageUnblocked) -> Request:
    status = "blocked" if isinstance(event, e.StageBlocked) else "open"
    return request.with_stage(_stage_to(request.stage_numbered(event.stage), status))


def _voted(request: Request, event: e.Voted) -> Request:
    stage = request.stage_numbered(event.stage)
    return request.with_stage(replace(stage, votes=(*stage.votes, event.vote)))


def _vote_revoked(request: Request, event: e.VoteRevoked) -> Request:
    stage = request.stage_numbered(event.stage)
    gone = tuple(vote for vote in stage.votes if (vote.actor, vote.authority) == (event.actor, event.authority))
    kept = tuple(vote for vote in stage.votes if vote not in gone)
    return request.with_stage(replace(stage, votes=kept, lapsed_votes=stage.lapsed_votes + gone))


def _stage_satisfied(request: Request, event: e.StageSatisfied) -> Request:
    stage = _stage_to(request.stage_numbered(event.stage), "satisfied")
    return replace(request.with_stage(replace(stage, closed_at=event.at)), stage=0)


def _closed(request: Request, event: e.Closed) -> Request:
    ended = _ended(request, event.state, event.at, event.by, event.reason)
    return replace(ended, valid_until=event.valid_until)


def _consumed(request: Request, _event: e.Consumed) -> Request:
    return _request_to(request, CONSUMED)


def _superseded(request: Request, _event: e.Superseded) -> Request:
    return _request_to(request, SUPERSEDED)


def _subject_changed(request: Request, event: e.SubjectChanged) -> Request:
    stages = tuple(_after_change(stage, event) for stage in request.stages)
    return replace(request, stages=stages, stage=0, digest=event.digest, facts=event.facts)


def _after_change(stage: Stage, event: e.SubjectChanged) -> Stage:
    if stage.status == "void":
        return stage
    if stage.number in event.voided:
        stage = replace(stage, votes=(), lapsed_votes=stage.lapsed_votes + stage.votes)
    if stage.number in event.skipped:
        return _stage_to(stage, "skipped")
    if stage.status == "satisfied" and stage.number not in event.voided:
        return stage
    return replace(_stage_to(stage, "waiting"), closed_at=None)


def _seat_added(request: Request, event: e.SeatAdded) -> Request:
    stage = request.stage_numbered(event.stage)
    return request.with_stage(replace(stage, signs=(*stage.signs, Sign(event.sign, event.by, event.seat))))


def _stage_inserted(request: Request, event: e.StageInserted) -> Request:
    stages: list[Stage] = []
    for stage in request.stages:
        if stage.number != event.beside:
            stages.append(stage)
        elif event.before:
            stages += [event.stage, _stage_to(stage, "waiting")]
        else:
            stages += [stage, event.stage]
    return replace(request, stages=tuple(stages), stage=0 if event.before else request.stage)


def _sign_removed(request: Request, event: e.SignRemoved) -> Request:
    stage = request.stage_numbered(event.stage)
    if event.sign:
        return request.with_stage(replace(stage, signs=tuple(one for one in stage.signs if one.number != event.sign)))
    gone = replace(_stage_to(stage, "void"), closed_at=event.at)
    return replace(request.with_stage(gone), stage=0 if request.stage == event.stage else request.stage)


def _forwarded(request: Request, event: e.Forwarded) -> Request:
    stage = request.stage_numbered(event.stage)
    return request.with_stage(replace(stage, handed_on=(*stage.handed_on, event.handed)))


def _opinion_asked(request: Request, event: e.OpinionAsked) -> Request:
    asked = Opinion(event.by, event.of, event.question, event.at, None, None)
    return replace(request, opinions=(*request.opinions, asked))


def _opinion_given(request: Request, event: e.OpinionGiven) -> Request:
    opinions = tuple(
        replace(one, text=event.text, given_at=event.at) if one.of == event.by and one.text is None else one
        for one in request.opinions
    )
    return replace(request, opinions=opinions)


def _reminded(request: Request, event: e.Reminded) -> Request:
    return replace(request, reminded_at=event.at)


def _escalated(request: Request, event: e.Escalated) -> Request:
    stage = request.stage_numbered(event.stage)
    return request.with_stage(widened(stage, tuple(seat | event.candidates for seat in stage.seats)))


def widened(stage: Stage, seats: tuple[Seat, ...]) -> Stage:
    """The stage with more candidates on the policy's seats; as many seats as before."""
    assert len(seats) == len(stage.seats)  # noqa: S101 - the number is never lowered
    return replace(stage, seats=seats)


_HANDLERS: dict[type, Callable[[Request, Any], Request]] = {
    e.Submitted: _submitted, e.AutoApproved: _auto_approved, e.StageOpened: _stage_opened,
    e.StageBlocked: _stage_status, e.StageUnblocked: _stage_status, e.Voted: _voted, e.VoteRevoked: _vote_revoked,
    e.StageSatisfied: _stage_satisfied, e.Closed: _closed, e.Consumed: _consumed, e.Superseded: _superseded,
    e.SubjectChanged: _subject_changed, e.SeatAdded: _seat_added, e.StageInserted: _stage_inserted,
    e.SignRemoved: _sign_removed, e.Forwarded: _forwarded, e.OpinionAsked: _opinion_asked,
    e.OpinionGiven: _opinion_given, e.Reminded: _reminded, e.Escalated: _escalated,
}  # fmt: skip
