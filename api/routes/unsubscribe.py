"""The page behind "no reminders any more"; a mail program's one click (RFC 8058) posts to the same address."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from api.context import HouseOf, page
from api.links import MAX_TOKEN
from services.open_statement_page import LinkInvalid
from services.unsubscribe import show_unsubscription, unsubscribe

router = APIRouter(include_in_schema=False)

ONE_CLICK = "One-Click"
"""What a mail program posts as `List-Unsubscribe`; it shows nothing of our answer."""


@router.get("/u/{token}")
async def show(request: Request, known: HouseOf, token: str) -> Response:
    """Asks; looking changes nothing, because mail scanners look."""
    if len(token) > MAX_TOKEN:
        raise LinkInvalid
    shown = await show_unsubscription(known.engine, token)
    request.state.language = shown.language
    return page(request, "unsubscribe.html", shown=shown, base=f"/u/{token}")


@router.post("/u/{token}")
async def stop(
    known: HouseOf, token: str, one_click: Annotated[str, Form(alias="List-Unsubscribe", max_length=40)] = ""
) -> Response:
    """Does it, once or many times."""
    if len(token) > MAX_TOKEN:
        raise LinkInvalid
    await unsubscribe(known.engine, token)
    if one_click == ONE_CLICK:
        return PlainTextResponse("ok")
    return RedirectResponse(f"/u/{token}", 303)
