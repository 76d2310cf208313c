"""The page behind a confirmation letter's link: no account, works without JavaScript, looking changes nothing."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.answer_form import ACCEPTED, PostedForm, read_form
from api.context import House, HouseOf, language_for, page
from api.downloads import file_answer
from api.errors import status_of
from api.links import MAX_PASTED, FromCookie, FromPath, Link, hold_link, link_ref
from reports.capital_amount import capital_amount
from services.answer_confirmation import GivenFiles, ReplyPage, open_reply_page, record_reply, renew_confirmation_link
from services.keep_attachment import keyring_of
from services.open_statement_page import LinkInvalid
from services.print_confirmation import letter_filename, print_confirmation
from statements.confirmations import REASONS, GivenReply, allowed_replies
from words.refusal import Refusal

router = APIRouter(include_in_schema=False)

RECEIPT_SECONDS = 90 * 86_400
"""Longer than any round takes replies."""


@router.get("/c")
async def door(request: Request) -> Response:
    """Takes the secret after '#' from the address and hands it over by POST."""
    return page(request, "link_door.html", action="/c")


@router.post("/c")
async def enter(known: HouseOf, token: Annotated[str, Form(max_length=MAX_PASTED)]) -> Response:
    """Holds the secret for this browser."""
    return hold_link(known, "/c", token)


def _receipt_name(known: House, link: Link) -> str:
    return known.cookie_name(f"receipt-{link_ref(link.token)}")


async def _opened(request: Request, known: House, link: Link) -> ReplyPage:
    receipt = request.cookies.get(_receipt_name(known, link), "")
    shown = await open_reply_page(known.engine, link.token, receipt)
    request.state.language = shown.language
    return shown


async def _show(
    request: Request, known: House, link: Link, *, refusal: Refusal | None = None, given: dict[str, str] | None = None
) -> Response:
    try:
        shown = await _opened(request, known, link)
    except LinkInvalid as invalid:
        sentence = invalid.text(language_for(request))
        return page(
            request, "link_lapsed.html", status=status_of(invalid), base=link.base, sentence=sentence, asked=False
        )
    content: dict[str, Any] = json.loads(shown.letter.content)
    language = language_for(request)
    yuan = [one["amount"] for one in content["balances"] if one["currency"] == "CNY"]
    return page(
        request, "confirm_page.html", status=422 if refusal else 200, shown=shown, content=content, base=link.base,
        blank=content["form"] == "blank", kinds=allowed_replies(content["form"]), reasons=REASONS,
        capital=capital_amount(yuan[0]) if yuan else "", last=shown.replies[-1] if shown.replies else None,
        given=given or {}, accepted=ACCEPTED, zone=shown.company.timezone,
        problem=refusal.text(language) if refusal else "", remedy=refusal.remedy_text(language) if refusal else "",
    )  # fmt: skip


@router.get("/c/v/{ref}")
async def show_held(request: Request, known: HouseOf, link: FromCookie) -> Response:
    """The page for a browser that holds the link."""
    return await _show(request, known, link)


@router.get("/c/{token}")
async def show(request: Request, known: HouseOf, link: FromPath) -> Response:
    """The page for a link with the secret in its path."""
    return await _show(request, known, link)


def given_reply(form: PostedForm, kind: str) -> GivenReply:
    """The reply of a form: its kind, name, position, amounts per currency, reason and words."""
    typed = form.typed
    amounts = {name[7:]: value for name, value in typed.items() if name.startswith("amount_")}
    return GivenReply(
        kind, typed.get("name", ""), typed.get("position", ""), amounts, typed.get("reason", ""), typed.get("text", "")
    )


async def _reply(request: Request, known: House, link: Link) -> Response:
    form = await read_form(request)
    attached = GivenFiles(tuple(form.plain_files), keyring_of(known.settings) if form.files else None)
    try:
        recorded = await record_reply(
            known.engine, link.token, given_reply(form, form.typed.get("kind", "")), form.typed.get("nonce", ""),
            address=request.client.host if request.client else "", attached=attached,
        )  # fmt: skip
    except LinkInvalid:
        raise
    except Refusal as refusal:
        return await _show(request, known, link, refusal=refusal, given=form.typed)
    answer = RedirectResponse(f"{link.base}#recorded", 303)
    answer.set_cookie(
        _receipt_name(known, link), recorded.receipt, max_age=RECEIPT_SECONDS, path="/", secure=known.https,
        httponly=True, samesite="lax",
    )  # fmt: skip
    return answer


@router.post("/c/v/{ref}/reply")
async def reply_held(request: Request, known: HouseOf, link: FromCookie) -> Response:
    """The customer's reply."""
    return await _reply(request, known, link)


@router.post("/c/{token}/reply")
async def reply(request: Request, known: HouseOf, link: FromPath) -> Response:
    """The customer's reply."""
    return await _reply(request, known, link)


async def _pdf(request: Request, known: House, link: Link) -> Response:
    shown = await _opened(request, known, link)
    body = await print_confirmation(known.settings, shown.company, shown.letter)
    return file_answer(body, letter_filename(shown.letter).removesuffix(".pdf"), "pdf")


@router.get("/c/v/{ref}/pdf")
async def pdf_held(request: Request, known: HouseOf, link: FromCookie) -> Response:
    """The letter, to be printed and sealed."""
    return await _pdf(request, known, link)


@router.get("/c/{token}/pdf")
async def pdf(request: Request, known: HouseOf, link: FromPath) -> Response:
    """The letter, to be printed and sealed."""
    return await _pdf(request, known, link)


async def _renew(request: Request, known: House, link: Link) -> Response:
    await renew_confirmation_link(known.engine, link.token)
    return page(request, "link_lapsed.html", base=link.base, sentence="", asked=True)


@router.post("/c/v/{ref}/renew")
async def renew_held(request: Request, known: HouseOf, link: FromCookie) -> Response:
    """Sends a fresh link, if the old one was ours."""
    return await _renew(request, known, link)


@router.post("/c/{token}/renew")
async def renew(request: Request, known: HouseOf, link: FromPath) -> Response:
    """Sends a fresh link, if the old one was ours."""
    return await _renew(request, known, link)
