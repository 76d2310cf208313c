"""The inbox: what waits for me, with the figures to decide on; one decision or many at once."""

import secrets
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.context import House, HouseOf, Viewer, back_to, language_for, page
from api.errors import status_of
from approvals.refusals import ApprovalRefusal
from services.decide_alone import Decision, Press
from services.decide_approval import RequestUnknown, decide
from services.decide_many import decide_many
from services.show_inbox import inbox
from storage.approvals import ORDERS
from storage.database import transaction
from storage.page_lists import own_tasks
from storage.sessions import SignedIn
from words.refusal import Refusal

router = APIRouter(include_in_schema=False)

DECISIONS = ("approve", "return", "reject")

BULK_LIMIT = 500
"""Decisions of one press: the page waits for all of them, about two seconds."""

CHOICE = ("request", "authority", "round", "stage", "digest", "key")
"""What a checkbox carries, in this order."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one decision of many."""

    title: str
    done: str
    problem: str


def fresh_key() -> str:
    """Belongs to one view of a card: pressing twice decides once."""
    return f"web/{secrets.token_urlsafe(16)}"


async def _show(
    request: Request, known: House, viewer: SignedIn, *, problem: Refusal | None = None,
    results: list[Result] | None = None,
) -> Response:  # fmt: skip
    language = language_for(request)
    run = request.query_params.get("run")
    async with transaction(known.engine, viewer.company.id) as session:
        found = await inbox(
            session, viewer.company, viewer.user_id, after=request.query_params.get("after"), run_id=run,
            language=language, order=request.query_params.get("order") or "oldest",
        )  # fmt: skip
        tasks = await own_tasks(session, viewer.company.id, viewer.user_id, viewer.roles)
    return page(
        request, "inbox.html", status=status_of(problem) if problem else 200, found=found, tasks=tasks, run=run,
        problem=problem.text(language) if problem else "", remedy=problem.remedy_text(language) if problem else "",
        results=results or [], key=fresh_key, decisions=DECISIONS, bulk_limit=BULK_LIMIT, orders=ORDERS,
    )  # fmt: skip


@router.get("/inbox")
async def show(request: Request, known: HouseOf, viewer: Viewer) -> Response:
    """Cards, oldest first."""
    return await _show(request, known, viewer)


async def _decide(known: House, viewer: SignedIn, command: str, fields: dict[str, Any]) -> str:
    outcome = await decide(
        known.engine, viewer.company.id, UUID(str(fields["request"])), command, actor_id=viewer.user_id,
        authority_id=UUID(str(fields["authority"])), round=int(fields["round"]), stage=int(fields["stage"]),
        digest=str(fields["digest"]), comment=str(fields.get("comment", "")), key=str(fields["key"]), channel="web",
        assurance=viewer.assurance,
    )  # fmt: skip
    return outcome.state


@router.post("/inbox")
async def decide_one(  # noqa: PLR0913, PLR0917 - everything that was on the card comes back
    request: Request, known: HouseOf, viewer: Viewer, request_id: Annotated[UUID, Form(alias="request")],
    authority: Annotated[UUID, Form()], decision: Annotated[str, Form()], round_: Annotated[int, Form(alias="round")],
    stage: Annotated[int, Form()], digest: Annotated[str, Form()], key: Annotated[str, Form(max_length=100)],
    comment: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """One decision; a refusal is shown above the inbox as it stands now."""
    if decision not in DECISIONS:
        raise RequestUnknown
    fields = {
        "request": request_id, "authority": authority, "round": round_, "stage": stage, "digest": digest, "key": key,
        "comment": comment,
    }  # fmt: skip
    try:
        await _decide(known, viewer, decision, fields)
    except ApprovalRefusal as refusal:
        return await _show(request, known, viewer, problem=refusal)
    run = request.query_params.get("run")
    return back_to("/inbox", done=decision, **({"run": run} if run else {}))


@router.post("/inbox/bulk")
async def decide_chosen(request: Request, known: HouseOf, viewer: Viewer) -> Response:
    """Approves each chosen card by itself: n commands, n keys, n results."""
    form = await request.form()
    language = language_for(request)
    chosen = [_chosen(str(choice)) for choice in form.getlist("choice")[:BULK_LIMIT]]
    press = Press("approve", viewer.user_id, assurance=viewer.assurance)
    found = await decide_many(known.engine, viewer.company.id, press, chosen)
    titles = [str(form.get(f"title_{one.request_id}", "")) for one in chosen]
    results = [
        Result(title, "", one.text(language)) if isinstance(one, Refusal) else Result(title, one.state, "")
        for title, one in zip(titles, found, strict=True)
    ]
    return await _show(request, known, viewer, results=results)


def _chosen(value: str) -> Decision:
    """What a card's checkbox brings back; one that this page did not make is answered as unknown."""
    parts = value.split("|")
    if len(parts) != len(CHOICE):
        raise RequestUnknown
    given = dict(zip(CHOICE, parts, strict=True))
    try:
        return Decision(
            UUID(given["request"]), UUID(given["authority"]), int(given["round"]), int(given["stage"]),
            given["digest"], given["key"],
        )  # fmt: skip
    except ValueError:
        raise RequestUnknown from None
