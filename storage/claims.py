"""Taking messages from the outbox and settling them: leases, fences, phases. Database time only.

A row is written only by who holds its token while the lease lasts. `phase='data'` is committed right before
a carrier gets the content: whoever finds such a row later knows that it may have arrived.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sqlalchemy import (
    ColumnElement,
    Interval,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from storage.database import BINARY, Session
from storage.outbox import AGE, LANES, ROW_COLUMNS, ROW_NAMES, OutboxRow, rows_of
from storage.schema import delivery_attempt, outbox, send_throttle

RESERVED_PART = 5
"""One fifth of a batch stays free for each later lane: 50,000 requests may not starve the statements either."""

LOOKED_AT_A_PLACE, LOOKED_AT_LEAST = 10, 100
"""Due messages among which a claim chooses, so that the few that one domain may have do not leave places empty."""

DOUBLINGS_MOST = 30
"""Of the wait between two tries: its limit is reached long before."""

NOW = text("clock_timestamp()")
STATEMENT_NOW = text("statement_timestamp()")
"""What rows are looked for by: stands still while a statement runs, so that an index finds what is due."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take, in seconds."""

    lease: float
    quiet: float
    backoff: float = 30.0
    backoff_most: float = 3600.0
    give_up: float = 5 * 86_400.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try, which `attempt` names ("" = it was none: the message only waited its turn).

    `wait` = seconds until the next look; `phase` only where it changes.
    """

    state: str
    attempt: str
    answer: str = ""
    wait: float | None = None
    phase: str | None = None
    external_id: str | None = None
    internal: bool = False
    count_try: bool = True


def interval_of(value: float | ColumnElement[float]) -> ColumnElement[object]:
    """That many seconds as an interval."""
    return func.make_interval(0, 0, 0, 0, 0, 0, value, type_=Interval())


@dataclass(frozen=True, slots=True)
class Crowd:
    """What a claim leaves room for: `per_domain` messages to a mail domain (any number = None), or as many as `rooms`
    says of it, and places that urgent messages keep free.
    """  # noqa: D205 - one sentence over two lines

    per_domain: int | None = None
    rooms: Mapping[str, int] = field(default_factory=dict)
    kept_for_urgent: int = 0


NOBODY = Crowd()

_CLAIM = text(f"""
with seen as (
    select id, next_at, place, row_number() over (partition by place order by next_at) as number
    from (
        select id, next_at, case channel when 'email' then recipient_domain else cast(id as text) end as place
        from outbox
        where company_id = :company and lane = :lane and state = 'pending' and next_at <= statement_timestamp()
            and (channel <> 'email' or recipient_domain <> all(cast(:full as text[])))
        order by next_at limit :looked
    ) as due
), chosen as (
    select id from seen left join unnest(cast(:domains as text[]), cast(:rooms as int[])) as given (place, room)
        using (place)
    where number <= coalesce(room, :per_domain)
    order by next_at limit :places
), held as (
    select outbox.id from outbox join chosen using (id)
    where company_id = :company and state = 'pending' and next_at <= statement_timestamp()
    for update of outbox skip locked
)
update outbox set
    state = 'sending', phase = 'connect', tries = tries + 1, lease_token = :token,
    lease_until = clock_timestamp() + make_interval(secs => :lease),
    next_at = clock_timestamp() + make_interval(
        secs => greatest(:lease, least(:backoff_most, :backoff * power(2, least(tries, {DOUBLINGS_MOST}))))
    )
