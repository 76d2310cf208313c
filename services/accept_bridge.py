"""One side accepts the bridge between the two ledgers; with both sides' word it is part of the statement's record."""

from dataclasses import dataclass
from uuid import UUID

from services.reconcile_statement import ComparisonUnknown
from services.record_answer import address_prefix
from services.tell_staff import DEFAULT_CHANNEL, tell_staff
from statements.answers import MAX_NAME, AnswerIncomplete
from storage.answers import answerable_statement, database_now
from storage.audit import Actor, record
from storage.database import Database, transaction
from storage.identifiers import new_id
from storage.reconciliations import Acceptance, acceptances_of, insert_acceptance, newest_reconciliation


@dataclass(frozen=True, slots=True)
class Acceptor:
    """Who accepts, and for which side: "customer" or "company"."""

    side: str
    actor: Actor
    name: str
    position: str = ""
    address: str = ""


async def accept_bridge(
    engine: Database, company_id: UUID, statement_id: UUID, reconciliation_id: UUID, bridge_sha256: str,
    acceptor: Acceptor, slack_channel: str = DEFAULT_CHANNEL,
) -> Acceptance:  # fmt: skip
    """Records the word, once a side; a repeat answers the first one. Raises ComparisonUnknown for anything older."""
    if not acceptor.name.strip() or len(acceptor.name) > MAX_NAME:
        raise AnswerIncomplete(what="your name")
    if len(acceptor.position) > MAX_NAME:
        raise AnswerIncomplete(what="your position")
    assert acceptor.actor.id is not None  # noqa: S101 - people accept, never the system
    async with transaction(engine, company_id) as session:
        # The statement's lock makes two presses one acceptance, and keeps a newer comparison waiting.
        found = await answerable_statement(session, company_id, statement_id, lock=True)
        kept = await newest_reconciliation(session, company_id, statement_id)
        if found is None or kept is None or (kept.id, kept.bridge_sha256) != (reconciliation_id, bridge_sha256):
            raise ComparisonUnknown
        earlier = (await acceptances_of(session, company_id, kept.id)).get(acceptor.side)
        if earlier is not None:
            return earlier
        new = Acceptance(
            acceptor.side, acceptor.name.strip(), acceptor.position.strip(), bridge_sha256, await database_now(session)
        )
        prefix = address_prefix(acceptor.address)
        await insert_acceptance(session, company_id, new_id(), kept.id, acceptor.actor.id, new, prefix)
        await record(
            session, company_id, acceptor.actor, "bridge_accepted", ("statement", str(statement_id)),
            {"reconciliation_id": str(kept.id), "number": found.number, "digest": kept.digest, "side": acceptor.side,
             "bridge_sha256": bridge_sha256, "name": new.name, "address_prefix": prefix},
        )  # fmt: skip
        if acceptor.side == "customer":
            await tell_staff(
                session, company_id, "answer_received",
                {"statement_id": str(statement_id), "kind": "bridge_accepted", "name": new.name}, role="clerk",
                subject=("statement", str(statement_id)), occasion=f"bridge_accepted/{kept.id}", channel=slack_channel,
            )  # fmt: skip
    return new
