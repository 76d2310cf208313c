"""Tells people that they are asked to decide, and preparers what was decided: one outbox row per person and channel."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from approvals.commands import Env
from approvals.request import Request
from approvals.staffing import exclusion, possible_people
from services.approval_subjects import subject_kind
from services.subject_kinds import Description
from services.tell_decisions import gathered_run, tell_run_decided
from storage.database import Session
from storage.outbox import Message, enqueue
from storage.people import Person, people_of
from words.catalog import translate


def asked_people(request: Request, env: Env) -> set[UUID]:
    """Who could decide the open stage now: its candidates, and the delegates of candidates."""
    stage = request.current()
    candidates = set(possible_people(request, stage, env))
    delegates = {
        grant.delegate
        for grant in env.grants
        if grant.principal in candidates
        and grant.covers(env.now, request.subject_kind)
        and exclusion(request, stage, grant.delegate, env) is None
    }
    return candidates | (delegates & set(env.people))


async def ask_approvers(
    session: Session, company_id: UUID, request: Request, env: Env, occasion: str, kind: str = "approval_asked"
) -> int:
    """One message per person and channel about one request; `occasion` makes each told once. Answers how many."""
    asked = sorted(asked_people(request, env))
    return await ask_people(session, company_id, request, asked, occasion, kind)


async def ask_people(
    session: Session, company_id: UUID, request: Request, asked: Sequence[UUID], occasion: str,
    kind: str = "approval_asked",
) -> int:  # fmt: skip
    """The same for these people only: to whom it was forwarded, or who is asked for a view."""
    people = await people_of(session, company_id)
    described: dict[str, Description] = {}
    queued = 0
    for person in (people[one] for one in asked if one in people):
        if person.language not in described:
            described[person.language] = await _describe(session, company_id, request, person.language)
        payload = asked_payload(request, person, described[person.language])
        queued += await _send(session, company_id, kind, person, payload, request, f"{kind}/{request.id}/{occasion}")
    return queued


def asked_payload(request: Request, person: Person, description: Description) -> dict[str, Any]:
    """What the message is written from; the decision link is minted from its ids when the message is frozen."""
    figures = [asdict(one) for one in description.figures]
    return {
        "request_id": str(request.id), "round": request.round, "stage": request.stage, "digest": request.digest,
        "person_id": str(person.id), "title": description.title, "figures": figures,
        "checks": list(description.checks), "url_path": f"/approvals/{request.id}", "link": "decide",
    }  # fmt: skip


async def ask_person(session: Session, company_id: UUID, request: Request, person: Person, occasion: str) -> int:
    """One message to one person that leads straight to the decision."""
    payload = asked_payload(request, person, await _describe(session, company_id, request, person.language))
    return await _send(session, company_id, "approval_asked", person, payload, request, f"approval_asked/{occasion}")


async def ask_for_many(
    session: Session, company_id: UUID, opened: Sequence[tuple[Request, Env]], occasion: str
) -> int:  # fmt: skip
    """One message per person and channel for all stages that have just opened; answers how many messages."""
    asked: dict[UUID, list[Request]] = defaultdict(list)
    for request, env in opened:
        for person_id in asked_people(request, env):
            asked[person_id].append(request)
    people = await people_of(session, company_id) if asked else {}
    queued = 0
    for person_id, requests in sorted(asked.items()):
        person = people[person_id]
        if len(requests) == 1:
            queued += await ask_people(session, company_id, requests[0], [person_id], occasion)
            continue
        title = translate("{count} requests wait for you", person.language, count=len(requests))
        figures = [{"label": "Requests", "value": str(len(requests))}]
        queued += await ask_once_for_many(
            session, company_id, person, title, figures, "/inbox", occasion, len(requests)
        )
    return queued


@dataclass(frozen=True, slots=True)
class Told:
    """How a request ended, as its submitter and preparers hear it."""

    request: Request
    outcome: str
    decided_by: UUID | None
    reason: str


async def tell_preparers_of_many(session: Session, company_id: UUID, closed: Sequence[Told], occasion: str) -> int:
    """One message per person and outcome about requests that ended together; a single one is told as itself."""
    concerned = [(told, _concerned(told.request, told.decided_by)) for told in closed]
    people = await people_of(session, company_id) if any(those for _, those in concerned) else {}
    alone: dict[tuple[Person, str, UUID | None], list[Told]] = defaultdict(list)
    runs: dict[tuple[str, UUID], Request] = {}
    for told, those in concerned:
        run_id = gathered_run(told.request, told.outcome)
        for person_id in those & people.keys():
            if run_id:
                runs[run_id, person_id] = told.request
            else:
                alone[people[person_id], told.outcome, told.decided_by].append(told)
    queued = 0
    for (run_id, person_id), request in runs.items():
        queued += await tell_run_decided(session, company_id, request, run_id, people[person_id])
    for (person, outcome, decided_by), group in alone.items():
        decider = people.get(decided_by) if decided_by is not None else None
        if len(group) == 1:
            queued += await _tell_decided(session, company_id, person, group[0], decider)
            continue
        payload: dict[str, Any] = {
            "person_id": str(person.id), "title": translate("{count} requests", person.language, count=len(group)),
            "outcome": outcome, "decided_by": decider.name if decider is not None else "", "comment": "",
            "url_path": "/inbox", "link": "page", "requests": len(group),
        }  # fmt: skip
        key = f"approval_decided/{occasion}/{outcome}"
        queued += await _send(session, company_id, "approval_decided", person, payload, None, key)
    return queued


def _concerned(request: Request, decided_by: UUID | None) -> set[UUID]:
    """Submitter and preparers; who decided knows already."""
    return {one for one in (request.submitted_by, *request.preparers) if one is not None and one != decided_by}


async def _tell_decided(
    session: Session, company_id: UUID, person: Person, told: Told, decider: Person | None
) -> int:  # fmt: skip
    request = told.request
    description = await _describe(session, company_id, request, person.language)
    payload = {
        "request_id": str(request.id), "person_id": str(person.id), "title": description.title,
        "outcome": told.outcome, "decided_by": decider.name if decider is not None else "", "comment": told.reason,
        "url_path": f"/approvals/{request.id}", "link": "page",
    }  # fmt: skip
    kind = "approval_returned" if told.outcome == "returned" else "approval_decided"
    return await _send(session, company_id, kind, person, payload, request, f"{kind}/{request.id}/{request.round}")


async def ask_once_for_many(
    session: Session, company_id: UUID, person: Person, title: str, figures: Sequence[dict[str, str]], url_path: str,
    occasion: str, count: int,
) -> int:  # fmt: skip
    """One message for all requests of a run that wait for this person, instead of a flood."""
    payload: dict[str, Any] = {
        "person_id": str(person.id), "title": title, "figures": list(figures), "checks": [], "url_path": url_path,
        "link": "page", "requests": count,
    }  # fmt: skip
    return await _send(session, company_id, "approval_asked", person, payload, None, f"approval_asked/{occasion}")


async def tell_preparers(
    session: Session, company_id: UUID, request: Request, outcome: str, decided_by: UUID | None, reason: str
) -> int:
    """Tells submitter and preparers how it ended."""
    told = Told(request, outcome, decided_by, reason)
    return await tell_preparers_of_many(session, company_id, [told], f"one/{request.id}")


async def _describe(session: Session, company_id: UUID, request: Request, language: str) -> Description:
    kind = subject_kind(request.subject_kind)
    return await kind.describe(session, company_id, request.subject_id, request.facts, language)


async def _send(
    session: Session, company_id: UUID, kind: str, person: Person, payload: dict[str, Any], request: Request | None,
    key: str,
) -> int:  # fmt: skip
    subject = ("approval", str(request.id)) if request is not None else ("inbox", str(person.id))
    addresses = {"email": person.email, "slack": person.slack_user_id}
    queued = 0
    for channel, address in addresses.items():
        if address:
            message = Message(
                kind=kind, channel=channel, recipient=address, dedup_key=f"{key}/{person.id}/{channel}",
                subject_kind=subject[0], subject_id=subject[1], payload=payload, lane="urgent", person_id=person.id,
            )  # fmt: skip
            queued += await enqueue(session, company_id, message) is not None
    return queued
