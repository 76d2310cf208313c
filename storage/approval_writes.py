"""Appends events to locked requests, few or many, the same way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from approvals.codec import Memo, to_text
from approvals.events import Event, Voted, event_text
from approvals.evolve import evolve
from approvals.request import Request
from storage.approval_acts import ActMeta, act_row
from storage.approval_tasks import opened_in, renew_tasks_and_timers
from storage.approvals import StoredRequest, amount_of, due_of, kept_of
from storage.bulk_json import JsonText, insert_many, rows_json
from storage.database import Session
from storage.schema import approval_act


@dataclass(frozen=True, slots=True)
class Change:
    """Events for a request whose lock the caller holds, and whoever sent the command."""

    stored: StoredRequest
    events: Sequence[Event]
    meta: ActMeta


_UPDATE = text("""
    update approval_request r
       set state = n.state, stage = n.stage, round = n.round, digest = n.digest, facts = n.facts,
           projection = n.projection, head = n.head, act_count = n.act_count, closed_at = n.closed_at,
           valid_until = n.valid_until, amount_whole = n.amount_whole, due_at = n.due_at
      from json_to_recordset(cast(:rows as json)) as n(
           id uuid, before int, state text, stage smallint, round smallint, digest text, facts jsonb, projection jsonb,
           head text, act_count int, closed_at timestamptz, valid_until timestamptz, amount_whole bigint,
           due_at timestamptz)
     where r.company_id = :company and r.id = n.id and r.act_count = n.before
""")


async def append_many(session: Session, company_id: UUID, changes: Sequence[Change]) -> list[StoredRequest]:
    """Appends the acts, folds them into the projections, and renews tasks and timers."""
    acts, updates, after = [], [], []
    memo: Memo = {}
    for change in changes:
        rows, request, head = _act_rows(company_id, change, memo)
        acts += rows
        count = change.stored.act_count + len(rows)
        updates.append({"id": request.id, "before": change.stored.act_count, **_columns(request, head, count, memo)})
        after.append(StoredRequest(request, change.stored.policy_id, count, head))
    await insert_many(session, approval_act, acts)
    updated = await session.execute(_UPDATE, {"company": company_id, "rows": rows_json(updates)})
    assert updated.rowcount == len(changes)  # noqa: S101 - the locks are held, nobody else appended
    opened = [(stored.request, opened_in(change.events)) for stored, change in zip(after, changes, strict=True)]
    await renew_tasks_and_timers(session, company_id, opened)
    return after


def _columns(request: Request, head: str, count: int, memo: Memo) -> dict[str, Any]:
    return {
        "state": request.state, "stage": request.stage, "round": request.round, "digest": request.digest,
        "facts": dict(request.facts), "projection": JsonText(to_text(kept_of(request), memo)), "head": head,
        "act_count": count, "closed_at": request.closed_at, "valid_until": request.valid_until,
        "amount_whole": amount_of(request.facts), "due_at": due_of(request),
    }  # fmt: skip


def _act_rows(company_id: UUID, change: Change, memo: Memo) -> tuple[list[dict[str, Any]], Request, str]:
    rows: list[dict[str, Any]] = []
    request, head = change.stored.request, change.stored.head
    for number, event in enumerate(change.events, change.stored.act_count + 1):
        named = getattr(event, "stage", request.stage)
        stage = named if isinstance(named, int) else named.number
        ballot = 0
        if isinstance(event, Voted):
            ballot = request.stage_numbered(stage).ballots_lost(event.vote.actor, event.vote.authority)
        request = evolve(request, event)
        row = act_row(company_id, request.id, number, head, event, event_text(event, memo), change.meta)
        rows.append(row | {"digest": request.digest, "stage": stage, "round": request.round, "ballot": ballot})
        head = row["hash"]
    return rows, request, head
