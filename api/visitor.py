"""Who visits the portal: a cookie of its own kind, which opens no page of the staff, as theirs opens none here."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from api.context import FormStale, House, house
from api.security import SAFE_METHODS, tokens_match
from services.enter_portal import CODE_LIFETIME, SESSION_LIFETIME, visitor_of
from storage.portal import Visitor

COOKIE = "portal"
ASK_COOKIE = "portal-ask"


class PortalClosed(Exception):
    """The page needs a visitor; the answer leads to the portal's door."""


def portal_token(request: Request) -> str:
    """The plain token of the visitor's cookie, or nothing."""
    return request.cookies.get(house(request).cookie_name(COOKIE), "")


async def visitor_or_none(request: Request) -> Visitor | None:
    """The visitor behind the cookie, whose language the page then speaks."""
    token = portal_token(request)
    found = await visitor_of(house(request).engine, token) if token else None
    if found is not None:
        request.state.language = found.language
    return found


async def visiting(request: Request) -> Visitor:
    """The visitor; a change must also carry the session's own token."""
    visitor = await visitor_or_none(request)
    if visitor is None:
        raise PortalClosed
    if request.method not in SAFE_METHODS:
        given = (await request.form()).get("csrf")
        if not tokens_match(given if isinstance(given, str) else None, visitor.csrf):
            raise FormStale
    return visitor


VisitorOf = Annotated[Visitor, Depends(visiting)]


def hold_ask(known: House, answer: Response, secret: str) -> None:
    """Binds the code that is on its way to this browser."""
    _hold(known, answer, ASK_COOKIE, secret, CODE_LIFETIME.seconds)


def hold_session(known: House, answer: Response, token: str) -> None:
    """Signs this browser in; the asking is over."""
    _hold(known, answer, COOKIE, token, SESSION_LIFETIME.seconds)
    drop(known, answer, ASK_COOKIE)


def drop(known: House, answer: Response, name: str) -> None:
    """Forgets a cookie of ours."""
    answer.delete_cookie(known.cookie_name(name), secure=known.https, httponly=True, samesite="lax")


def _hold(known: House, answer: Response, name: str, value: str, seconds: int) -> None:
    answer.set_cookie(
        known.cookie_name(name), value, max_age=seconds, path="/", secure=known.https, httponly=True, samesite="lax"
    )
