"""Sign in, sign out, and a person's own account."""

import io
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import segno
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.context import House, HouseOf, PageUnknown, Viewer, back_to, language_for, page, session_token, viewer_or_none
from api.security import network_of
from services.add_user import MAX_PASSWORD
from services.change_password import change_password
from services.choose_language import choose_language
from services.set_up_authenticator import CodeWrong, enrolment_address, fresh_secret, set_up_authenticator
from services.sign_in import SignInRefused, sign_in, sign_in_as_sample
from services.sign_out import sign_out
from storage.database import owner_transaction
from storage.sessions import sample_people
from words.refusal import Refusal

router = APIRouter(include_in_schema=False)

QR_SCALE = 5
"""Pixels per module: readable by a phone held at a desk screen."""


def _inner(address: str) -> str:
    """Only a path of ours may follow a sign-in."""
    return address if address.startswith("/") and not address.startswith(("//", "/\\")) else "/inbox"


async def _front_door(
    request: Request, known: House, *, after: str, email: str = "", refusal: Refusal | None = None, status: int = 200
) -> Response:
    people = []
    if known.settings.demo:
        async with owner_transaction(known.engine) as session:
            people = await sample_people(session)
    language = language_for(request)
    return page(
        request, "sign_in.html", status=status, next=_inner(after), email=email, people=people,
        problem=refusal.text(language) if refusal else "", remedy=refusal.remedy_text(language) if refusal else "",
    )  # fmt: skip


@router.get("/")
async def front() -> Response:
    """The house's door leads to the inbox."""
    return RedirectResponse("/inbox", 303)


@router.get("/sign-in")
async def show_sign_in(request: Request, known: HouseOf, next: str = "/inbox") -> Response:  # noqa: A002 - the address's own word
    """The form."""
    if await viewer_or_none(request):
        return RedirectResponse(_inner(next), 303)
    return await _front_door(request, known, after=next)


@router.post("/sign-in")
async def do_sign_in(
    request: Request, known: HouseOf,
    email: Annotated[str, Form(max_length=320)], password: Annotated[str, Form(max_length=1000)],
    code: Annotated[str, Form(max_length=20)] = "", next: Annotated[str, Form()] = "/inbox",  # noqa: A002
) -> Response:  # fmt: skip
    """Password and code against a new session."""
    network = network_of(request.client.host if request.client else None)
    try:
        token = await sign_in(
            known.engine, email, password, code,
            network=network, now=datetime.now(UTC), hours=known.settings.session_hours,
        )  # fmt: skip
    except SignInRefused as refusal:
        return await _front_door(request, known, after=next, email=email, refusal=refusal, status=403)
    return _with_cookie(known, RedirectResponse(_inner(next), 303), token)


@router.post("/sign-in/sample")
async def do_sign_in_as_sample(
    known: HouseOf,
    user: Annotated[UUID, Form()],
    next: Annotated[str, Form()] = "/inbox",  # noqa: A002
) -> Response:
    """The demo's one click."""
    if not known.settings.demo:
        raise PageUnknown
    token = await sign_in_as_sample(known.engine, user, hours=known.settings.session_hours)
    return _with_cookie(known, RedirectResponse(_inner(next), 303), token)


@router.post("/sign-out")
async def do_sign_out(request: Request, known: HouseOf, viewer: Viewer) -> Response:
    """Ends the session here and in the database."""
    await sign_out(known.engine, viewer, session_token(request) or "")
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(known.cookie_name("session"), secure=known.https, httponly=True, samesite="lax")
    return answer


@router.get("/account")
async def account(request: Request, viewer: Viewer) -> Response:
    """The person's own settings."""
    return page(request, "account.html", secret="", picture="", problem="", remedy="", owner=viewer.user_id)


@router.post("/account/language")
async def set_own_language(known: HouseOf, viewer: Viewer, language: Annotated[str, Form()]) -> Response:
    """Keeps the choice for pages and messages."""
    chosen = await choose_language(known.engine, viewer, language)
    return back_to("/account", lang=chosen)


@router.post("/account/password")
async def set_own_password(
    request: Request, known: HouseOf, viewer: Viewer,
    present: Annotated[str, Form(max_length=MAX_PASSWORD)], wanted: Annotated[str, Form(max_length=MAX_PASSWORD)],
) -> Response:  # fmt: skip
    """Another password; other browsers of the person are signed out."""
    await change_password(known.engine, viewer, session_token(request) or "", present, wanted)
    return back_to("/account", saved="password")


@router.post("/account/authenticator")
async def offer_authenticator(request: Request, viewer: Viewer) -> Response:
    """A fresh secret, shown once; nothing is kept until the app's digits prove it."""
    return _enrolment(request, fresh_secret(), viewer.email)


@router.post("/account/authenticator/confirm")
async def confirm_authenticator(
    request: Request, known: HouseOf, viewer: Viewer,
    secret: Annotated[str, Form(pattern="^[A-Z2-7]{32}$")], code: Annotated[str, Form(max_length=20)],
) -> Response:  # fmt: skip
    """Keeps the secret once the digits fit."""
    try:
        await set_up_authenticator(known.engine, viewer, session_token(request) or "", secret, code, datetime.now(UTC))
    except CodeWrong as refusal:
        return _enrolment(request, secret, viewer.email, refusal)
    return back_to("/account")


def _enrolment(request: Request, secret: str, email: str, refusal: Refusal | None = None) -> Response:
    picture = io.BytesIO()
    segno.make(enrolment_address(secret, email)).save(
        picture, kind="svg", scale=QR_SCALE, xmldecl=False, light="#fff", title="QR"
    )
    language = language_for(request)
    return page(
        request, "account.html", status=422 if refusal else 200, secret=secret, picture=picture.getvalue().decode(),
        problem=refusal.text(language) if refusal else "", remedy=refusal.remedy_text(language) if refusal else "",
    )  # fmt: skip


def _with_cookie(known: House, answer: Response, token: str) -> Response:
    answer.set_cookie(
        known.cookie_name("session"), token, max_age=known.settings.session_hours * 3600,
        secure=known.https, httponly=True, samesite="lax", path="/",
    )  # fmt: skip
    return answer
