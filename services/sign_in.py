"""Signs a person in: password, then the authenticator's code where one is set up; tries are limited."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from storage.audit import Actor, record
from storage.database import Database, owner_transaction, transaction
from storage.sessions import (
    Credentials,
    SignedIn,
    credentials_of,
    failures_since,
    find_session,
    note_attempt,
    open_session,
    sample_people,
    take_totp_step,
)
from words.refusal import Refusal

WINDOW = timedelta(minutes=15)
"""Tries are counted over this long; OWASP ASVS 5 asks for a limit that a script cannot wait out cheaply."""

TRIES_PER_PERSON = 5
"""Wrong passwords or codes for one address within the window."""

TRIES_PER_NETWORK = 30
"""For one network prefix: an office behind one address still gets in."""

TOTP_SECONDS = 30
"""RFC 6238's time step; one step of clock drift is accepted either way."""

TOKEN_BYTES = 32
"""256 random bits: never guessed."""


class SignInRefused(Refusal):
    """One answer for an unknown address, a wrong password and a wrong code."""

    code = "sign_in_refused"
    sentence = "The address, the password or the code is not right."
    remedy = "Check them and try again. If you set up an authenticator app, its newest six digits are needed."


class TooManyTries(Refusal):
    """The limit of the last minutes is reached."""

    code = "too_many_tries"
    sentence = "There were too many tries."
    remedy = "Wait {minutes} minutes, then try again."


def token_digest(token: str) -> bytes:
    """What is kept of a session token."""
    return hashlib.sha256(token.encode()).digest()


async def sign_in(
    engine: Database, email: str, password: str, code: str, *, network: str, now: datetime, hours: int
) -> str:
    """Answers the new session's plain token. `network` is the caller's address prefix."""
    subjects = [f"person:{email.strip().lower()}", f"network:{network}"]
    await refuse_too_many(engine, dict(zip(subjects, (TRIES_PER_PERSON, TRIES_PER_NETWORK), strict=True)))
    found = await _proved(engine, email.strip(), password)
    step = _totp_step(found, code, now) if found else None
    if found is None or (found.totp_secret is not None and step is None):
        async with owner_transaction(engine) as session:
            await note_attempt(session, subjects, succeeded=False)
        raise SignInRefused
    return await _start(engine, found, step, hours)


async def sign_in_as_sample(engine: Database, user_id: UUID, *, hours: int) -> str:
    """The demo's one click; the caller has checked that this is the demo."""
    async with owner_transaction(engine) as session:
        people = {row["id"]: row["company_id"] for row in await sample_people(session)}
    if user_id not in people:
        raise SignInRefused
    return await _start(engine, Credentials(people[user_id], user_id, None, None, None), None, hours)


async def session_of(engine: Database, token: str) -> SignedIn | None:
    """The live session behind a cookie; changes nothing."""
    async with owner_transaction(engine) as session:
        return await find_session(session, token_digest(token))


async def refuse_too_many(engine: Database, limits: Mapping[str, int]) -> None:
    """Raises TooManyTries where one of these subjects was counted as often as its limit within the window."""
    async with owner_transaction(engine) as session:
        for subject, limit in limits.items():
            count, seconds = await failures_since(session, subject, WINDOW)
            if count >= limit:
                raise TooManyTries(minutes=max(1, round(seconds / 60)), seconds=max(1, round(seconds)))


async def _proved(engine: Database, email: str, password: str) -> Credentials | None:
    async with owner_transaction(engine) as session:
        candidates = await credentials_of(session, email)
    for candidate in candidates:
        if password_fits(candidate.password_hash, password):
            return candidate
    if not candidates:
        password_fits(None, password)
    return None


@cache
def _dummy_hash() -> str:
    """An unknown address must cost the same time as a known one."""
    return PasswordHasher().hash(secrets.token_hex())


def password_fits(stored: str | None, password: str) -> bool:
    """Whether the password is the one behind the hash; as slow for none as for a wrong one."""
    try:
        PasswordHasher().verify(stored or _dummy_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def _totp_step(found: Credentials, code: str, now: datetime) -> int | None:
    if found.totp_secret is None:
        return None
    return matching_step(found.totp_secret, code, now)


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, of the current one and its two neighbours."""
    digits = "".join(character for character in code if character.isdigit())
    current = int(now.timestamp()) // TOTP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in (current, current - 1, current + 1):
        if hmac.compare_digest(totp.generate_otp(step), digits):
            return step
    return None


async def _start(engine: Database, found: Credentials, step: int | None, hours: int) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    assurance = "mfa" if step is not None else "session"
    async with transaction(engine, found.company_id) as session:
        if step is not None and not await take_totp_step(session, found.company_id, found.user_id, step):
            raise SignInRefused
        await open_session(
            session, found.company_id, found.user_id, token_digest(token), secrets.token_urlsafe(), assurance, hours
        )
        actor = Actor("user", found.user_id)
        await record(
            session, found.company_id, actor, "signed_in", ("user", str(found.user_id)), {"assurance": assurance}
        )
    return token
