"""What waits for a person: by name, by role, and for the people who delegated to this one."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from approvals.commands import Env
from approvals.request import OPEN, Request
from approvals.seats import covers
from approvals.staffing import exclusion
from services.apply_approval import env_of
from services.approval_subjects import described_statement, subject_kind
from services.subject_kinds import Description
from storage.approval_moment import Moment, read_moment
from storage.approval_policies import policy_of
from storage.approval_subjects import statement_cards
from storage.approvals import ORDERS, StoredRequest, Waiting, principals_of, read_request, waiting_for
from storage.companies import Company
from storage.database import Session
from storage.people import Person, people_of
from words.refusal import Refusal

PAGE = 50
"""Cards of one page: more than a person decides at a sitting."""

SCAN = 200
"""Requests read per further query while a page is not full: some are for a role that the person may not use here."""


class CursorInvalid(Refusal):
    """A page mark that this house did not make."""

    code = "cursor_invalid"
    sentence = "This page mark is not valid."
    remedy = "Start again from the first page."


@dataclass(frozen=True, slots=True)
class Card:
    """One request that waits, with everything that a decision must bring back: round, stage and digest."""

    request_id: UUID
    subject_kind: str
    subject_id: str
    round: int
    stage: int
    stage_name: str
    digest: str
    authority_id: UUID
    for_whom: str
    """Name of the principal, "" when the person decides as himself."""
    title: str
    figures: tuple[dict[str, str], ...]
    checks: tuple[dict[str, Any], ...]
    url_path: str
    difference: Mapping[str, Any] | None
    """What changed since the version before."""
    opened_at: datetime
    due_at: datetime | None
    hours_left: int | None
    """Working hours until the stage expires."""
    assure: str
    bulk: bool
    comment_required: tuple[str, ...]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of cards; `after` fetches the next one, None on the last."""

    cards: list[Card]
    after: str | None


async def inbox(
    session: Session, company: Company, person_id: UUID, *, after: str | None = None, limit: int = PAGE,
    run_id: str | None = None, language: str | None = None, order: str = "oldest",
) -> Inbox:  # fmt: skip
    """What waits for the person, in one of `ORDERS`: oldest, latest, dearest, or most urgent first."""
    people = await people_of(session, company.id)
    person = people.get(person_id)
    if person is None:
        return Inbox([], None)
    read = await read_moment(session, company.id)
    asked = [people[one] for one in principals_of(person_id, read.grants) if one in people]
    place = _place(after, order)
    chosen: list[tuple[Waiting, UUID, Env]] = []
    wanted = limit + 1
    while len(chosen) <= limit:
        roles = sorted({role for one in asked for role in one.roles})
        rows = await waiting_for(session, company.id, [one.id for one in asked], roles, place, wanted, run_id, order)
        chosen += await _mine(session, company.id, rows, person, asked, read)
        if len(rows) < wanted:
            break
        wanted = SCAN
        place = (rows[-1].place, rows[-1].stored.request.id)
    page = chosen[:limit]
    cards = await _cards(session, company, page, people, person, language or person.language)
    more = len(chosen) > limit and bool(page)
    return Inbox(cards, _mark(page[-1][0]) if more else None)


async def card_of(
    session: Session, company: Company, person_id: UUID, request_id: UUID, language: str | None = None
) -> Card | None:
    """The card of one request, None when it does not wait for this person."""
    people = await people_of(session, company.id)
    person = people.get(person_id)
    stored = await read_request(session, company.id, request_id)
    if person is None or stored is None or stored.request.state != OPEN:
        return None
    read = await read_moment(session, company.id)
    asked = [people[one] for one in principals_of(person_id, read.grants) if one in people]
    opened_at = stored.request.opened_at
    assert opened_at is not None  # noqa: S101 - it is open
    mine = await _mine(session, company.id, [Waiting(stored, opened_at, opened_at)], person, asked, read)
    cards = await _cards(session, company, mine, people, person, language or person.language)
    return cards[0] if cards else None


async def inbox_count(session: Session, company: Company, person_id: UUID) -> int:
    """How many cards the whole inbox has, up to one page more than anybody reads."""
    return len((await inbox(session, company, person_id, limit=SCAN)).cards)


async def _mine(
    session: Session, company_id: UUID, rows: Sequence[Waiting], person: Person, asked: Sequence[Person], read: Moment
) -> list[tuple[Waiting, UUID, Env]]:
    """Those rows that the person may decide, each with the authority under which."""
    envs: dict[UUID, Env] = {}
    principals = [one.id for one in asked]
    chosen = []
    for row in rows:
        policy_id = row.stored.policy_id
        if policy_id not in envs:
            envs[policy_id] = env_of(await policy_of(session, company_id, policy_id), read, "")
        env = envs[policy_id]
        authority = authority_for(row.stored.request, person.id, principals, env)
        if authority is not None:
            chosen.append((row, authority, env))
    return chosen


