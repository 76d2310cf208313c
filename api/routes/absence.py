"""Out of office: who decides for me while I am away, and for whom I decide."""

from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.context import House, HouseOf, Viewer, back_to, language_for, page
from api.errors import status_of
from approvals.commands import Grant
from services.approval_subjects import SUBJECTS
from services.delegate_approvals import delegate_approvals, return_early
from storage.database import transaction
from storage.delegations import delegations_of
from storage.people import people_of
from storage.sessions import SignedIn
from words.refusal import Refusal

router = APIRouter(include_in_schema=False)


async def _show(request: Request, known: House, viewer: SignedIn, problem: Refusal | None = None) -> Response:
    async with transaction(known.engine, viewer.company.id) as session:
        grants = await delegations_of(session, viewer.company.id, viewer.user_id)
        people = await people_of(session, viewer.company.id, with_leavers=True)
    language = language_for(request)
    return page(
        request, "absence.html", status=status_of(problem) if problem else 200,
        mine=[one for one in grants if one.principal_id == viewer.user_id],
        for_others=[one for one in grants if one.delegate_id == viewer.user_id and not one.over],
        names={one.id: one.name for one in people.values()}, kinds=sorted(SUBJECTS),
        people=[one for one in people.values() if not one.disabled and one.id != viewer.user_id],
        problem=problem.text(language) if problem else "", remedy=problem.remedy_text(language) if problem else "",
    )  # fmt: skip


@router.get("/absence")
async def show(request: Request, known: HouseOf, viewer: Viewer) -> Response:
    """Absences of this person, and for whom the person stands in now."""
    return await _show(request, known, viewer)


@router.post("/absence")
async def add(
    request: Request, known: HouseOf, viewer: Viewer, delegate: Annotated[UUID, Form()],
    start: Annotated[datetime, Form()], end: Annotated[datetime, Form()],
    kind: Annotated[list[str] | None, Form()] = None,
) -> Response:  # fmt: skip
    """From the first instant away up to, not including, the instant of coming back; on the company's clock."""
    zone = ZoneInfo(viewer.company.timezone)
    begins, ends = start.replace(tzinfo=zone), end.replace(tzinfo=zone)
    try:
        grant = Grant(viewer.user_id, delegate, begins, ends, frozenset(kind or ()))
        await delegate_approvals(known.engine, viewer.company, grant)
    except Refusal as refusal:
        return await _show(request, known, viewer, refusal)
    return back_to("/absence", saved="yes")


@router.post("/absence/{delegation_id}/end")
async def end_early(known: HouseOf, viewer: Viewer, delegation_id: UUID) -> Response:
    """The person is back."""
    await return_early(known.engine, viewer.company, delegation_id, viewer.user_id)
    return back_to("/absence", saved="yes")
