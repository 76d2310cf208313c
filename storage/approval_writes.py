"""Writes requests: new ones with their first acts, and events appended to locked ones; few or many, the same way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from approvals.codec import Memo, to_text
from approvals.events import Event, StageOpened, Voted, event_text
from approvals.evolve import evolve
from approvals.request import OPEN, Request
from storage.approval_acts import GENESIS, ActMeta, act_row
from storage.approval_tasks import insert_tasks_and_timers, renew_tasks_and_timers
from storage.approvals import StoredRequest
from storage.bulk_json import JsonText, insert_many, rows_json
from storage.database import Session
from storage.schema import approval_act, approval_request

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""When a stage without a deadline expires: last in an inbox that is sorted by deadlines."""


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request that has just been submitted, with its first events and whoever sent them."""

    policy_id: UUID
    request: Request
    events: Sequence[Event]
    meta: ActMeta


async def insert_requests(session: Session, company_id: UUID, new: Sequence[NewRequest]) -> list[StoredRequest]:
    """New requests with their first acts, tasks and timers, in four statements however many they are.

    The partial unique index holds one live request per subject.
    """
    memo: Memo = {}
    requests, acts, stored = [], [], []
    for one in new:
        rows, head = _first_acts(company_id, one, memo)
        acts += rows
        request = one.request
        stored.append(StoredRequest(request, one.policy_id, len(rows), head))
        requests.append({
            "company_id": company_id, "id": request.id, "policy_id": one.policy_id,
            "subject_kind": request.subject_kind, "subject_id": request.subject_id,
            "submitted_by": request.submitted_by, "opened_at": request.opened_at,
            **_columns(request, head, len(rows), memo),
        })  # fmt: skip
    await insert_many(session, approval_request, requests)
    await insert_many(session, approval_act, acts)
    await insert_tasks_and_timers(session, company_id, [(one.request, opened_in(one.events)) for one in new])
    return stored


def _first_acts(company_id: UUID, new: NewRequest, memo: Memo) -> tuple[list[dict[str, Any]], str]:
    """Nobody has voted yet, and digest and round are those of the submission all along."""
    rows, head, request = [], GENESIS, new.request
    for number, event in enumerate(new.events, 1):
        stage = getattr(event, "stage", 0)
        row = act_row(company_id, request.id, number, head, event, event_text(event, memo), new.meta)
        rows.append(row | {"digest": request.digest, "stage": stage, "round": request.round, "ballot": 0})
        head = row["hash"]
    return rows, head


@dataclass(frozen=True, slots=True)
class Change:
    """Events for a request whose lock the caller holds, and whoever sent the command."""

    stored: StoredRequest
    events: Sequence[Event]
    meta: ActMeta


_UPDATE = text("""
    update approval_request r
       set state = n.state, stage = n.stage, round = n.round, digest = n.digest, facts = n.facts,
           projection = n.projection, act_count = n.act_count, closed_at = n.closed_at, valid_until = n.valid_until,
           amount_whole = n.amount_whole, due_at = n.due_at
      from json_to_recordset(cast(:rows as json)) as n(
           id uuid, before int, state text, stage smallint, round smallint, digest text, facts jsonb, projection jsonb,
           act_count int, closed_at timestamptz, valid_until timestamptz, amount_whole bigint, due_at timestamptz)
     where r.company_id = :company and r.id = n.id and r.act_count = n.before
""")


async def append_many(session: Session, company_id: UUID, changes: Sequence[Change]) -> list[StoredRequest]:
    """Appends the acts, folds them into the projections, and renews tasks and timers."""
    acts, updates, after = [], [], []
    for change in changes:
        rows, request, head = _act_rows(company_id, change)
        acts += rows
        count = change.stored.act_count + len(rows)
        updates.append({"id": request.id, "before": change.stored.act_count, **_columns(request, head, count, {})})
        after.append(StoredRequest(request, change.stored.policy_id, count, head))
    await insert_many(session, approval_act, acts)
    updated = await session.execute(_UPDATE, {"company": company_id, "rows": rows_json(updates)})
    assert updated.rowcount == len(changes)  # noqa: S101 - the locks are held, nobody else appended
    opened = [(stored.request, opened_in(change.events)) for stored, change in zip(after, changes, strict=True)]
    await renew_tasks_and_timers(session, company_id, opened)
    return after


def opened_in(events: Sequence[Event]) -> StageOpened | None:
    """The stage whose turn it has become."""
    return next((event for event in reversed(events) if isinstance(event, StageOpened)), None)


def _columns(request: Request, head: str, count: int, memo: Memo) -> dict[str, Any]:
    projection = f'{{"head":"{head}","request":{to_text(request, memo)}}}'
    return {
        "state": request.state, "stage": request.stage, "round": request.round, "digest": request.digest,
        "facts": JsonText(to_text(request.facts, memo)), "projection": JsonText(projection),
        "act_count": count, "closed_at": request.closed_at, "valid_until": request.valid_until,
        "amount_whole": _amount(request), "due_at": _due(request),
    }  # fmt: skip


def _amount(request: Request) -> int:
    amount = request.facts.get("closing_whole", request.facts.get("amount_whole"))
    return amount if type(amount) is int else 0


def _due(request: Request) -> datetime:
    expires = request.current().expires_at if request.state == OPEN and request.stage else None
    return expires or NEVER


def _act_rows(company_id: UUID, change: Change) -> tuple[list[dict[str, Any]], Request, str]:
    rows: list[dict[str, Any]] = []
    request, head = change.stored.request, change.stored.head
    for number, event in enumerate(change.events, change.stored.act_count + 1):
        named = getattr(event, "stage", request.stage)
        stage = named if isinstance(named, int) else named.number
        ballot = 0
        if isinstance(event, Voted):
            ballot = request.stage_numbered(stage).ballots_lost(event.vote.actor, event.vote.authority)
        request = evolve(request, event)
        row = act_row(company_id, request.id, number, head, event, event_text(event, {}), change.meta)
        rows.append(row | {"digest": request.digest, "stage": stage, "round": request.round, "ballot": ballot})
        head = row["hash"]
    return rows, request, head
