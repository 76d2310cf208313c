"""From a refusal's class to an HTTP status, as a page for people and as RFC 9457 for programs."""

from traceback import format_exception

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from api.context import SignInNeeded, language_for, page
from api.visitor import PortalClosed
from storage.database import UNAVAILABLE
from words.catalog import translate
from words.refusal import Refusal

log = structlog.get_logger()

STATUS_BY_CODE = {
    "sign_in_refused": 403,
    "too_many_tries": 429,
    "code_wrong": 422,
    "role_missing": 403,
    "form_stale": 403,
    "key_missing": 422, "dispute_note_missing": 422, "chase_reason_missing": 422,
    "link_invalid": 404,
    "input_malformed": 422,
    "excluded": 403, "not_delegated": 403, "not_a_candidate": 403, "assurance_too_low": 403, "not_yours": 403,
    "second_person_needed": 403, "editor_needed": 403, "key_reused": 422,
}  # fmt: skip
"""Codes whose ending does not already say it."""

STATUS_BY_ENDING = (
    (("_unknown", "_not_found", "_missing"), 404),
    (("_forbidden", "_not_allowed", "_excluded", "_not_candidate", "_insufficient"), 403),
    (("_invalid", "_malformed", "_required", "_unreadable"), 422),
    (("_gone", "_expired"), 410),
)
"""The house's habit of naming refusals; whatever else is refused conflicts with how things stand: 409."""


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal."""
    if refusal.code in STATUS_BY_CODE:
        return STATUS_BY_CODE[refusal.code]
    for endings, status in STATUS_BY_ENDING:
        if refusal.code.endswith(endings):
            return status
    return 409


TITLES = {
    403: "Not allowed",
    404: "Not found",
    405: "Not allowed",
    409: "Not possible now",
    410: "No longer valid",
    422: "Something is missing",
    429: "Too many tries",
    500: "Something went wrong on our side",
    503: "Not available now",
}


RETRY_AFTER_SECONDS = 10
"""A killed database is back sooner; whoever comes at this pace while a disk is full does not fill the log."""


def database_away(request: Request, error: Exception) -> Response:
    """The database is away or full, or its answer to a commit was lost."""
    log.warning("database away", error=type(error).__name__, words=str(error.__cause__ or error).split("\n", 1)[0])
    language = language_for(request)
    sentence = translate("The database takes nothing at the moment.", language)
    remedy = translate("Try again in a moment, and look first whether it was done after all.", language)
    answer = _answer(request, 503, "database_away", sentence, remedy)
    answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def _add_database_handlers(app: FastAPI) -> None:
    for kind in UNAVAILABLE:
        app.add_exception_handler(kind, database_away)


def add_error_handlers(app: FastAPI) -> None:
    """Registers one handler per kind of failure."""
    _add_database_handlers(app)

    @app.exception_handler(Refusal)
    async def refused(request: Request, refusal: Refusal) -> Response:
        language = language_for(request)
        answer = _answer(
            request, status_of(refusal), refusal.code, refusal.text(language), refusal.remedy_text(language)
        )
        if "seconds" in refusal.values:
            answer.headers["Retry-After"] = str(refusal.values["seconds"])
        return answer

    @app.exception_handler(SignInNeeded)
    async def sign_in_first(request: Request, _needed: SignInNeeded) -> Response:
        if _is_program(request):
            return _problem(401, "sign_in_needed", translate("Sign in first.", language_for(request)), "")
        if request.headers.get("hx-request"):
            return Response(status_code=401, headers={"HX-Redirect": "/sign-in"})
        wanted = request.url.path if request.method == "GET" else "/inbox"
        return RedirectResponse(f"/sign-in?next={wanted}", 303)

    @app.exception_handler(PortalClosed)
    async def portal_door(_request: Request, _closed: PortalClosed) -> Response:
        return RedirectResponse("/portal", 303)

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        sentence = translate("There is nothing here.", language_for(request)) if error.status_code == 404 else ""  # noqa: PLR2004 - Not Found
        return _answer(request, error.status_code, "http", sentence or str(error.detail), "")

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> Response:
        fields = ", ".join(".".join(str(part) for part in one["loc"][1:]) for one in error.errors())
        sentence = translate("These fields are missing or malformed: {fields}.", language_for(request), fields=fields)
        return _answer(request, 422, "input_malformed", sentence, "")

    @app.exception_handler(Exception)
    async def ours(request: Request, error: Exception) -> Response:
        log.error("request failed", path=request.scope["route"].path if "route" in request.scope else "",
                  error=type(error).__name__, trace="".join(format_exception(error)))  # fmt: skip
        language = language_for(request)
        sentence = translate("The page could not be made. Nothing was changed.", language)
        remedy = translate("Try again; if it stays so, tell the administrator the time.", language)
        return _answer(request, 500, "internal", sentence, remedy)


def _is_program(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def _answer(request: Request, status: int, code: str, sentence: str, remedy: str) -> Response:
    if _is_program(request):
        return _problem(status, code, sentence, remedy)
    title = TITLES.get(status, "Not possible now")
    return page(request, "error.html", status=status, title=title, sentence=sentence, remedy=remedy, code=code)


def _problem(status: int, code: str, sentence: str, remedy: str) -> JSONResponse:
    body = {
        "type": f"urn:tieout:problem:{code}",
        "title": TITLES.get(status, "Sign in first"),
        "status": status,
        "detail": sentence,
        "code": code,
        "remedy": remedy,
    }
    return JSONResponse(body, status, media_type="application/problem+json")
