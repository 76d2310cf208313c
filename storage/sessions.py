"""Sign-in: who may, who is, and how often somebody tried. Only hashes of session tokens are kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, insert, or_, select, update

from storage.companies import Company
from storage.database import Session
from storage.schema import app_user, company, login_attempt, user_role, user_session


@dataclass(frozen=True, slots=True)
class Credentials:
    """What proves a person, before anything is proved."""

    company_id: UUID
    user_id: UUID
    password_hash: str | None
    totp_secret: str | None
    totp_last_step: int | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A running session: the person, the company, and what they may do."""

    company: Company
    user_id: UUID
    email: str
    name: str
    language: str
    roles: frozenset[str]
    assurance: str
    csrf: str
    has_totp: bool
    expires_at: datetime


_COMPANY = (
    company.c.id, company.c.code, company.c.name, company.c.currency,
    company.c.timezone, company.c.language, company.c.settings,
)  # fmt: skip


async def credentials_of(session: Session, email: str) -> list[Credentials]:
    """Every enabled person with this address, in an owner's transaction: the company is not known yet."""
    rows = await session.execute(
        select(
            app_user.c.company_id, app_user.c.id, app_user.c.password_hash,
            app_user.c.totp_secret, app_user.c.totp_last_step,
        )
        .where(func.lower(app_user.c.email) == email.lower(), app_user.c.disabled_at.is_(None))
        .order_by(app_user.c.company_id)
    )  # fmt: skip
    return [Credentials(*row) for row in rows]


async def open_session(
    session: Session, company_id: UUID, user_id: UUID, token_hash: bytes, csrf: str, assurance: str, hours: int
) -> None:
    """Starts a session that ends by the database's clock."""
    await session.execute(
        insert(user_session).values(
            company_id=company_id, token_hash=token_hash, user_id=user_id, assurance=assurance, csrf=csrf,
            expires_at=func.clock_timestamp() + timedelta(hours=hours),
        )
    )  # fmt: skip
    await session.execute(
        delete(user_session).where(
            user_session.c.company_id == company_id, user_session.c.expires_at < func.statement_timestamp()
        )
    )


async def find_session(session: Session, token_hash: bytes) -> SignedIn | None:
    """The live session of an enabled person, in an owner's transaction: the cookie names no company."""
    roles = (
        select(func.array_agg(user_role.c.role))
        .where(user_role.c.company_id == app_user.c.company_id, user_role.c.user_id == app_user.c.id)
        .scalar_subquery()
    )
    row = (
        await session.execute(
            select(
                *_COMPANY,
                app_user.c.id.label("user_id"), app_user.c.email, app_user.c.name.label("user_name"),
                app_user.c.language.label("user_language"), roles.label("roles"), user_session.c.assurance,
                user_session.c.csrf, app_user.c.totp_secret.is_not(None).label("has_totp"), user_session.c.expires_at,
            )
            .select_from(user_session)
            .join(
                app_user,
                and_(app_user.c.company_id == user_session.c.company_id, app_user.c.id == user_session.c.user_id),
            )
            .join(company, company.c.id == user_session.c.company_id)
            .where(
                user_session.c.token_hash == token_hash,
                user_session.c.expires_at > func.statement_timestamp(),
                app_user.c.disabled_at.is_(None),
            )
        )
    ).one_or_none()  # fmt: skip
    return _signed_in(row) if row else None


def _signed_in(row: Any) -> SignedIn:  # noqa: ANN401 - a row of mixed columns
    return SignedIn(
        Company(row.id, row.code, row.name, row.currency, row.timezone, row.language, row.settings),
        row.user_id, row.email, row.user_name, row.user_language, frozenset(row.roles or ()),
        row.assurance, row.csrf, row.has_totp, row.expires_at,
    )  # fmt: skip


async def close_session(session: Session, company_id: UUID, token_hash: bytes) -> None:
    """Ends one session at once."""
    await session.execute(
        delete(user_session).where(user_session.c.company_id == company_id, user_session.c.token_hash == token_hash)
    )


