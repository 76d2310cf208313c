"""Random policies, people, delegations and commands, and an umpire that knows the rules from the specification alone.

The umpire computes for itself what each command may do; `Broken` names the rule that the engine broke.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from approvals import commands as c
from approvals import core
from approvals.codec import from_json, to_json
from approvals.events import Event, event_from_json, event_json
from approvals.evolve import fold
from approvals.policy import ASSURANCE, parse_policy
from approvals.refusals import ApprovalRefusal
from approvals.request import NEW, REQUEST_MOVES, Request, Stage, new_request
from approvals.working_time import WorkingCalendar

ROLES = ("r1", "r2", "r3")
PEOPLE = tuple(UUID(int=number) for number in range(1, 8))
FIELDS = ("closing", "lines", "form")
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
TERMINAL = {state for state, moves in REQUEST_MOVES.items() if not moves}


class Broken(AssertionError):
    """The engine broke a rule of the specification."""


def rule(holds: object, name: str) -> None:
    """Raises Broken unless the rule holds."""
    if not holds:
        raise Broken(name)


@dataclass
class Table:
    """One game: the world as it is now, the request, and everything that was accepted."""

    rng: Random
    policy: Any
    people: dict[UUID, frozenset[str]]
    grants: tuple[c.Grant, ...]
    now: datetime = START
    digest: str = "d0"
    request: Request = field(default_factory=lambda: new_request(UUID(int=99), "statement", "s"))
    events: list[Event] = field(default_factory=list)
    consumed: int = 0

    def env(self) -> c.Env:
        """The moment as the shell would read it."""
        return c.Env(self.policy, self.now, self.digest, self.people, self.grants, WorkingCalendar("", "UTC"))


def new_table(rng: Random) -> Table:
    """A random policy with random people and delegations."""
    people = {}
    for person in PEOPLE:
        roles = {f"role:{role}" for role in ROLES if rng.random() < 0.45}
        if rng.random() < 0.1:
            roles.add("role:administrator")
        people[person] = frozenset(roles | {f"user:{person}"})
    pairs = [rng.sample(PEOPLE, 2) for _ in range(rng.randint(0, 4))]
    grants = tuple(c.Grant(one, other, START, START + timedelta(hours=rng.choice((3, 200)))) for one, other in pairs)
    return Table(rng, parse_policy(_document(rng)), people, grants)


def _document(rng: Random) -> dict[str, Any]:
    def seat() -> list[str]:
        if rng.random() < 0.25:
            return [f"user:{person}" for person in rng.sample(PEOPLE, rng.randint(1, 3))]
        return [f"role:{role}" for role in rng.sample(ROLES, rng.randint(1, 2))]

    stages: list[dict[str, Any]] = []
    for number in range(rng.randint(1, 3)):
        stage: dict[str, Any] = {
            "name": f"s{number}", "seats": [seat() for _ in range(rng.randint(1, 3))],
            "watch": rng.sample(FIELDS, rng.randint(0, 2)), "assure": rng.choice(("link", "link", "chat", "session")),
        }  # fmt: skip
        if number and rng.random() < 0.4:
            stage["if"] = {"gt": ["amount", rng.choice((10, 50))]}
        stages.append(stage)
    document: dict[str, Any] = {
        "name": "play", "subjects": ["statement"], "stages": stages, "comments": ["reject"],
        "forward_to": ["role:r1", "role:r2", "role:r3"],
        "clock": {"remind_hours": 9, "escalate_hours": 18, "escalate_to": ["role:r3"], "expire_hours": 45},
    }  # fmt: skip
    if rng.random() < 0.15:
        document["auto"] = {"if": {"lt": ["amount", 5]}, "reason": "small"}
    return document


def play(rng: Random, steps: int = 30) -> Table:
    """Plays one game under the umpire's eyes."""
    table = new_table(rng)
    _submit(table)
    for _ in range(steps):
        _world_turns(table)
        _step(table)
    _check_record(table)
    return table


def _submit(table: Table) -> None:
    rng = table.rng
    submitter = rng.choice((None, *PEOPLE[:2]))
    facts = {"amount": rng.choice((1, 20, 99))} if rng.random() < 0.9 else {}
    command = c.Submit(submitter, frozenset(rng.sample(PEOPLE[:3], rng.randint(0, 2))), table.digest, facts)
    _send(table, command)


def _world_turns(table: Table) -> None:
    rng = table.rng
    if rng.random() < 0.5:
        table.now += timedelta(hours=rng.choice((1, 1, 2, 8, 20)))
    if rng.random() < 0.08:
        table.digest = rng.choice(("d0", "d1", "d2"))
    if rng.random() < 0.12:
        person = rng.choice(PEOPLE)
        roles = {f"role:{role}" for role in ROLES if rng.random() < 0.4}
        table.people = {**table.people, person: frozenset(roles | {f"user:{person}"})}


