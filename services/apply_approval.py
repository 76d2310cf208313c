"""Applies the engine's events in the caller's transaction: acts, the subject's status, audit row, outbox rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from approvals.commands import Command, Consume, Env
from approvals.core import decide
from approvals.events import (
    AutoApproved,
    Closed,
    Escalated,
    Event,
    Forwarded,
    OpinionAsked,
    Reminded,
    SeatAdded,
    StageBlocked,
    StageOpened,
)
from approvals.policy import Policy
from approvals.refusals import ApprovalRefusal
from approvals.request import APPROVED, OPEN, Request
from approvals.working_time import WorkingCalendar
from ledger.business_calendar import country_of_zone
from ledger.canonical import Json
from services.approval_subjects import subject_kind
from services.ask_approvers import ask_approvers, ask_people, asked_people, tell_preparers
from storage.approval_acts import ActMeta
from storage.approval_moment import Moment, read_moment
from storage.approval_openings import NewRequest, insert_requests
from storage.approval_policies import policy_of
from storage.approval_tasks import set_timer
from storage.approval_writes import Change, append_many
from storage.approvals import StoredRequest
from storage.audit import SYSTEM, Actor, Entry, record_many
from storage.companies import own_company
from storage.database import Session
from storage.outbox import Message, enqueue
from storage.people import names_of
from storage.tasks import NewTask, open_task


def calendar_of(timezone: str, settings: Mapping[str, Any]) -> WorkingCalendar:
    """When the company's people work."""
    country = settings.get("country") or country_of_zone(timezone)
    return WorkingCalendar(str(country), timezone)


async def moment(session: Session, company_id: UUID, policy_id: UUID, digest: str) -> Env:
    """The engine's view of now: database clock, people and delegations read in this transaction."""
    policy = await policy_of(session, company_id, policy_id)
    return env_of(policy, await read_moment(session, company_id), digest)


def env_of(policy: Policy, read: Moment, digest: str) -> Env:
    """The engine's view of a moment that was read."""
    return Env(policy, read.now, digest, read.capacities, read.grants, calendar_of(read.timezone, read.settings))


async def digest_now(session: Session, company_id: UUID, request: Request) -> str:
    """The subject's digest at this moment."""
    kind = subject_kind(request.subject_kind)
    return await kind.digest_now(session, company_id, request.subject_id, request.facts)


async def decided_or_raised(
    session: Session, company_id: UUID, request: Request, command: Command, env: Env
) -> list[Event]:
    """The engine's events, or its refusal raised with names and local times in it."""
    answer = decide(request, command, env)
    if isinstance(answer, ApprovalRefusal):
        raise await readable(session, company_id, answer)
    return answer


async def readable(session: Session, company_id: UUID, refusal: ApprovalRefusal) -> ApprovalRefusal:
    """The same refusal with people named and instants on the company's clock."""
    company = await own_company(session, company_id)
    names = await names_of(session, company_id)
    told: dict[str, object] = {}
    for name, value in refusal.values.items():
        if isinstance(value, UUID):
            told[name] = names.get(value, str(value))
        elif hasattr(value, "astimezone"):
            told[name] = value.astimezone(ZoneInfo(company.timezone)).strftime("%Y-%m-%d %H:%M")
        else:
            told[name] = value or "the system"
    return type(refusal)(**told)


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that the engine has just opened, and the moment in which it did."""

    new: NewRequest
    env: Env


async def begin(session: Session, company_id: UUID, begun: Begun) -> StoredRequest:
    """Writes a new request and all that follows from its first events."""
    new, events = begun.new, begun.new.opened.events
    (head,) = await insert_requests(session, company_id, [new])
    stored = StoredRequest(new.opened.request, new.policy_id, len(events), head)
    await _follow(session, company_id, stored, events, begun.env, new.meta)
    await _record(session, company_id, stored, events, new.meta)
    return await _use_at_once(session, company_id, stored, begun.env)


async def proceed(
    session: Session, company_id: UUID, stored: StoredRequest, events: Sequence[Event], env: Env, meta: ActMeta
) -> StoredRequest:
    """Appends events to a locked request and does all that follows from them; nothing when there are none."""
    if not events:
        return stored
    after = (await append_many(session, company_id, [Change(stored, events, meta)]))[0]
    await _follow(session, company_id, after, events, env, meta)
    await _record(session, company_id, after, events, meta)
    return await _use_at_once(session, company_id, after, env)


async def _use_at_once(session: Session, company_id: UUID, stored: StoredRequest, env: Env) -> StoredRequest:
    """Carries out what was approved where that happens at once, in the transaction of the last vote."""
    effect = subject_kind(stored.request.subject_kind).effect
    if stored.request.state != APPROVED or effect is None:
        return stored
    events = await decided_or_raised(session, company_id, stored.request, Consume(), env)
    meta = ActMeta(None, None, "system", "session", f"consume/{stored.request.id}")
    used = (await append_many(session, company_id, [Change(stored, events, meta)]))[0]
    await effect(session, company_id, stored.request)
    await _record(session, company_id, used, events, meta)
    return used


async def _follow(
    session: Session, company_id: UUID, stored: StoredRequest, events: Sequence[Event], env: Env, meta: ActMeta
) -> None:
    request = stored.request
    for event in events:
        if isinstance(event, Closed | AutoApproved):
            await _close(session, company_id, request, event, actor_of(meta))
        elif isinstance(event, StageBlocked):
            await _call_for_help(session, company_id, request, event)
        elif isinstance(event, Reminded):
            await _remind(session, company_id, stored, env)
        elif isinstance(event, Forwarded | OpinionAsked | SeatAdded):
            asked = _asked_besides(request, event, env)
            await ask_people(session, company_id, request, asked, f"act/{stored.act_count}")
    asks = any(isinstance(event, StageOpened | Escalated) for event in events)
    if asks and request.state == OPEN:
        handed_up = any(isinstance(event, Escalated) for event in events)
        kind = "approval_escalated" if handed_up else "approval_asked"
        await ask_approvers(session, company_id, request, env, f"stage/{stored.act_count}", kind)


def _asked_besides(request: Request, event: Forwarded | OpinionAsked | SeatAdded, env: Env) -> list[UUID]:
    """Whom an act of a candidate concerns, besides those who were asked when the stage opened."""
    if isinstance(event, Forwarded):
        return [event.handed.to]
    if isinstance(event, OpinionAsked):
        return [event.of]
    if request.state != OPEN:
        return []
    return sorted(one for one in asked_people(request, env) if event.seat & env.people.get(one, frozenset()))


def actor_of(meta: ActMeta) -> Actor:
    """Who acted, for the audit trail."""
    return Actor("user", meta.actor_id) if meta.actor_id is not None else SYSTEM


async def _record(
    session: Session, company_id: UUID, stored: StoredRequest, events: Sequence[Event], meta: ActMeta
) -> None:
    await record_many(session, company_id, actor_of(meta), [audit_entry(stored, events, meta)])


def audit_entry(stored: StoredRequest, events: Sequence[Event], meta: ActMeta) -> Entry:
    """The audit trail's row about what one command did to a request."""
    request = stored.request
    facts: dict[str, Json] = {
        "subject_kind": request.subject_kind, "subject_id": request.subject_id, "digest": request.digest,
        "state": request.state, "round": request.round, "stage": request.stage, "channel": meta.channel,
        "assurance": meta.assurance, "authority": str(meta.authority_id) if meta.authority_id else None,
        "acts": [type(event).__name__ for event in events], "head": stored.head,
    }  # fmt: skip
    return Entry(f"approval_{_verb(events)}", ("approval", str(request.id)), facts)


