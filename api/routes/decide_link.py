"""The decision page behind a mailed link: made for a phone, and looking at it decides nothing."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.context import House, HouseOf, language_for, page
from api.errors import status_of
from api.links import MAX_PASTED, FromCookie, FromPath, Link, hold_link
from services.open_link import decide_by_link, open_link
from services.open_statement_page import LinkInvalid
from words.refusal import Refusal

router = APIRouter(include_in_schema=False)


@router.get("/a")
async def door(request: Request) -> Response:
    """Takes the secret after '#' from the address and hands it over by POST."""
    return page(request, "link_door.html", action="/a")


@router.post("/a")
async def enter(known: HouseOf, token: Annotated[str, Form(max_length=MAX_PASTED)]) -> Response:
    """Holds the secret for this browser."""
    return hold_link(known, "/a", token)


async def _show(request: Request, known: House, link: Link, refusal: Refusal | None = None) -> Response:
    shown = await open_link(known.engine, link.token)
    request.state.language = shown.person.language
    language = language_for(request)
    return page(
        request, "decide.html", status=status_of(refusal) if refusal else 200, shown=shown, base=link.base,
        zone=shown.company.timezone, problem=refusal.text(language) if refusal else "",
        remedy=refusal.remedy_text(language) if refusal else "",
    )  # fmt: skip


async def _decide(request: Request, known: House, link: Link, decision: str, comment: str, nonce: str) -> Response:
    try:
        await decide_by_link(known.engine, link.token, decision, comment=comment, nonce=nonce)
    except LinkInvalid:
        raise
    except Refusal as refusal:
        return await _show(request, known, link, refusal)
    return RedirectResponse(f"{link.base}?decided=yes", 303)


@router.get("/a/v/{ref}")
async def show_held(request: Request, known: HouseOf, link: FromCookie) -> Response:
    """The page for a browser that holds the link."""
    return await _show(request, known, link)


@router.get("/a/{token}")
async def show(request: Request, known: HouseOf, link: FromPath) -> Response:
    """The page for a link with the secret in its path."""
    return await _show(request, known, link)


@router.post("/a/v/{ref}")
async def decide_held(
    request: Request, known: HouseOf, link: FromCookie, decision: Annotated[str, Form(max_length=20)],
    nonce: Annotated[str, Form(max_length=200)], comment: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """The decision."""
    return await _decide(request, known, link, decision, comment, nonce)


@router.post("/a/{token}")
async def decide(
    request: Request, known: HouseOf, link: FromPath, decision: Annotated[str, Form(max_length=20)],
    nonce: Annotated[str, Form(max_length=200)], comment: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """The decision."""
    return await _decide(request, known, link, decision, comment, nonce)
