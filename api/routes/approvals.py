"""One request: its stages and trail, deciding on it, and everything else that may be done with it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.context import House, HouseOf, PageUnknown, Viewer, back_to, language_for, page
from api.downloads import file_answer
from api.errors import status_of
from api.routes.inbox import DECISIONS, fresh_key
from approvals.act_names import ACTS as ACT_NAMES
from approvals.explain import seat_words
from approvals.refusals import ApprovalRefusal
from ledger.canonical import canonical_json
from reports.evidence_pdf import render_evidence
from services.approval_acts_for import acts_for
from services.approval_evidence import approval_evidence
from services.approval_figures import DEFAULT_DAYS, approval_figures
from services.decide_approval import CommandUnknown, decide
from services.resubmit_approval import resubmit_approval
from services.show_inbox import card_of, describe_many
from storage.approval_acts import acts_of
from storage.approvals import read_request
from storage.database import transaction
from storage.people import ROLES, people_of
from storage.sessions import SignedIn
from words.refusal import Refusal

router = APIRouter(include_in_schema=False)

ACTS = frozenset({
    "revoke", "forward", "ask_opinion", "give_opinion", "add_sign", "remove_sign", "withdraw", "remind", "cancel",
    "rescue",
})  # fmt: skip
"""What the page sends beside approve, return and reject."""

PLACES = ("beside", "before", "after")


async def _show(
    request: Request, known: House, viewer: SignedIn, request_id: UUID, problem: Refusal | None = None
) -> Response:
    language = language_for(request)
    async with transaction(known.engine, viewer.company.id) as session:
        stored = await read_request(session, viewer.company.id, request_id)
        if stored is None:
            raise PageUnknown
        described = await describe_many(session, viewer.company.id, [stored], language)
        card = await card_of(session, viewer.company, viewer.user_id, request_id, language)
        acts = await acts_of(session, viewer.company.id, request_id)
        people = await people_of(session, viewer.company.id, with_leavers=True)
    names = {one.id: one.name for one in people.values()}
    may = acts_for(stored.request, viewer.user_id, viewer.roles, candidate=card is not None)
    return page(
        request, "approval.html", status=status_of(problem) if problem else 200, stored=stored,
        described=described[request_id], card=card, acts=acts, names=names, key=fresh_key, decisions=DECISIONS,
        may=may, people=[one for one in people.values() if not one.disabled and one.id != viewer.user_id],
        candidate_roles=[role for role in ROLES if role != "administrator"], places=PLACES,
        seat=lambda seat: seat_words(seat, language, {str(one): name for one, name in names.items()}),
        problem=problem.text(language) if problem else "", remedy=problem.remedy_text(language) if problem else "",
    )  # fmt: skip


@router.get("/approvals/figures")
async def figures(request: Request, known: HouseOf, viewer: Viewer, days: int = DEFAULT_DAYS) -> Response:
    """How long decisions take, in working hours."""
    async with transaction(known.engine, viewer.company.id) as session:
        found = await approval_figures(session, viewer.company, days)
    return page(request, "approval_figures.html", figures=found)


@router.get("/approvals/{request_id}")
async def show(request: Request, known: HouseOf, viewer: Viewer, request_id: UUID) -> Response:
    """One request with its trail, and the buttons that this person may press."""
    return await _show(request, known, viewer, request_id)


@router.get("/approvals/{request_id}/evidence/{kind}")
async def evidence(request: Request, known: HouseOf, viewer: Viewer, request_id: UUID, kind: str) -> Response:
    """Everything about the request as PDF or JSON, to be checked without this house."""
    language = language_for(request)
    async with transaction(known.engine, viewer.company.id) as session:
        found = await approval_evidence(session, viewer.company, request_id, language)
    if kind not in ("pdf", "json"):
        raise PageUnknown
    body = canonical_json(found).encode() if kind == "json" else render_evidence(found, ACT_NAMES, language)
    return file_answer(body, f"approval-{request_id}", kind)


@router.post("/approvals/{request_id}/acts")
async def act(  # noqa: PLR0913, PLR0917 - everything that was on the form comes back
    request: Request, known: HouseOf, viewer: Viewer, request_id: UUID, act: Annotated[str, Form(max_length=20)],
    round_: Annotated[int, Form(alias="round")], stage: Annotated[int, Form()], digest: Annotated[str, Form()],
    key: Annotated[str, Form(max_length=100)], authority: Annotated[UUID | None, Form()] = None,
    comment: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """One act; a refusal is shown above the request as it stands now."""
    if act not in ACTS:
        raise CommandUnknown(command=act)
    form = await request.form()
    try:
        await decide(
            known.engine, viewer.company.id, request_id, act, actor_id=viewer.user_id,
            authority_id=authority or viewer.user_id, round=round_, stage=stage, digest=digest, comment=comment,
            key=key, channel="web", assurance=viewer.assurance, details=_details(act, dict(form)),
        )  # fmt: skip
    except (ApprovalRefusal, CommandUnknown) as refusal:
        return await _show(request, known, viewer, request_id, refusal)
    return back_to(f"/approvals/{request_id}", done=act)


def _details(act: str, form: dict[str, Any]) -> dict[str, Any]:
    """What the engine wants beside the click, out of the form's fields."""
    if act == "forward":
        return {"to": form.get("person", "")}
    if act == "ask_opinion":
        return {"of": form.get("person", ""), "question": str(form.get("comment", ""))}
    if act == "add_sign":
        return {"seat": [str(form.get("seat", ""))], "where": str(form.get("where", "beside"))}
    if act == "remove_sign":
        return {"stage": form.get("of_stage", ""), "sign": form.get("sign", "")}
    return {"candidates": [str(form.get("seat", ""))]} if act == "rescue" else {}


@router.post("/approvals/{request_id}/resubmit")
async def resubmit(known: HouseOf, viewer: Viewer, request_id: UUID) -> Response:
    """The next round of a returned statement."""
    async with transaction(known.engine, viewer.company.id) as session:
        stored = await read_request(session, viewer.company.id, request_id)
    if stored is None or not acts_for(stored.request, viewer.user_id, viewer.roles, candidate=False).resubmit:
        raise PageUnknown
    following = await resubmit_approval(known.engine, viewer.company, request_id, viewer.user_id)
    return back_to(f"/approvals/{following}", done="resubmit")
