"""What a person of ours wants to hear, by which channels, and when not."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.context import HouseOf, Viewer, back_to, page
from services.choose_messages import choose_messages, show_choices

router = APIRouter(include_in_schema=False)


@router.get("/account/messages")
async def show(request: Request, known: HouseOf, viewer: Viewer) -> Response:
    """Channels in order, quiet hours, digests, kinds that may be turned off."""
    choices = await show_choices(known.engine, viewer.company, viewer.user_id)
    return page(request, "message_choices.html", choices=choices, chosen=choices.chosen)


@router.post("/account/messages")
async def keep(request: Request, known: HouseOf, viewer: Viewer) -> Response:
    """Keeps the choice."""
    form = await request.form()
    values = {name: value for name, value in form.items() if isinstance(value, str)}
    wanted = [one for one in form.getlist("wanted") if isinstance(one, str)]
    await choose_messages(known.engine, viewer.company, viewer.user_id, values, wanted)
    return back_to("/account/messages", saved="yes")
