"""Writes requests that have just been submitted, with first acts, tasks and timers: one statement for few or many.

What the requests share is sent once, as a shape; a request brings its ids, digest, facts and hashes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any
from uuid import UUID

from sqlalchemy import text

from approvals.codec import Memo, object_text, to_text
from approvals.events import Event, Voted, event_parts, event_text
from approvals.opening import Opened
from approvals.request import Request
from ledger.canonical import canonical_json
from storage.approval_acts import GENESIS, ActMeta, act_hash
from storage.approval_tasks import candidates_of, opened_in, task_of, timers_of
from storage.approvals import amount_of, due_of, kept_of
from storage.bulk import new_ids
from storage.bulk_json import JsonText, rows_json
from storage.database import Session


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request that has just been submitted, and whoever sent it."""

    policy_id: UUID
    opened: Opened
    meta: ActMeta


@dataclass(slots=True)
class _Shape:
    """What requests that were treated alike have in common, and the rows of each kind that one of them needs."""

    number: int
    request: dict[str, Any]
    acts: list[dict[str, Any]]
    submission: tuple[str, str, str]
    """The first event's text, cut where a request's own digest and facts go."""
    later: list[str]
    """The texts of the other events."""
    tasks: list[dict[str, Any]]
    timers: list[dict[str, Any]]


_INSERT = text("""
    with shape as materialized (
        select * from json_to_recordset(cast(:shapes as json)) as s(
            shape int, policy_id uuid, subject_kind text, state text, stage smallint, round smallint, projection jsonb,
            act_count int, submitted_by uuid, opened_at timestamptz, closed_at timestamptz, valid_until timestamptz,
            due_at timestamptz)),
    fresh as materialized (
        select n.place, n.shape, n.id, n.subject_id, n.digest, n.facts, n.head, n.amount_whole, n.key
          from unnest(cast(:shape_of as int[]), cast(:ids as uuid[]), cast(:subjects as text[]),
                      cast(:digests as text[]), cast(:facts as jsonb[]), cast(:heads as text[]),
                      cast(:amounts as bigint[]), cast(:keys as text[]))
               with ordinality as n(shape, id, subject_id, digest, facts, head, amount_whole, key, place)),
    request as (
        insert into approval_request(
            company_id, id, policy_id, subject_kind, subject_id, digest, facts, state, stage, round, projection, head,
            act_count, submitted_by, opened_at, closed_at, valid_until, amount_whole, due_at)
        select :company, n.id, s.policy_id, s.subject_kind, n.subject_id, n.digest, n.facts, s.state, s.stage, s.round,
               s.projection, n.head, s.act_count, s.submitted_by, s.opened_at, s.closed_at, s.valid_until,
               n.amount_whole, s.due_at
          from fresh n join shape s using (shape)),
    act as (
        insert into approval_act(
            company_id, id, request_id, number, kind, actor_id, authority_id, event, channel, assurance, digest, stage,
            round, is_vote, ballot, idempotency_key, previous_hash, hash, at)
        select :company, a.id, n.id, s.number, s.kind, s.actor_id, s.authority_id,
               case s.number when 1 then s.event || jsonb_build_object('digest', n.digest, 'facts', n.facts)
                             else s.event end,
               s.channel, s.assurance, n.digest, s.stage, s.round, false, 0, n.key, a.previous_hash, a.hash, s.at
          from unnest(cast(:act_ids as uuid[]), cast(:act_of as bigint[]), cast(:act_numbers as int[]),
                      cast(:before as text[]), cast(:hashes as text[]))
               as a(id, place, number, previous_hash, hash)
          join fresh n using (place)
          join json_to_recordset(cast(:acts as json)) as s(
               shape int, number int, kind text, actor_id uuid, authority_id uuid, event jsonb, channel text,
               assurance text, stage smallint, round smallint, at timestamptz)
            on s.shape = n.shape and s.number = a.number),
    task as (
        insert into approval_task(company_id, id, request_id, stage, round, user_id, role, state, opened_at, due_at)
        select :company, t.id, n.id, s.stage, s.round, s.user_id, s.role, 'open', s.opened_at, s.due_at
          from unnest(cast(:task_ids as uuid[]), cast(:task_of as bigint[]), cast(:task_numbers as int[]))
               as t(id, place, number)
          join fresh n using (place)
          join json_to_recordset(cast(:tasks as json)) as s(
               shape int, number int, stage smallint, round smallint, user_id uuid, role text, opened_at timestamptz,
               due_at timestamptz)
            on s.shape = n.shape and s.number = t.number)
    insert into approval_timer(company_id, id, request_id, kind, stage, round, due_at)
    select :company, t.id, n.id, s.kind, s.stage, s.round, s.due_at
      from unnest(cast(:timer_ids as uuid[]), cast(:timer_of as bigint[]), cast(:timer_numbers as int[]))
           as t(id, place, number)
      join fresh n using (place)
      join json_to_recordset(cast(:timers as json)) as s(
           shape int, number int, kind text, stage smallint, round smallint, due_at timestamptz)
        on s.shape = n.shape and s.number = t.number
""")


