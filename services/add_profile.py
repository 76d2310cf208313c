"""Adds a profile, for one company or for all; a changed text becomes the next version."""

import hashlib
from operator import attrgetter
from typing import Any
from uuid import UUID

from connectors.profiles import parse_profile
from ledger.canonical import Json
from storage.audit import SYSTEM, Actor, record
from storage.companies import Company
from storage.database import Database, Session, owner_transaction, transaction
from storage.profiles import (
    SHARED_VERSION,
    StoredProfile,
    find_shared_profile,
    insert_profile,
    latest_profile,
    list_profiles,
    list_shared_profiles,
    save_shared_profile,
)
from words.refusal import Refusal


class ProfileUnknown(Refusal):
    """No profile of this name."""

    code = "profile_unknown"
    sentence = "There is no profile {name}."
    remedy = "Add it with: tieout profile add {name} FILE.toml (examples/profiles holds worked ones)."


async def add_profile(
    engine: Database, name: str, body: str, company: Company | None = None, actor: Actor = SYSTEM
) -> dict[str, Any]:
    """Checks and keeps a profile; without a company it is for all. Raises ProfileInvalid."""
    profile = parse_profile(body)
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    version = SHARED_VERSION
    if company is None:
        async with owner_transaction(engine) as session:
            await save_shared_profile(session, name, body, sha256)
    else:
        async with transaction(engine, company.id) as session:
            version = await _next_version(session, company.id, name, (body, sha256), actor)
    return {
        "name": name, "company": company.code if company else None, "version": version, "sha256": sha256,
        "source": profile.source, "columns": {field: list(headers) for field, headers in profile.columns.items()},
        "constants": profile.constants,
    }  # fmt: skip


async def _next_version(session: Session, company_id: UUID, name: str, text: tuple[str, str], actor: Actor) -> int:
    _, sha256 = text
    latest = await latest_profile(session, company_id, name)
    if latest is not None and latest.sha256 == sha256:
        return latest.version
    version = latest.version + 1 if latest else 1
    await insert_profile(session, company_id, name, version, text)
    facts: Json = {"version": version, "sha256": sha256}
    await record(session, company_id, actor, "profile_added", ("profile", name), facts)
    return version


async def profile_in_use(engine: Database, company_id: UUID, name: str) -> StoredProfile:
    """The company's newest version, or the one for all companies when that was added later. Writes nothing."""
    async with owner_transaction(engine) as session:
        shared = await find_shared_profile(session, name)
    async with transaction(engine, company_id) as session:
        latest = await latest_profile(session, company_id, name)
    newest = max((one for one in (latest, shared) if one is not None), key=attrgetter("recorded_at"), default=None)
    if newest is None:
        raise ProfileUnknown(name=name)
    return newest


async def keep_used_version(session: Session, company_id: UUID, used: StoredProfile, actor: Actor) -> None:
    """Copies a profile for all companies into the company's own versions, in the import's transaction."""
    if used.version == SHARED_VERSION:
        await _next_version(session, company_id, used.name, (used.body, used.sha256), actor)


async def profiles_of(engine: Database, company: Company | None) -> list[dict[str, Any]]:
    """What `tieout profile list` prints."""
    async with owner_transaction(engine) as session:
        shared = await list_shared_profiles(session)
    own: list[StoredProfile] = []
    if company is not None:
        async with transaction(engine, company.id) as session:
            own = await list_profiles(session, company.id)
    return [
        {"name": each.name, "version": each.version, "for_all": each.version == SHARED_VERSION, "sha256": each.sha256}
        for each in (*own, *shared)
    ]
