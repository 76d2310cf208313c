"""Sends a fresh link for one that has lapsed, to the address on record only; whoever asks learns nothing."""

from uuid import UUID
from zoneinfo import ZoneInfo

from services.open_statement_page import ANSWER_PURPOSE
from storage.answers import database_now, find_addressee, newest_sent_version
from storage.audit import Actor, record
from storage.companies import own_company
from storage.database import Database, transaction
from storage.outbox import Message, enqueue
from storage.tokens import resolve_lapsed


async def renew_link(engine: Database, plain_token: str) -> bool:
    """Queues the newest sent version's mail to the contact of the old link, at most once a day; False when nothing was.

    The page says the same in both cases: a forged link must not be told from a lapsed one.
    """
    token = await resolve_lapsed(engine, plain_token, ANSWER_PURPOSE)
    if token is None or token.subject_kind != "statement":
        return False
    async with transaction(engine, token.company_id) as session:
        newest = await newest_sent_version(session, token.company_id, UUID(token.subject_id))
        contact = await find_addressee(session, token.company_id, token.person_id)
        if newest is None or contact is None or contact.disabled or not contact.email:
            return False
        company = await own_company(session, token.company_id)
        today = (await database_now(session)).astimezone(ZoneInfo(company.timezone)).date()
        message = Message(
            kind="statement_to_customer", channel="email", recipient=contact.email,
            dedup_key=f"renewed/{newest.id}/{contact.id}/{today}", subject_kind="statement",
            subject_id=str(newest.id), payload={"statement_id": str(newest.id)}, customer_id=newest.customer_id,
            person_id=contact.id,
        )  # fmt: skip
        queued = await enqueue(session, company.id, message) is not None
        if queued:
            await record(
                session, company.id, Actor("customer", contact.id), "link_renewed", ("statement", str(newest.id)),
                {"number": newest.number, "day": today.isoformat()},
            )  # fmt: skip
    return queued
