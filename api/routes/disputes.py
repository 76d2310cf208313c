"""Disputes as cases: the list with its root causes, one case with its conversation, and what staff do with it.

Each form carries the nonce of its page view: pressed twice, it writes once.
"""

import secrets
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.answer_form import ACCEPTED, read_form
from api.context import House, HouseOf, PageUnknown, Viewer, back_to, need_role, page
from services.ask_adjustment import KINDS, Ask, ask_adjustment
from services.do_once import do_once
from services.keep_attachment import keyring_of
from services.resolve_dispute import RESOLUTIONS, resolve_dispute
from services.speak_in_dispute import speak_as_staff
from services.work_dispute import propose_resolution, reopen_dispute, take_dispute
from statements.disputes import OPEN_STATUSES, causes, dispute_policy
from storage.adjustments import adjustments_of_dispute
from storage.answers import answerable_statement, content_of
from storage.attachments import attachments_of
from storage.audit import Actor
from storage.database import transaction
from storage.dispute_messages import messages_of
from storage.disputes import cases_for_causes, dispute_listing, list_disputes
from storage.page_lists import request_of_subject
from storage.pages import PAGE, business_today
from storage.sessions import SignedIn

router = APIRouter(include_in_schema=False)

RESOLVERS = ("clerk", "reviewer", "manager")

NONCE_BYTES = 18
"""144 random bits: no two page views share one."""

Nonce = Annotated[str, Form(max_length=40)]

CAUSES_SHOWN = 20
"""Root causes on the page, the dearest first: what matters fits on a screen."""


@router.get("/disputes")
async def show(
    request: Request, known: HouseOf, viewer: Viewer, closed: bool = False, after: UUID | None = None
) -> Response:
    """Open disputes, oldest first; or all of them; and why there are any."""
    async with transaction(known.engine, viewer.company.id) as session:
        rows = await list_disputes(session, viewer.company.id, only_open=not closed, after=after, limit=PAGE)
        found = causes(await cases_for_causes(session, viewer.company.id))
    more = str(rows[-1].dispute.id) if len(rows) == PAGE else None
    return page(request, "disputes.html", rows=rows, closed=closed, more_after=more, causes=found[:CAUSES_SHOWN])


@router.get("/disputes/{dispute_id}")
async def show_case(request: Request, known: HouseOf, viewer: Viewer, dispute_id: UUID) -> Response:
    """One case: what is disputed, what was said and attached, what waits for approval, what can be done."""
    company = viewer.company
    async with transaction(known.engine, company.id) as session:
        row = await dispute_listing(session, company.id, dispute_id)
        if row is None:
            raise PageUnknown
        talk = (await messages_of(session, company.id, [dispute_id])).get(dispute_id, [])
        files = (await attachments_of(session, company.id, "dispute", [dispute_id])).get(dispute_id, [])
        asked = await adjustments_of_dispute(session, company.id, dispute_id)
        requests = {
            one.id: await request_of_subject(session, company.id, one.kind, str(one.id)) for one in asked
        }  # fmt: skip
        statement = await answerable_statement(session, company.id, row.dispute.statement_id)
        today = await business_today(session, company.timezone)
    as_of = date.fromisoformat(content_of(statement)["as_of"]) if statement is not None else today
    return page(
        request, "dispute.html", row=row, one=row.dispute, talk=talk, files=files, asked=asked, requests=requests,
        as_of=as_of, today=today, resolutions=RESOLUTIONS, kinds=KINDS, accepted=ACCEPTED,
        is_open=row.dispute.status in OPEN_STATUSES, may=bool(viewer.roles.intersection(RESOLVERS)),
        nonce=secrets.token_urlsafe(NONCE_BYTES),
        may_reopen=row.dispute.round < dispute_policy(company.settings.get("disputes")).rounds,
    )  # fmt: skip


async def _once(known: House, viewer: SignedIn, key: str, work: Callable[[], Awaitable[object]], to: UUID) -> Response:
    """Does the form's work for one nonce and shows the case `to`, or the one that the work made."""

    async def lead() -> str:
        made = await work()
        return f"/disputes/{made if isinstance(made, UUID) else to}"

    return back_to(await do_once(known.engine, viewer.company.id, key, lead))


def _key(viewer: SignedIn, form: str, nonce: str) -> str:
    """Nothing without a nonce: programs may do the same thing twice."""
    return f"dispute/{form}/{viewer.user_id}/{nonce}" if nonce else ""