async def _remind(session: Session, company_id: UUID, stored: StoredRequest, env: Env) -> None:
    """Asks again, and sets the clock for the next time."""
    occasion = f"remind/{stored.act_count}"
    await ask_approvers(session, company_id, stored.request, env, occasion, kind="approval_reminded")
    hours = env.policy.clock.remind
    if hours is not None:
        await set_timer(session, company_id, stored.request, "remind", env.calendar.add_hours(env.now, hours))


def _verb(events: Sequence[Event]) -> str:
    closed = next((event for event in events if isinstance(event, Closed)), None)
    if closed is not None:
        return closed.state
    return "approved" if isinstance(events[-1], AutoApproved) else _snake(type(events[0]).__name__)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


async def _close(
    session: Session, company_id: UUID, request: Request, event: Closed | AutoApproved, actor: Actor
) -> None:
    how = closing_of(request, event, actor)
    kind = subject_kind(request.subject_kind)
    await kind.closed(session, company_id, request.subject_id, request.facts, how.outcome, how.by, how.reason)
    await enqueue(session, company_id, closing_message(how))
    if isinstance(event, Closed):
        await tell_preparers(session, company_id, request, how.outcome, how.by.id, how.reason)


@dataclass(frozen=True, slots=True)
class Closing:
    """How a request ended."""

    request: Request
    outcome: str
    reason: str
    by: Actor


def closing_of(request: Request, event: Closed | AutoApproved, actor: Actor) -> Closing:
    """Outcome, reason and who brought it about: the clock and the policy are the system."""
    if isinstance(event, AutoApproved):
        return Closing(request, APPROVED, event.rule, SYSTEM)
    return Closing(request, event.state, event.reason, actor if event.by is None else Actor("user", event.by))


def closing_message(how: Closing) -> Message:
    """The one outbox row of a close: what follows from it starts when it is relayed."""
    request = how.request
    payload: dict[str, Any] = {
        "request_id": str(request.id), "subject_kind": request.subject_kind, "subject_id": request.subject_id,
        "outcome": how.outcome, "by": str(how.by.id) if how.by.id is not None else None, "digest": request.digest,
    }  # fmt: skip
    return Message(
        kind="approval_closed", channel="internal", recipient="", dedup_key=f"approval_closed/{request.id}",
        subject_kind="approval", subject_id=str(request.id), payload=payload,
    )  # fmt: skip


async def _call_for_help(session: Session, company_id: UUID, request: Request, event: StageBlocked) -> None:
    """A stage that nobody can fill becomes a task for the administrators."""
    await open_task(
        session,
        company_id,
        NewTask(
            kind="approval_blocked", subject_kind="approval", subject_id=str(request.id),
            dedup_key=f"approval_blocked/{request.id}/{request.round}/{event.stage}/{event.at.isoformat()}",
            facts={"missing": event.missing, "stage": event.stage}, role="administrator",
        ),
    )  # fmt: skip
