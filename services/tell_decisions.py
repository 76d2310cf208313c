"""One message per run to those who prepared it: queued with its first decision, told when the last one is made."""

from typing import Any
from uuid import UUID

from approvals.request import Request
from storage.database import Session
from storage.outbox import Message, count_of_subject, enqueue
from storage.people import Person

SUBJECT_KIND = "run_decisions"
"""What the gathered messages of a run are about, beside "run" itself."""

STILL_GATHERING = ("pending", "sending")
"""A message in one of these will read this decision too when it is frozen: the request is closed with it or open."""


def gathered_run(request: Request, outcome: str) -> str:
    """The run whose message tells this decision, or "": what was sent back or refused is told at once, by itself."""
    facts: dict[str, Any] = request.facts if isinstance(request.facts, dict) else dict(request.facts)
    return str(facts.get("run_id") or "") if outcome == "approved" else ""


async def tell_run_decided(session: Session, company_id: UUID, request: Request, run_id: str, person: Person) -> int:
    """Sees to it that the person hears of the run once all is decided; answers how many messages are new.

    The message reads the run's requests when it is frozen, and waits as long as one of them is open. A decision
    that is not committed yet leaves its request open, so it cannot be missed.
    """
    subject = (SUBJECT_KIND, run_id)
    gathering, ever = await count_of_subject(session, company_id, subject, person.id, STILL_GATHERING)
    if gathering:
        return 0
    period = str(dict(request.facts).get("period", ""))
    queued = 0
    for channel, address in (("email", person.email), ("slack", person.slack_user_id)):
        if address:
            message = Message(
                kind="run_decided", channel=channel, recipient=address, subject_kind=subject[0], subject_id=run_id,
                dedup_key=f"run_decided/{run_id}/{ever}/{person.id}/{channel}", person_id=person.id,
                payload={"run_id": run_id, "period": period, "person_id": str(person.id)},
            )  # fmt: skip
            queued += await enqueue(session, company_id, message) is not None
    return queued
