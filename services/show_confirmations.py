"""Rounds and letters as pages and commands show them, with what each letter proves and how much is covered."""

import json
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from ledger.canonical import Json
from services.answer_confirmation import balances_of
from services.confirmation_desk import Desk, at_desk, letter_at, round_at
from statements.confirmations import Outcome, RoundState, Summary, strength, summarize
from storage.attachments import Attachment, attachments_of
from storage.confirmations import LETTER, REPLY, Letter, Reply, Round, letters_of, list_rounds, replies_of
from storage.deliveries import DeliveryEvent, events_of
from storage.people import names_of


@dataclass(frozen=True, slots=True)
class LetterShown:
    """A letter with its balances, what it proves, and every reply, oldest first."""

    letter: Letter
    balances: dict[str, str]
    proves: str
    replies: list[Reply]
    files: dict[UUID, list[Attachment]] = field(default_factory=dict)
    events: list[DeliveryEvent] = field(default_factory=list)
    """What became of its mails, to which address, and what was answered by mail."""


@dataclass(frozen=True, slots=True)
class RoundShown:
    """A round; `letters` and `summary` hold what this person may see, and `closed_to` says that it is not all."""

    round: Round
    letters: list[LetterShown]
    summary: Summary | None
    closed_to: bool
    mine: bool
    names: dict[UUID, str]


async def show_rounds(desk: Desk) -> list[Round]:
    """Every round of the company, newest first: that an audit runs is no secret."""
    async with at_desk(desk) as session:
        return await list_rounds(session, desk.company.id)


async def show_round(desk: Desk, number: str) -> RoundShown:
    """One round with its letters. Raises RoundUnknown."""
    async with at_desk(desk) as session:
        one = await round_at(session, desk, number)
        letters = await letters_of(session, desk.company.id, one.id)
        replies = await replies_of(session, desk.company.id, [letter.id for letter in letters])
        names = await names_of(session, desk.company.id)
    shown = [_shown(letter, one, replies.get(letter.id, [])) for letter in letters]
    population = {currency: str(figures["absolute"]) for currency, figures in one.population.items()}
    outcomes = [Outcome(one.form, each.letter.state, each.balances, each.letter.differences) for each in shown]
    return RoundShown(
        one, shown, summarize(population, outcomes) if shown else None,
        closed_to=not shown and one.state != RoundState.DISCARDED, mine=desk.may(one), names=names,
    )  # fmt: skip


async def show_letter(desk: Desk, letter_id: UUID) -> tuple[Round, LetterShown]:
    """One letter with its replies and their files. Raises LetterUnknown."""
    async with at_desk(desk) as session:
        letter, one = await letter_at(session, desk, letter_id)
        replies = (await replies_of(session, desk.company.id, [letter.id])).get(letter.id, [])
        files = await attachments_of(session, desk.company.id, REPLY, [reply.id for reply in replies])
        events = await events_of(session, desk.company.id, (LETTER, str(letter.id)))
    return one, replace(_shown(letter, one, replies), files=files, events=events)


def _shown(letter: Letter, one: Round, replies: list[Reply]) -> LetterShown:
    return LetterShown(letter, balances_of(letter), strength(one.form, letter.state), replies)


def round_json(one: Round) -> dict[str, Any]:
    """A round for programs."""
    return {
        "number": one.number, "mode": one.mode, "form": one.form, "as_of": one.as_of.isoformat(), "state": one.state,
        "auditor": one.auditor_name, "prepared_by": one.prepared_name, "reply_by": one.reply_by.isoformat(),
        "remind_after": one.remind_after, "method": one.method, "population": one.population,
        "population_sha256": one.population_sha256, "sample_sha256": one.sample_sha256,
    }  # fmt: skip


def letter_json(shown: LetterShown) -> dict[str, Any]:
    """A letter for programs, with the reply that counts."""
    letter = shown.letter
    newest = shown.replies[-1] if shown.replies else None
    reply: Json = None
    if newest is not None:
        reply = {
            "kind": newest.kind, "amounts": newest.amounts, "differences": newest.differences, "reason": newest.reason,
            "explanation": newest.explanation, "name": newest.name, "position": newest.position,
            "channel": newest.channel, "at": newest.at.isoformat(), "seal": newest.seal,
        }  # fmt: skip
    return {
        "id": str(letter.id), "number": letter.number, "customer": letter.customer_code, "name": letter.customer_name,
        "balances": shown.balances, "state": letter.state, "proves": shown.proves, "channel": letter.channel,
        "language": letter.language, "digest": letter.digest, "note": letter.note, "reply": reply,
    }  # fmt: skip


def summary_json(summary: Summary | None) -> dict[str, Any] | None:
    """The figures of a round for programs."""
    if summary is None:
        return None
    return {
        "sent": summary.sent, "replied": summary.replied, "by_strength": summary.by_strength,
        "currencies": summary.currencies,
    }  # fmt: skip


def content_of_letter(letter: Letter) -> dict[str, Any]:
    """What the letter says, read from its canonical text."""
    content: dict[str, Any] = json.loads(letter.content)
    return content
