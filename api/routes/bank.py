"""Bank files: take one in, see what does not tie and decide about it, give receipts to customers."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from api.context import HouseOf, PageUnknown, Viewer, back_to, language_for, need_role, page
from api.routes.imports import IMPORTERS, MAX_UPLOAD, FileTooLarge
from services.accept_bank_file import accept_bank_file, discard_bank_file
from services.assign_receipt import assign_receipt, forget_payer_rule, set_receipt_aside
from services.import_bank_file import BankOrder, import_bank_content
from services.read_bank_file import BankFileRefused
from services.show_bank import show_bank, show_bank_file
from storage.audit import Actor
from storage.sessions import SignedIn

router = APIRouter(include_in_schema=False)

DECIDERS = ("reviewer", "manager", "administrator")
"""Who may answer for a file that does not add up: not the clerk who brings it."""

FINDINGS_SHOWN = 200
"""All findings are kept with the file; a page of more is not read."""

Reason = Annotated[str, Form(max_length=500)]


async def _page(
    request: Request, known: HouseOf, viewer: SignedIn, answer: dict[str, Any] | None = None, status: int = 200
) -> Response:
    shown = await show_bank(known.engine, viewer.company)
    answered = page(
        request, "bank.html", bank=shown, answer=answer, findings_shown=FINDINGS_SHOWN,
        may=bool(viewer.roles.intersection(IMPORTERS)), may_decide=bool(viewer.roles.intersection(DECIDERS)),
    )  # fmt: skip
    answered.status_code = status
    return answered


@router.get("/bank")
async def show(request: Request, known: HouseOf, viewer: Viewer) -> Response:
    """Files, accounts, lines that wait, rules."""
    return await _page(request, known, viewer)


@router.post("/bank")
async def take(
    request: Request, known: HouseOf, viewer: Viewer, upload: Annotated[UploadFile, File()],
    layout: Annotated[str, Form(max_length=100)] = "",
) -> Response:  # fmt: skip
    """Imports a file and says what came of it."""
    need_role(viewer, *IMPORTERS)
    content = await upload.read(MAX_UPLOAD + 1)
    if len(content) > MAX_UPLOAD:
        raise FileTooLarge(limit=MAX_UPLOAD // 1024**2, company=viewer.company.code)
    language = language_for(request)
    order = BankOrder(upload.filename or "upload", content, layout, Actor("user", viewer.user_id), language)
    try:
        answer = await import_bank_content(known.engine, viewer.company, order)
    except BankFileRefused as refusal:
        return await _page(request, known, viewer, refusal.answer(language) | {"state": "refused"}, 422)
    return await _page(request, known, viewer, answer)


@router.get("/bank/{file_id}")
async def show_file(request: Request, known: HouseOf, viewer: Viewer, file_id: UUID) -> Response:
    """One file: what it says, what is said about it, what its lines became."""
    found = await show_bank_file(known.engine, viewer.company, file_id, language_for(request))
    if found is None:
        raise PageUnknown
    return page(
        request, "bank_file.html", file=found, findings_shown=FINDINGS_SHOWN,
        may_decide=bool(viewer.roles.intersection(DECIDERS)),
    )  # fmt: skip


@router.post("/bank/{file_id}/accept")
async def accept(known: HouseOf, viewer: Viewer, file_id: UUID, reason: Reason = "") -> Response:
    """Posts a held file as it is."""
    need_role(viewer, *DECIDERS)
    await accept_bank_file(known.engine, viewer.company, file_id, Actor("user", viewer.user_id), reason)
    return back_to(f"/bank/{file_id}")


@router.post("/bank/{file_id}/discard")
async def discard(known: HouseOf, viewer: Viewer, file_id: UUID, reason: Reason = "") -> Response:
    """Leaves a held file out."""
    need_role(viewer, *DECIDERS)
    await discard_bank_file(known.engine, viewer.company, file_id, Actor("user", viewer.user_id), reason)
    return back_to("/bank")


@router.post("/bank/lines/{line_id}/assign")
async def assign(
    known: HouseOf, viewer: Viewer, line_id: UUID, customer: Annotated[str, Form(max_length=200)],
    remember: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Makes a line the customer's receipt."""
    need_role(viewer, *IMPORTERS)
    actor = Actor("user", viewer.user_id)
    await assign_receipt(known.engine, viewer.company, line_id, customer, actor, learn=remember)
    return back_to("/bank#waiting")


@router.post("/bank/lines/{line_id}/aside")
async def aside(known: HouseOf, viewer: Viewer, line_id: UUID, reason: Reason = "") -> Response:
    """Leaves a line out of the receivables."""
    need_role(viewer, *IMPORTERS)
    await set_receipt_aside(known.engine, viewer.company, line_id, reason, Actor("user", viewer.user_id))
    return back_to("/bank#waiting")


@router.post("/bank/payers/{rule_id}/forget")
async def forget(known: HouseOf, viewer: Viewer, rule_id: UUID) -> Response:
    """Takes a rule away."""
    need_role(viewer, *IMPORTERS)
    await forget_payer_rule(known.engine, viewer.company, rule_id, Actor("user", viewer.user_id))
    return back_to("/bank#payers")
