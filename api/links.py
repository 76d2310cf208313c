"""Secret links: how a browser holds one, by its path or by a cookie of its own, for /s and /a alike."""

import hashlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.context import House, house
from services.open_statement_page import LinkInvalid

REF_LENGTH = 12
"""Enough of a token's hash to tell one browser's links apart; it opens nothing by itself."""

COOKIE_SECONDS = 43_200
"""Half a day: the link in the mail is the way back."""

MAX_TOKEN = 200
"""Ours are 64 characters; longer text is not hashed for strangers."""

MAX_PASTED = 600
"""A whole link, as people paste it where no script opens it for them."""


@dataclass(frozen=True, slots=True)
class Link:
    """The secret, and the address under which this browser holds it."""

    token: str
    base: str


def link_ref(token: str) -> str:
    """What stands in the address instead of the secret."""
    return hashlib.sha256(b"ref:" + token.encode()).hexdigest()[:REF_LENGTH]


def link_from_path(request: Request, token: str) -> Link:
    """The no-JavaScript way: the secret stands in the path."""
    if len(token) > MAX_TOKEN:
        raise LinkInvalid
    return Link(token, f"{_room(request)}/{token}")


def link_from_cookie(request: Request, ref: str) -> Link:
    """The usual way: the secret came by POST and stays in a cookie of its own."""
    token = request.cookies.get(house(request).cookie_name(f"link-{ref}"))
    if token is None or link_ref(token) != ref:
        raise LinkInvalid
    return Link(token, f"{_room(request)}/v/{ref}")


def _room(request: Request) -> str:
    return "/" + request.url.path.split("/")[1]


FromPath = Annotated[Link, Depends(link_from_path)]
FromCookie = Annotated[Link, Depends(link_from_cookie)]


def hold_link(known: House, room: str, pasted: str) -> Response:
    """Puts the secret of a link, or the secret alone, into a cookie that scripts cannot read, and leads to the page."""
    token = pasted.strip().replace("#", "/").rpartition("/")[2][:MAX_TOKEN]
    answer = RedirectResponse(f"{room}/v/{link_ref(token)}", 303)
    answer.set_cookie(
        known.cookie_name(f"link-{link_ref(token)}"), token, max_age=COOKIE_SECONDS, path="/",
        secure=known.https, httponly=True, samesite="lax",
    )  # fmt: skip
    return answer
