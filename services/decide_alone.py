"""Decides on one request in one transaction; decide_approval.py lets those that come at once share one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from approvals import commands as c
from approvals.core import decide as engine_decides
from approvals.events import Event
from approvals.evolve import fold
from approvals.policy import ASSURANCE
from approvals.refusals import ApprovalRefusal, NotACandidate, NotInBulk
from approvals.request import Request
from services.apply_approval import digest_now, moment, proceed, readable
from storage.approval_acts import ActMeta
from storage.approvals import StoredRequest, key_text, lock_request, principals_of
from storage.database import Database, Session, transaction
from storage.idempotency import FirstAnswer, first_answer, keep_answer
from words.refusal import Refusal

OK = 200
"""What a repeated click is told: the same as the first."""


class RequestUnknown(Refusal):
    """No such request in this company."""

    code = "request_unknown"
    sentence = "There is no such request for approval."
    remedy = "Open the inbox to see what waits for you."


class KeyReused(Refusal):
    """An idempotency key belongs to one question."""

    code = "key_reused"
    sentence = "This key was used for another decision before."
    remedy = "Reload the page and decide again."


class CommandUnknown(Refusal):
    """Not a command of the engine."""

    code = "command_unknown"
    sentence = "{command} is not a decision that can be made."
    remedy = "Choose approve, reject, return, revoke, withdraw, remind, forward, add_sign, remove_sign or cancel."


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the request stands after the command; the same for every repetition of it."""

    request_id: str
    command: str
    state: str
    stage: int
    round: int
    acts: tuple[str, ...]
    at: str
    replayed: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """A command as it came in."""

    command: str
    click: c.Click
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """One choice: what was on its card, and the key of this press."""

    request_id: UUID
    authority_id: UUID | None
    """None: the actor himself or, where only that fits, the first principal who does."""
    round: int
    stage: int
    digest: str
    key: str


@dataclass(frozen=True, slots=True)
class Press:
    """What all choices of one press have in common.

    `details`: forward {"to"}, ask_opinion {"of", "question"}, add_sign {"seat", "where"}, remove_sign {"stage",
    "sign"}, rescue {"candidates"}.
    """

    command: str
    actor_id: UUID
    comment: str = ""
    channel: str = "web"
    assurance: str = "session"
    bulk: bool = True
    """Chosen among many, which a stage may forbid; False for clicks that only happen to come at once."""
    details: Mapping[str, Any] = field(default_factory=dict)

    def asked(self, one: Decision) -> Asked:
        """The command as the engine takes it, for one of the choices."""
        click = c.Click(
            self.actor_id, one.authority_id or self.actor_id, one.round, one.stage, one.digest,
            self.comment.strip(), self.channel, self.assurance,
        )  # fmt: skip
        return Asked(self.command, click, self.details)


async def decide_alone(engine: Database, company_id: UUID, press: Press, one: Decision) -> Outcome:
    """Carries out the command in a transaction of its own, or raises its refusal, which has then written nothing."""
    if press.assurance not in ASSURANCE:
        raise CommandUnknown(command=press.assurance)
    asked = press.asked(one)
    question = question_of(one.request_id, asked, one.authority_id)
    async with transaction(engine, company_id) as session:
        stored = await lock_request(session, company_id, one.request_id)
        known = await first_answer(session, company_id, one.key)
        if known is not None:
            return known_outcome(known, question)
        if stored is None:
            raise RequestUnknown
        if press.bulk and stored.request.has_stage(one.stage) and not stored.request.stage_numbered(one.stage).bulk:
            raise NotInBulk
        free = one.authority_id is None
        return await _carry_out(session, company_id, stored, asked, (one.key, question), free=free)


def question_of(request_id: UUID, asked: Asked, authority_id: UUID | None) -> str:
    """What an idempotency key is bound to: everything that the command says."""
    return key_text([str(request_id), asked.command, _told(asked.click), str(authority_id), dict(asked.details)])


def _told(value: c.Click | Outcome) -> dict[str, Any]:
    """`asdict` of what holds no other dataclass, without its deep copies."""
    return {part.name: getattr(value, part.name) for part in fields(value)}


