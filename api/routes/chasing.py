"""Chasing: what was sent to whom, and what goes out on the next working day."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.context import HouseOf, Viewer, back_to, need_role, page
from services.chase_customers import preview_chase
from services.stop_chasing import resume_chasing, stop_chasing
from storage.audit import Actor
from storage.database import transaction
from storage.page_lists import chases_list
from storage.pages import business_today

router = APIRouter(include_in_schema=False)

STOPPERS = ("clerk", "reviewer", "manager")


@router.get("/chasing")
async def show(request: Request, known: HouseOf, viewer: Viewer, day: date | None = None) -> Response:
    """The plan of a day, tomorrow's by default, and what was sent."""
    async with transaction(known.engine, viewer.company.id) as session:
        today = await business_today(session, viewer.company.timezone)
        sent = await chases_list(session, viewer.company.id, None)
    chosen = day or today + timedelta(days=1)
    planned = await preview_chase(known.engine, viewer.company, chosen)
    return page(request, "chasing.html", planned=planned, sent=sent, day=chosen, today=today)


@router.post("/customers/{customer_id}/chasing")
async def switch(
    known: HouseOf, viewer: Viewer, customer_id: UUID, stop: Annotated[bool, Form()],
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:  # fmt: skip
    """Leaves a customer alone, or reminds them again."""
    need_role(viewer, *STOPPERS)
    actor = Actor("user", viewer.user_id)
    if stop:
        await stop_chasing(known.engine, viewer.company, customer_id, reason, actor)
    else:
        await resume_chasing(known.engine, viewer.company, customer_id, reason, actor)
    return back_to(f"/customers/{customer_id}")