def authority_for(request: Request, actor: UUID, principals: Sequence[UUID], env: Env) -> UUID | None:
    """As whom the actor may decide the open stage: himself first, then a principal; None when as nobody."""
    stage = request.current()
    voted = {one for vote in stage.votes for one in (vote.actor, vote.authority)}
    if actor in voted or exclusion(request, stage, actor, env) is not None:
        return None
    for principal in principals:
        if principal != actor and not may_act_for(actor, principal, request.subject_kind, env):
            continue
        free = principal not in voted and exclusion(request, stage, principal, env) is None
        if free and covers(stage.capacities(principal, env.people.get(principal, frozenset())), stage.demand()):
            return principal
    return None


def may_act_for(actor: UUID, principal: UUID, subject_kind: str, env: Env) -> bool:
    """Whether a grant speaks now for this kind of subject."""
    return any(
        (grant.principal, grant.delegate) == (principal, actor) and grant.covers(env.now, subject_kind)
        for grant in env.grants
    )


async def _cards(
    session: Session, company: Company, page: Sequence[tuple[Waiting, UUID, Env]], people: dict[UUID, Person],
    person: Person, language: str,
) -> list[Card]:  # fmt: skip
    described = await describe_many(session, company.id, [row.stored for row, _, _ in page], language)
    left = _HoursLeft()
    return [
        _card(row, authority, env, people, person, described[row.stored.request.id], left)
        for row, authority, env in page
    ]


class _HoursLeft:
    """Working hours until a deadline; the cards of a page share a few, and counting days takes longest of all."""

    def __init__(self) -> None:
        self._known: dict[datetime, int] = {}

    def until(self, expires_at: datetime | None, env: Env) -> int | None:
        """None where nothing expires."""
        if expires_at is None:
            return None
        if expires_at not in self._known:
            self._known[expires_at] = env.calendar.hours_left(env.now, expires_at)
        return self._known[expires_at]


async def describe_many(
    session: Session, company_id: UUID, stored: Sequence[StoredRequest], language: str
) -> dict[UUID, Description]:
    """Descriptions by request; statements are read in one query."""
    ids = [UUID(one.request.subject_id) for one in stored if one.request.subject_kind == "statement"]
    cards = {str(row.id): row for row in await statement_cards(session, company_id, ids)}
    described: dict[UUID, Description] = {}
    for one in stored:
        request = one.request
        if request.subject_kind == "statement":
            described[request.id] = described_statement(cards[request.subject_id], language)
        else:
            kind = subject_kind(request.subject_kind)
            described[request.id] = await kind.describe(
                session, company_id, request.subject_id, request.facts, language
            )
    return described


def _card(
    row: Waiting, authority: UUID, env: Env, people: dict[UUID, Person], person: Person, description: Description,
    left: _HoursLeft,
) -> Card:  # fmt: skip
    request, stage = row.stored.request, row.stored.request.current()
    return Card(
        request_id=request.id, subject_kind=request.subject_kind, subject_id=request.subject_id, round=request.round,
        stage=request.stage, stage_name=stage.name, digest=request.digest, authority_id=authority,
        for_whom="" if authority == person.id else people[authority].name, title=description.title,
        figures=tuple({"label": one.label, "value": one.value} for one in description.figures),
        checks=description.checks, url_path=description.url_path,
        difference=description.difference, opened_at=row.opened_at, due_at=stage.expires_at,
        hours_left=left.until(stage.expires_at, env), assure=stage.assure, bulk=stage.bulk,
        comment_required=tuple(sorted(env.policy.comments)), facts=dict(request.facts),
    )  # fmt: skip


def _mark(row: Waiting) -> str:
    place = row.place if isinstance(row.place, int) else row.place.isoformat()
    return base64.urlsafe_b64encode(json.dumps([place, str(row.stored.request.id)]).encode()).decode()


def _place(after: str | None, order: str) -> tuple[datetime | int, UUID] | None:
    if order not in ORDERS:
        raise CursorInvalid
    if after is None:
        return None
    try:
        place, request_id = json.loads(base64.urlsafe_b64decode(after))
        return (int(place) if order == "dearest" else datetime.fromisoformat(place)), UUID(request_id)
    except (ValueError, TypeError, AttributeError):
        raise CursorInvalid from None
