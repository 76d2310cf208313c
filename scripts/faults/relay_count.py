"""What arrived how often, beside what the database says about it."""

from collections import Counter
from itertools import pairwise
from typing import Any

from sqlalchemy import Row, text

from scripts.fault_slack import posted
from scripts.faults.relay_child import PACE
from scripts.faults.sink import GONE, REFUSED, Sink
from storage.database import Database

NEVER = ("lost", "acknowledged rows missing", "said accepted, not there", "refused for good, not settled")
"""Forbidden with and without an archive."""

NEVER_WITH_ARCHIVE = (*NEVER, "repeated", "unresolved")
NEVER_WITHOUT = (*NEVER, "repeated outside the window", "unresolved without a task")

ROWS = text(
    "select id::text, message_id, channel, state, phase, recipient, dedup_key, "
    " array(select outcome from delivery_attempt where outbox_id = outbox.id order by number) as tries, "
    " exists (select from task where facts ->> 'outbox_id' = outbox.id::text and state = 'open') as has_task "
    "from outbox where dedup_key like 'fault/%'"
)

ENDS = {GONE: "suppressed", REFUSED: "dead"}
"""State in which a message to such an address has to end."""


async def count_messages(engine: Database, sink: Sink, queued: list[str], *, with_archive: bool) -> dict[str, int]:
    """The table's lower half: every figure that has to be nought, and how many messages it is nought of."""
    arrived = Counter({message_id: len(times) for message_id, times in sink.taken.items()})
    arrived += await posted(engine)
    async with engine.begin() as session:
        rows = (await session.execute(ROWS)).all()
    copies = {row.id: arrived[row.id if row.channel == "slack" else row.message_id] for row in rows}
    hopeless = [row for row in rows if _end_of(row) is not None]
    wanted = [row for row in rows if _end_of(row) is None]
    asked = [row for row in wanted if row.state == "uncertain" and row.phase == "judged" and row.has_task]
    counts = {
        "messages": len(queued),
        "arrived": sum(copies[row.id] > 0 for row in wanted),
        "refused for good and settled so": sum(row.state == _end_of(row) for row in hopeless),
        "attempts written down": sum(len(row.tries) for row in rows),
        "lost": sum(not copies[row.id] for row in wanted) - sum(not copies[row.id] for row in asked),
        "acknowledged rows missing": len(set(queued) - {row.dedup_key for row in rows}),
        "said accepted, not there": sum(row.state == "accepted" and not copies[row.id] for row in rows),
        "refused for good, not settled": sum(row.state != _end_of(row) or copies[row.id] > 0 for row in hopeless),
        "repeated": sum(max(number - 1, 0) for number in copies.values()),
        "unresolved": sum(row.state != "accepted" for row in wanted),
    }
    if with_archive:
        return counts
    return {
        **counts,
        "ambiguous, sent once more": sum("resent" in row.tries for row in rows),
        "repeated outside the window": sum(
            not _is_within_window(row, copies[row.id], sink.taken.get(row.message_id, [])) for row in rows
        ),
        "given to a person with a task": len(asked),
        "unresolved without a task": counts["unresolved"] - len(asked),
    }


def _end_of(row: Row[Any]) -> str | None:
    return next((state for name, state in ENDS.items() if row.recipient.startswith(name)), None)


def _is_within_window(row: Row[Any], copies: int, taken: list[float]) -> bool:
    """At most one more copy, only after an end that nobody knows, and not before the quiet period is over."""
    resent = row.tries.count("resent")
    ambiguous = "resent" not in row.tries or "uncertain" in row.tries[: row.tries.index("resent")]
    apart = all(later - earlier >= PACE.quiet for earlier, later in pairwise(taken))
    return resent <= 1 and copies <= 1 + resent and ambiguous and apart
