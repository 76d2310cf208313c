"""Lets a customer's person into the portal: a code goes to the address on record, and opens a session of its own kind.

A code belongs to the browser that asked for it, so nobody else can try it or use up its tries. Whoever asks with an
address that we do not know gets the same answers after the same work.
"""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from argon2 import PasswordHasher

from services.sign_in import TOKEN_BYTES, password_fits, refuse_too_many, token_digest
from storage.audit import Actor, record
from storage.database import Database, Session, owner_transaction, transaction
from storage.outbox import Message, enqueue
from storage.portal import (
    LiveCode,
    Proof,
    Visitor,
    company_of_session,
    contacts_with_address,
    count_try,
    end_session,
    end_sessions,
    find_visitor,
    open_portal_session,
    put_code,
    use_code,
)
from storage.sessions import note_attempt
from words.refusal import Refusal

CODE_DIGITS = 8
"""A hundred million codes against five tries."""

CODE_LIFETIME = timedelta(minutes=15)
"""Slow mail servers need some minutes; longer helps only whoever reads the mailbox later."""

TRIES_PER_CODE = 5
"""Wrong digits before a new code is needed."""

CODES_PER_ADDRESS = 5
"""Codes asked for one address within a quarter of an hour: nobody's mailbox is flooded through us."""

ASKS_PER_NETWORK = 30
"""An office behind one address still gets in."""

SESSION_LIFETIME = timedelta(hours=12)
"""A working day; the mailbox is the way back."""


class PortalCodeWrong(Refusal):
    """One answer for a wrong code, an old one, one of another browser, and an unknown address."""

    code = "portal_code_invalid"
    sentence = "This code is not right, or not valid any more."
    remedy = "Check the newest mail, or ask for another code from this browser."


def ask_hash(ask: str) -> bytes:
    """What is kept of the secret that the asking browser holds."""
    return hashlib.sha256(b"ask:" + ask.encode()).digest()


async def count_ask(engine: Database, email: str, network: str) -> None:
    """Counts the wish for a code, whether we know the address or not. Raises TooManyTries."""
    address, place = f"portal:{hashlib.sha256(_plain(email).encode()).hexdigest()}", f"portal-network:{network}"
    await refuse_too_many(engine, {address: CODES_PER_ADDRESS, place: ASKS_PER_NETWORK})
    async with owner_transaction(engine) as session:
        await note_attempt(session, [address, place], succeeded=False)


async def queue_codes(engine: Database, email: str, ask: str) -> int:
    """Queues a code from every company that has the address on record; answers how many. The page never says so.

    Called once the page has been answered, so that the time of the answer tells nothing either.
    """
    async with owner_transaction(engine) as session:
        known = await contacts_with_address(session, _plain(email))
    for contact in known:
        message = Message(
            kind="portal_code", channel="email", lane="urgent", recipient=contact.email,
            dedup_key=f"portal_code/{contact.id}/{ask_hash(ask).hex()}", subject_kind="contact",
            subject_id=str(contact.id), payload={"ask": ask_hash(ask).hex()}, customer_id=contact.customer_id,
            person_id=contact.id,
        )  # fmt: skip
        async with transaction(engine, contact.company_id) as session:
            await enqueue(session, contact.company_id, message)
            actor = Actor("customer", contact.id)
            await record(session, contact.company_id, actor, "portal_code_asked", ("contact", str(contact.id)), {})
    return len(known)


async def make_code(session: Session, company_id: UUID, proof: Proof, asked: str) -> str:
    """A fresh code for the browser of `asked` (its hash in hex), made when the mail is frozen; no digits are kept."""
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    hashed = PasswordHasher().hash(code)
    await put_code(session, company_id, proof, bytes.fromhex(asked), hashed, CODE_LIFETIME)
    return code


async def enter_portal(engine: Database, ask: str, code: str, network: str) -> str:
    """The new session's plain token. Raises PortalCodeWrong and TooManyTries."""
    place = f"portal-try:{network}"
    await refuse_too_many(engine, {place: ASKS_PER_NETWORK})
    async with owner_transaction(engine) as session:
        live = await count_try(session, ask_hash(ask), TRIES_PER_CODE)
    digits = "".join(character for character in code if character.isdigit())
    # All are compared: the time must not tell how many companies know the address.
    fitting = [one for one in live if password_fits(one.code_hash, digits)]
    if not live:
        password_fits(None, digits)
    token = await _open(engine, fitting[0]) if fitting else None
    if token is None:
        async with owner_transaction(engine) as session:
            await note_attempt(session, [place], succeeded=False)
        raise PortalCodeWrong
    return token


async def _open(engine: Database, code: LiveCode) -> str | None:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    async with transaction(engine, code.company_id) as session:
        if not await use_code(session, code):
            return None
        await open_portal_session(
            session, code.company_id, code.proof, token_digest(token), secrets.token_urlsafe(), SESSION_LIFETIME
        )
        contact_id = code.proof.contact_id
        actor, subject = Actor("customer", contact_id), ("contact", str(contact_id))
        await record(session, code.company_id, actor, "portal_entered", subject, {})
    return token


async def visitor_of(engine: Database, token: str) -> Visitor | None:
    """The live session behind a cookie; changes nothing."""
    async with owner_transaction(engine) as session:
        company_id = await company_of_session(session, token_digest(token))
    if company_id is None:
        return None
    async with transaction(engine, company_id) as session:
        return await find_visitor(session, company_id, token_digest(token))


async def leave_portal(engine: Database, visitor: Visitor, token: str, *, everywhere: bool) -> None:
    """Ends this session, or every session of this address at the company, with the links that they opened."""
    company_id = visitor.company.id
    async with transaction(engine, company_id) as session:
        await end_session(session, company_id, token_digest(token))
        ended = await end_sessions(session, company_id, [one.id for one in visitor.contacts]) if everywhere else 0
        actor, subject = Actor("customer", visitor.contact_id), ("contact", str(visitor.contact_id))
        await record(
            session, company_id, actor, "portal_left", subject, {"everywhere": everywhere, "others": ended}
        )  # fmt: skip


def _plain(email: str) -> str:
    return email.strip().lower()