@router.post("/disputes/{dispute_id}")
async def resolve(
    known: HouseOf, viewer: Viewer, dispute_id: UUID, resolution: Annotated[str, Form()],
    note: Annotated[str, Form(max_length=2000)] = "", document: Annotated[str, Form(max_length=100)] = "",
    nonce: Nonce = "",
) -> Response:  # fmt: skip
    """Records how the dispute ended."""
    need_role(viewer, *RESOLVERS)
    if resolution not in RESOLUTIONS:
        raise PageUnknown
    actor = Actor("user", viewer.user_id)

    async def end() -> None:
        await resolve_dispute(known.engine, viewer.company, dispute_id, resolution, note, actor, document=document)

    return await _once(known, viewer, _key(viewer, "end", nonce), end, dispute_id)


@router.post("/disputes/{dispute_id}/take")
async def take(known: HouseOf, viewer: Viewer, dispute_id: UUID) -> Response:
    """The viewer looks into it."""
    need_role(viewer, *RESOLVERS)
    await take_dispute(known.engine, viewer.company, dispute_id, Actor("user", viewer.user_id))
    return back_to(f"/disputes/{dispute_id}")


@router.post("/disputes/{dispute_id}/say")
async def say(request: Request, known: HouseOf, viewer: Viewer, dispute_id: UUID) -> Response:
    """A message inside the house, or to the customer."""
    need_role(viewer, *RESOLVERS)
    form = await read_form(request)

    async def speak() -> None:
        await speak_as_staff(
            known.engine, viewer.company, dispute_id, Actor("user", viewer.user_id), form.typed.get("text", ""),
            public=form.typed.get("public") == "true", files=form.plain_files,
            keyring=keyring_of(known.settings) if form.files else None,
        )  # fmt: skip

    return await _once(known, viewer, _key(viewer, "say", form.typed.get("nonce", "")), speak, dispute_id)


@router.post("/disputes/{dispute_id}/propose")
async def propose(
    known: HouseOf, viewer: Viewer, dispute_id: UUID, resolution: Annotated[str, Form()],
    note: Annotated[str, Form(max_length=2000)] = "", amount: Annotated[str, Form(max_length=30)] = "",
    nonce: Nonce = "",
) -> Response:  # fmt: skip
    """Offers the customer an end."""
    need_role(viewer, *RESOLVERS)
    if resolution not in RESOLUTIONS:
        raise PageUnknown
    actor = Actor("user", viewer.user_id)

    async def offer() -> None:
        await propose_resolution(known.engine, viewer.company, dispute_id, resolution, note, actor, amount)

    return await _once(known, viewer, _key(viewer, "offer", nonce), offer, dispute_id)


@router.post("/disputes/{dispute_id}/credit")
async def credit(
    known: HouseOf, viewer: Viewer, dispute_id: UUID, kind: Annotated[str, Form()],
    amount: Annotated[str, Form(max_length=30)], effective: Annotated[date, Form()],
    note: Annotated[str, Form(max_length=2000)] = "", nonce: Nonce = "",
) -> Response:  # fmt: skip
    """Asks for a credit memo or a write-off in this case."""
    need_role(viewer, *RESOLVERS)
    async with transaction(known.engine, viewer.company.id) as session:
        row = await dispute_listing(session, viewer.company.id, dispute_id)
    if row is None or kind not in KINDS:
        raise PageUnknown
    ask = Ask(kind, row.dispute.item_id, amount, effective, note, dispute_id)

    async def request_credit() -> None:
        await ask_adjustment(known.engine, viewer.company, ask, viewer.user_id)

    return await _once(known, viewer, _key(viewer, "credit", nonce), request_credit, dispute_id)


@router.post("/disputes/{dispute_id}/reopen")
async def reopen(
    known: HouseOf, viewer: Viewer, dispute_id: UUID, note: Annotated[str, Form(max_length=2000)] = "",
    nonce: Nonce = "",
) -> Response:  # fmt: skip
    """The same thing again, as a new round."""
    need_role(viewer, *RESOLVERS)

    async def reopened() -> UUID:
        return await reopen_dispute(known.engine, viewer.company, dispute_id, note, Actor("user", viewer.user_id))

    return await _once(known, viewer, _key(viewer, "reopen", nonce), reopened, dispute_id)
