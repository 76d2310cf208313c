"""Disputes: what customers say is wrong, and how each was settled."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.context import HouseOf, PageUnknown, Viewer, back_to, need_role, page
from services.resolve_dispute import RESOLUTIONS, resolve_dispute
from storage.audit import Actor
from storage.database import transaction
from storage.disputes import list_disputes
from storage.pages import PAGE

router = APIRouter(include_in_schema=False)

RESOLVERS = ("clerk", "reviewer", "manager")


@router.get("/disputes")
async def show(
    request: Request, known: HouseOf, viewer: Viewer, closed: bool = False, after: UUID | None = None
) -> Response:
    """Open disputes, oldest first; or all of them."""
    async with transaction(known.engine, viewer.company.id) as session:
        rows = await list_disputes(session, viewer.company.id, only_open=not closed, after=after, limit=PAGE)
    more = str(rows[-1].dispute.id) if len(rows) == PAGE else None
    may = bool(viewer.roles.intersection(RESOLVERS))
    return page(request, "disputes.html", rows=rows, closed=closed, more_after=more, may=may, resolutions=RESOLUTIONS)


@router.post("/disputes/{dispute_id}")
async def resolve(
    known: HouseOf, viewer: Viewer, dispute_id: UUID, resolution: Annotated[str, Form()],
    note: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """Records how the dispute ended."""
    need_role(viewer, *RESOLVERS)
    if resolution not in RESOLUTIONS:
        raise PageUnknown
    await resolve_dispute(known.engine, viewer.company, dispute_id, resolution, note, Actor("user", viewer.user_id))
    return back_to("/disputes")
