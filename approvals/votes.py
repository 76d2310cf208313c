"""Decisions of people on the open stage, and the one gate through which they all come."""

from uuid import UUID

from approvals import commands as c
from approvals import events as e
from approvals.evolve import fold
from approvals.policy import ASSURANCE
from approvals.refusals import (
    AlreadyVoted,
    AssuranceTooLow,
    CommentRequired,
    DeadlinePassed,
    Excluded,
    NotACandidate,
    NotDelegated,
    NothingToTakeBack,
    RequestClosed,
    RoundsUsedUp,
    StageMoved,
    SubjectDiffers,
    TargetNotEligible,
)  # fmt: skip
from approvals.request import OPEN, REJECTED, RETURNED, HandedOn, Request, Stage, Vote
from approvals.seats import covers
from approvals.staffing import EXCLUDED_REASONS, exclusion, settle


def require_open(request: Request) -> None:
    """Raises RequestClosed with who and when."""
    if request.state != OPEN:
        raise RequestClosed(state=request.state, at=request.closed_at or "", by=request.closed_by or "")


def gate(request: Request, click: c.Click, env: c.Env) -> Stage:
    """The stage on which this click may speak, or the refusal. The same for web, link, chat and command line."""
    stage = _as_shown(request, click, env)
    _who(request, stage, click, env)
    return stage


def _as_shown(request: Request, click: c.Click, env: c.Env) -> Stage:
    require_open(request)
    if (click.round, click.stage) != (request.round, request.stage):
        raise StageMoved(round=click.round, stage=click.stage)
    if click.digest != request.digest or env.digest != request.digest:
        raise SubjectDiffers
    stage = request.current()
    if stage.expires_at is not None and env.now >= stage.expires_at:
        raise DeadlinePassed(at=stage.expires_at)
    return stage


def _who(request: Request, stage: Stage, click: c.Click, env: c.Env) -> None:
    if click.actor not in env.people:
        raise NotACandidate
    if click.actor != click.authority and not _delegated(request, click, env):
        raise NotDelegated
    for person in (click.actor, click.authority):
        rule = exclusion(request, stage, person, env)
        if rule is not None:
            raise Excluded(reason=EXCLUDED_REASONS[rule])
    if not covers(carried(stage, click, env), stage.demand()):
        raise NotACandidate


def _delegated(request: Request, click: c.Click, env: c.Env) -> bool:
    return any(
        (grant.principal, grant.delegate) == (click.authority, click.actor)
        and grant.covers(env.now, request.subject_kind)
        for grant in env.grants
    )


def carried(stage: Stage, click: c.Click, env: c.Env) -> frozenset[str]:
    """The authority's capacities in this stage now; all of them, not only the one that is needed."""
    return stage.capacities(click.authority, env.people.get(click.authority, frozenset()))


def _voting_gate(request: Request, click: c.Click, env: c.Env, choice: str) -> Stage:
    stage = gate(request, click, env)
    both = {click.actor, click.authority}
    for vote in stage.votes:
        if both & {vote.actor, vote.authority}:
            raise AlreadyVoted(choice=vote.choice, at=vote.at)
    if ASSURANCE.index(click.assurance) < ASSURANCE.index(stage.assure):
        raise AssuranceTooLow(needed=stage.assure, given=click.assurance)
    if choice in env.policy.comments and not click.comment.strip():
        raise CommentRequired
    return stage


def _vote(stage: Stage, click: c.Click, env: c.Env, choice: str) -> e.Voted:
    vote = Vote(
        actor=click.actor, authority=click.authority, capacities=carried(stage, click, env), choice=choice,
        digest=click.digest, at=env.now, comment=click.comment, channel=click.channel, assurance=click.assurance,
    )  # fmt: skip
    return e.Voted(stage.number, vote)


def approve(request: Request, command: c.Approve, env: c.Env) -> list[e.Event]:
    """The vote, and what it completes."""
    stage = _voting_gate(request, command.click, env, "approve")
    voted: list[e.Event] = [_vote(stage, command.click, env, "approve")]
    return voted + settle(fold(request, voted), env)


def reject(request: Request, command: c.Reject, env: c.Env) -> list[e.Event]:
    """A veto: the request ends."""
    stage = _voting_gate(request, command.click, env, "reject")
    closed = e.Closed(env.now, REJECTED, command.click.actor, command.click.comment, None)
    return [_vote(stage, command.click, env, "reject"), closed]


def return_(request: Request, command: c.Return, env: c.Env) -> list[e.Event]:
    """Back to the preparer, while rounds are left."""
    stage = _voting_gate(request, command.click, env, "return")
    if request.round >= env.policy.rounds:
        raise RoundsUsedUp(rounds=request.round)
    closed = e.Closed(env.now, RETURNED, command.click.actor, command.click.comment, None)
    return [_vote(stage, command.click, env, "return"), closed]


def revoke(request: Request, command: c.Revoke, env: c.Env) -> list[e.Event]:
    """Takes the own vote back; needs no candidacy, for the vote may be what was wrong."""
    click = command.click
    stage = _as_shown(request, click, env)
    if not any((vote.actor, vote.authority) == (click.actor, click.authority) for vote in stage.votes):
        raise NothingToTakeBack
    revoked: list[e.Event] = [e.VoteRevoked(env.now, stage.number, click.actor, click.authority)]
    return revoked + settle(fold(request, revoked), env)


def forward(request: Request, command: c.Forward, env: c.Env) -> list[e.Event]:
    """Hands the own place in the stage to another; never in a circle."""
    click, to = command.click, command.to
    stage = gate(request, click, env)
    if any(vote.authority == click.authority for vote in stage.votes):
        raise AlreadyVoted(choice="approve", at=env.now)
    _require_target(request, stage, click, to, env)
    handed = HandedOn(click.authority, to, carried(stage, click, env))
    events: list[e.Event] = [e.Forwarded(env.now, stage.number, handed)]
    return events + settle(fold(request, events), env)


def _require_target(request: Request, stage: Stage, click: c.Click, to: UUID, env: c.Env) -> None:
    own = env.people.get(to, frozenset())
    allowed = env.policy.forward_to.union(*stage.demand())
    if not own & allowed:
        raise TargetNotEligible(reason="no role of this policy")
    if to in (click.actor, click.authority) or any(to == handed.by for handed in stage.handed_on):
        raise TargetNotEligible(reason="it would go in a circle")
    if any(to in (vote.actor, vote.authority) for vote in stage.votes):
        raise TargetNotEligible(reason="has decided on this stage already")
    rule = exclusion(request, stage, to, env)
    if rule is not None:
        raise TargetNotEligible(reason=EXCLUDED_REASONS[rule])
