"""Exceptions: refused rows, equations that do not hold, unapplied cash, tasks; each with what to do about it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.context import HouseOf, PageUnknown, Viewer, back_to, language_for, need_role, page
from connectors.findings import in_words
from services.ask_waiver import ask_waiver
from services.close_task import close_task
from services.discard_row import discard_row
from services.repair_row import repair_row
from services.waiver_subjects import TIE_OUT_CHECK, WAIVERS
from storage.audit import Actor
from storage.database import transaction
from storage.findings import list_findings
from storage.page_lists import exception_counts, find_raw_record, open_tasks, raw_records_page, unapplied_list
from storage.pages import StatementFilter, statements_page
from storage.waivers import open_waivers

router = APIRouter(include_in_schema=False)

MENDERS = ("clerk", "administrator")
ASKERS = ("clerk", "reviewer", "manager", "compliance")


def _in_words(row: dict[str, Any], language: str) -> dict[str, Any]:
    """The row with its findings in the reader's language."""
    return {**row, "findings": [in_words(one, language) for one in row["findings"]]}


@router.get("/exceptions")
async def show(
    request: Request, known: HouseOf, viewer: Viewer, outcome: str = "", after: UUID | None = None
) -> Response:
    """Everything that keeps figures from being complete."""
    company_id = viewer.company.id
    async with transaction(known.engine, company_id) as session:
        counts = await exception_counts(session, company_id)
        rows = await raw_records_page(session, company_id, outcome, after)
        broken = await statements_page(session, company_id, StatementFilter(broken=True), None)
        unapplied = await unapplied_list(session, company_id)
        tasks = await open_tasks(session, company_id)
        differences = await list_findings(session, company_id, checks=[TIE_OUT_CHECK])
        asked = await open_waivers(session, company_id, WAIVERS)
    language = language_for(request)
    return page(
        request, "exceptions.html", counts=counts, rows=[_in_words(row, language) for row in rows.rows],
        more_after=rows.after, outcome=outcome, broken=broken.rows, unapplied=unapplied, tasks=tasks,
        may=bool(viewer.roles.intersection(MENDERS)), differences=differences, asked=asked,
        may_ask=bool(viewer.roles.intersection(ASKERS)),
    )  # fmt: skip


@router.post("/exceptions/differences/{finding_id}/waiver")
async def waiver(
    known: HouseOf, viewer: Viewer, finding_id: UUID, reason: Annotated[str, Form(max_length=2000)] = ""
) -> Response:
    """Asks two others to live with a difference at the gate."""
    need_role(viewer, *ASKERS)
    request_id = await ask_waiver(known.engine, viewer.company, finding_id, reason, viewer.user_id)
    return back_to(f"/approvals/{request_id}")


@router.get("/exceptions/{record_id}")
async def show_row(request: Request, known: HouseOf, viewer: Viewer, record_id: UUID) -> Response:
    """One refused row as it came, to be mended or set aside."""
    async with transaction(known.engine, viewer.company.id) as session:
        row = await find_raw_record(session, viewer.company.id, record_id)
    if row is None:
        raise PageUnknown
    may = bool(viewer.roles.intersection(MENDERS)) and row["state"] == "open"
    return page(request, "exception.html", row=_in_words(row, language_for(request)), may=may)


@router.post("/exceptions/{record_id}/repair")
async def repair(request: Request, known: HouseOf, viewer: Viewer, record_id: UUID) -> Response:
    """Reads the mended row through its profile again."""
    need_role(viewer, *MENDERS)
    form = await request.form()
    cells = {name[5:]: value for name, value in form.items() if name.startswith("cell_") and isinstance(value, str)}
    await repair_row(known.engine, viewer.company, record_id, cells, Actor("user", viewer.user_id))
    async with transaction(known.engine, viewer.company.id) as session:
        row = await find_raw_record(session, viewer.company.id, record_id)
    return back_to("/exceptions" if row is None or row["state"] != "open" else f"/exceptions/{record_id}")


@router.post("/exceptions/{record_id}/discard")
async def discard(
    known: HouseOf, viewer: Viewer, record_id: UUID, reason: Annotated[str, Form(max_length=500)] = ""
) -> Response:
    """Leaves the row out, with a reason."""
    need_role(viewer, *MENDERS)
    await discard_row(known.engine, viewer.company.id, record_id, reason, Actor("user", viewer.user_id))
    return back_to("/exceptions")


@router.post("/tasks/{task_id}/done")
async def done(known: HouseOf, viewer: Viewer, task_id: UUID) -> Response:
    """Somebody saw to it."""
    await close_task(known.engine, viewer.company.id, task_id, Actor("user", viewer.user_id))
    return back_to("/exceptions")
