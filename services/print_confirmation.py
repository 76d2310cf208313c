"""A letter as PDF, signed where the company has a key; for the mail with its link, or to be printed and posted."""

import asyncio

from reports.confirmation_pdf import render_confirmation
from services.keep_attachment import keyring_of
from services.settings import Settings
from services.show_confirmations import content_of_letter
from services.sign_letters import sign_pdf, signer_of
from storage.companies import Company
from storage.confirmations import Letter

REASONS = {"zh": "余额询证", "en": "Confirmation of balance", "de": "Saldenbestätigung"}
"""Why the signature stands there, in the letter's own language."""


async def print_confirmation(
    settings: Settings, company: Company, letter: Letter, *, link: str | None = None, second: bool = False
) -> bytes:
    """The PDF in the letter's language."""
    return await asyncio.to_thread(_print, settings, company, letter, link, second)


def _print(settings: Settings, company: Company, letter: Letter, link: str | None, second: bool) -> bytes:  # noqa: FBT001 - to_thread
    content = content_of_letter(letter)
    drawn = render_confirmation(content, letter.digest, letter.language, link=link, second=second)
    signer = signer_of(settings, company, keyring_of(settings))
    return sign_pdf(drawn, signer, REASONS[letter.language]) if signer is not None else drawn


def letter_filename(letter: Letter) -> str:
    """A name for people: the letter's number without signs that file systems refuse."""
    stem = {"zh": "询证函", "en": "Confirmation", "de": "Saldenbestaetigung"}[letter.language]
    return f"{stem} {letter.number.replace('/', ' ')}.pdf"
