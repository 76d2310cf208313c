"""Imports: a ledger file in, what came of it, and the entry templates to fill in."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import Response

from api.context import HouseOf, Viewer, language_for, need_role, page, signed_in
from api.downloads import file_answer
from reports.entry_template import render_entry_template
from services.add_profile import ProfileUnknown
from services.import_ledger import FileRefused, Options, Order, import_content
from storage.audit import Actor
from storage.database import owner_transaction, transaction
from storage.page_lists import imports_list
from storage.profiles import list_profiles, list_shared_profiles
from storage.sessions import SignedIn
from words.refusal import Refusal

router = APIRouter(include_in_schema=False)

IMPORTERS = ("clerk", "administrator")

MAX_UPLOAD = 256 * 1024 * 1024
"""A year of a large ledger as CSV is 100 MB; beyond this the command line reads from disk."""

FINDINGS_SHOWN = 200
"""All findings are kept with their rows; a page of more is not read."""


class FileTooLarge(Refusal):
    """The form takes no file of this size."""

    code = "file_too_large"
    sentence = "The file is larger than {limit} MB."
    remedy = "Import it with: tieout import FILE --company {company} --profile …"


async def _profiles(known: HouseOf, viewer: SignedIn) -> list[str]:
    async with transaction(known.engine, viewer.company.id) as session:
        own = await list_profiles(session, viewer.company.id)
    async with owner_transaction(known.engine) as session:
        shared = await list_shared_profiles(session)
    return sorted({profile.name for profile in (*own, *shared)})


async def _page(
    request: Request, known: HouseOf, viewer: SignedIn, answer: dict[str, Any] | None = None,
    refused: Refusal | None = None,
) -> Response:  # fmt: skip
    async with transaction(known.engine, viewer.company.id) as session:
        rows = await imports_list(session, viewer.company.id)
    language = language_for(request)
    return page(
        request, "imports.html", status=422 if refused else 200, rows=rows, answer=answer,
        profiles=await _profiles(known, viewer),
        findings_shown=FINDINGS_SHOWN, may=bool(viewer.roles.intersection(IMPORTERS)),
        problem=refused.text(language) if refused else "", remedy=refused.remedy_text(language) if refused else "",
    )  # fmt: skip


@router.get("/imports")
async def show(request: Request, known: HouseOf, viewer: Viewer) -> Response:
    """The form and the newest imports."""
    return await _page(request, known, viewer)


@router.post("/imports")
async def take(
    request: Request, known: HouseOf, viewer: Viewer, upload: Annotated[UploadFile, File()],
    profile: Annotated[str, Form(max_length=100)], check_only: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Imports the file, or only says what an import would find."""
    need_role(viewer, *IMPORTERS)
    content = await upload.read(MAX_UPLOAD + 1)
    if len(content) > MAX_UPLOAD:
        raise FileTooLarge(limit=MAX_UPLOAD // 1024**2, company=viewer.company.code)
    options = Options(check_only, Actor("user", viewer.user_id), language_for(request))
    order = Order(upload.filename or "upload", content, profile, options)
    try:
        answer = await import_content(known.engine, viewer.company, order)
    except (FileRefused, ProfileUnknown) as refused:
        return await _page(request, known, viewer, refused=refused)
    return await _page(request, known, viewer, {**answer, "check_only": check_only})


@router.get("/imports/template", dependencies=[Depends(signed_in)])
async def template(request: Request) -> Response:
    """The standard entry template in the reader's language."""
    language = language_for(request)
    body = await asyncio.to_thread(render_entry_template, language)
    name = "对账单录入模板" if language == "zh" else "tieout-entry-template"
    return file_answer(body, name, "xlsx")
