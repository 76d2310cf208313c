"""What the staff do with an open case: take it, offer something, open it again."""

from uuid import UUID

from services.end_dispute import tell_customer
from services.open_disputes import new_case, open_case
from services.resolve_dispute import DisputeNoteMissing, DisputeUnknown
from statements.answers import MAX_TEXT, minor_of_typed
from statements.disputes import RESOLUTIONS, DisputeRoundsUsed, dispute_policy, move
from storage.answers import answerable_statement, database_now, newest_sent_version
from storage.audit import Actor, record
from storage.chases import cancel_waiting_reminders
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.dispute_messages import add_message
from storage.disputes import Dispute, change_dispute, dispute_listing, find_dispute, is_disputed
from storage.identifiers import new_id
from storage.people import names_of
from words.refusal import Refusal


class DisputeNotClosed(Refusal):
    """An open case cannot be opened again."""

    code = "dispute_not_closed"
    sentence = "This dispute is still open."
    remedy = "Reload the page to see how it stands."


class DisputedAgain(Refusal):
    """Two open cases about one document would pause the same money twice."""

    code = "disputed_again"
    sentence = "Another case about this document is open already."
    remedy = "Go on in the open case."


async def _locked(session: Session, company: Company, dispute_id: UUID) -> Dispute:
    found = await find_dispute(session, company.id, dispute_id, lock=True)
    if found is None:
        raise DisputeUnknown
    return found


async def take_dispute(engine: Database, company: Company, dispute_id: UUID, actor: Actor) -> None:
    """Whoever takes it owns it and looks into it."""
    async with transaction(engine, company.id) as session:
        found = await _locked(session, company, dispute_id)
        status = (
            found.status if found.status == "investigating" else move(found.status, "investigate", found.resolution)
        )
        await change_dispute(session, company.id, dispute_id, status=status, owner_id=actor.id)
        await record(
            session, company.id, actor, "dispute_taken", ("dispute", str(dispute_id)),
            {"statement_id": str(found.statement_id)},
        )  # fmt: skip


async def propose_resolution(
    engine: Database, company: Company, dispute_id: UUID, resolution: str, text: str, actor: Actor, amount: str = ""
) -> None:
    """Offers the customer an end; a credit that is offered here is still asked for and approved before it is posted."""
    assert resolution in RESOLUTIONS, resolution  # noqa: S101 - the page offers these four
    if not text.strip() or len(text) > MAX_TEXT:
        raise DisputeNoteMissing
    async with transaction(engine, company.id) as session:
        found = await _locked(session, company, dispute_id)
        status = move(found.status, "propose", found.resolution)
        offered = amount if minor_of_typed(amount, found.currency) else ""
        proposal = {"resolution": resolution, "amount": offered, "text": text.strip()}
        await change_dispute(session, company.id, dispute_id, status=status, proposal=proposal)
        names = await names_of(session, company.id)
        message_id = await add_message(
            session, company.id, dispute_id, author_kind=actor.kind, author_id=actor.id,
            author=names.get(actor.id, "") if actor.id else "", body=text.strip(), public=True, key=f"say/{new_id()}",
        )  # fmt: skip
        await record(
            session, company.id, actor, "dispute_proposed", ("dispute", str(dispute_id)),
            {"resolution": resolution, "amount": offered, "message_id": str(message_id)},
        )  # fmt: skip
        await tell_customer(session, company.id, found, "dispute_answered", text.strip(), occasion=str(message_id))


async def reopen_dispute(engine: Database, company: Company, dispute_id: UUID, note: str, actor: Actor) -> UUID:
    """A new case of the next round about the same thing, on the newest version; refused once the rounds are used up."""
    if not note.strip():
        raise DisputeNoteMissing
    policy = dispute_policy(company.settings.get("disputes"))
    async with transaction(engine, company.id) as session:
        old = await _locked(session, company, dispute_id)
        if old.status != "resolved":
            raise DisputeNotClosed
        if old.round >= policy.rounds:
            raise DisputeRoundsUsed(rounds=old.round)
        newest = await newest_sent_version(session, company.id, old.statement_id)
        # The lock of the version is the one that an answer takes: either sees what the other opened.
        found = await answerable_statement(session, company.id, newest.id if newest else old.statement_id, lock=True)
        if await is_disputed(session, company.id, old.item_id):
            raise DisputedAgain
        listed = await dispute_listing(session, company.id, dispute_id)
        assert found is not None  # noqa: S101 - a foreign key says so
        assert listed is not None  # noqa: S101 - locked above
        case = await new_case(
            session, company, policy, found, answer_id=old.answer_id, item_id=old.item_id, reason=old.reason,
            amount=max(old.amount - old.credited, 0) or old.amount, explanation=note.strip(),
            at=await database_now(session), before=(old.id, old.round),
        )  # fmt: skip
        await open_case(session, company, found, case, listed.item_number)
        await cancel_waiting_reminders(session, company.id, [listed.customer_id])
        await record(
            session, company.id, actor, "dispute_reopened", ("dispute", str(case.id)),
            {"reopens": str(old.id), "round": case.round, "note": note.strip()},
        )  # fmt: skip
    return case.id