def known_outcome(known: FirstAnswer, question: str) -> Outcome:
    """The first outcome again, for the same question; KeyReused for another."""
    if known.input_sha256 != question:
        raise KeyReused
    return Outcome(**{**known.response, "acts": tuple(known.response["acts"]), "replayed": True})


async def _carry_out(
    session: Session, company_id: UUID, stored: StoredRequest, asked: Asked, key: tuple[str, str], *, free: bool
) -> Outcome:
    request = stored.request
    env = await moment(session, company_id, stored.policy_id, await digest_now(session, company_id, request))
    authorities = [asked.click.authority]
    if free:
        authorities = principals_of(asked.click.actor, env.grants, request.subject_kind)
    authority, answer = first_fitting(request, asked, authorities, env)
    if isinstance(answer, ApprovalRefusal):
        raise await readable(session, company_id, answer)
    outcome = outcome_of(request, asked.command, answer, env)
    # Taken before anything else is written: the second of two commands under one key waits here, and is told.
    if not await keep_answer(session, company_id, key[0], first_answer_of(outcome, key[1])):
        raise KeyReused
    meta = ActMeta(asked.click.actor, authority, asked.click.channel, asked.click.assurance, key[0])
    await proceed(session, company_id, stored, answer, env, meta)
    return outcome


def outcome_of(request: Request, command: str, events: Sequence[Event], env: c.Env) -> Outcome:
    """What the sender of an accepted command is told."""
    after = fold(request, events)
    return Outcome(
        request_id=str(request.id), command=command, state=after.state, stage=after.stage, round=after.round,
        acts=tuple(type(event).__name__ for event in events), at=env.now.isoformat(),
    )  # fmt: skip


def first_answer_of(outcome: Outcome, question: str) -> FirstAnswer:
    """The outcome as it is kept under the command's key."""
    return FirstAnswer(question, OK, {**_told(outcome), "acts": list(outcome.acts)})


def first_fitting(
    request: Request, asked: Asked, authorities: list[UUID], env: c.Env
) -> tuple[UUID, list[Event] | ApprovalRefusal]:
    """The answer for the first authority with a seat here; for the first of all when none has."""
    answers = []
    for authority in authorities:
        click = c.Click(
            asked.click.actor, authority, asked.click.round, asked.click.stage, asked.click.digest,
            asked.click.comment, asked.click.channel, asked.click.assurance,
        )  # fmt: skip
        answer = engine_decides(request, build_command(asked.command, click, asked.details), env)
        if not isinstance(answer, NotACandidate):
            return authority, answer
        answers.append(answer)
    return authorities[0], answers[0]


def build_command(command: str, click: c.Click, details: Mapping[str, Any]) -> c.Command:
    """The engine's command of a name, or CommandUnknown."""
    plain: dict[str, Callable[[c.Click], c.Command]] = {
        "approve": c.Approve,
        "reject": c.Reject,
        "return": c.Return,
        "revoke": c.Revoke,
    }
    if command in plain:
        return plain[command](click)
    try:
        return _special(command, click, details)
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise CommandUnknown(command=command) from error


def _special(command: str, click: c.Click, details: Mapping[str, Any]) -> c.Command:
    makers: dict[str, Any] = {
        "withdraw": lambda: c.Withdraw(click.actor, click.comment),
        "remind": lambda: c.Remind(click.actor),
        "cancel": lambda: c.Cancel(click.actor, click.comment),
        "rescue": lambda: c.Rescue(click.actor, frozenset(details["candidates"]), click.comment),
        "forward": lambda: c.Forward(click, UUID(str(details["to"]))),
        "ask_opinion": lambda: c.AskOpinion(click, UUID(str(details["of"])), str(details["question"])),
        "give_opinion": lambda: c.GiveOpinion(click.actor, click.comment),
        "add_sign": lambda: c.AddSign(click, frozenset(details["seat"]), str(details.get("where", "beside"))),
        "remove_sign": lambda: c.RemoveSign(click.actor, int(details["stage"]), int(details["sign"])),
    }
    made: c.Command = makers[command]()
    return made
