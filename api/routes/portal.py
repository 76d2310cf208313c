"""The portal: sign in by a mailed code, all statements, what is open, own data and wishes. A link needs none of it."""

import asyncio
import secrets
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.background import BackgroundTask

from api.context import House, HouseOf, PageUnknown, back_to, language_for, page
from api.downloads import file_answer, statement_file
from api.errors import status_of
from api.links import hold_link
from api.security import network_of
from api.visitor import (
    ASK_COOKIE,
    COOKIE,
    VisitorOf,
    drop,
    hold_ask,
    hold_session,
    portal_token,
    visitor_or_none,
)
from services.change_own_contact import change_own_contact, choose_own_messages
from services.edit_contact import ContactInvalid
from services.enter_portal import PortalCodeWrong, count_ask, enter_portal, leave_portal, queue_codes
from services.show_portal import open_from_portal, sent_statement, show_open, show_sent, show_wishes
from services.sign_in import TOKEN_BYTES, TooManyTries, token_digest
from services.unsubscribe import OPTIONAL_FOR_CUSTOMERS
from storage.portal import Visitor
from words.refusal import Refusal

router = APIRouter(include_in_schema=False)


def _door(request: Request, *, asked: bool, refusal: Refusal | None = None) -> Response:
    language = language_for(request)
    return page(
        request, "portal_door.html", status=status_of(refusal) if refusal else 200, asked=asked,
        problem=refusal.text(language) if refusal else "", remedy=refusal.remedy_text(language) if refusal else "",
    )  # fmt: skip


@router.get("/portal")
async def show(request: Request, known: HouseOf, after: UUID | None = None) -> Response:
    """The statements and balances of a visitor; the door for everybody else."""
    visitor = await visitor_or_none(request)
    if visitor is None:
        return _door(request, asked=bool(request.cookies.get(known.cookie_name(ASK_COOKIE))))
    sent = await show_sent(known.engine, visitor, after)
    found = await show_open(known.engine, visitor)
    return page(request, "portal.html", visitor=visitor, sent=sent, balances=found.balances)


@router.post("/portal/code")
async def ask(request: Request, known: HouseOf, email: Annotated[str, Form(max_length=320)]) -> Response:
    """Another code. The answer, and its time, are the same whether we know the address or not."""
    try:
        await count_ask(known.engine, email, _network(request))
    except TooManyTries as refusal:
        return _door(request, asked=False, refusal=refusal)
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    answer = RedirectResponse("/portal", 303, background=BackgroundTask(queue_codes, known.engine, email, secret))
    hold_ask(known, answer, secret)
    return answer


@router.post("/portal/again")
async def ask_again(known: HouseOf) -> Response:
    """Back to the address: it was mistyped, or the code is too old."""
    answer = RedirectResponse("/portal", 303)
    drop(known, answer, ASK_COOKIE)
    return answer


@router.post("/portal/enter")
async def enter(request: Request, known: HouseOf, code: Annotated[str, Form(max_length=20)]) -> Response:
    """The code against a session."""
    secret = request.cookies.get(known.cookie_name(ASK_COOKIE), "")
    try:
        token = await enter_portal(known.engine, secret, code, _network(request))
    except (PortalCodeWrong, TooManyTries) as refusal:
        return _door(request, asked=True, refusal=refusal)
    answer = RedirectResponse("/portal", 303)
    hold_session(known, answer, token)
    return answer


@router.post("/portal/leave")
async def leave(
    request: Request, known: HouseOf, visitor: VisitorOf, everywhere: Annotated[bool, Form()] = False
) -> Response:
    """Signs out here, or in every browser."""
    await leave_portal(known.engine, visitor, portal_token(request), everywhere=everywhere)
    answer = RedirectResponse("/portal", 303)
    drop(known, answer, COOKIE)
    return answer


@router.get("/portal/items")
async def items(request: Request, known: HouseOf, visitor: VisitorOf) -> Response:
    """Every open document, with what is disputed and promised of it."""
    found = await show_open(known.engine, visitor)
    return page(request, "portal_items.html", visitor=visitor, found=found)


@router.post("/portal/statements/{statement_id}")
async def open_statement(request: Request, known: HouseOf, visitor: VisitorOf, statement_id: UUID) -> Response:
    """The statement's own page, on which it is answered."""
    session_hash = token_digest(portal_token(request))
    return hold_link(known, "/s", await open_from_portal(known.engine, visitor, session_hash, statement_id))


@router.get("/portal/statements/{statement_id}/{kind}")
async def download(request: Request, known: HouseOf, visitor: VisitorOf, statement_id: UUID, kind: str) -> Response:
    """PDF, XLSX or JSON of the same figures."""
    row = await sent_statement(known.engine, visitor, statement_id)
    body = await asyncio.to_thread(statement_file, kind, row["content"], language_for(request))
    if body is None:
        raise PageUnknown
    return file_answer(body, row["number"], kind)


@router.get("/portal/contact")
async def contact(request: Request, known: HouseOf, visitor: VisitorOf) -> Response:
    """Own data and wishes."""
    return await _contact(request, known, visitor)


async def _contact(request: Request, known: House, visitor: Visitor, refusal: Refusal | None = None) -> Response:
    language = language_for(request)
    return page(
        request, "portal_contact.html", status=status_of(refusal) if refusal else 200, visitor=visitor,
        wishes=await show_wishes(known.engine, visitor), optional=sorted(OPTIONAL_FOR_CUSTOMERS),
        done=request.query_params.get("done", ""), problem=refusal.text(language) if refusal else "",
        remedy=refusal.remedy_text(language) if refusal else "",
    )  # fmt: skip


@router.post("/portal/contacts/{contact_id}")
async def change_contact(
    request: Request, known: HouseOf, visitor: VisitorOf, contact_id: UUID,
    name: Annotated[str, Form(max_length=200)] = "", email: Annotated[str, Form(max_length=320)] = "",
    language: Annotated[str, Form(max_length=5)] = "",
) -> Response:  # fmt: skip
    """Another name, address or language, under four eyes where the company's policy says so."""
    values = {"name": name, "email": email, "language": language}
    try:
        asked = await change_own_contact(known.engine, visitor, contact_id, values)
    except ContactInvalid as refusal:
        return await _contact(request, known, visitor, refusal)
    return back_to("/portal/contact", done="saved" if asked is None else "asked")


@router.post("/portal/contacts/{contact_id}/messages")
async def choose_messages(
    known: HouseOf, visitor: VisitorOf, contact_id: UUID, wanted: Annotated[list[str] | None, Form()] = None,
    by_link: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """What the contact wants to hear, and whether mails bring files."""
    await choose_own_messages(known.engine, visitor, contact_id, wanted or [], by_link=by_link)
    return back_to("/portal/contact", done="saved")


def _network(request: Request) -> str:
    return network_of(request.client.host if request.client else None)
