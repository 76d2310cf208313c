"""The customer's page behind a mailed link: no account, works without JavaScript, looking changes nothing."""

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.answer_form import ACCEPTED, ROWS, chosen_lines, read_answer, read_form
from api.context import House, HouseOf, PageUnknown, language_for, page
from api.downloads import file_answer, statement_file
from api.errors import status_of
from api.figures import aging_bar, lines_page
from api.links import MAX_PASTED, FromCookie, FromPath, Link, hold_link
from reports.capital_amount import capital_amount
from services.keep_attachment import keyring_of
from services.open_statement_page import LinkInvalid, StatementPage, mark_opened, open_statement_page
from services.record_answer import record_answer
from services.record_feedback import record_feedback
from services.renew_link import renew_link
from services.speak_in_dispute import speak_as_customer
from statements.answers import REASONS
from storage.database import transaction
from storage.pages import PAGE, find_statement
from words.refusal import Refusal

router = APIRouter(include_in_schema=False)

MAX_CHOSEN = 50
"""Lines disputed in one go on the page; more means the whole statement, which a call settles better."""


@router.get("/s")
async def door(request: Request) -> Response:
    """Takes the secret after '#' from the address and hands it over by POST."""
    return page(request, "link_door.html", action="/s")


@router.post("/s")
async def enter(known: HouseOf, token: Annotated[str, Form(max_length=MAX_PASTED)]) -> Response:
    """Holds the secret for this browser."""
    return hold_link(known, "/s", token)


@dataclass(frozen=True, slots=True)
class View:
    """How the reader wants the lines, and which of them they dispute."""

    after: int
    words: str
    order: str
    chosen: tuple[int, ...]


def _view(
    after: Annotated[int, Query(ge=0)] = 0, words: Annotated[str, Query(alias="q", max_length=100)] = "",
    order: Annotated[str, Query(alias="sort", max_length=10)] = "", dispute: Annotated[str, Query(max_length=400)] = "",
) -> View:  # fmt: skip
    return View(after, words, order, tuple(sorted(_numbers(dispute))[:MAX_CHOSEN]))


ViewOf = Annotated[View, Depends(_view)]


async def _show(
    request: Request, known: House, link: Link, view: View, *, refusal: Refusal | None = None, status: int = 200,
    given: dict[str, str] | None = None, template: str = "customer_page.html",
) -> Response:  # fmt: skip
    try:
        shown = await open_statement_page(known.engine, link.token)
    except LinkInvalid as invalid:
        return _lapsed(request, link, invalid)
    request.state.language = shown.language
    async with transaction(known.engine, shown.company_id) as session:
        row = await find_statement(session, shown.company_id, shown.statement_id)
    lines, more, total = lines_page(
        shown.content["lines"], after=view.after, limit=PAGE, words=view.words, order=view.order
    )
    language = language_for(request)
    return page(
        request, template, status=status, shown=shown, content=shown.content, base=link.base,
        bar=aging_bar(shown.content["aging"]), capital=_capital(shown), reasons=REASONS, view=view,
        chosen=[line for line in shown.content["lines"] if line["line"] in view.chosen],
        disputable={line["line"] for line in shown.content["lines"] if Decimal(line["open"] or 0) > 0},
        difference=row["difference"] if row else None, lines=lines, more_lines=more, total_lines=total,
        words=view.words, order=view.order, after=view.after, last=shown.answers[-1] if shown.answers else None,
        numbers={line["item_id"]: line["number"] for line in shown.content["lines"]}, given=given or {},
        zone=shown.timezone, accepted=ACCEPTED, rows=ROWS, problem=refusal.text(language) if refusal else "",
        remedy=refusal.remedy_text(language) if refusal else "",
    )  # fmt: skip


def _lapsed(request: Request, link: Link, invalid: LinkInvalid) -> Response:
    """Says the same for every link that opens nothing, and offers a fresh one to the address on record."""
    sentence = invalid.text(language_for(request))
    return page(request, "link_lapsed.html", status=status_of(invalid), base=link.base, sentence=sentence, asked=False)


async def _renew(request: Request, known: House, link: Link) -> Response:
    await renew_link(known.engine, link.token)
    return page(request, "link_lapsed.html", base=link.base, sentence="", asked=True)


@router.post("/s/v/{ref}/renew")
async def renew_held(request: Request, known: HouseOf, link: FromCookie) -> Response:
    """Sends a fresh link, if the old one was ours."""
    return await _renew(request, known, link)


@router.post("/s/{token}/renew")
async def renew(request: Request, known: HouseOf, link: FromPath) -> Response:
    """Sends a fresh link, if the old one was ours."""
    return await _renew(request, known, link)


def _capital(shown: StatementPage) -> str:
    return capital_amount(shown.content["closing"]) if shown.content["currency"] == "CNY" else ""


@router.get("/s/v/{ref}")
async def show_held(request: Request, known: HouseOf, link: FromCookie, view: ViewOf) -> Response:
    """The page for a browser that holds the link."""
    return await _show(request, known, link, view)


@router.get("/s/{token}")
async def show(request: Request, known: HouseOf, link: FromPath, view: ViewOf) -> Response:
    """The page for a link with the secret in its path."""
    return await _show(request, known, link, view)


