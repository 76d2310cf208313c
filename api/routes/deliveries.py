"""What became of messages: the ledger of a statement and of a customer, and the outbox with what was given up."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.context import House, HouseOf, PageUnknown, Viewer, back_to, language_for, need_role, page
from api.downloads import file_answer
from services.cancel_message import cancel_message
from services.confirm_arrival import confirm_arrival
from services.export_deliveries import export_deliveries
from services.lift_suppression import lift_address
from services.retry_message import retry_message
from storage.audit import Actor
from storage.database import transaction
from storage.delivery_ledger import ledger_page, outbox_page, tries_of
from storage.holds import suppressed_addresses
from storage.outbox import count_states
from storage.page_lists import find_customer_row
from storage.pages import find_statement
from storage.sessions import SignedIn

router = APIRouter(include_in_schema=False)

STATES = ("dead", "uncertain", "suppressed", "pending", "sending", "accepted", "cancelled")
"""Tabs of the outbox, what needs a person first."""

MENDERS = ("clerk", "administrator")
"""Whoever approves statements does not send them again."""

FILES = ("csv", "xlsx")


async def _ledger(
    request: Request, known: House, viewer: SignedIn, about: dict[str, Any], after: UUID | None,
    statement_id: UUID | None = None, customer_id: UUID | None = None,
) -> Response:  # fmt: skip
    async with transaction(known.engine, viewer.company.id) as session:
        found = await ledger_page(
            session, viewer.company.id, statement_id=statement_id, customer_id=customer_id, after=after
        )
        tries = await tries_of(session, viewer.company.id, [row["id"] for row in found.rows])
    return page(request, "deliveries.html", found=found, tries=tries, **about)


@router.get("/statements/{statement_id}/deliveries")
async def of_statement(
    request: Request, known: HouseOf, viewer: Viewer, statement_id: UUID, after: UUID | None = None
) -> Response:
    """Every message about a statement, each try with the server's words."""
    row = await _statement(known, viewer, statement_id)
    about = {"title": row["number"], "back": f"/statements/{statement_id}", "back_name": row["number"]}
    return await _ledger(request, known, viewer, about, after, statement_id=statement_id)


@router.get("/customers/{customer_id}/deliveries")
async def of_customer(
    request: Request, known: HouseOf, viewer: Viewer, customer_id: UUID, after: UUID | None = None
) -> Response:
    """Every message to a customer."""
    row = await _customer(known, viewer, customer_id)
    about = {"title": row["name"], "back": f"/customers/{customer_id}", "back_name": row["name"]}
    return await _ledger(request, known, viewer, about, after, customer_id=customer_id)


@router.get("/statements/{statement_id}/deliveries.{kind}")
async def statement_file(request: Request, known: HouseOf, viewer: Viewer, statement_id: UUID, kind: str) -> Response:
    """The same as a file."""
    row = await _statement(known, viewer, statement_id)
    return await _file(request, known, viewer, kind, row["number"], statement_id=statement_id)


@router.get("/customers/{customer_id}/deliveries.{kind}")
async def customer_file(request: Request, known: HouseOf, viewer: Viewer, customer_id: UUID, kind: str) -> Response:
    """The same as a file."""
    row = await _customer(known, viewer, customer_id)
    return await _file(request, known, viewer, kind, row["code"], customer_id=customer_id)


async def _file(request: Request, known: House, viewer: SignedIn, kind: str, name: str, **wanted: UUID) -> Response:
    if kind not in FILES:
        raise PageUnknown
    body = await export_deliveries(known.engine, viewer.company, kind, language_for(request), **wanted)
    return file_answer(body, f"deliveries {name}", kind)


async def _statement(known: House, viewer: SignedIn, statement_id: UUID) -> dict[str, Any]:
    async with transaction(known.engine, viewer.company.id) as session:
        row = await find_statement(session, viewer.company.id, statement_id)
    if row is None:
        raise PageUnknown
    return row


async def _customer(known: House, viewer: SignedIn, customer_id: UUID) -> dict[str, Any]:
    async with transaction(known.engine, viewer.company.id) as session:
        row = await find_customer_row(session, viewer.company.id, customer_id)
    if row is None:
        raise PageUnknown
    return row


@router.get("/outbox")
async def outbox(
    request: Request, known: HouseOf, viewer: Viewer, state: Annotated[str, Query(max_length=20)] = "",
    after: UUID | None = None,
) -> Response:  # fmt: skip
    """Messages by state; without one, the first state in which something needs a person."""
    async with transaction(known.engine, viewer.company.id) as session:
        counts = await count_states(session, viewer.company.id)
        shown = state if state in STATES else next((one for one in STATES if counts.get(one)), STATES[0])
        found = await outbox_page(session, viewer.company.id, shown, after)
        tries = await tries_of(session, viewer.company.id, [row["id"] for row in found.rows])
        addresses = await suppressed_addresses(session, viewer.company.id) if shown == "suppressed" else []
    return page(
        request, "outbox.html", found=found, tries=tries, counts=counts, states=STATES, shown=shown,
        addresses=addresses, may=bool(viewer.roles.intersection(MENDERS)),
    )  # fmt: skip


@router.post("/outbox/addresses/lift")
async def lift(known: HouseOf, viewer: Viewer, address: Annotated[str, Form(max_length=320)]) -> Response:
    """Lets messages go to a suppressed address again."""
    need_role(viewer, *MENDERS)
    await lift_address(known.engine, viewer.company.id, address, Actor("user", viewer.user_id))
    return back_to("/outbox?state=suppressed")


@router.post("/outbox/{message_id}/retry")
async def retry(known: HouseOf, viewer: Viewer, message_id: UUID) -> Response:
    """Sends a given-up message again, with the same Message-ID."""
    need_role(viewer, *MENDERS)
    row = await retry_message(known.engine, viewer.company.id, message_id, Actor("user", viewer.user_id))
    return back_to(f"/outbox?state={row.state}")


@router.post("/outbox/{message_id}/cancel")
async def cancel(known: HouseOf, viewer: Viewer, message_id: UUID) -> Response:
    """Calls a message off."""
    need_role(viewer, *MENDERS)
    row = await cancel_message(known.engine, viewer.company.id, message_id, Actor("user", viewer.user_id))
    return back_to(f"/outbox?state={row.state}")


@router.post("/outbox/{message_id}/arrived")
async def arrived(known: HouseOf, viewer: Viewer, message_id: UUID) -> Response:
    """A person knows that an uncertain message arrived."""
    need_role(viewer, *MENDERS)
    row = await confirm_arrival(known.engine, viewer.company.id, message_id, Actor("user", viewer.user_id))
    return back_to(f"/outbox?state={row.state}")
