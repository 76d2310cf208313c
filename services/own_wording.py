"""Tells a message in the company's own words where it has some, and in the house's when those fail."""

import structlog

from notifications.contexts import Letter
from notifications.messages import Rendered, render
from notifications.own_language import WordingFailedError
from notifications.own_words import render_own, spoken_kind, wording_of
from services.telling import Telling
from storage.tasks import NewTask, open_task
from storage.wordings import StoredWording, note_told, wording_told_now

log = structlog.get_logger()

ROLE = "administrator"
"""Who hears that a wording failed: whoever may change it."""


async def worded(telling: Telling, letter: Letter) -> Rendered:
    """The message in words, with the variant written down beside it; nothing is lost when own words fail."""
    kind = spoken_kind(telling.row.kind, letter)
    stored = await wording_told_now(telling.session, telling.company.id, kind, telling.language)
    if stored is None:
        return render(telling.row.kind, letter, telling.language)
    name = ""
    try:
        variant = wording_of(stored.document()).variant_for(kind, telling.row.recipient)
        if variant is None:
            return render(telling.row.kind, letter, telling.language)
        name = variant.name
        rendered = render_own(telling.row.kind, letter, telling.language, variant)
    except WordingFailedError as failed:
        await _tell_staff(telling, stored, name, str(failed))
        return render(telling.row.kind, letter, telling.language)
    await note_told(telling.session, telling.company.id, telling.row.id, stored.id, name)
    return rendered


async def _tell_staff(telling: Telling, stored: StoredWording, variant: str, problem: str) -> None:
    """One task per version, however many messages it fails on; each message's row says so by itself."""
    log.warning("wording_failed", kind=stored.kind, language=stored.language, version=stored.version, problem=problem)
    await note_told(telling.session, telling.company.id, telling.row.id, stored.id, variant, problem)
    facts = {
        "kind": stored.kind, "language": stored.language, "version": stored.version, "variant": variant,
        "problem": problem,
    }  # fmt: skip
    task = NewTask("wording_failed", "template", str(stored.id), f"wording_failed/{stored.id}", facts, role=ROLE)
    await open_task(telling.session, telling.company.id, task)
