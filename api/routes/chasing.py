"""Chasing: what was sent to whom, and what goes out on the next working day."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.context import HouseOf, PageUnknown, Viewer, back_to, need_role, page
from services.chase_customers import preview_chase
from services.stop_chasing import resume_chasing, skip_reminder, stop_chasing
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
    return page(
        request,
        "chasing.html",
        planned=planned,
        sent=sent,
        day=chosen,
        today=today,
        may=bool(viewer.roles.intersection(STOPPERS)),
    )


@router.post("/customers/{customer_id}/chasing")
async def switch(
    known: HouseOf, viewer: Viewer, customer_id: UUID, stop: Annotated[bool, Form()],
    reason: Annotated[str, Form(max_length=500)] = "", until: Annotated[str, Form(max_length=10)] = "",
) -> Response:  # fmt: skip
    """Leaves a customer alone, for a while or for good, or reminds them again."""
    need_role(viewer, *STOPPERS)
    actor = Actor("user", viewer.user_id)
    if stop:
        last_day = _day(until)
        await stop_chasing(known.engine, viewer.company, customer_id, reason, actor, last_day)
    else:
        await resume_chasing(known.engine, viewer.company, customer_id, reason, actor)
    return back_to(f"/customers/{customer_id}")


def _day(text: str) -> date | None:
    """The date of an optional field."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise PageUnknown from None


@router.post("/customers/{customer_id}/chasing/skip")
async def skip(
    known: HouseOf, viewer: Viewer, customer_id: UUID, day: Annotated[date, Form()],
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:  # fmt: skip
    """No reminder to a customer on one day."""
    need_role(viewer, *STOPPERS)
    await skip_reminder(known.engine, viewer.company, customer_id, day, reason, Actor("user", viewer.user_id))
    return back_to("/chasing", day=day.isoformat())
