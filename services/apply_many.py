"""Applies the engine's events to many requests in the caller's transaction, set by set: the same facts as one by one.

Differs from apply_approval.py only in what people are told: one message for many requests instead of one each.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from approvals.commands import Env
from approvals.events import AutoApproved, Closed, Event, StageBlocked, StageOpened
from approvals.request import OPEN, Request
from ledger.canonical import Json
from services.apply_approval import Begun, Closing, actor_of, audit_entry, closing_message, closing_of
from services.approval_subjects import subject_kind
from services.ask_approvers import Told, ask_for_many, tell_preparers_of_many
from storage.approval_acts import ActMeta
from storage.approval_openings import insert_requests
from storage.approval_writes import Change, append_many
from storage.approvals import StoredRequest
from storage.audit import Actor, Entry, record_many
from storage.database import Session
from storage.outbox_bulk import enqueue_many
from storage.tasks import NewTask, open_task


async def begin_many(
    session: Session, company_id: UUID, begun: Sequence[Begun], subject: tuple[str, str], before: Sequence[Entry] = ()
) -> None:
    """Writes new requests, with one audit row for all of `subject`; asking people is left to the caller.

    The audit rows `before` it come with it.
    """
    if not begun:
        return
    heads = await insert_requests(session, company_id, [one.new for one in begun])
    events = [
        (one.new.opened.request, event, one.new.meta)
        for one in begun
        for event in one.new.opened.began
        if isinstance(event, AutoApproved | StageBlocked)
    ]
    await _call_for_help(session, company_id, events, "/".join(subject))
    _, moved = await _close_all(session, company_id, events, begun[0].env)
    facts: dict[str, Json] = {
        "requests": {
            str(one.new.opened.id): [one.new.opened.like.state, head] for one, head in zip(begun, heads, strict=True)
        }
    }
    opened = Entry("approvals_opened", subject, facts)
    actor = actor_of(begun[0].new.meta)
    await _record(session, company_id, [*((actor, one) for one in (*before, opened)), *moved])


@dataclass(frozen=True, slots=True)
class Decided:
    """A command that the engine accepted, about a locked request."""

    stored: StoredRequest
    events: Sequence[Event]
    env: Env
    meta: ActMeta


async def proceed_many(session: Session, company_id: UUID, decided: Sequence[Decided], occasion: str) -> None:
    """Appends the events and does all that follows; each request once. `occasion` names what people are told of."""
    if not decided:
        return
    env = decided[0].env
    after = await append_many(session, company_id, [Change(one.stored, one.events, one.meta) for one in decided])
    pairs = list(zip(decided, after, strict=True))
    events = [(stored.request, event, one.meta) for one, stored in pairs for event in one.events]
    closings, moved = await _close_all(session, company_id, events, env)
    await _call_for_help(session, company_id, events, occasion)
    opened = [
        (stored.request, one.env)
        for one, stored in pairs
        if stored.request.state == OPEN and any(isinstance(event, StageOpened) for event in one.events)
    ]
    await ask_for_many(session, company_id, opened, occasion)
    told = [Told(one.request, one.outcome, one.by.id, one.reason) for one in closings]
    await tell_preparers_of_many(session, company_id, told, occasion)
    done = [(actor_of(one.meta), audit_entry(stored, one.events, one.meta)) for one, stored in pairs]
    await _record(session, company_id, [*moved, *done])


Happened = tuple[Request, Event, ActMeta]
Doing = tuple[Actor, Entry]
"""An audit row that is not written yet, and whose act it is."""


async def _record(session: Session, company_id: UUID, doings: Iterable[Doing]) -> None:
    """Writes the audit rows last of all: whoever else writes to the trail waits from here to the commit."""
    by_actor: dict[Actor, list[Entry]] = defaultdict(list)
    for actor, entry in doings:
        by_actor[actor].append(entry)
    for actor, entries in by_actor.items():
        await record_many(session, company_id, actor, entries)


async def _close_all(
    session: Session, company_id: UUID, events: Iterable[Happened], env: Env
) -> tuple[list[Closing], list[Doing]]:
    """Moves the subjects of requests that ended, and queues the one outbox row of each.

    Answers those that people ended, and what is to be recorded of the subjects.
    """
    closings = [
        (closing_of(request, event, actor_of(meta)), isinstance(event, Closed))
        for request, event, meta in events
        if isinstance(event, Closed | AutoApproved)
    ]
    alike: dict[tuple[object, ...], list[Closing]] = defaultdict(list)
    for one, _ in closings:
        alike[one.request.subject_kind, one.outcome, one.by, one.reason].append(one)
    moved: list[Doing] = []
    for group in alike.values():
        first = group[0]
        closed_many = subject_kind(first.request.subject_kind).closed_many
        assert closed_many is not None  # noqa: S101 - only such kinds come here
        subjects = [one.request.subject_id for one in group]
        entries = await closed_many(session, company_id, subjects, first.outcome, first.by, first.reason)
        moved += [(first.by, entry) for entry in entries]
    await enqueue_many(session, company_id, [closing_message(one) for one, _ in closings], env.now)
    return [one for one, by_people in closings if by_people], moved


async def _call_for_help(session: Session, company_id: UUID, events: Iterable[Happened], occasion: str) -> None:
    """Stages that nobody can fill become one task for all of the occasion, not one each."""
    blocked: dict[int, list[tuple[Request, StageBlocked]]] = defaultdict(list)
    for request, event, _ in events:
        if isinstance(event, StageBlocked):
            blocked[event.stage].append((request, event))
    for stage, waiting in blocked.items():
        request, event = waiting[0]
        await open_task(
            session,
            company_id,
            NewTask(
                kind="approval_blocked", subject_kind="approval", subject_id=str(request.id),
                dedup_key=f"approval_blocked/{occasion}/{stage}/{event.at.date().isoformat()}",
                facts={"missing": event.missing, "stage": stage, "requests": len(waiting)}, role="administrator",
            ),
        )  # fmt: skip
