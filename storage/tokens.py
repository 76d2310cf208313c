"""Links that stand for a person and one purpose: 256 random bits, of which only the SHA-256 is kept."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update

from storage.database import Database, Session, transaction
from storage.schema import access_token, app_user, contact

SECRET_BYTES = 32
"""256 random bits: never guessed."""

COMPANY_BYTES = 16
"""The token starts with its company's id, so that the look-up runs under row-level security like every other."""

_FORM = re.compile(r"[A-Za-z0-9_-]{64}")
"""48 bytes in base64url need no padding, so each token has one spelling."""

STAFF_DAYS = 3
"""A decision link lives 72 hours; afterwards the inbox is the way."""

CUSTOMER_DAYS = 30
"""A customer has a month to look."""

NOWHERE = UUID(int=0)
"""The company of a text that is no token: the look-up is made all the same, so that the answer takes as long."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a valid link stands for."""

    company_id: UUID
    purpose: str
    subject_kind: str
    subject_id: str
    person_id: UUID
    binding: dict[str, Any]
    expires_at: datetime
    first_opened_at: datetime | None


async def mint(
    session: Session,
    company_id: UUID,
    purpose: str,
    subject: tuple[str, str],
    person_id: UUID,
    binding: dict[str, Any],
    ttl: timedelta,
) -> str:
    """A new link token; the plain text is returned once and kept nowhere. `subject` is (kind, id)."""
    secret = secrets.token_bytes(SECRET_BYTES)
    await session.execute(
        insert(access_token).values(
            company_id=company_id, token_hash=hashlib.sha256(secret).digest(), purpose=purpose,
            subject_kind=subject[0], subject_id=subject[1], person_id=person_id, binding=binding,
            expires_at=func.clock_timestamp() + ttl,
        )
    )  # fmt: skip
    return base64.urlsafe_b64encode(company_id.bytes + secret).decode().rstrip("=")


async def resolve(engine: Database, plain: str, purpose: str) -> Access | None:
    """What the token stands for, while it is valid for this purpose and its person is enabled; writes nothing.

    Forged, expired, revoked and cross-purpose tokens get the same answer after the same look-up.
    """
    return await _look_up(
        engine,
        plain,
        purpose,
        access_token.c.revoked_at.is_(None),
        access_token.c.expires_at > func.statement_timestamp(),
    )


async def resolve_lapsed(engine: Database, plain: str, purpose: str) -> Access | None:
    """What the token stood for, valid or not any more: good only for a fresh link to the same person's address."""
    return await _look_up(engine, plain, purpose)


async def _look_up(engine: Database, plain: str, purpose: str, *conditions: ColumnElement[bool]) -> Access | None:
    company_id, secret = _parts(plain)
    async with transaction(engine, company_id) as session:
        row = (
            await session.execute(
                select(
                    access_token.c.company_id, access_token.c.purpose, access_token.c.subject_kind,
                    access_token.c.subject_id, access_token.c.person_id, access_token.c.binding,
                    access_token.c.expires_at, access_token.c.first_opened_at,
                )
                .outerjoin(app_user, _is_person(app_user))
                .outerjoin(contact, _is_person(contact))
                .where(
                    access_token.c.company_id == company_id,
                    access_token.c.token_hash == hashlib.sha256(secret).digest(),
                    access_token.c.purpose == purpose,
                    *conditions,
                    app_user.c.disabled_at.is_(None),
                    contact.c.disabled_at.is_(None),
                    or_(app_user.c.id.is_not(None), contact.c.id.is_not(None)),
                )
            )
        ).one_or_none()  # fmt: skip
    return Access(*row) if row else None


def _is_person(people: Any) -> Any:  # noqa: ANN401 - a table in, a join condition out
    return and_(people.c.company_id == access_token.c.company_id, people.c.id == access_token.c.person_id)


def _parts(plain: str) -> tuple[UUID, bytes]:
    """Company and secret of a well-formed token; nowhere and nothing otherwise."""
    if not _FORM.fullmatch(plain):
        return NOWHERE, b""
    raw = base64.urlsafe_b64decode(plain)
    return UUID(bytes=raw[:COMPANY_BYTES]), raw[COMPANY_BYTES:]


async def revoke_for_subject(session: Session, company_id: UUID, purpose: str, subject: tuple[str, str]) -> int:
    """Ends every link to the subject (a new version, a closed request); answers how many."""
    return await _revoke(
        session,
        and_(
            access_token.c.company_id == company_id,
            access_token.c.purpose == purpose,
            access_token.c.subject_kind == subject[0],
            access_token.c.subject_id == subject[1],
        ),
    )


async def revoke_for_person(session: Session, company_id: UUID, person_id: UUID) -> int:
    """Ends every link of a person (a changed address, a disabled user); answers how many."""
    return await _revoke(session, and_(access_token.c.company_id == company_id, access_token.c.person_id == person_id))


async def _revoke(session: Session, which: Any) -> int:  # noqa: ANN401 - a condition on the table
    revoked = await session.execute(
        update(access_token).where(which, access_token.c.revoked_at.is_(None)).values(revoked_at=func.clock_timestamp())
    )
    return revoked.rowcount