async def raise_assurance(session: Session, company_id: UUID, token_hash: bytes, assurance: str) -> None:
    """Records that the person proved more than the password within this session."""
    await session.execute(
        update(user_session)
        .where(user_session.c.company_id == company_id, user_session.c.token_hash == token_hash)
        .values(assurance=assurance)
    )


async def take_totp_step(session: Session, company_id: UUID, user_id: UUID, step: int) -> bool:
    """Uses up a time step for this person; False when it, or a later one, was used before."""
    taken = await session.execute(
        update(app_user)
        .where(
            app_user.c.company_id == company_id,
            app_user.c.id == user_id,
            or_(app_user.c.totp_last_step.is_(None), app_user.c.totp_last_step < step),
        )
        .values(totp_last_step=step)
    )
    return taken.rowcount == 1


async def set_totp_secret(session: Session, company_id: UUID, user_id: UUID, secret: str, step: int) -> None:
    """Keeps the authenticator's secret, with the step that proved it already used."""
    await session.execute(
        update(app_user)
        .where(app_user.c.company_id == company_id, app_user.c.id == user_id)
        .values(totp_secret=secret, totp_last_step=step)
    )


async def password_hash_of(session: Session, company_id: UUID, user_id: UUID) -> str | None:
    """The stored hash; None for a person who never signs in by password."""
    query = select(app_user.c.password_hash).where(app_user.c.company_id == company_id, app_user.c.id == user_id)
    kept: str | None = (await session.execute(query.with_for_update())).scalar_one()
    return kept


async def set_password_hash(session: Session, company_id: UUID, user_id: UUID, hashed: str) -> None:
    """Replaces the stored hash."""
    here = (app_user.c.company_id == company_id, app_user.c.id == user_id)
    await session.execute(update(app_user).where(*here).values(password_hash=hashed))


async def end_other_sessions(session: Session, company_id: UUID, user_id: UUID, kept: bytes) -> int:
    """Ends every session of the person but this one; answers how many."""
    ended = await session.execute(
        delete(user_session).where(
            user_session.c.company_id == company_id,
            user_session.c.user_id == user_id,
            user_session.c.token_hash != kept,
        )
    )
    return int(ended.rowcount)


async def set_language(session: Session, company_id: UUID, user_id: UUID, language: str) -> None:
    """The language in which this person reads pages and messages."""
    await session.execute(
        update(app_user).where(app_user.c.company_id == company_id, app_user.c.id == user_id).values(language=language)
    )


async def failures_since(session: Session, subject: str, window: timedelta) -> tuple[int, float]:
    """How often this subject failed within the window, and seconds until the oldest of them leaves it."""
    row = (
        await session.execute(
            select(
                func.count(),
                func.extract("epoch", func.min(login_attempt.c.at) + window - func.clock_timestamp()),
            ).where(
                login_attempt.c.subject == subject,
                login_attempt.c.succeeded.is_(False),
                login_attempt.c.at > func.statement_timestamp() - window,
            )
        )
    ).one()
    return int(row[0]), float(row[1] or 0)


async def note_attempt(session: Session, subjects: list[str], *, succeeded: bool) -> None:
    """Counts one try for each subject (address of the person, address of the network)."""
    await session.execute(insert(login_attempt), [{"subject": subject, "succeeded": succeeded} for subject in subjects])


async def sample_people(session: Session) -> list[dict[str, Any]]:
    """The people of sample companies, never of a real one, for the demo's front door; in an owner's transaction."""
    roles = (
        select(func.string_agg(user_role.c.role, ","))
        .where(user_role.c.company_id == app_user.c.company_id, user_role.c.user_id == app_user.c.id)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(
            app_user.c.company_id, app_user.c.id, app_user.c.name, app_user.c.email,
            company.c.name.label("company"), company.c.code.label("company_code"), roles.label("roles"),
        )
        .join(company, company.c.id == app_user.c.company_id)
        .where(app_user.c.disabled_at.is_(None), company.c.settings.has_key("sample"))
        .order_by(company.c.name, app_user.c.id)
    )  # fmt: skip
    return [dict(row) for row in rows.mappings()]
