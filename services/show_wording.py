"""What the pages about a company's own wording show: which messages have some, versions, what waits, how they fare."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from notifications.samples import samples
from storage.database import Database, transaction
from storage.people import names_of
from storage.wordings import (
    StoredWording,
    answer_rates,
    waiting_wordings,
    wording_told_now,
    wordings_in_force,
    wordings_of,
)
from words.catalog import LANGUAGES

FIRST = {"variants": [{"name": "A", "weight": 1, "subject": "", "text": "", "html": "", "slack": ""}]}
"""What an editor starts with: one variant that says all of it in the house's words."""


@dataclass(frozen=True, slots=True)
class Told:
    """How one message is told in one language: the version in force, and the request about another, if there are."""

    version: int | None
    variants: int
    waiting: UUID | None


async def wording_overview(engine: Database, company_id: UUID) -> dict[str, dict[str, Told]]:
    """Every message by its name in `samples`, then by language."""
    async with transaction(engine, company_id) as session:
        in_force = await wordings_in_force(session, company_id)
        waiting = await waiting_wordings(session, company_id)

    def told(key: tuple[str, str]) -> Told:
        found = in_force.get(key)
        variants = len(found.document()["variants"]) if found is not None else 0
        return Told(found.version if found is not None and variants else None, variants, waiting.get(key))

    return {kind: {language: told((kind, language)) for language in LANGUAGES} for kind in sorted(samples("en"))}


@dataclass(frozen=True, slots=True)
class Editing:
    """One message in one language as its editor shows it; `document` is what the form starts with."""

    document: dict[str, Any]
    chosen: StoredWording | None
    in_force: StoredWording | None
    versions: list[StoredWording]
    names: dict[UUID, str]
    waiting: UUID | None
    rates: list[dict[str, Any]]


async def edit_wording(engine: Database, company_id: UUID, kind: str, language: str, version: int | None) -> Editing:
    """The version asked for, or the one in force; versions that do not exist are passed over."""
    async with transaction(engine, company_id) as session:
        versions = await wordings_of(session, company_id, kind, language)
        in_force = await wording_told_now(session, company_id, kind, language)
        names = await names_of(session, company_id)
        waiting = (await waiting_wordings(session, company_id)).get((kind, language))
        rates = await answer_rates(session, company_id, kind, language)
    chosen = next((one for one in versions if one.version == version), in_force)
    document = chosen.document() if chosen is not None else FIRST
    return Editing(document if document["variants"] else FIRST, chosen, in_force, versions, names, waiting, rates)
