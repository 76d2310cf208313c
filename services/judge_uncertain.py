"""Judges messages that may have arrived: asks the archive or the chat, and never sends twice what is there.

Without anybody to ask, a message is sent again at most once, with the same Message-ID; then a person decides.
"""

import asyncio
from dataclasses import replace
from uuid import UUID

from notifications.archive import ArchiveSilentError
from notifications.failpoints import failpoint
from notifications.slack import SlackCallError
from services.carriers import Carriers
from services.choose_channel import fall_back
from services.lock_chat_messages import REPLACES
from services.settle_message import ask_person, told_otherwise
from storage.claims import Outcome, attempt_outcomes, claim_uncertain, settle
from storage.database import Database, Session, transaction
from storage.deliveries import note_event
from storage.outbox import OutboxRow

UNASKED, INSTEAD, ABSENT = "unasked", "instead", "absent"
"""How a try to judge ended: nobody could be asked; another channel then took the message over; it had not arrived."""

ASK_AGAIN_SECONDS = 60.0
"""How long a silent archive is left alone at most; never longer than the quiet period that was waited already."""

RESENDS_MOST = 1
"""Repeats of a message that nobody can be asked about: a second copy is a nuisance, a third is a fault."""


async def judge_once(engine: Database, company_id: UUID, carriers: Carriers) -> int:
    """Judges what is due; answers how many."""
    async with transaction(engine, company_id) as session:
        rows = await claim_uncertain(session, company_id, carriers.batch, carriers.pace)
    if rows:
        failpoint("judge.claimed")
    await asyncio.gather(*(_judge(engine, company_id, carriers, row) for row in rows))
    return len(rows)


async def _judge(engine: Database, company_id: UUID, carriers: Carriers, row: OutboxRow) -> None:
    async with transaction(engine, company_id) as session:
        outcomes = await attempt_outcomes(session, company_id, row.id)
    if "accepted" in outcomes:
        outcome = Outcome("accepted", "found", "The other side had answered after the lease ran out.")
    else:
        outcome = await _ask(carriers, row, outcomes)
    failpoint("judge.asked")
    async with transaction(engine, company_id) as session:
        if outcome.attempt == UNASKED and INSTEAD not in outcomes:
            outcome = await _taken_over(session, company_id, row, outcome)
        elif outcome.attempt == ABSENT:
            outcome = await told_otherwise(session, company_id, row, outcome)
        if not await settle(session, company_id, row, outcome):
            return
        if outcome.state == "accepted":
            await note_event(
                session, company_id, "accepted", (row.subject_kind, row.subject_id), outbox_id=row.id,
                recipient=row.recipient, facts={"answer": outcome.answer, "kind": row.kind, "channel": row.channel},
            )  # fmt: skip
        elif outcome.phase == "judged":
            await ask_person(session, company_id, row, "uncertain_delivery", f"uncertain/{row.id}", row.answer or "")
    failpoint("judge.settled")


async def _taken_over(session: Session, company_id: UUID, row: OutboxRow, outcome: Outcome) -> Outcome:
    """Nobody can be asked after the quiet period: the person's next channel has the message too, and one is sure."""
    way = await fall_back(session, company_id, row)
    if way is None:
        return outcome
    return replace(outcome, attempt=INSTEAD, answer=f"Goes by {way.name} instead. {outcome.answer}")


async def _ask(carriers: Carriers, row: OutboxRow, outcomes: list[str]) -> Outcome:
    """What the archive or the chat says; without one, at most one repeat and then a person."""
    try:
        there = await _is_there(carriers, row)
    except (ArchiveSilentError, SlackCallError) as error:
        words = f"{type(error).__name__}: {error}"
        if row.age > carriers.pace.give_up:
            return Outcome("uncertain", "judged", words, phase="judged")
        return Outcome("uncertain", UNASKED, words, wait=min(ASK_AGAIN_SECONDS, carriers.pace.quiet))
    if there is None:
        if outcomes.count("resent") >= RESENDS_MOST:
            return Outcome("uncertain", "judged", "Nobody can say whether it arrived.", phase="judged")
        return Outcome("pending", "resent", "Sent again with the same Message-ID.", wait=0.0, phase="new")
    return _known(*there, outcomes)


def _known(found: bool, external_id: str | None, outcomes: list[str]) -> Outcome:  # noqa: FBT001 - what was answered
    if found:
        return Outcome("accepted", "found", "It had arrived.", external_id=external_id)
    if INSTEAD in outcomes:
        return Outcome("cancelled", ABSENT, "It had not arrived; another channel has it.")
    return Outcome("pending", ABSENT, "It had not arrived.", wait=0.0, phase="new")


async def _is_there(carriers: Carriers, row: OutboxRow) -> tuple[bool, str | None] | None:
    if row.channel == "email" and carriers.archive is not None:
        return await carriers.archive(row.message_id), None
    if row.channel == "slack" and not row.payload.get(REPLACES):
        external_id = await carriers.slack.find(row.recipient, str(row.id))
        return external_id is not None, external_id
    if row.channel == "slack":
        return False, None  # rewriting a message twice is rewriting it once
    return None