async def _answer(request: Request, known: House, link: Link) -> Response:
    form = await read_answer(request)
    try:
        await record_answer(
            known.engine, link.token, form.given, address=request.client.host if request.client else "",
            slack_channel=known.settings.slack_channel,
            keyring=keyring_of(known.settings) if form.given.files else None,
        )  # fmt: skip
    except LinkInvalid:
        raise
    except Refusal as refusal:
        view = View(0, "", "", chosen_lines(form.typed))
        return await _show(request, known, link, view, refusal=refusal, status=422, given=form.typed)
    return RedirectResponse(f"{link.base}#recorded", 303)


@router.post("/s/v/{ref}/answer")
async def answer_held(request: Request, known: HouseOf, link: FromCookie) -> Response:
    """The customer's answer."""
    return await _answer(request, known, link)


@router.post("/s/{token}/answer")
async def answer(request: Request, known: HouseOf, link: FromPath) -> Response:
    """The customer's answer."""
    return await _answer(request, known, link)


async def _choose(request: Request, known: House, link: Link) -> Response:
    """The answer form with one line more or less in it, and all that was typed; nothing is recorded."""
    typed = (await read_form(request)).typed
    chosen = (set(chosen_lines(typed)) | _numbers(typed.get("choose", ""))) - _numbers(typed.get("drop", ""))
    view = View(0, "", "", tuple(sorted(chosen))[:MAX_CHOSEN])
    return await _show(request, known, link, view, given=typed, template="answer_form.html")


def _numbers(text: str) -> set[int]:
    return {int(part) for part in text.split(",") if part.isascii() and part.isdigit()}


@router.post("/s/v/{ref}/choose")
async def choose_held(request: Request, known: HouseOf, link: FromCookie) -> Response:
    """Another line for the dispute, for browsers that run scripts; the others follow the link."""
    return await _choose(request, known, link)


@router.post("/s/{token}/choose")
async def choose(request: Request, known: HouseOf, link: FromPath) -> Response:
    """Another line for the dispute, for browsers that run scripts; the others follow the link."""
    return await _choose(request, known, link)


async def _feedback(request: Request, known: House, link: Link) -> Response:
    form = await read_form(request)
    words = form.typed
    await record_feedback(
        known.engine, link.token, words.get("nonce", ""), words.get("word", ""), words.get("text", "")
    )
    return RedirectResponse(f"{link.base}#feedback", 303)


@router.post("/s/v/{ref}/feedback")
async def feedback_held(request: Request, known: HouseOf, link: FromCookie) -> Response:
    """How the customer found it: one tap, and words if they like."""
    return await _feedback(request, known, link)


@router.post("/s/{token}/feedback")
async def feedback(request: Request, known: HouseOf, link: FromPath) -> Response:
    """How the customer found it: one tap, and words if they like."""
    return await _feedback(request, known, link)


async def _say(request: Request, known: House, link: Link, dispute_id: UUID) -> Response:
    form = await read_form(request)
    text, nonce = form.typed.get("text", ""), form.typed.get("nonce", "")
    keyring = keyring_of(known.settings) if form.files else None
    try:
        await speak_as_customer(
            known.engine, link.token, nonce, dispute_id, text, form.plain_files, keyring, known.settings.slack_channel
        )
    except LinkInvalid:
        raise
    except Refusal as refusal:
        return await _show(request, known, link, View(0, "", "", ()), refusal=refusal, status=422)
    return RedirectResponse(f"{link.base}#recorded", 303)


@router.post("/s/v/{ref}/disputes/{dispute_id}/say")
async def say_held(request: Request, known: HouseOf, link: FromCookie, dispute_id: UUID) -> Response:
    """A word of the customer about one disputed line."""
    return await _say(request, known, link, dispute_id)


@router.post("/s/{token}/disputes/{dispute_id}/say")
async def say(request: Request, known: HouseOf, link: FromPath, dispute_id: UUID) -> Response:
    """A word of the customer about one disputed line."""
    return await _say(request, known, link, dispute_id)


@router.post("/s/v/{ref}/opened")
async def opened_held(known: HouseOf, link: FromCookie) -> Response:
    """The page's own note that it was opened."""
    await mark_opened(known.engine, link.token)
    return Response(status_code=204)


@router.post("/s/{token}/opened")
async def opened(known: HouseOf, link: FromPath) -> Response:
    """The page's own note that it was opened."""
    await mark_opened(known.engine, link.token)
    return Response(status_code=204)


async def _file(request: Request, known: House, link: Link, kind: str) -> Response:
    shown = await open_statement_page(known.engine, link.token)
    request.state.language = shown.language
    body = await asyncio.to_thread(statement_file, kind, shown.content, language_for(request))
    if body is None:
        raise PageUnknown
    return file_answer(body, shown.number, kind)


@router.get("/s/v/{ref}/{kind}")
async def file_held(request: Request, known: HouseOf, link: FromCookie, kind: str) -> Response:
    """PDF, XLSX or JSON of the same figures."""
    return await _file(request, known, link, kind)


@router.get("/s/{token}/{kind}")
async def file(request: Request, known: HouseOf, link: FromPath, kind: str) -> Response:
    """PDF, XLSX or JSON of the same figures."""
    return await _file(request, known, link, kind)
