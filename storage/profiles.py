"""Profiles as the users wrote them: a changed text is the next version, nothing is overwritten."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, literal, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from storage.database import Session
from storage.identifiers import new_id
from storage.schema import profile, shared_profile

SHARED_VERSION = 0
"""A profile for all companies has no version of its own; each company numbers what it used."""


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """One version of a profile."""

    name: str
    version: int
    body: str
    sha256: str
    recorded_at: datetime


_COLUMNS = [profile.c.name, profile.c.version, profile.c.body, profile.c.sha256, profile.c.recorded_at]


async def latest_profile(session: Session, company_id: UUID, name: str) -> StoredProfile | None:
    """The newest version of the profile with this name."""
    row = (
        await session.execute(
            select(*_COLUMNS)
            .where(profile.c.company_id == company_id, profile.c.name == name)
            .order_by(profile.c.version.desc())
            .limit(1)
        )
    ).one_or_none()
    return StoredProfile(*row) if row else None


async def profile_by_digest(session: Session, company_id: UUID, name: str, sha256: str) -> StoredProfile | None:
    """The version that an earlier import was read with."""
    row = (
        await session.execute(
            select(*_COLUMNS)
            .where(profile.c.company_id == company_id, profile.c.name == name, profile.c.sha256 == sha256)
            .order_by(profile.c.version.desc())
            .limit(1)
        )
    ).one_or_none()
    return StoredProfile(*row) if row else None


async def list_profiles(session: Session, company_id: UUID) -> list[StoredProfile]:
    """The newest version of each profile, by name."""
    rows = await session.execute(
        select(*_COLUMNS)
        .where(profile.c.company_id == company_id)
        .ext(distinct_on(profile.c.name))
        .order_by(profile.c.name, profile.c.version.desc())
    )
    return [StoredProfile(*row) for row in rows]


async def insert_profile(session: Session, company_id: UUID, name: str, version: int, text: tuple[str, str]) -> None:
    """Adds one version; `text` is the TOML and its SHA-256."""
    body, sha256 = text
    await session.execute(
        insert(profile).values(company_id=company_id, id=new_id(), name=name, version=version, body=body, sha256=sha256)
    )


async def save_shared_profile(session: Session, name: str, body: str, sha256: str) -> None:
    """Keeps the profile for all companies; each copies it as a version of its own when it imports with it."""
    values = {"body": body, "sha256": sha256, "recorded_at": func.clock_timestamp()}
    await session.execute(
        upsert(shared_profile).values(name=name, **values).on_conflict_do_update(index_elements=["name"], set_=values)
    )


_SHARED_COLUMNS = [
    shared_profile.c.name, literal(SHARED_VERSION), shared_profile.c.body, shared_profile.c.sha256,
    shared_profile.c.recorded_at,
]  # fmt: skip


async def find_shared_profile(session: Session, name: str) -> StoredProfile | None:
    """The profile of this name that is for all companies."""
    row = (await session.execute(select(*_SHARED_COLUMNS).where(shared_profile.c.name == name))).one_or_none()
    return StoredProfile(*row) if row else None


async def list_shared_profiles(session: Session) -> list[StoredProfile]:
    """The profiles for all companies, by name."""
    rows = await session.execute(select(*_SHARED_COLUMNS).order_by(shared_profile.c.name))
    return [StoredProfile(*row) for row in rows]
