"""Credit limits: what customers may owe, what they owe, and proposals to change it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.context import HouseOf, PageUnknown, Viewer, back_to, need_role, page
from services.propose_credit_limit import propose_credit_limit
from storage.chases import resting_amounts
from storage.credit_limits import limits_page
from storage.database import transaction
from storage.page_lists import find_customer_row
from storage.pages import business_today

router = APIRouter(include_in_schema=False)

PROPOSERS = ("clerk", "reviewer", "manager")
"""Whoever knows the customer; the company's policy says who decides."""


@router.get("/credit")
async def show(request: Request, known: HouseOf, viewer: Viewer, only: str = "over", after: str = "") -> Response:
    """Customers with a limit; without a choice those who owe more than theirs."""
    async with transaction(known.engine, viewer.company.id) as session:
        today = await business_today(session, viewer.company.timezone)
        found = await limits_page(session, viewer.company.id, today, only_over=only == "over", after=after)
        customers = sorted({row["id"] for row in found.rows})
        resting = await resting_amounts(session, viewer.company.id, customers, viewer.company.timezone, today)
    chosen = "over" if only == "over" else "all"
    return page(request, "credit.html", found=found, only=chosen, today=today, resting=resting)


@router.post("/customers/{customer_id}/credit-limit")
async def propose(
    known: HouseOf, viewer: Viewer, customer_id: UUID, currency: Annotated[str, Form(max_length=3)],
    reason: Annotated[str, Form(max_length=500)], amount: Annotated[str, Form(max_length=40)] = "",
) -> Response:  # fmt: skip
    """Asks for another limit; nothing changes before it is approved."""
    need_role(viewer, *PROPOSERS)
    async with transaction(known.engine, viewer.company.id) as session:
        row = await find_customer_row(session, viewer.company.id, customer_id)
    if row is None:
        raise PageUnknown
    customer = (customer_id, str(row["code"]))
    asked = await propose_credit_limit(
        known.engine, viewer.company, customer, amount, currency, reason, viewer.user_id
    )  # fmt: skip
    return back_to(f"/approvals/{asked}", done="proposed")
