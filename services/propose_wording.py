"""Proposes a company's own wording of a message; it is told once another person has agreed to it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ledger.canonical import Json
from notifications.own_language import WordingFailedError
from notifications.own_words import Problem, Wording, base_kind, problems_of, wording_of
from notifications.samples import samples
from services.freeze_message import FOR_CUSTOMERS
from services.open_approvals import open_approval
from services.wording_subjects import TEMPLATE, wording_digest
from storage.audit import Actor, record
from storage.database import Database, transaction
from storage.wordings import insert_wording
from words.catalog import LANGUAGES
from words.refusal import Refusal


class WordingInvalid(Refusal):
    """The text cannot be told, or has lost what its reader needs."""

    code = "wording_invalid"
    sentence = "Variant {variant}, {part}: {problem}"
    remedy = "Correct it on the page, which shows every problem; the handbook describes what may be written."


class WordingKindUnknown(Refusal):
    """No message has this name, or nobody reads this language."""

    code = "wording_kind_unknown"
    sentence = "There is no message {kind} in the language {spoken}."
    remedy = "Choose a message from the list in the settings."


def known_kind(kind: str, language: str) -> None:
    """Raises WordingKindUnknown."""
    if language not in LANGUAGES or kind not in samples(language):
        raise WordingKindUnknown(kind=kind, spoken=language)


def judged(kind: str, language: str, document: Mapping[str, Any]) -> tuple[Wording | None, list[Problem]]:
    """The wording of a document, if it is one, and everything that is wrong with it."""
    known_kind(kind, language)
    try:
        wording = wording_of(document)
    except WordingFailedError as failed:
        return None, [Problem("–", "–", failed.sentence, failed.values)]
    return wording, problems_of(kind, language, wording)


async def propose_wording(
    engine: Database, company_id: UUID, kind: str, language: str, document: Mapping[str, Any], by: UUID
) -> UUID:
    """Keeps the next version and answers the id of the request that asks for it; no variant at all is the house's own.

    Raises WordingInvalid with the first problem.
    """
    wording, problems = judged(kind, language, document)
    if wording is None or problems:
        first = problems[0]
        raise WordingInvalid(variant=first.variant, part=first.part, problem=first.text("en"))
    async with transaction(engine, company_id) as session:
        stored = await insert_wording(session, company_id, kind, language, wording.document(), by)
        told: dict[str, Json] = {"kind": kind, "language": language, "version": stored.version, "sha256": stored.sha256}
        await record(session, company_id, Actor("user", by), "wording_drafted", (TEMPLATE, str(stored.id)), told)
        facts = {
            "kind": kind, "language": language, "version": stored.version, "variants": len(wording.variants),
            "to_customers": base_kind(kind) in FOR_CUSTOMERS,
        }  # fmt: skip
        digest = await wording_digest(session, company_id, stored)
        return await open_approval(session, company_id, TEMPLATE, str(stored.id), digest, facts, by)
