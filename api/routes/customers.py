"""Customers: the list, and everything about one of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.context import House, HouseOf, PageUnknown, Viewer, back_to, need_role, page
from api.figures import aging_bar
from api.routes.credit import PROPOSERS
from services.change_contact import change_contact
from services.edit_contact import PURPOSES, remove_contact
from services.report_balance import report_balance
from storage.audit import Actor
from storage.chases import resting_amounts
from storage.credit_limits import limits_of_customer, waiting_limits
from storage.database import transaction
from storage.page_lists import chases_list, contact_rows, customers_list, find_customer_row
from storage.pages import StatementFilter, business_today, statements_page
from storage.sessions import SignedIn

router = APIRouter(include_in_schema=False)

EDITORS = ("clerk", "administrator")
"""Whoever decides on statements does not choose where they are sent."""

STATEMENTS_SHOWN = 24
"""Two years of months."""


@router.get("/customers")
async def list_all(
    request: Request, known: HouseOf, viewer: Viewer, after: str = "",
    words: Annotated[str, Query(alias="q", max_length=100)] = "",
) -> Response:  # fmt: skip
    """Customers by code."""
    async with transaction(known.engine, viewer.company.id) as session:
        found = await customers_list(session, viewer.company.id, words, after)
    return page(request, "customers.html", found=found, words=words)


@router.get("/customers/{customer_id}")
async def show(request: Request, known: HouseOf, viewer: Viewer, customer_id: UUID) -> Response:
    """Balance, statements, contacts, reminders."""
    company_id = viewer.company.id
    async with transaction(known.engine, company_id) as session:
        row = await find_customer_row(session, company_id, customer_id)
        if row is None:
            raise PageUnknown
        contacts = await contact_rows(session, company_id, customer_id)
        statements = await statements_page(
            session, company_id, StatementFilter(customer_id=customer_id), None, STATEMENTS_SHOWN
        )
        chases = await chases_list(session, company_id, customer_id, 10)
        today = await business_today(session, viewer.company.timezone)
        resting = (await resting_amounts(session, company_id, [customer_id], viewer.company.timezone, today))[
            customer_id
        ]
        limits = await limits_of_customer(session, company_id, customer_id)
        waiting = await waiting_limits(session, company_id, customer_id)
    now = {one.currency: one for one in reversed(limits)}
    balance = await report_balance(known.engine, viewer.company, today, customer_code=row["code"])
    balances = [(one, aging_bar(_as_aging(one["buckets"]))) for one in balance["customers"]]
    return page(
        request, "customer.html", row=row, contacts=contacts, statements=statements.rows, chases=chases, today=today,
        balances=balances, resting=resting, purposes=PURPOSES, may_edit=bool(viewer.roles.intersection(EDITORS)),
        chasing=(row["attributes"] or {}).get("chasing") or {}, limits_now=list(now.values()),
        limits_before=[one for one in limits if one is not now[one.currency]], limits_waiting=waiting,
        may_propose=bool(viewer.roles.intersection(PROPOSERS)),
    )  # fmt: skip


def _as_aging(buckets: dict[str, str]) -> list[dict[str, str]]:
    return [{"bucket": name, "amount": amount} for name, amount in buckets.items()]


async def _edit(
    known: House, viewer: SignedIn, customer_id: UUID, contact_id: UUID | None, request: Request
) -> Response:
    need_role(viewer, *EDITORS)
    async with transaction(known.engine, viewer.company.id) as session:
        row = await find_customer_row(session, viewer.company.id, customer_id)
    if row is None:
        raise PageUnknown
    values = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    customer = (customer_id, str(row["code"]))
    actor = Actor("user", viewer.user_id)
    asked = await change_contact(known.engine, viewer.company, customer, contact_id, values, actor)
    return back_to(f"/customers/{customer_id}" if asked is None else f"/approvals/{asked}")


@router.post("/customers/{customer_id}/contacts")
async def add(request: Request, known: HouseOf, viewer: Viewer, customer_id: UUID) -> Response:
    """A new contact."""
    return await _edit(known, viewer, customer_id, None, request)


@router.post("/customers/{customer_id}/contacts/{contact_id}")
async def change(request: Request, known: HouseOf, viewer: Viewer, customer_id: UUID, contact_id: UUID) -> Response:
    """Another address, name or language."""
    return await _edit(known, viewer, customer_id, contact_id, request)


@router.post("/customers/{customer_id}/contacts/{contact_id}/remove")
async def remove(
    known: HouseOf, viewer: Viewer, customer_id: UUID, contact_id: UUID, sure: Annotated[str, Form()] = ""
) -> Response:
    """Sends nothing there any more."""
    need_role(viewer, *EDITORS)
    if sure == "yes":
        actor = Actor("user", viewer.user_id)
        await remove_contact(known.engine, viewer.company.id, customer_id, contact_id, actor)
    return back_to(f"/customers/{customer_id}")
