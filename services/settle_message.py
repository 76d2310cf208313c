"""Turns a carrier's answer into the row's next state, the delivery ledger's line and, where needed, a task."""

from uuid import UUID

from notifications.carrying import Answer
from services.choose_channel import TOO_LONG_SECONDS, fall_back
from storage.claims import Outcome, Pace, close_channel, settle
from storage.database import Database, Session, transaction
from storage.deliveries import note_event, suppress
from storage.outbox import OutboxRow, find_row
from storage.tasks import NewTask, open_task

INTERNAL_ERRORS_MOST = 5
"""After so many errors of ours the message is poison: it goes to the dead letters, and a person looks."""

GIVEN_UP = frozenset({"dead", "suppressed"})
"""A person of ours is told by the next channel of theirs; the row stays where people look for what failed."""

ROLE_FOR_TASKS = "clerk"


async def settle_refused(
    engine: Database, company_id: UUID, row: OutboxRow, pace: Pace, answer: Answer, *, jitter: float
) -> bool:
    """Writes down a hand-over that was not accepted; `jitter` in 0…1 spreads the next try. False without our lease."""
    async with transaction(engine, company_id) as session:
        outcome = await told_otherwise(session, company_id, row, _outcome(row, pace, answer, jitter))
        held = await settle(session, company_id, row, outcome)
        if answer.retry_after is not None:
            await close_channel(session, company_id, f"{row.channel}/{row.recipient}", answer.retry_after)
        if held:
            await _tell(session, company_id, row, answer, outcome)
    return held


def _outcome(row: OutboxRow, pace: Pace, answer: Answer, jitter: float) -> Outcome:
    if answer.outcome == "uncertain":
        return Outcome("uncertain", "uncertain", answer.words, wait=pace.quiet, phase="data")
    if answer.outcome == "permanent":
        suppressed = answer.bad_address and row.channel == "email"
        return Outcome("suppressed" if suppressed else "dead", "permanent", answer.words)
    if row.age > pace.give_up:
        return Outcome("dead", "temporary", answer.words)
    wait = answer.retry_after if answer.retry_after is not None else backoff(row, pace, jitter)
    return Outcome("pending", "temporary", answer.words, wait=wait, phase="connect")


async def told_otherwise(session: Session, company_id: UUID, row: OutboxRow, outcome: Outcome) -> Outcome:
    """The same outcome, or "called off" once another channel of the person has the message instead."""
    if outcome.state in GIVEN_UP:
        await fall_back(session, company_id, row)
        return outcome
    if outcome.state != "pending" or row.age < TOO_LONG_SECONDS:
        return outcome
    way = await fall_back(session, company_id, row)
    return outcome if way is None else Outcome("cancelled", outcome.attempt, f"Goes by {way.name} instead.")


def backoff(row: OutboxRow, pace: Pace, jitter: float) -> float:
    """Full jitter: anything between nothing and a limit that doubles with each try."""
    return jitter * float(min(pace.backoff_most, pace.backoff * 2 ** min(row.tries, 30)))


async def _tell(session: Session, company_id: UUID, row: OutboxRow, answer: Answer, outcome: Outcome) -> None:
    if outcome.state == "suppressed":
        await suppress(session, company_id, row.recipient, answer.words)
        await note_event(
            session, company_id, "bounced", (row.subject_kind, row.subject_id), outbox_id=row.id,
            recipient=row.recipient, facts={"answer": answer.words, "kind": row.kind, "channel": row.channel},
        )  # fmt: skip
        await ask_person(session, company_id, row, "bounced", f"bounced/{row.recipient.lower()}", answer.words)
    elif outcome.state == "dead":
        await ask_person(session, company_id, row, "undeliverable", f"undeliverable/{row.id}", answer.words)


async def ask_person(session: Session, company_id: UUID, row: OutboxRow, kind: str, dedup_key: str, words: str) -> None:
    """A task about a message: what was tried, and what the other side said."""
    task = NewTask(
        kind, row.subject_kind, row.subject_id, dedup_key,
        {"outbox_id": str(row.id), "recipient": row.recipient, "message": row.kind, "answer": words},
        customer_id=row.customer_id, role=ROLE_FOR_TASKS,
    )  # fmt: skip
    await open_task(session, company_id, task)


async def settle_internal_error(engine: Database, company_id: UUID, row: OutboxRow, pace: Pace, words: str) -> None:
    """Our own mistake with a message: it waits, and after five of them goes to the dead letters.

    When its content had left already, it may have arrived, whatever went wrong here afterwards.
    """
    poison = row.internal_errors + 1 >= INTERNAL_ERRORS_MOST
    async with transaction(engine, company_id) as session:
        now = await find_row(session, company_id, row.id)
        if poison:
            outcome = Outcome("dead", "internal", words, internal=True)
        elif now is not None and now.phase == "data":
            outcome = Outcome("uncertain", "internal", words, wait=pace.quiet, phase="data", internal=True)
        else:
            wait = backoff(row, pace, 1.0)
            outcome = Outcome("pending", "internal", words, wait=wait, phase="connect", internal=True)
        if await settle(session, company_id, row, outcome) and poison:
            await ask_person(session, company_id, row, "undeliverable", f"undeliverable/{row.id}", words)
