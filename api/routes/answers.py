"""Answers: what customers said, and what it asks of the staff."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.context import HouseOf, PageUnknown, Viewer, back_to, need_role, page
from services.close_payment_hint import ENDINGS, close_payment_hint
from services.forward_statement import decline_forward, forward_statement
from services.keep_attachment import keyring_of, open_attachment
from statements.answers import KINDS
from storage.answer_lists import PAGE, answer_counts, list_answers
from storage.audit import Actor
from storage.database import transaction
from storage.feedback import feedback_counts

router = APIRouter(include_in_schema=False)

ANSWERERS = ("clerk", "reviewer", "manager")


@router.get("/answers")
async def show(
    request: Request, known: HouseOf, viewer: Viewer, kind: Annotated[str, Query(max_length=20)] = "",
    after: UUID | None = None,
) -> Response:  # fmt: skip
    """Answers, newest first, of one kind or all."""
    wanted = kind if kind in KINDS else ""
    async with transaction(known.engine, viewer.company.id) as session:
        rows = await list_answers(session, viewer.company.id, kind=wanted, after=after)
        counts = await answer_counts(session, viewer.company.id)
        scores = await feedback_counts(session, viewer.company.id)
    more = str(rows[-1].answer.id) if len(rows) == PAGE else None
    return page(
        request, "answers.html", rows=rows, kind=wanted, counts=counts, scores=scores, more_after=more,
        kinds=sorted(KINDS), may=bool(viewer.roles.intersection(ANSWERERS)),
    )  # fmt: skip


@router.post("/answers/payments/{hint_id}")
async def end_search(known: HouseOf, viewer: Viewer, hint_id: UUID, ending: Annotated[str, Form()]) -> Response:
    """A told payment was found, or was not."""
    need_role(viewer, *ANSWERERS)
    if ending not in ENDINGS:
        raise PageUnknown
    await close_payment_hint(known.engine, viewer.company, hint_id, ending, Actor("user", viewer.user_id))
    return back_to("/answers", kind="already_paid")


@router.post("/answers/{answer_id}/forward")
async def forward(
    known: HouseOf, viewer: Viewer, answer_id: UUID, name: Annotated[str, Form(max_length=120)] = "",
    email: Annotated[str, Form(max_length=254)] = "", replaces: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """The named person gets the statement."""
    need_role(viewer, *ANSWERERS)
    await forward_statement(
        known.engine, viewer.company, answer_id, Actor("user", viewer.user_id), name=name, email=email.strip(),
        replaces=replaces,
    )  # fmt: skip
    return back_to("/answers", kind="wrong_person")


@router.post("/answers/{answer_id}/decline")
async def decline(known: HouseOf, viewer: Viewer, answer_id: UUID) -> Response:
    """The named person does not."""
    need_role(viewer, *ANSWERERS)
    await decline_forward(known.engine, viewer.company, answer_id, Actor("user", viewer.user_id))
    return back_to("/answers", kind="wrong_person")


@router.post("/attachments/{attachment_id}")
async def download(known: HouseOf, viewer: Viewer, attachment_id: UUID) -> Response:
    """A customer's file, never shown inside a page; a POST, because that it was opened is written down."""
    need_role(viewer, *ANSWERERS)
    file, content = await open_attachment(
        known.engine, viewer.company.id, keyring_of(known.settings), attachment_id, Actor("user", viewer.user_id)
    )
    return Response(
        content, media_type="application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.filename, safe='')}",
                 "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox"},
    )  # fmt: skip
