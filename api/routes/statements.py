"""Statements: the list with filters, one statement with everything known about it, and its files."""

import asyncio
import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.context import HouseOf, PageUnknown, Viewer, language_for, page
from api.downloads import file_answer, statement_file
from api.figures import aging_bar, lines_page
from storage.database import transaction
from storage.page_lists import request_of_subject
from storage.pages import PAGE, StatementFilter, find_statement, periods, statements_page, timeline_of, versions_of
from storage.sessions import SignedIn

router = APIRouter(include_in_schema=False)

ACTIVE = ("draft", "in_review", "approved", "sent", "confirmed", "disputed", "settled", "returned")


@router.get("/statements")
async def list_statements(  # noqa: PLR0913, PLR0917 - one argument per filter of the address
    request: Request, known: HouseOf, viewer: Viewer, status: str = "", period: str = "", currency: str = "",
    words: Annotated[str, Query(alias="q", max_length=100)] = "", run: UUID | None = None, broken: bool = False,
    after: UUID | None = None,
) -> Response:  # fmt: skip
    """Statements of the company, newest first."""
    wanted = StatementFilter(status, period, currency.upper(), words, run_id=run, broken=broken)
    async with transaction(known.engine, viewer.company.id) as session:
        found = await statements_page(session, viewer.company.id, wanted, after)
        known_periods = await periods(session, viewer.company.id)
    return page(request, "statements.html", found=found, wanted=wanted, periods=known_periods, statuses=ACTIVE)


async def load(known: HouseOf, viewer: SignedIn, statement_id: UUID) -> dict[str, Any]:
    """The statement's row with its content as a document, or the answer that there is none."""
    async with transaction(known.engine, viewer.company.id) as session:
        row = await find_statement(session, viewer.company.id, statement_id)
    if row is None:
        raise PageUnknown
    row["content"] = json.loads(row["content"])
    return row


@router.get("/statements/{statement_id}")
async def show_statement(
    request: Request, known: HouseOf, viewer: Viewer, statement_id: UUID,
    after: Annotated[int, Query(ge=0)] = 0, words: Annotated[str, Query(alias="q", max_length=100)] = "",
    order: Annotated[str, Query(alias="sort")] = "",
) -> Response:  # fmt: skip
    """Figures, checks, lines, aging, difference, timeline."""
    row = await load(known, viewer, statement_id)
    content = row["content"]
    async with transaction(known.engine, viewer.company.id) as session:
        versions = await versions_of(session, viewer.company.id, row)
        timeline = await timeline_of(session, viewer.company.id, row)
        approval = await request_of_subject(session, viewer.company.id, "statement", str(statement_id))
    lines, more, total = lines_page(content["lines"], after=after, limit=PAGE, words=words, order=order)
    return page(
        request, "statement.html", row=row, content=content, bar=aging_bar(content["aging"]), versions=versions,
        timeline=timeline, approval=approval, lines=lines, more_lines=more, total_lines=total, words=words,
        order=order, after=after,
    )  # fmt: skip


@router.get("/statements/{statement_id}/{kind}")
async def download(request: Request, known: HouseOf, viewer: Viewer, statement_id: UUID, kind: str) -> Response:
    """The same figures as PDF, XLSX or JSON, in the customer's language unless the address says otherwise."""
    row = await load(known, viewer, statement_id)
    asked = request.query_params.get("lang")
    language = language_for(request) if asked else row["content"]["customer"]["language"]
    body = await asyncio.to_thread(statement_file, kind, row["content"], language)
    if body is None:
        raise PageUnknown
    return file_answer(body, row["number"], kind)
