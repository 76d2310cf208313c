"""A company's own wording of messages: an editor with preview and problems, versions, and how its variants fare."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from api.context import House, HouseOf, Viewer, back_to, language_for, need_role, page
from api.errors import status_of
from api.routes.settings_pages import framed
from notifications.messages import Rendered, render
from notifications.own_language import SOURCE_MOST, WordingFailedError
from notifications.own_words import (
    PARTS,
    VARIANTS_MOST,
    WEIGHT_MOST,
    Problem,
    Variant,
    base_kind,
    render_own,
    usable_values,
    values_kept,
    wording_of,
)
from notifications.samples import samples
from services.propose_wording import judged, known_kind, propose_wording
from services.publish_policy import EDITORS
from services.show_wording import FIRST, edit_wording, wording_overview
from storage.sessions import SignedIn
from words.refusal import Refusal

router = APIRouter(include_in_schema=False)

VARIANT_NAMES = "ABCDE"


@router.get("/settings/wording")
async def overview(request: Request, known: HouseOf, viewer: Viewer) -> Response:
    """Every message, and in which words it is told."""
    found = await wording_overview(known.engine, viewer.company.id)
    return page(request, "wordings.html", found=found)


@router.get("/settings/wording/{kind}/{language}")
async def show(
    request: Request, known: HouseOf, viewer: Viewer, kind: str, language: str, version: int | None = None
) -> Response:
    """The editor of one message in one language."""
    known_kind(kind, language)
    editing = await edit_wording(known.engine, viewer.company.id, kind, language, version)
    return await _page(request, known, viewer, (kind, language), editing.document)


@router.post("/settings/wording/{kind}/{language}")
async def change(request: Request, known: HouseOf, viewer: Viewer, kind: str, language: str) -> Response:
    """Tries what is written, adds a variant, or proposes it; only proposing keeps anything."""
    need_role(viewer, *EDITORS)
    known_kind(kind, language)
    form = await request.form()
    act, document = str(form.get("act", "try")), _document(form)
    problem: Refusal | None = None
    if act in ("propose", "house"):
        wanted = document if act == "propose" else {"variants": []}
        try:
            asked = await propose_wording(known.engine, viewer.company.id, kind, language, wanted, viewer.user_id)
            return back_to(f"/approvals/{asked}", done="proposed")
        except Refusal as refused:
            problem = refused
    if act == "add" and len(document["variants"]) < VARIANTS_MOST:
        document["variants"].append({**FIRST["variants"][0], "name": _next_name(document)})
    _, problems = judged(kind, language, document)
    return await _page(request, known, viewer, (kind, language), document, problems, problem)


@router.post("/settings/wording/{kind}/{language}/preview")
async def preview(request: Request, viewer: Viewer, kind: str, language: str) -> Response:
    """The mail in the words of the form, for the frame beside it; keeps nothing."""
    need_role(viewer, *EDITORS)
    known_kind(kind, language)
    form = await request.form()
    shown = str(form.get("shown", "0"))
    variants = _document(form)["variants"]
    chosen = variants[int(shown)] if shown.isdigit() and int(shown) < len(variants) else variants[0]
    return framed(_mail(request, kind, language, chosen))


@router.get("/settings/wording/{kind}/{language}/body")
async def body(known: HouseOf, request: Request, viewer: Viewer, kind: str, language: str) -> Response:
    """The mail as it is told now, in its first variant, for a frame."""
    known_kind(kind, language)
    editing = await edit_wording(known.engine, viewer.company.id, kind, language, None)
    return framed(_mail(request, kind, language, editing.document["variants"][0]))


def _mail(request: Request, kind: str, language: str, given: Mapping[str, Any]) -> str:
    try:
        return _rendered(kind, language, given).html
    except WordingFailedError as failed:
        problem = Problem("", "", failed.sentence, failed.values).text(language_for(request))
        answer: HTMLResponse = page(request, "wording_failed.html", problem=problem)
        return bytes(answer.body).decode()


def _rendered(kind: str, language: str, given: Mapping[str, Any]) -> Rendered:
    variant: Variant = wording_of({"variants": [{**given, "weight": 1}]}).variants[0]
    return render_own(base_kind(kind), samples(language)[kind], language, variant)


def _document(form: FormData) -> dict[str, Any]:
    """What the form says; a variant whose box is ticked to be dropped is left out."""
    variants: list[dict[str, Any]] = []
    for place in range(VARIANTS_MOST):
        if f"name-{place}" not in form or form.get(f"drop-{place}") == "yes":
            continue
        weight = str(form.get(f"weight-{place}", "1")).strip()
        parts = {part: _text(form, f"{part}-{place}") for part in PARTS}
        name = _text(form, f"name-{place}").strip() or VARIANT_NAMES[place]
        variants.append({"name": name, "weight": int(weight) if weight.isdigit() else -1, **parts})
    return {"variants": variants or FIRST["variants"]}


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def _next_name(document: dict[str, Any]) -> str:
    taken = {one["name"] for one in document["variants"]}
    return next((name for name in VARIANT_NAMES if name not in taken), VARIANT_NAMES[-1])


async def _page(
    request: Request, known: House, viewer: SignedIn, about: tuple[str, str], document: dict[str, Any],
    problems: list[Problem] | None = None, problem: Refusal | None = None,
) -> Response:  # fmt: skip
    kind, language = about
    reader = language_for(request)
    editing = await edit_wording(known.engine, viewer.company.id, kind, language, None)
    letter = samples(language)[kind]
    house_words = render(base_kind(kind), letter, language)
    return page(
        request, "wording.html", status=status_of(problem) if problem else 200, kind=kind, language=language,
        other="en" if language == "zh" else "zh", editing=editing, variants=document["variants"],
        tried=_all_parts(kind, language, document) if problems is not None else [],
        problems=[(one, one.text(reader)) for one in problems or ()], checked=problems is not None,
        problem=problem.text(reader) if problem else "", remedy=problem.remedy_text(reader) if problem else "",
        values=usable_values(kind, language),
        kept=[f"c.{name}" for name in values_kept(base_kind(kind), letter, language)],
        house_words=house_words, may=bool(viewer.roles.intersection(EDITORS)), most=SOURCE_MOST,
        weight_most=WEIGHT_MOST, room=len(document["variants"]) < VARIANTS_MOST, owner=viewer.user_id,
    )  # fmt: skip


def _all_parts(kind: str, language: str, document: dict[str, Any]) -> list[tuple[str, Rendered]]:
    """Every variant that can be told, with all its parts."""
    told = []
    for one in document["variants"]:
        try:
            told.append((str(one["name"]), _rendered(kind, language, one)))
        except WordingFailedError:
            continue  # listed among the problems
    return told
