"""Cash application: receipts beside the documents that they probably pay, and what people make of it."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.context import HouseOf, PageUnknown, Viewer, back_to, language_for, need_role, page
from services.decide_application import (
    accept_proposal,
    agree_oldest_first,
    apply_by_hand,
    park_receipt,
    refuse_proposal,
    remove_rule,
    undo_application,
    unpark_receipt,
)
from services.propose_applications import propose_applications
from storage.audit import Actor
from storage.database import transaction
from storage.matching_page import (
    applied_lately,
    matching_counts,
    parked_receipts,
    receipt_with_documents,
    waiting_receipts,
)
from storage.receipts_matching import rules

router = APIRouter(include_in_schema=False)

AMOUNT_FIELD = re.compile(r"amount_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The field beside a document."""

CLERKS = ("clerk", "administrator")


@router.get("/matching")
async def show(request: Request, known: HouseOf, viewer: Viewer) -> Response:
    """Receipts that wait for a person, oldest first; the first button has the focus, so Enter accepts and goes on."""
    company_id = viewer.company.id
    async with transaction(known.engine, company_id) as session:
        counts = await matching_counts(session, company_id)
        receipts = await waiting_receipts(session, company_id)
        parked = await parked_receipts(session, company_id)
        applied = await applied_lately(session, company_id)
        learned = await rules(session, company_id)
    return page(
        request, "matching.html", counts=counts, receipts=receipts, parked=parked, applied=applied, rules=learned,
        may=bool(viewer.roles.intersection(CLERKS)), reason=f"reason_{language_for(request)}",
    )  # fmt: skip


@router.post("/matching/propose")
async def propose(known: HouseOf, viewer: Viewer) -> Response:
    """Looks at all open receipts again."""
    need_role(viewer, *CLERKS)
    await propose_applications(known.engine, viewer.company, Actor("user", viewer.user_id))
    return back_to("/matching")


@router.get("/matching/receipts/{item_id}")
async def show_receipt(request: Request, known: HouseOf, viewer: Viewer, item_id: UUID) -> Response:
    """One receipt to be split over the documents of its customer and group."""
    async with transaction(known.engine, viewer.company.id) as session:
        receipt = await receipt_with_documents(session, viewer.company.id, item_id)
    if receipt is None:
        raise PageUnknown
    may = bool(viewer.roles.intersection(CLERKS))
    return page(request, "matching_receipt.html", receipt=receipt, may=may, reason=f"reason_{language_for(request)}")


@router.post("/matching/receipts/{item_id}/split")
async def split(request: Request, known: HouseOf, viewer: Viewer, item_id: UUID) -> Response:
    """Applies the amounts written beside the documents."""
    need_role(viewer, *CLERKS)
    form = await request.form()
    written = {name: value for name, value in form.items() if isinstance(value, str) and value.strip()}
    parts = [(UUID(name[7:]), value) for name, value in written.items() if AMOUNT_FIELD.fullmatch(name)]
    await apply_by_hand(known.engine, viewer.company, item_id, parts, Actor("user", viewer.user_id))
    return back_to("/matching")


@router.post("/matching/receipts/{item_id}/park")
async def park(
    known: HouseOf, viewer: Viewer, item_id: UUID, reason: Annotated[str, Form(max_length=500)] = ""
) -> Response:
    """Sets the receipt aside."""
    need_role(viewer, *CLERKS)
    await park_receipt(known.engine, viewer.company, item_id, reason, Actor("user", viewer.user_id))
    return back_to("/matching")


@router.post("/matching/receipts/{item_id}/unpark")
async def take_up(known: HouseOf, viewer: Viewer, item_id: UUID) -> Response:
    """Takes the receipt up again."""
    need_role(viewer, *CLERKS)
    await unpark_receipt(known.engine, viewer.company, item_id, Actor("user", viewer.user_id))
    await propose_applications(known.engine, viewer.company, Actor("user", viewer.user_id))
    return back_to("/matching")


@router.post("/matching/proposals/{item_id}/accept")
async def accept(known: HouseOf, viewer: Viewer, item_id: UUID, version: Annotated[int, Form()] = 0) -> Response:
    """Posts the proposal."""
    need_role(viewer, *CLERKS)
    await accept_proposal(known.engine, viewer.company, item_id, version, Actor("user", viewer.user_id))
    return back_to("/matching")


@router.post("/matching/proposals/{item_id}/refuse")
async def refuse(known: HouseOf, viewer: Viewer, item_id: UUID, version: Annotated[int, Form()] = 0) -> Response:
    """The pair is wrong."""
    need_role(viewer, *CLERKS)
    await refuse_proposal(known.engine, viewer.company, item_id, version, Actor("user", viewer.user_id))
    return back_to("/matching")


@router.post("/matching/proposals/{item_id}/undo")
async def undo(known: HouseOf, viewer: Viewer, item_id: UUID, version: Annotated[int, Form()] = 0) -> Response:
    """Takes an application back."""
    need_role(viewer, *CLERKS)
    await undo_application(known.engine, viewer.company, item_id, version, Actor("user", viewer.user_id))
    return back_to("/matching#applied")


@router.post("/matching/rules/oldest-first")
async def oldest_first(known: HouseOf, viewer: Viewer, customer_id: Annotated[UUID, Form()]) -> Response:
    """This customer agreed that money without a number pays the oldest documents."""
    need_role(viewer, *CLERKS)
    await agree_oldest_first(known.engine, viewer.company, customer_id, Actor("user", viewer.user_id))
    return back_to("/matching#rules")


@router.post("/matching/rules/{item_id}/remove")
async def forget(known: HouseOf, viewer: Viewer, item_id: UUID) -> Response:
    """Forgets a rule."""
    need_role(viewer, *CLERKS)
    await remove_rule(known.engine, viewer.company, item_id, Actor("user", viewer.user_id))
    return back_to("/matching#rules")
