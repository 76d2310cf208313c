"""/dev/mail: the mails that were caught because no mail server is set, shown as their readers see them."""

import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from api.context import HouseOf, PageUnknown, Viewer, page
from api.routes.settings_pages import framed
from services.settings import Settings
from storage.caught import Caught, find_caught, list_caught
from storage.database import owner_transaction

router = APIRouter(include_in_schema=False)

PAGE = 100
"""Rows of one listing, as `storage.caught` gives them."""


@dataclass(frozen=True, slots=True)
class Part:
    """One attachment of a caught mail."""

    place: int
    name: str
    size: int


def _mail_on(settings: Settings) -> None:
    if settings.smtp_url:
        raise PageUnknown


def _parsed(found: Caught) -> EmailMessage:
    return email.message_from_bytes(found.content, _class=EmailMessage, policy=email.policy.default)


async def _found(known: HouseOf, number: int) -> Caught:
    async with owner_transaction(known.engine) as session:
        found = await find_caught(session, number)
    if found is None or found.channel != "email":
        raise PageUnknown
    return found


@router.get("/dev/mail")
async def mails(request: Request, known: HouseOf, viewer: Viewer, to: str = "", before: int | None = None) -> Response:
    """Caught mails, newest first; `to` keeps one recipient's."""
    _mail_on(known.settings)
    async with owner_transaction(known.engine) as session:
        rows = await list_caught(session, "email", recipient=to or None, before=before)
    older = rows[-1].id if len(rows) >= PAGE else None
    return page(request, "dev_mail.html", rows=rows, to=to, older=older, owner=viewer.user_id)


@router.get("/dev/mail/{number}")
async def mail(request: Request, known: HouseOf, viewer: Viewer, number: int) -> Response:
    """One mail: headers, body in a frame, text, attachments."""
    _mail_on(known.settings)
    found = await _found(known, number)
    parsed = _parsed(found)
    text = parsed.get_body(("plain",))
    parts = [
        Part(place, part.get_filename() or "attachment", len(_bytes(part)))
        for place, part in enumerate(parsed.iter_attachments())
    ]
    headers = [(name, str(parsed[name])) for name in ("From", "To", "Subject", "Date", "Message-ID") if parsed[name]]
    return page(
        request, "dev_mail_one.html", found=found, headers=headers, parts=parts, owner=viewer.user_id,
        text=text.get_content() if text is not None else "", has_html=parsed.get_body(("html",)) is not None,
    )  # fmt: skip


@router.get("/dev/mail/{number}/body")
async def mail_body(known: HouseOf, _viewer: Viewer, number: int) -> HTMLResponse:
    """The HTML of a mail, in a frame that runs nothing."""
    _mail_on(known.settings)
    body = _parsed(await _found(known, number)).get_body(("html",))
    return framed(body.get_content() if body is not None else "")


@router.get("/dev/mail/{number}/parts/{place}")
async def mail_part(known: HouseOf, _viewer: Viewer, number: int, place: int) -> Response:
    """An attachment as it came."""
    _mail_on(known.settings)
    parts = list(_parsed(await _found(known, number)).iter_attachments())
    if place >= len(parts):
        raise PageUnknown
    name = (parts[place].get_filename() or "attachment").replace('"', "").replace("\n", "")
    ascii_name = name.encode("ascii", "replace").decode().replace("?", "_")
    return Response(
        _bytes(parts[place]),
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{ascii_name}"'},
    )


def _bytes(part: Any) -> bytes:  # noqa: ANN401 - the library types a part as one of several classes
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else part.as_bytes()