def _step(table: Table) -> None:
    kinds: list[Callable[[Table], c.Command]] = [_approve] * 12 + [
        _reject, _return, _revoke, _revoke, _forward, _add_sign, _add_sign, _withdraw, _fire, _fire, _fire, _cancel,
        _change, _change, _recheck, _consume, _consume, _consume, _supersede,
    ]  # fmt: skip
    command = table.rng.choice(kinds)(table)
    _send(table, command)
    if isinstance(command, c.Approve) and table.rng.random() < 0.3:
        _send(table, command)


def _click(table: Table, assurance: str | None = None) -> c.Click:
    rng, request = table.rng, table.request
    actor = rng.choice(PEOPLE)
    authority = actor
    principals = [grant.principal for grant in table.grants if grant.delegate == actor]
    if principals and rng.random() < 0.5:
        authority = rng.choice(principals)
    elif rng.random() < 0.05:
        authority = rng.choice(PEOPLE)
    stage = request.stage if rng.random() < 0.9 else rng.randint(1, 3)
    round_ = request.round if rng.random() < 0.95 else 2
    digest = request.digest if rng.random() < 0.9 else "d1"
    chosen = assurance or rng.choice(("link", "session", "session", "mfa"))
    return c.Click(actor, authority, round_, stage, digest, rng.choice(("", "why")), "web", chosen)


def _approve(table: Table) -> c.Command:
    return c.Approve(_click(table))


def _reject(table: Table) -> c.Command:
    return c.Reject(_click(table)) if table.rng.random() < 0.3 else c.Approve(_click(table))


def _return(table: Table) -> c.Command:
    return c.Return(_click(table)) if table.rng.random() < 0.3 else c.Approve(_click(table))


def _revoke(table: Table) -> c.Command:
    votes = [vote for stage in table.request.stages for vote in stage.votes]
    click = _click(table)
    if votes:
        vote = table.rng.choice(votes)
        click = replace(click, actor=vote.actor, authority=vote.authority)
    return c.Revoke(click)


def _forward(table: Table) -> c.Command:
    return c.Forward(_click(table), table.rng.choice(PEOPLE))


def _add_sign(table: Table) -> c.Command:
    seat = frozenset({f"role:{table.rng.choice(ROLES)}"})
    return c.AddSign(_click(table), seat, table.rng.choice(("beside", "before", "after")))


def _withdraw(table: Table) -> c.Command:
    return c.Withdraw(table.rng.choice(PEOPLE)) if table.rng.random() < 0.2 else c.Approve(_click(table))


def _fire(table: Table) -> c.Command:
    return c.Fire(table.rng.choice(("remind", "escalate", "expire")), table.request.stage, table.request.round)


def _cancel(table: Table) -> c.Command:
    return c.Cancel(table.rng.choice(PEOPLE), "why")


def _change(table: Table) -> c.Command:
    fields = frozenset(table.rng.sample(FIELDS, table.rng.randint(1, 2)))
    return c.ChangeSubject(table.digest, {"amount": table.rng.choice((1, 20, 99))}, fields)


def _recheck(_table: Table) -> c.Command:
    return c.Recheck()


def _consume(_table: Table) -> c.Command:
    return c.Consume()


def _supersede(table: Table) -> c.Command:
    return c.Supersede("newer") if table.rng.random() < 0.2 else c.Consume()


# -- the umpire --------------------------------------------------------------------------------------


def _send(table: Table, command: c.Command) -> None:
    before, env = table.request, table.env()
    answer = core.decide(before, command, env)
    rule(table.request == before, "a decision changes nothing by itself")
    if isinstance(command, c.Approve):
        _judge_approve(before, command, env, answer)
    if isinstance(answer, ApprovalRefusal):
        return
    rule(not answer or before.state not in TERMINAL, "terminal states absorb")
    table.events += answer
    table.request = fold(before, answer)
    _judge_change(table, before, command, env)


def _judge_approve(before: Request, command: c.Approve, env: c.Env, answer: list[Event] | ApprovalRefusal) -> None:
    reason = _why_not(before, command.click, env)
    accepted = not isinstance(answer, ApprovalRefusal)
    rule(not (accepted and reason), f"accepted although {reason}")
    rule(accepted or reason, f"refused without reason: {answer}")


