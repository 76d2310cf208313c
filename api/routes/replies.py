"""Mail that came in: what customers wrote, what came back, and what nobody could match."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.context import HouseOf, PageUnknown, Viewer, page
from storage.database import transaction
from storage.inbound import inbound_content, inbound_page

router = APIRouter(include_in_schema=False)

KINDS = ("reply", "bounce", "unknown", "auto_reply", "unsubscribe")
"""Tabs, what a person reads first."""


@router.get("/replies")
async def replies(
    request: Request, known: HouseOf, viewer: Viewer, kind: Annotated[str, Query(max_length=20)] = "reply",
    after: UUID | None = None,
) -> Response:  # fmt: skip
    """Newest first, each with what it answers."""
    shown = kind if kind in KINDS else KINDS[0]
    async with transaction(known.engine, viewer.company.id) as session:
        found = await inbound_page(session, viewer.company.id, shown, after)
    return page(request, "replies.html", found=found, kinds=KINDS, shown=shown)


@router.get("/replies/{message_id}")
async def original(known: HouseOf, viewer: Viewer, message_id: UUID) -> Response:
    """The mail as it came, for a mail program; nothing of it is shown as a page of ours."""
    async with transaction(known.engine, viewer.company.id) as session:
        content = await inbound_content(session, viewer.company.id, message_id)
    if content is None:
        raise PageUnknown
    headers = {"Content-Disposition": f'attachment; filename="{message_id}.eml"'}
    return Response(content, media_type="application/octet-stream", headers=headers)
