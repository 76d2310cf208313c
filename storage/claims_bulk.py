"""The steps of a hand-over that many messages take in one statement, each behind its own fence.

`claims.py` has the rules. The statements are plain text, and their lists JSON: a relay runs them all day, and building
them, or arrays for them, costs more than running them.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import text

from storage.claims import Pace
from storage.database import Session
from storage.identifiers import new_id
from storage.outbox import OutboxRow


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A message that the other side took, with its words."""

    row: OutboxRow
    words: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Throttle:
    """How fast one domain or chat channel is served: a place each `interval` seconds, at most `burst` seconds ahead."""

    key: str
    interval: float
    burst: float


_ENTER_DATA = text("""
update outbox set phase = 'data', lease_until = clock_timestamp() + make_interval(secs => :lease)
from jsonb_to_recordset(cast(:given as jsonb)) as given (id uuid, token uuid)
where outbox.company_id = :company and outbox.id = given.id
    and state = 'sending' and lease_token = given.token and lease_until > clock_timestamp()
returning outbox.id
""")

_SETTLE_ACCEPTED = text("""
with given as (
    select * from jsonb_to_recordset(cast(:given as jsonb)) as given (
        id uuid, token uuid, answer text, external_id text, attempt uuid, event uuid, facts jsonb
    )
), evidence as (
    insert into delivery_attempt (company_id, id, outbox_id, number, phase, outcome, answer)
    select :company, attempt, given.id, 1 + coalesce((
        select max(number) from delivery_attempt where company_id = :company and outbox_id = given.id
    ), 0), 'data', 'accepted', answer
    from given
), held as (
    update outbox set
        state = 'accepted', phase = 'data', answer = given.answer, accepted_at = clock_timestamp(), frozen = null,
        lease_token = null, lease_until = null, external_id = coalesce(given.external_id, outbox.external_id)
    from given
    where outbox.company_id = :company and outbox.id = given.id
        and state = 'sending' and lease_token = given.token and lease_until > clock_timestamp()
    returning outbox.id, channel, subject_kind, subject_id, recipient
), told as (
    insert into delivery_event (company_id, id, outbox_id, subject_kind, subject_id, recipient, kind, facts)
    select :company, event, held.id, subject_kind, subject_id, recipient, 'accepted', facts
    from held join given using (id) where channel <> 'internal'
)
select id from held
""")

_LOCK_QUEUES = text("""
insert into send_throttle (company_id, key, free_at)
select :company, key, clock_timestamp() from unnest(cast(:keys as text[])) as given (key)
on conflict (company_id, key) do update set free_at = send_throttle.free_at
returning key, greatest(extract(epoch from free_at - clock_timestamp()), 0)
""")

_MOVE_QUEUES = text("""
update send_throttle set free_at = greatest(free_at, clock_timestamp()) + make_interval(secs => given.seconds)
from unnest(cast(:keys as text[]), cast(:seconds as float[])) as given (key, seconds)
where company_id = :company and send_throttle.key = given.key
""")


async def enter_data(session: Session, company_id: UUID, rows: Sequence[OutboxRow], pace: Pace) -> frozenset[UUID]:
    """Says of each message, before its content leaves, that it leaves, and renews its lease. Answers those of us."""
    given = [{"id": str(row.id), "token": str(row.lease_token)} for row in rows]
    asked = {"company": company_id, "lease": pace.lease, "given": json.dumps(given)}
    return frozenset((await session.execute(_ENTER_DATA, asked)).scalars())


async def settle_accepted(session: Session, company_id: UUID, accepted: Sequence[Acceptance]) -> frozenset[UUID]:
    """Writes down what was accepted, in the row and in the delivery ledger; answers those whose lease was still ours.

    The attempts of all stay as evidence.
    """
    given = [
        {
            "id": str(one.row.id), "token": str(one.row.lease_token), "answer": one.words,
            "external_id": one.external_id, "attempt": str(uuid4()), "event": str(new_id()),
            "facts": {"answer": one.words, "kind": one.row.kind, "channel": one.row.channel},
        }
        for one in accepted
    ]  # fmt: skip
    asked = {"company": company_id, "given": json.dumps(given)}
    return frozenset((await session.execute(_SETTLE_ACCEPTED, asked)).scalars())


async def take_slots(session: Session, company_id: UUID, throttles: Sequence[Throttle]) -> list[float]:
    """Takes a place for each of these in the queues of their domains and channels; 0, or seconds until there is one.

    One row per key and no history: each message moves `free_at` on by its interval. Rows are locked in one order, so
    that relays do not wait for each other in a ring.
    """
    keys = sorted({throttle.key for throttle in throttles})
    locked = await session.execute(_LOCK_QUEUES, {"company": company_id, "keys": keys})
    ahead = {key: float(seconds) for key, seconds in locked}
    waits: list[float] = []
    moves: defaultdict[str, float] = defaultdict(float)
    for throttle in throttles:
        late = ahead[throttle.key] - throttle.burst
        waits.append(max(late, 0.01) if late > 0 else 0.0)
        moves[throttle.key] += throttle.interval if late <= 0 else 0.0
        ahead[throttle.key] += throttle.interval  # whoever is refused comes back in turn, not all at once
    await session.execute(_MOVE_QUEUES, {"company": company_id, "keys": list(moves), "seconds": list(moves.values())})
    return waits
