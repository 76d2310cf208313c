"""Two-sided reconciliation: upload a ledger, correct its columns, accept the bridge.

By the customer behind a link and by staff on the statement's page, with the same view.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from api.context import House, HouseOf, Viewer, language_for, need_role, page
from api.errors import status_of
from api.links import FromCookie, FromPath, Link
from api.routes.statements import load
from connectors.profiles import DATE_FORMS
from connectors.their_columns import FIELDS, ColumnMap
from services.accept_bridge import Acceptor, accept_bridge
from services.keep_attachment import keyring_of
from services.open_statement_page import LinkInvalid, StatementPage, nonce_holds, open_statement_page
from services.read_returned_workbook import Returned, read_returned_workbook, take_in_workbook
from services.reconcile_ledgers import LedgerFile, LedgerRefused
from services.reconcile_statement import (
    MAX_LEDGER_BYTES,
    correct_columns,
    newest_comparison,
    reconcile_statement,
)
from storage.audit import Actor
from storage.customers import contacts_of
from storage.database import transaction
from words.refusal import Refusal

router = APIRouter(include_in_schema=False)

ACCEPTED = ".csv,.tsv,.txt,.xlsx,.xls,.pdf"
"""What the browser's file chooser offers; the bytes decide later."""

MAX_BODY = MAX_LEDGER_BYTES + 64 * 1024
"""The file with its form around it; a longer request is not read."""

TOO_LARGE = 413
"""Content Too Large."""

