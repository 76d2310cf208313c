"""Judges messages that may have arrived: asks the archive or the chat, and never sends twice what is there.

Without anybody to ask, a message is sent again at most once, with the same Message-ID; then a person decides.
"""

import asyncio
from uuid import UUID

from notifications.archive import ArchiveSilentError
from notifications.failpoints import failpoint
from notifications.slack import SlackCallError
from services.carriers import Carriers
from services.lock_chat_messages import REPLACES
from services.settle_message import ask_person
from storage.claims import Outcome, attempt_outcomes, claim_uncertain, settle
from storage.database import Database, transaction
from storage.deliveries import note_event
from storage.outbox import OutboxRow

ASK_AGAIN_SECONDS = 60.0
"""How long a silent archive is left alone."""

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
        outcome = await _ask(carriers, row, resent=outcomes.count("resent"))
    failpoint("judge.asked")
    async with transaction(engine, company_id) as session:
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


async def _ask(carriers: Carriers, row: OutboxRow, *, resent: int) -> Outcome:
    """What the archive or the chat says; without one, at most one repeat and then a person."""
    try:
        there = await _is_there(carriers, row)
    except (ArchiveSilentError, SlackCallError) as error:
        return Outcome("uncertain", "unasked", f"{type(error).__name__}: {error}", wait=ASK_AGAIN_SECONDS)
    if there is None:
        if resent >= RESENDS_MOST:
            return Outcome("uncertain", "judged", "Nobody can say whether it arrived.", phase="judged")
        return Outcome("pending", "resent", "Sent again with the same Message-ID.", wait=0.0, phase="new")
    found, external_id = there
    if found:
        return Outcome("accepted", "found", "It had arrived.", external_id=external_id)
    return Outcome("pending", "absent", "It had not arrived.", wait=0.0, phase="new")


async def _is_there(carriers: Carriers, row: OutboxRow) -> tuple[bool, str | None] | None:
    if row.channel == "email" and carriers.archive is not None:
        return await carriers.archive(row.message_id), None
    if row.channel == "slack" and not row.payload.get(REPLACES):
        external_id = await carriers.slack.find(row.recipient, str(row.id))
        return external_id is not None, external_id
    if row.channel == "slack":
        return False, None  # rewriting a message twice is rewriting it once
    return None
