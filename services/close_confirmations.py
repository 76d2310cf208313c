"""Ends a round: closes it for replies, releases an audit's replies to the company, notes what was found instead."""

from typing import Any
from uuid import UUID

from ledger.canonical import Json
from services.confirmation_desk import Desk, at_desk, own_letter, own_round
from statements.confirmations import LETTER_TABLE, MAX_WORDS, ROUND_TABLE, Mode, ReplyIncomplete, RoundState, move
from storage.audit import record
from storage.confirmations import (
    LETTER,
    ROUND,
    Round,
    change_letter,
    change_round,
    letters_of,
    replies_of,
)
from storage.database import Session
from storage.presence import database_now
from storage.tokens import revoke_for_subject
from words.refusal import Refusal

CONFIRM_PURPOSE = "confirm"
"""A link's purpose: one made for a letter answers no statement, and the other way round."""


class NotAnAudit(Refusal):
    """The company has seen the replies all along."""

    code = "confirmation_not_audit"
    sentence = "{number} is the company's own round: there is nothing to release."
    remedy = "Only rounds in audit mode are released, by their auditor."


async def discard_round(desk: Desk, number: str) -> None:
    """Puts a round aside that was never sent."""
    await _end(desk, number, "discard", closed=False)


async def close_round(desk: Desk, number: str) -> None:
    """No reply is taken any more; every link of the round ends, and whoever did not reply was silent."""
    await _end(desk, number, "close", closed=True)


async def _end(desk: Desk, number: str, command: str, *, closed: bool) -> None:
    async with at_desk(desk) as session:
        one = await own_round(session, desk, number, command)
        state = move(ROUND_TABLE, one.number, one.state, command)
        ending = {step.state for step in LETTER_TABLE if step.command == command}
        for letter in await letters_of(session, desk.company.id, one.id):
            await revoke_for_subject(session, desk.company.id, CONFIRM_PURPOSE, (LETTER, str(letter.id)))
            if letter.state in ending:
                to = move(LETTER_TABLE, letter.number, letter.state, command)
                await change_letter(session, desk.company.id, letter, state=to)
        values: dict[str, Any] = {"closed_at": await database_now(session)} if closed else {}
        await change_round(session, desk.company.id, one, state=state, **values)
        await record(
            session, desk.company.id, desk.actor, f"confirmation_{state}", (ROUND, str(one.id)), {"number": one.number}
        )


async def release_round(desk: Desk, number: str) -> None:
    """Opens an audit's letters and replies to the company, for good.

    The audit trail then names the seal of every reply, each of which it has held since the reply came.
    """
    async with at_desk(desk) as session:
        one = await own_round(session, desk, number, "release")
        if one.mode != Mode.AUDIT:
            raise NotAnAudit(number=number)
        state = move(ROUND_TABLE, one.number, one.state, "release")
        sealed = await _seals(session, desk.company.id, one)
        await change_round(
            session, desk.company.id, one, state=state, released_at=await database_now(session)
        )  # fmt: skip
        await record(
            session, desk.company.id, desk.actor, "confirmation_released", (ROUND, str(one.id)),
            {"number": one.number, "replies": sealed},
        )  # fmt: skip


async def _seals(session: Session, company_id: UUID, one: Round) -> Json:
    letters = await letters_of(session, company_id, one.id)
    replies = await replies_of(session, company_id, [letter.id for letter in letters])
    return {letter.number: [reply.seal for reply in replies.get(letter.id, [])] for letter in letters}


async def note_letter(desk: Desk, letter_id: UUID, command: str, note: str) -> None:
    """Explains a difference (`explain`) or says what was examined instead of a reply (`examine`). Raises Refusals."""
    words = note.strip()
    if not words or len(words) > MAX_WORDS:
        raise ReplyIncomplete(field="note")
    async with at_desk(desk) as session:
        letter, one = await own_letter(session, desk, letter_id, command)
        if one.state not in {RoundState.CLOSED, RoundState.RELEASED}:
            # While replies still come, a note would be overtaken by one.
            move((), letter.number, letter.state, command)
        state = move(LETTER_TABLE, letter.number, letter.state, command)
        await change_letter(
            session, desk.company.id, letter, state=state, note=words, noted_by=desk.person_id
        )  # fmt: skip
        await record(
            session, desk.company.id, desk.actor, f"confirmation_{state}", (LETTER, str(letter.id)),
            {"round": one.number},
        )  # fmt: skip