async def insert_requests(session: Session, company_id: UUID, new: Sequence[NewRequest]) -> list[str]:
    """Writes the requests and answers the hash of each one's newest act.

    The partial unique index holds one live request per subject.
    """
    shapes: dict[tuple[object, ...], _Shape] = {}
    memo: Memo = {}
    shaped = []
    for one in new:
        key = (id(one.opened.began), one.policy_id, one.meta.actor_id, one.meta.channel, one.meta.assurance)
        if key not in shapes:
            shapes[key] = _shape(len(shapes), one, memo)
        shaped.append((one, shapes[key]))
    facts = [canonical_json(one.opened.facts) for one in new]
    hashes = [_hashes(one, shape, text) for (one, shape), text in zip(shaped, facts, strict=True)]
    heads = [links[-1] for links in hashes]
    every = list(shapes.values())
    values: dict[str, Any] = {
        "company": company_id, "shapes": rows_json([one.request for one in every]),
        "shape_of": _plain(shape.number for _, shape in shaped), "ids": _plain(one.opened.id for one in new),
        "subjects": _texts(one.opened.subject_id for one in new), "digests": _texts(one.opened.digest for one in new),
        "facts": _texts(facts), "heads": _plain(heads),
        "amounts": _plain(amount_of(one.opened.facts) for one in new), "keys": _texts(one.meta.key for one in new),
        "acts": rows_json([row for one in every for row in one.acts]),
        "before": _plain(link for links in hashes for link in (GENESIS, *links[:-1])),
        "hashes": _plain(link for links in hashes for link in links),
        "tasks": rows_json([row for one in every for row in one.tasks]),
        "timers": rows_json([row for one in every for row in one.timers]),
        **_numbered("act", [len(shape.acts) for _, shape in shaped]),
        **_numbered("task", [len(shape.tasks) for _, shape in shaped]),
        **_numbered("timer", [len(shape.timers) for _, shape in shaped]),
    }  # fmt: skip
    await session.execute(_INSERT, values)
    return heads


def _shape(number: int, new: NewRequest, memo: Memo) -> _Shape:
    request, events, meta = new.opened.like, new.opened.began, new.meta
    opened = opened_in(events)
    turn = {"shape": number, "stage": request.stage, "round": request.round}
    return _Shape(
        number,
        request={
            "shape": number, "policy_id": new.policy_id, "subject_kind": request.subject_kind, "state": request.state,
            "stage": request.stage, "round": request.round, "projection": JsonText(to_text(kept_of(request), memo)),
            "act_count": len(events), "submitted_by": request.submitted_by, "opened_at": request.opened_at,
            "closed_at": request.closed_at, "valid_until": request.valid_until, "due_at": due_of(request),
        },
        acts=[_act(number, place, event, request, meta, memo) for place, event in enumerate(events, 1)],
        submission=_cut(event_parts(events[0], memo)),
        later=[event_text(event, memo) for event in events[1:]],
        tasks=[
            {"shape": number, "number": place, **task_of(request, one)}
            for place, one in enumerate(sorted(candidates_of(request)), 1)
        ],
        timers=[
            {**turn, "number": place, "kind": kind, "due_at": due}
            for place, (kind, due) in enumerate(timers_of(opened).items() if opened else (), 1)
        ],
    )  # fmt: skip


def _act(shape: int, number: int, event: Event, request: Request, meta: ActMeta, memo: Memo) -> dict[str, Any]:
    """Nobody has voted yet, and the round is that of the submission all along."""
    assert not isinstance(event, Voted)  # noqa: S101 - votes of an earlier round come inside the submission
    return {
        "shape": shape, "number": number, "kind": type(event).__name__, "actor_id": meta.actor_id,
        "authority_id": meta.authority_id, "event": JsonText(object_text(event_parts(event, memo))),
        "channel": meta.channel, "assurance": meta.assurance, "stage": getattr(event, "stage", 0),
        "round": request.round, "at": event.at,
    }  # fmt: skip


_DIGEST, _FACTS = "\x00", "\x01"
"""Places in a text: as they are, these characters stand in no JSON."""


def _cut(submission: dict[str, str]) -> tuple[str, str, str]:
    before, rest = object_text({**submission, "digest": _DIGEST, "facts": _FACTS}).split(_DIGEST)
    between, after = rest.split(_FACTS)
    return before, between, after


def _hashes(new: NewRequest, shape: _Shape, facts: str) -> list[str]:
    """The links of its first acts, each over the one before."""
    before, between, after = shape.submission
    submission = f"{before}{encode_basestring(new.opened.digest)}{between}{facts}{after}"
    hashes: list[str] = []
    for number, event in enumerate((submission, *shape.later), 1):
        hashes.append(act_hash(hashes[-1] if hashes else GENESIS, new.opened.id, number, new.meta, event))
    return hashes


def _numbered(name: str, counts: Sequence[int]) -> dict[str, str]:
    """Ids of rows of which each request has so many, its place, and the number of each."""
    return {
        f"{name}_ids": _plain(new_ids(sum(counts))),
        f"{name}_of": _plain(str(place) for place, count in enumerate(counts, 1) for _ in range(count)),
        f"{name}_numbers": _plain(str(number) for count in counts for number in range(1, count + 1)),
    }


def _plain(values: Iterable[object]) -> str:
    """An array of ids, numbers or hashes, which need no quotes."""
    return f"{{{','.join(map(str, values))}}}"


def _texts(values: Iterable[str]) -> str:
    """An array of any texts."""
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(quoted) + '"}' if quoted else "{}"