from held where company_id = :company and outbox.id = held.id
returning {", ".join(f"outbox.{column}" for column in ROW_NAMES)}, {AGE}
""")  # noqa: S608 - names of our own columns


async def claim(
    session: Session, company_id: UUID, limit: int, pace: Pace, crowd: Crowd = NOBODY
) -> list[OutboxRow]:  # fmt: skip
    """Takes up to `limit` due messages, urgent ones first, and pushes their next look back at once.

    Without the push a relay that dies in a loop would offer the same message again at every start.
    """
    reserve = max(limit // RESERVED_PART, 1) if limit >= len(LANES) else 0
    taken: list[OutboxRow] = []
    for position, lane in enumerate(LANES):
        room = limit - len(taken) - reserve * (len(LANES) - 1 - position)
        if position > 0:
            room -= crowd.kept_for_urgent
        if room > 0:
            taken += await _claim_lane(session, company_id, lane, room, pace, crowd)
    return taken


async def _claim_lane(
    session: Session, company_id: UUID, lane: str, room: int, pace: Pace, crowd: Crowd
) -> list[OutboxRow]:
    """Chooses first and locks what it chose: to lock all that it looks at would write to each."""
    any_number = crowd.per_domain is None
    taken = await session.execute(
        _CLAIM,
        {
            "company": company_id, "lane": lane, "places": room, "token": uuid4(), "lease": pace.lease,
            "backoff": pace.backoff, "backoff_most": pace.backoff_most,
            "looked": room if any_number else max(room * LOOKED_AT_A_PLACE, LOOKED_AT_LEAST),
            "per_domain": room if any_number else crowd.per_domain,
            "full": [domain for domain, left in crowd.rooms.items() if left <= 0],
            "domains": list(crowd.rooms), "rooms": list(crowd.rooms.values()),
        },
        execution_options={BINARY: True},
    )  # fmt: skip
    return sorted(rows_of(taken.all()), key=lambda row: row.id)


async def claim_uncertain(session: Session, company_id: UUID, limit: int, pace: Pace) -> list[OutboxRow]:
    """Takes messages that may have arrived and whose quiet period is over; nobody has judged them yet."""
    due = (
        select(outbox.c.id)
        .where(
            outbox.c.company_id == company_id,
            outbox.c.state == "uncertain",
            outbox.c.phase != "judged",
            outbox.c.next_at <= STATEMENT_NOW,
        )
        .order_by(outbox.c.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    statement = (
        update(outbox)
        .where(outbox.c.company_id == company_id, outbox.c.id.in_(select(due.c.id)))
        .values(
            lease_token=uuid4(),
            lease_until=NOW + interval_of(pace.lease),
            next_at=NOW + interval_of(max(pace.lease, 1.0)),
        )
        .returning(*ROW_COLUMNS)
    )  # fmt: skip
    return rows_of((await session.execute(statement)).all())


async def sweep_abandoned(session: Session, company_id: UUID, pace: Pace) -> int:
    """Frees what a relay left behind when its lease ran out; what may have arrived waits the quiet period."""
    lapsed = (
        select(outbox.c.id, outbox.c.phase)
        .where(outbox.c.company_id == company_id, outbox.c.state == "sending", outbox.c.lease_until < STATEMENT_NOW)
        .with_for_update(skip_locked=True)
    )
    found = (await session.execute(lapsed)).all()
    early = [row.id for row in found if row.phase != "data"]
    late = [row.id for row in found if row.phase == "data"]
    if early:
        await session.execute(
            update(outbox)
            .where(outbox.c.company_id == company_id, outbox.c.id.in_(early))
            .values(state="pending", lease_token=None, lease_until=None)
        )
    if late:
        await session.execute(
            update(outbox)
            .where(outbox.c.company_id == company_id, outbox.c.id.in_(late))
            .values(state="uncertain", next_at=outbox.c.lease_until + interval_of(pace.quiet), lease_token=None)
        )
    for row_id in early:
        await note_attempt(session, company_id, row_id, "connect", "internal", "The relay stopped before handing over.")
    for row_id in late:
        await note_attempt(session, company_id, row_id, "data", "uncertain", "The relay stopped while handing over.")
    return len(early) + len(late)


async def settle(session: Session, company_id: UUID, row: OutboxRow, outcome: Outcome) -> bool:
    """Writes what became of a claimed message, and the attempt.

    False when the lease ran out meanwhile: the attempt is kept as evidence, the row is not touched.
    """
    phase = outcome.phase if outcome.phase is not None else row.phase
    if outcome.attempt:
        await note_attempt(session, company_id, row.id, phase, outcome.attempt, outcome.answer)
    values: dict[str, object] = {
        "state": outcome.state, "answer": outcome.answer, "phase": phase, "lease_token": None, "lease_until": None
    }  # fmt: skip
    if outcome.state == "accepted":
        values |= {"accepted_at": NOW, "frozen": None}
    elif outcome.state == "cancelled":
        values["frozen"] = None  # its links are live
    if outcome.wait is not None:
        values["next_at"] = NOW + interval_of(outcome.wait)
    if outcome.external_id is not None:
        values["external_id"] = outcome.external_id
    if outcome.internal:
        values["internal_errors"] = outbox.c.internal_errors + 1
    if not outcome.count_try:
        values["tries"] = func.greatest(outbox.c.tries - 1, 0)
    changed = await session.execute(update(outbox).where(*_held(company_id, row, row.state)).values(**values))
    return changed.rowcount == 1


def _held(company_id: UUID, row: OutboxRow, state: str) -> tuple[ColumnElement[bool], ...]:
    return (
        outbox.c.company_id == company_id,
        outbox.c.id == row.id,
        outbox.c.state == state,
        outbox.c.lease_token == row.lease_token,
        outbox.c.lease_until > NOW,
    )


async def note_attempt(
    session: Session, company_id: UUID, row_id: UUID, phase: str, outcome: str, answer: str = ""
) -> None:
    """Appends one line to what was tried with a message."""
    number = (
        select(func.coalesce(func.max(delivery_attempt.c.number), 0) + 1)
        .where(delivery_attempt.c.company_id == company_id, delivery_attempt.c.outbox_id == row_id)
        .scalar_subquery()
    )
    await session.execute(
        insert(delivery_attempt).values(
            company_id=company_id, id=uuid4(), outbox_id=row_id, number=number, phase=phase, outcome=outcome,
            answer=answer,
        )
    )  # fmt: skip


async def attempt_outcomes(session: Session, company_id: UUID, row_id: UUID) -> list[str]:
    """The outcomes of every try of a message, oldest first."""
    query = (
        select(delivery_attempt.c.outcome)
        .where(delivery_attempt.c.company_id == company_id, delivery_attempt.c.outbox_id == row_id)
        .order_by(delivery_attempt.c.number)
    )
    return list((await session.execute(query)).scalars())


async def close_channel(session: Session, company_id: UUID, key: str, seconds: float) -> None:
    """Nothing goes to this domain or channel for a while: it asked for that (Retry-After)."""
    until = NOW + interval_of(seconds)
    await session.execute(
        upsert(send_throttle)
        .values(company_id=company_id, key=key, free_at=until)
        .on_conflict_do_update(
            index_elements=["company_id", "key"], set_={"free_at": func.greatest(send_throttle.c.free_at, until)}
        )
    )
