"""What a person may do with a request beside deciding: for the page, which offers nothing that would be refused."""

from dataclasses import dataclass
from uuid import UUID

from approvals.request import OPEN, RETURNED, Request, Sign, Stage


@dataclass(frozen=True, slots=True)
class Removable:
    """An added seat, or an inserted stage (`sign` 0), that its adder may take back."""

    stage: int
    sign: int
    what: tuple[str, ...]
    """Candidates of the seat."""


@dataclass(frozen=True, slots=True)
class Acts:
    """What this person is offered. The engine has the last word all the same."""

    pass_on: bool
    """Forward, ask an opinion, add a signature: what a candidate may do."""
    revoke_for: tuple[UUID, ...]
    """The authorities under which the person's votes on the open stage stand."""
    answer: bool
    """Somebody asked this person for an opinion."""
    remove: tuple[Removable, ...]
    withdraw: bool
    remind: bool
    administer: bool
    """Cancel and rescue."""
    resubmit: bool


def acts_for(request: Request, person_id: UUID, roles: frozenset[str], *, candidate: bool) -> Acts:
    """The acts of an open request, or resubmitting a returned one."""
    is_open = request.state == OPEN
    owns = person_id == request.submitted_by or person_id in request.preparers
    stage = request.current() if is_open and request.stage else None
    return Acts(
        pass_on=candidate,
        revoke_for=_votes_of(stage, person_id),
        answer=is_open and any(one.of == person_id and one.text is None for one in request.opinions),
        remove=tuple(_removable(request, person_id)) if is_open else (),
        withdraw=is_open and person_id == request.submitted_by,
        remind=is_open and owns,
        administer=is_open and "administrator" in roles,
        resubmit=request.state == RETURNED and (owns or "clerk" in roles),
    )


def _votes_of(stage: Stage | None, person_id: UUID) -> tuple[UUID, ...]:
    return () if stage is None else tuple(vote.authority for vote in stage.votes if vote.actor == person_id)


def _removable(request: Request, person_id: UUID) -> list[Removable]:
    found = []
    for stage in request.stages:
        if stage.status in ("satisfied", "void", "skipped", "rejected"):
            continue
        if stage.inserted_by == person_id:
            found.append(Removable(stage.number, 0, tuple(sorted(*stage.seats))))
        found += [_removable_sign(stage, sign) for sign in stage.signs if sign.by == person_id]
    return found


def _removable_sign(stage: Stage, sign: Sign) -> Removable:
    return Removable(stage.number, sign.number, tuple(sorted(sign.seat)))
