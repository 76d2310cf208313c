"""What the shell asks of a kind of thing that can be approved, and how people see one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from approvals.request import Request
from storage.audit import Actor, Entry
from storage.database import Session
from words.refusal import Refusal


class SubjectUnknown(Refusal):
    """There is no such document."""

    code = "subject_unknown"
    sentence = "There is no {kind} {id} to approve."
    remedy = "Check the number; it may belong to another company."


@dataclass(frozen=True, slots=True)
class Figure:
    """A label (an English sentence of the catalogue) and a value that is shown as it is."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Description:
    """What a person sees of a subject on a card, in a mail, in a chat."""

    title: str
    figures: tuple[Figure, ...]
    checks: tuple[dict[str, Any], ...]
    url_path: str
    difference: Mapping[str, Any] | None = None
    """What changed since the version before, where there is one: `totals` and `lines`."""


Facts = Mapping[str, Any]


async def nothing_to_open(_session: Session, _company_id: UUID, _subject_id: str, _facts: Facts, _actor: Actor) -> None:
    """For a subject that stays as it is while it is decided on."""


async def nothing_to_close(
    _session: Session, _company_id: UUID, _subject_id: str, _facts: Facts, _outcome: str, _actor: Actor, _reason: str
) -> None:
    """For a subject that an outcome other than approval does not touch."""


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """What the shell asks of a kind of subject."""

    digest_now: Callable[[Session, UUID, str, Facts], Awaitable[str]]
    """SHA-256 of the document now; "" when it is no longer there to be approved."""
    describe: Callable[[Session, UUID, str, Facts, str], Awaitable[Description]]
    opened: Callable[[Session, UUID, str, Facts, Actor], Awaitable[None]] = nothing_to_open
    closed: Callable[[Session, UUID, str, Facts, str, Actor, str], Awaitable[None]] = nothing_to_close
    """Gets the outcome (approved, rejected, returned, withdrawn, expired, cancelled) and the reason."""
    digests_now: Callable[[Session, UUID, Sequence[str]], Awaitable[Mapping[str, str]]] | None = None
    """`digest_now` of many subjects by id; a kind without it is decided one by one."""
    closed_many: Callable[[Session, UUID, Sequence[str], str, Actor, str], Awaitable[Sequence[Entry]]] | None = None
    """`closed` for many subjects with the same outcome, but for the audit rows, which the caller must record.

    Goes with `digests_now`.
    """
    effect: Callable[[Session, UUID, Request], Awaitable[None]] | None = None
    """What the approval allows, where it happens at once: in the transaction of the last vote, which it uses up."""
    again: Callable[[Session, UUID, str, Facts, Actor], Awaitable[None]] = nothing_to_open
    """Takes back what a return did to the subject, so that it can be submitted again as it is; or a refusal."""