STAFF = ("clerk", "manager", "administrator")


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks at which statement, and what their page shows besides the comparison."""

    company_id: UUID
    statement_id: UUID
    actor: Actor
    side: str
    base: str
    shown: dict[str, Any]
    open: bool
    address: str = ""
    token: str = ""


async def _customer(request: Request, known: House, link: Link, form: FormData | None = None) -> Visit:
    """The visit behind a link; a change must carry the nonce of a page that the link has opened."""
    found: StatementPage = await open_statement_page(known.engine, link.token)
    request.state.language = found.language
    if form is not None and not nonce_holds(link.token, str(form.get("nonce", ""))):
        raise LinkInvalid
    shown = {"content": found.content, "number": found.number, "nonce": found.nonce, "zone": found.timezone}
    actor = Actor("customer", found.contact.id)
    address = request.client.host if request.client else ""
    return Visit(
        found.company_id, found.statement_id, actor, "customer", link.base, shown, found.can_answer, address, link.token
    )


async def _staff(known: House, viewer: Viewer, statement_id: UUID) -> Visit:
    row = await load(known, viewer, statement_id)
    async with transaction(known.engine, viewer.company.id) as session:
        contacts = await contacts_of(session, viewer.company.id, row["customer_id"])
    shown = {
        "content": row["content"], "number": row["number"], "zone": viewer.company.timezone, "name": viewer.name,
        "contacts": contacts,
    }  # fmt: skip
    base = f"/statements/{statement_id}"
    may = bool(viewer.roles.intersection(STAFF)) and row["status"] in {"sent", "confirmed", "disputed"}
    return Visit(viewer.company.id, statement_id, Actor("user", viewer.user_id), "company", base, shown, may)


async def _show(
    request: Request, known: House, visit: Visit, refusal: Refusal | None = None, status: int = 200
) -> Response:
    language = language_for(request)
    async with transaction(known.engine, visit.company_id) as session:
        found = await newest_comparison(session, visit.company_id, visit.statement_id)
    template = "reconcile_customer.html" if visit.side == "customer" else "reconcile_staff.html"
    findings = refusal.as_json(language) if isinstance(refusal, LedgerRefused) else []
    return page(
        request, template, status=status, visit=visit, base=visit.base, found=found, fields=FIELDS, dates=DATE_FORMS,
        report=found.kept.reports[language] if found else None, accepted_kinds=ACCEPTED, findings=findings,
        megabytes=MAX_LEDGER_BYTES // 1024**2, problem=refusal.text(language) if refusal else "",
        remedy=refusal.remedy_text(language) if refusal else "", **visit.shown,
    )  # fmt: skip


@asynccontextmanager
async def _form(request: Request) -> AsyncIterator[FormData]:
    """The form of a request that says its length, which is bounded; its files are closed afterwards."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MAX_BODY:
        raise UploadTooLarge(limit=MAX_LEDGER_BYTES // 1024**2)
    async with request.form(max_files=1, max_fields=100) as form:
        yield form


class UploadTooLarge(Refusal):
    """The request is longer than a ledger may be."""

    code = "upload_too_large_invalid"
    sentence = "The file is larger than {limit} MB."
    remedy = "Send the rows of this account and period only."


class UploadMissing(Refusal):
    """The form came without a file."""

    code = "upload_required"
    sentence = "No file was chosen."
    remedy = "Choose the export of your ledger and send it again."


Step = Callable[[House, Visit, FormData], Awaitable[str]]
"""Does what a form asks for and answers the address that shows it."""


async def _file(form: FormData, field: str) -> tuple[str, bytes]:
    upload = form.get(field)
    if not isinstance(upload, UploadFile) or not upload.filename:
        raise UploadMissing
    return upload.filename, await upload.read(MAX_LEDGER_BYTES + 1)


async def _upload(known: House, visit: Visit, form: FormData) -> str:
    file = LedgerFile(*await _file(form, "ledger"))
    keyring = keyring_of(known.settings)
    await reconcile_statement(known.engine, visit.company_id, visit.statement_id, file, visit.actor, keyring)
    return f"{visit.base}/reconcile#found"


async def _workbook(known: House, visit: Visit, form: FormData) -> str:
    filename, content = await _file(form, "workbook")
    returned = Returned(filename, content, str(form.get("name", "")), str(form.get("position", "")))
    keyring = keyring_of(known.settings)
    if visit.token:
        await read_returned_workbook(
            known.engine, visit.token, str(form.get("nonce", "")), returned, keyring, address=visit.address,
            slack_channel=known.settings.slack_channel,
        )  # fmt: skip
        return f"{visit.base}#recorded"
    contact = next((one for one in visit.shown["contacts"] if str(one.id) == form.get("contact")), None)
    if contact is None:
        raise UploadMissing
    await take_in_workbook(
        known.engine, visit.company_id, visit.statement_id, contact.id, returned, visit.actor, keyring
    )  # fmt: skip
    return visit.base


async def _correct(known: House, visit: Visit, form: FormData) -> str:
    chosen = {name: str(form.get(f"column_{name}", "")) for name in FIELDS}
    dates, decimal = str(form.get("dates", "")), str(form.get("decimal", ""))
    wish = ColumnMap(
        {name: header for name, header in chosen.items() if header}, (dates,) if dates in DATE_FORMS else (),
        decimal if decimal in {".", ","} else None,
    )  # fmt: skip
    await correct_columns(
        known.engine, visit.company_id, visit.statement_id, _of(form), wish, visit.actor, keyring_of(known.settings)
    )
    return f"{visit.base}/reconcile#found"


async def _accept(known: House, visit: Visit, form: FormData) -> str:
    acceptor = Acceptor(
        visit.side, visit.actor, str(visit.shown.get("name") or form.get("name", "")), str(form.get("position", "")),
        visit.address,
    )  # fmt: skip
    await accept_bridge(
        known.engine, visit.company_id, visit.statement_id, _of(form), str(form.get("bridge", "")), acceptor,
        known.settings.slack_channel,
    )  # fmt: skip
    return f"{visit.base}/reconcile#accepted"


def _of(form: FormData) -> UUID:
    try:
        return UUID(str(form.get("of", "")))
    except ValueError:
        raise UploadMissing from None


STEPS: dict[str, Step] = {"upload": _upload, "columns": _correct, "accept": _accept, "workbook": _workbook}
"""What a form of the page asks for, by its field `step`."""


class NotOpen(Refusal):
    """The statement takes no comparisons in its status, or not from this person."""

    code = "comparison_not_allowed"
    sentence = "Ledgers cannot be compared here now."
    remedy = "A statement is compared after it was sent and until it is settled."


async def _take(request: Request, known: House, visit: Visit, form: FormData) -> Response:
    try:
        if not visit.open:
            raise NotOpen
        step = STEPS.get(str(form.get("step", "")))
        if step is None:
            raise UploadMissing
        shown_at = await step(known, visit, form)
    except LinkInvalid:
        raise
    except LedgerRefused as refusal:
        return await _show(request, known, visit, refusal, 422)
    except Refusal as refusal:
        return await _show(request, known, visit, refusal, status_of(refusal))
    return RedirectResponse(shown_at, 303)


async def _take_customer(request: Request, known: House, link: Link) -> Response:
    try:
        async with _form(request) as form:
            return await _take(request, known, await _customer(request, known, link, form), form)
    except UploadTooLarge as refusal:
        return await _show(request, known, await _customer(request, known, link), refusal, TOO_LARGE)


@router.get("/s/v/{ref}/reconcile")
async def show_held(request: Request, known: HouseOf, link: FromCookie) -> Response:
    """The customer's page, for a browser that holds the link."""
    return await _show(request, known, await _customer(request, known, link))


@router.get("/s/{token}/reconcile")
async def show_customer(request: Request, known: HouseOf, link: FromPath) -> Response:
    """The customer's page, for a link with the secret in its path."""
    return await _show(request, known, await _customer(request, known, link))


@router.post("/s/v/{ref}/reconcile")
async def take_held(request: Request, known: HouseOf, link: FromCookie) -> Response:
    """The customer's ledger, the correction of its columns, or the word that the bridge is right."""
    return await _take_customer(request, known, link)


@router.post("/s/{token}/reconcile")
async def take_customer(request: Request, known: HouseOf, link: FromPath) -> Response:
    """The customer's ledger, the correction of its columns, or the word that the bridge is right."""
    return await _take_customer(request, known, link)


@router.get("/statements/{statement_id}/reconcile")
async def show_staff(request: Request, known: HouseOf, viewer: Viewer, statement_id: UUID) -> Response:
    """The same view for staff."""
    return await _show(request, known, await _staff(known, viewer, statement_id))


@router.post("/statements/{statement_id}/reconcile")
async def take_staff(request: Request, known: HouseOf, viewer: Viewer, statement_id: UUID) -> Response:
    """What staff were sent by other ways, and the company's own word on the bridge."""
    need_role(viewer, *STAFF)
    visit = await _staff(known, viewer, statement_id)
    try:
        async with _form(request) as form:
            return await _take(request, known, visit, form)
    except UploadTooLarge as refusal:
        return await _show(request, known, visit, refusal, TOO_LARGE)
