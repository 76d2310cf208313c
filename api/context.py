"""What a request is answered with: settings, database, the signed-in person, their language, the page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context as TemplateContext

from api.approval_labels import APPROVAL_FILTERS
from api.confirmation_labels import CONFIRMATION_FILTERS
from api.labels import FILTERS, page_words
from api.security import SAFE_METHODS, tokens_match
from ledger.money import decimal_text
from services.settings import Settings
from services.sign_in import session_of
from storage.database import Database
from storage.sessions import SignedIn
from words.catalog import LANGUAGES, language_of
from words.figures import amount_text, date_text, moment_text
from words.refusal import Refusal

TEMPLATES = Path(__file__).parent / "templates"
LANGUAGE_COOKIE = "tieout-language"
LANGUAGE_COOKIE_SECONDS = 31_536_000
"""A year: the choice of a person without an account."""


class SignInNeeded(Exception):
    """The page needs somebody; the answer leads to the sign-in page."""


class RoleMissing(Refusal):
    """The person is known and may not do this."""

    code = "role_missing"
    sentence = "Your role does not allow this."
    remedy = "It needs one of: {roles}. An administrator gives roles."


class FormStale(Refusal):
    """The form was made for another session."""

    code = "form_stale"
    sentence = "This form belongs to an earlier session."
    remedy = "Open the page again and repeat what you did."


class PageUnknown(Refusal):
    """Nothing of this company has this address."""

    code = "page_unknown"
    sentence = "There is nothing here."
    remedy = "Check the address, or start from the inbox."


@dataclass(frozen=True, slots=True)
class House:
    """What `create_app` was given."""

    settings: Settings
    engine: Database

    @property
    def https(self) -> bool:
        """Whether people reach us by TLS."""
        return self.settings.public_url.startswith("https://")

    def cookie_name(self, name: str) -> str:
        """`__Host-` binds a cookie to this very host, which needs https."""
        return f"__Host-tieout-{name}" if self.https else f"tieout-{name}"


def house(request: Request) -> House:
    """The running application's settings and database."""
    found: House = request.app.state.house
    return found


def session_token(request: Request) -> str | None:
    """The plain token of the caller's cookie."""
    return request.cookies.get(house(request).cookie_name("session"))


async def viewer_or_none(request: Request) -> SignedIn | None:
    """Who is asking, looked up once per request."""
    if not hasattr(request.state, "viewer"):
        token = session_token(request)
        request.state.viewer = await session_of(house(request).engine, token) if token else None
    found: SignedIn | None = request.state.viewer
    return found


async def signed_in(request: Request) -> SignedIn:
    """The signed-in person; a change must also carry the session's own token."""
    viewer = await viewer_or_none(request)
    if viewer is None:
        raise SignInNeeded
    if request.method not in SAFE_METHODS:
        given = request.headers.get("x-csrf-token")
        if given is None and "json" not in request.headers.get("content-type", ""):
            field = (await request.form()).get("csrf")
            given = field if isinstance(field, str) else None
        if not tokens_match(given, viewer.csrf):
            raise FormStale
    return viewer


Viewer = Annotated[SignedIn, Depends(signed_in)]
HouseOf = Annotated[House, Depends(house)]


def need_role(viewer: SignedIn, *roles: str) -> None:
    """Refuses unless the person holds one of the roles."""
    if not viewer.roles.intersection(roles):
        raise RoleMissing(roles=", ".join(roles))


def language_for(request: Request) -> str:
    """The switch in the address, then the cookie, then the person's setting, then the browser's wish."""
    asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    if asked in LANGUAGES:
        return asked
    viewer: SignedIn | None = getattr(request.state, "viewer", None)
    if viewer is not None:
        return language_of(viewer.language)
    fallback: str | None = getattr(request.state, "language", None)
    return fallback or language_of(request.headers.get("accept-language"))


def page(request: Request, template: str, *, status: int = 200, **context: object) -> HTMLResponse:
    """A page in the reader's language."""
    viewer: SignedIn | None = getattr(request.state, "viewer", None)
    language = language_for(request)
    html = _environment.get_template(template).render(
        request=request, viewer=viewer, lang=language, house=house(request), path=request.url.path,
        timezone=viewer.company.timezone if viewer else "UTC", **context,
    )  # fmt: skip
    answer = HTMLResponse(html, status)
    if request.query_params.get("lang") in LANGUAGES:
        answer.set_cookie(
            LANGUAGE_COOKIE, language, max_age=LANGUAGE_COOKIE_SECONDS, httponly=True, samesite="lax",
            secure=house(request).https,
        )  # fmt: skip
    return answer


def back_to(address: str, **notes: str) -> RedirectResponse:
    """After a change: see the page, with a note of what happened."""
    joined = "&" if "?" in address else "?"
    return RedirectResponse(address + (joined + urlencode(notes) if notes else ""), 303)


@pass_context
def _tr(context: TemplateContext, sentence: str, **values: object) -> str:
    return page_words(sentence, context["lang"], **values)


@pass_context
def _amount(context: TemplateContext, value: str | Decimal | None) -> str:
    """A decimal string, grouped."""
    return amount_text(value, context["lang"]) if value not in (None, "") else ""


@pass_context
def _minor(context: TemplateContext, minor: int | None, currency: str) -> str:
    """Minor units of a currency, grouped, without its code."""
    return amount_text(decimal_text(int(minor or 0), 0, currency.strip()), context["lang"])


@pass_context
def _date(context: TemplateContext, value: date | str | None) -> str:
    if not value:
        return ""
    return date_text(date.fromisoformat(value) if isinstance(value, str) else value, context["lang"])


@pass_context
def _moment(context: TemplateContext, value: datetime | str | None) -> str:
    if not value:
        return ""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment_text(moment, context["lang"], context["timezone"])


@pass_context
def _moment_in(context: TemplateContext, value: datetime, timezone: str) -> str:
    """An instant on the sender's clock, on pages without a signed-in person."""
    return moment_text(value, context["lang"], timezone)


@pass_context
def _with_query(context: TemplateContext, **changes: object) -> str:
    """The same page with some of its query changed; None takes one away."""
    query: dict[str, object] = dict(context["request"].query_params)
    query.update(changes)
    kept = {name: value for name, value in query.items() if value not in (None, "")}
    path: str = context["path"]
    return path + ("?" + urlencode(kept) if kept else "")


def _pretty(value: Mapping[str, Any] | list[Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def _make_environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    made.globals.update(_=_tr, with_query=_with_query)
    made.filters.update({**FILTERS, **APPROVAL_FILTERS, **CONFIRMATION_FILTERS})
    made.filters.update(
        amount=_amount, minor=_minor, date=_date, moment=_moment, moment_in=_moment_in, pretty=_pretty, tr=_tr
    )
    return made


_environment = _make_environment()
