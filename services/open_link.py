"""The decision link of a mail: looking changes nothing; deciding needs a choice, the page's nonce and a POST."""

from dataclasses import dataclass
from uuid import UUID

from services.apply_approval import moment
from services.approval_subjects import subject_kind
from services.decide_approval import Outcome, decide
from services.open_statement_page import LinkInvalid, make_nonce, nonce_holds
from services.show_inbox import authority_for
from services.subject_kinds import Description
from storage.approvals import StoredRequest, principals_of, read_request
from storage.companies import Company, own_company
from storage.database import Database, transaction
from storage.people import Person, find_person, grants_at, names_of
from storage.presence import database_now
from storage.tokens import Access, resolve

DECIDE_PURPOSE = "decide"
"""A link's purpose: one made for the customer's answer never decides."""

LINK_DECISIONS = frozenset({"approve", "reject", "return"})
"""What a person may do from a link; everything else asks for a session."""


@dataclass(frozen=True, slots=True)
class LinkPage:
    """What the page behind a decision link shows."""

    company: Company
    person: Person
    """For whom the link was made: a forwarded mail shows it."""
    stored: StoredRequest
    description: Description
    round: int
    stage: int
    digest: str
    can_decide: bool
    """False when the stage has passed, the document changed, or a session is needed."""
    needs_session: bool
    assure: str
    comment_required: frozenset[str]
    outcome: str
    """What became of it, "" while it is open: a second visit shows this, not "expired"."""
    decided_by: str
    nonce: str


async def open_link(engine: Database, plain_token: str) -> LinkPage:
    """The page's content, or LinkInvalid; writes nothing."""
    access = await resolve(engine, plain_token, DECIDE_PURPOSE)
    if access is None or access.subject_kind != "approval":
        raise LinkInvalid
    async with transaction(engine, access.company_id) as session:
        stored = await read_request(session, access.company_id, UUID(access.subject_id))
        person = await find_person(session, access.company_id, access.person_id)
        if stored is None or person is None or person.disabled:
            raise LinkInvalid
        company = await own_company(session, access.company_id)
        request = stored.request
        kind = subject_kind(request.subject_kind)
        description = await kind.describe(session, company.id, request.subject_id, request.facts, person.language)
        names = await names_of(session, company.id)
        env = await moment(session, company.id, stored.policy_id, "")
        grants = await grants_at(session, company.id, await database_now(session))
        current = _is_current(access, stored)
        principals = principals_of(person.id, grants, request.subject_kind)
        mine = current and authority_for(request, person.id, principals, env) is not None
    assure = request.current().assure if current else "link"
    return LinkPage(
        company=company, person=person, stored=stored, description=description,
        round=int(access.binding.get("round", 0)), stage=int(access.binding.get("stage", 0)),
        digest=str(access.binding.get("digest", "")), can_decide=mine and assure == "link",
        needs_session=mine and assure != "link", assure=assure, comment_required=env.policy.comments,
        outcome="" if request.state == "open" else request.state,
        decided_by=names.get(request.closed_by, "") if request.closed_by is not None else "",
        nonce=make_nonce(plain_token),
    )  # fmt: skip


def _is_current(access: Access, stored: StoredRequest) -> bool:
    request = stored.request
    shown = (access.binding.get("round"), access.binding.get("stage"), access.binding.get("digest"))
    return request.state == "open" and shown == (request.round, request.stage, request.digest)


async def decide_by_link(engine: Database, plain_token: str, command: str, *, comment: str, nonce: str) -> Outcome:
    """Decides as the link's person, on exactly the round, stage and digest for which the link was made.

    Pressing again, or going back and pressing, answers the first outcome.
    """
    access = await resolve(engine, plain_token, DECIDE_PURPOSE)
    if access is None or access.subject_kind != "approval" or command not in LINK_DECISIONS:
        raise LinkInvalid
    if not nonce_holds(plain_token, nonce):
        raise LinkInvalid
    binding = access.binding
    return await decide(
        engine, access.company_id, UUID(access.subject_id), command, actor_id=access.person_id,
        round=int(binding["round"]), stage=int(binding["stage"]), digest=str(binding["digest"]), comment=comment,
        key=f"link/{nonce}", channel="link", assurance="link",
    )  # fmt: skip