def _why_not(request: Request, click: c.Click, env: c.Env) -> str:  # noqa: PLR0911 - one line per rule
    """The first rule of the specification that forbids the vote; "" when it is allowed."""
    if request.state != "open":
        return "not open"
    stage = request.current()
    if click.round != request.round or click.stage != request.stage:
        return "another stage or round"
    if not click.digest == request.digest == env.digest:
        return "another digest"
    if stage.expires_at is not None and env.now >= stage.expires_at:
        return "expired"
    both = {click.actor, click.authority}
    if click.actor != click.authority and not any(
        (g.principal, g.delegate) == (click.authority, click.actor) and g.starts_at <= env.now < g.ends_at
        for g in env.grants
    ):
        return "no delegation"
    if both & _barred(request, stage, env):
        return "excluded"
    if any({vote.actor, vote.authority} & both for vote in stage.votes):
        return "voted"
    own = effective(stage, click.authority, env)
    if not any(own & seat for seat in demanded(stage)):
        return "no seat"
    if ASSURANCE.index(click.assurance) < ASSURANCE.index(stage.assure):
        return "assurance"
    return ""


def _barred(request: Request, stage: Stage, env: c.Env) -> set[UUID]:
    elsewhere = {
        person
        for other in request.stages
        if other.number != stage.number and other.status != "void"
        for vote in other.votes
        for person in (vote.actor, vote.authority)
    }
    administrators = {person for person, own in env.people.items() if "role:administrator" in own}
    submitter = set() if request.submitted_by is None else {request.submitted_by}
    return elsewhere | administrators | request.preparers | submitter


def effective(stage: Stage, person: UUID, env: c.Env) -> frozenset[str]:
    """What the person can sit as: nothing after handing on, more after receiving."""
    own = set(env.people[person])
    for handed in stage.handed_on:
        if handed.by == person:
            return frozenset()
        if handed.to == person:
            own |= handed.capacities
    return frozenset(own)


def demanded(stage: Stage) -> list[frozenset[str]]:
    """Every seat, the added ones too."""
    return [*stage.seats, *(sign.seat for sign in stage.signs)]


def fillable(seats: list[frozenset[str]], people: list[frozenset[str]]) -> bool:
    """By trying every way: each seat a person of its own."""
    if not seats:
        return True
    return any(
        seats[0] & own and fillable(seats[1:], people[:index] + people[index + 1 :]) for index, own in enumerate(people)
    )


def _judge_change(table: Table, before: Request, command: c.Command, env: c.Env) -> None:
    after = table.request
    if before.state not in (after.state, NEW):
        rule(after.state in REQUEST_MOVES[before.state], f"no move from {before.state} to {after.state}")
    if isinstance(command, c.Fire):
        rule(after.state in ("open", "expired") or before.state != "open", "a timer approves")
    if isinstance(command, c.Consume) and after.state == "consumed":
        table.consumed += 1
        rule(table.consumed == 1, "consumed twice")
        rule(before.digest == env.digest, "consumed at another digest")
        rule(before.valid_until is None or env.now < before.valid_until, "consumed after it lapsed")
    for stage in after.stages:
        _judge_stage(table, stage)
    if after.state == "approved" and not any(type(event).__name__ == "AutoApproved" for event in table.events):
        rule(
            all(stage.status in ("satisfied", "skipped", "void") for stage in after.stages), "approved with open stages"
        )
    if isinstance(command, c.Approve) and after.state == "open" and after.stage == before.stage:
        stage = after.current()
        own = [vote.capacities for vote in stage.votes if vote.choice == "approve"]
        rule(not fillable(demanded(stage), own), "every seat is filled and the stage stays open")


def _judge_stage(table: Table, stage: Stage) -> None:
    voters = [person for vote in stage.votes for person in {vote.actor, vote.authority}]
    rule(len(voters) == len(set(voters)), "one person, one vote")
    if stage.status == "satisfied":
        own = [vote.capacities for vote in stage.votes if vote.choice == "approve"]
        rule(fillable(demanded(stage), own), "satisfied without its seats filled")
        rule(fillable(list(stage.seats), own), "add-sign weakened the policy's own seats")
    own_rules = {one.number: one for one in table.policy.stages}
    if stage.number in own_rules:
        seats = own_rules[stage.number].seats
        rule(len(stage.seats) == len(seats), "the number of seats was lowered")
        widest = table.policy.clock.escalate_to
        only_wider = all(seat <= now <= seat | widest for seat, now in zip(seats, stage.seats, strict=True))
        rule(only_wider, "seats were rewritten")
    for vote in stage.votes:
        if not stage.handed_on:
            rule(f"user:{vote.authority}" in vote.capacities, "capacities are not the authority's")
            rule(vote.actor == vote.authority or f"user:{vote.actor}" not in vote.capacities, "the delegate's own seat")


def _check_record(table: Table) -> None:
    """fold(acts) = projection, also after a way through JSON."""
    begun = new_request(UUID(int=99), "statement", "s")
    again = fold(begun, [event_from_json(event_json(event)) for event in table.events])
    rule(again == table.request, "the acts do not fold to the projection")
    rule(from_json(Request, to_json(table.request)) == table.request, "the projection does not survive JSON")
