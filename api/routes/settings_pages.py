"""Settings: who may what, the policies in words, the column maps, and what messages look like."""

import json

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from api.context import HouseOf, PageUnknown, Viewer, language_for, page, signed_in
from api.routes.settings_edit import EDITOR
from approvals.explain import explain
from approvals.policy import parse_policy
from notifications.messages import render
from notifications.samples import samples
from services.change_company import SETTINGS, company_settings
from services.chat_addresses import other_chats
from statements.content import Form
from storage.database import transaction
from storage.page_lists import aging_policies, approval_policies, people_list, profile_rows
from storage.people import ROLES
from words.catalog import LANGUAGES, translate

router = APIRouter(include_in_schema=False)

MESSAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; sandbox"
"""For the body of a mail in a frame of ours: its inlined styles show, nothing in it can run, load or submit."""


TRIED_MOST = 200
"""Characters shown of what a chat said to a test message."""


@router.get("/settings")
async def show(request: Request, known: HouseOf, viewer: Viewer, saved: str = "", tried: str = "") -> Response:
    """The company's choices, people, policies, profiles."""
    company_id = viewer.company.id
    async with transaction(known.engine, company_id) as session:
        people = await people_list(session, company_id)
        aging = await aging_policies(session, company_id)
        approvals = await approval_policies(session, company_id)
        profiles = await profile_rows(session, company_id)
    language = language_for(request)
    return page(
        request, "settings.html", people=people, aging=aging, profiles=profiles, kinds=sorted(samples(language)),
        may_edit=EDITOR in viewer.roles, saved=bool(saved), roles=ROLES, forms=list(Form), tried=tried[:TRIED_MOST],
        chats=other_chats(viewer.company),
        chosen=company_settings(viewer.company), examples={name: one.example for name, one in SETTINGS.items()},
        wording={name: translate(one.words, language) for name, one in SETTINGS.items()},
        approvals=[{**row, "words": explain(parse_policy(json.loads(row["body"])), language)} for row in approvals],
    )  # fmt: skip


@router.get("/settings/messages")
async def gallery(request: Request, _viewer: Viewer) -> Response:
    """Every message in both languages, as its recipients see it."""
    return page(request, "message_gallery.html", kinds=sorted(samples("en")), languages=LANGUAGES)


@router.get("/settings/messages/{kind}")
async def preview(request: Request, viewer: Viewer, kind: str) -> Response:
    """One message as the recipient sees it: mail in a frame, plain text, chat."""
    language = language_for(request)
    found = samples(language).get(kind)
    if found is None:
        raise PageUnknown
    rendered = render(kind.split(".", maxsplit=1)[0], found, language)
    return page(
        request, "message_preview.html", kind=kind, rendered=rendered, kinds=sorted(samples(language)),
        owner=viewer.user_id,
    )  # fmt: skip


@router.get("/settings/messages/{kind}/body", dependencies=[Depends(signed_in)])
async def preview_body(request: Request, kind: str) -> Response:
    """The mail's HTML alone, for the frame."""
    language = language_for(request)
    found = samples(language).get(kind)
    if found is None:
        raise PageUnknown
    html = render(kind.split(".", maxsplit=1)[0], found, language).html
    return framed(html)


def framed(html: str) -> HTMLResponse:
    """A document of somebody else's making, shown inside one of our frames only."""
    headers = {"Content-Security-Policy": MESSAGE_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(html, headers=headers)
