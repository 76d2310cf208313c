"""Whoever works on confirmation letters: who they are, what the database shows them, and what is theirs to do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from statements.confirmations import ConfirmationNotYours, Mode
from storage.audit import Actor
from storage.companies import Company
from storage.confirmations import Letter, Round, auditor_reader, letter_by_id, round_by_id, round_by_number
from storage.database import Database, Session, reading_as, transaction
from storage.people import AUDITOR
from storage.sessions import SignedIn
from words.refusal import Refusal

PROVED_TWICE = "mfa"
"""The assurance of a session that began with password and digits."""

STAFF = ("clerk", "reviewer", "manager")
"""Who prepares, sends and closes rounds of the company's own."""


class RoundUnknown(Refusal):
    """No such round in this company."""

    code = "confirmation_round_unknown"
    sentence = "There is no round of confirmation letters {number}."
    remedy = "List them with: tieout confirmations list --company …"


class LetterUnknown(Refusal):
    """No such letter, or none that this person may see."""

    code = "confirmation_letter_unknown"
    sentence = "There is no such letter."
    remedy = "Letters of an audit are seen by its auditor only, until they are released."


class ConfirmationRole(Refusal):
    """The person holds no role for it."""

    code = "confirmation_role_not_allowed"
    sentence = "Your role does not allow work on confirmation letters."
    remedy = "Clerks, reviewers and managers work on the company's own rounds, an auditor on an audit's."


class AuditorUnproved(Refusal):
    """An administrator makes the first password of everybody, so a password alone proves no auditor."""

    code = "auditor_unproved_not_allowed"
    sentence = "An auditor needs the second proof here."
    remedy = "Set up an authenticator app under /account, sign in with its digits, or give them with --code."


@dataclass(frozen=True, slots=True)
class Desk:
    """A person of the company, or its auditor, before the letters."""

    engine: Database
    company: Company
    person_id: UUID
    roles: frozenset[str]

    @property
    def actor(self) -> Actor:
        """Who the audit trail names."""
        return Actor("user", self.person_id)

    @property
    def reader(self) -> str:
        """For whom the database reads: an auditor sees the letters of their own rounds."""
        return auditor_reader(self.person_id) if AUDITOR in self.roles else ""

    def may(self, one: Round) -> bool:
        """Whether the round is theirs to work on."""
        if one.mode == Mode.AUDIT:
            return AUDITOR in self.roles and one.auditor_id == self.person_id
        return bool(self.roles.intersection(STAFF))

    def need(self, one: Round, command: str) -> None:
        """Refuses what belongs to the other side."""
        if self.may(one):
            return
        if one.mode == Mode.AUDIT:
            raise ConfirmationNotYours(command=command, number=one.number)
        raise ConfirmationRole


def desk_of(engine: Database, viewer: SignedIn) -> Desk:
    """The desk of a signed-in person. Raises AuditorUnproved for an auditor who gave a password only."""
    if AUDITOR in viewer.roles and viewer.assurance != PROVED_TWICE:
        raise AuditorUnproved
    return Desk(engine, viewer.company, viewer.user_id, viewer.roles)


@asynccontextmanager
async def at_desk(desk: Desk) -> AsyncIterator[Session]:
    """A transaction that sees what this person may see."""
    with reading_as(desk.reader):
        async with transaction(desk.engine, desk.company.id) as session:
            yield session


async def round_at(session: Session, desk: Desk, number: str) -> Round:
    """The round with this number. Raises RoundUnknown."""
    found = await round_by_number(session, desk.company.id, number)
    if found is None:
        raise RoundUnknown(number=number)
    return found


async def own_round(session: Session, desk: Desk, number: str, command: str) -> Round:
    """The round, locked, if the command on it is this person's. Raises RoundUnknown or whatever `need` does.

    Asked before it is locked: the database locks nothing for whoever may not change it.
    """
    desk.need(await round_at(session, desk, number), command)
    locked = await round_by_number(session, desk.company.id, number, lock=True)
    assert locked is not None  # noqa: S101 - rounds are never deleted
    return locked


async def letter_at(session: Session, desk: Desk, letter_id: UUID) -> tuple[Letter, Round]:
    """The letter with its round, if this person may see it. Raises LetterUnknown."""
    letter = await letter_by_id(session, desk.company.id, letter_id)
    one = await round_by_id(session, desk.company.id, letter.round_id) if letter is not None else None
    if letter is None or one is None:
        raise LetterUnknown
    return letter, one


async def own_letter(session: Session, desk: Desk, letter_id: UUID, command: str) -> tuple[Letter, Round]:
    """The letter, locked, if the command on it is this person's."""
    _, one = await letter_at(session, desk, letter_id)
    desk.need(one, command)
    locked = await letter_by_id(session, desk.company.id, letter_id, lock=True)
    assert locked is not None  # noqa: S101 - letters are never deleted
    return locked, one
