"""The JSON API: statements, balances, runs, imports, decisions. The session authenticates; amounts are text."""

import json
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Header, Query, Request, UploadFile
from pydantic import BaseModel, Field

from api.context import HouseOf, PageUnknown, Viewer, language_for, need_role
from api.routes.imports import IMPORTERS, MAX_UPLOAD, FileTooLarge
from api.routes.runs import STARTERS
from ledger.money import decimal_text
from services.close_period import Closing
from services.decide_approval import decide
from services.import_ledger import Options, Order, import_content
from services.remember_answer import remember_answer
from services.report_balance import report_balance
from services.report_run import list_runs, report_run
from services.request_run import request_run
from services.show_inbox import inbox
from services.start_run import period_of
from storage.audit import Actor
from storage.companies import Company
from storage.database import transaction
from storage.pages import PAGE, StatementFilter, find_statement, statements_page
from words.refusal import Refusal

router = APIRouter(prefix="/api/v1", tags=["tieout"])

MAX_LIMIT = 500
"""Rows of one answer: half a second of work at most."""

MAX_KEY = 200


class KeyMissing(Refusal):
    """A change without a key could be done twice by a retry."""

    code = "key_missing"
    sentence = "The header Idempotency-Key is missing."
    remedy = "Send one of your own per intended change, and the same one when you retry."


def _key(idempotency_key: Annotated[str | None, Header(max_length=MAX_KEY)] = None) -> str:
    if not idempotency_key:
        raise KeyMissing
    return f"api/{idempotency_key}"


def _company(viewer: Viewer, code: str) -> Company:
    """The caller's company; any other is as unknown as one that does not exist."""
    if code != viewer.company.code:
        raise PageUnknown
    return viewer.company


KeyOf = Annotated[str, Depends(_key)]
CompanyOf = Annotated[Company, Depends(_company)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


class Decision(BaseModel):
    """A decision on exactly the round, stage and digest that were shown."""

    command: str = Field(examples=["approve"])
    round: int
    stage: int
    digest: str
    comment: str = ""


class RunWanted(BaseModel):
    """Which period to close."""

    period: str = Field(examples=["2026-06"])
    form: str = "OPEN_ITEM"
    as_of: date | None = None


@router.get("/session")
async def session(viewer: Viewer) -> dict[str, Any]:
    """Who is signed in, and the token that changes must carry as X-CSRF-Token."""
    return {
        "company": viewer.company.code, "user_id": str(viewer.user_id), "email": viewer.email,
        "roles": sorted(viewer.roles), "assurance": viewer.assurance, "csrf": viewer.csrf,
    }  # fmt: skip


def _statement(row: dict[str, Any]) -> dict[str, Any]:
    money = ("opening", "debits", "credits", "closing", "overdue")
    return {
        "id": str(row["id"]), "number": row["number"], "customer": row["customer_code"], "name": row["customer_name"],
        "currency": row["currency"], "period": row["period"], "form": row["form"], "version": row["version"],
        "status": row["status"], "ties": row["ties"], "digest": row["digest"],
        **{key: decimal_text(row[key], 0, row["currency"]) for key in money},
        "sent_at": row["sent_at"], "answered_at": row["answered_at"],
    }  # fmt: skip


@router.get("/companies/{code}/statements")
async def list_statements(
    known: HouseOf, company: CompanyOf, status: str = "", period: str = "", currency: str = "",
    after: UUID | None = None, limit: Limit = PAGE,
) -> dict[str, Any]:  # fmt: skip
    """Statements, newest first; `after` is the last id of the page before."""
    wanted = StatementFilter(status, period, currency.upper())
    async with transaction(known.engine, company.id) as session_:
        found = await statements_page(session_, company.id, wanted, after, limit)
    return {"statements": [_statement(row) for row in found.rows], "after": found.after}


@router.get("/companies/{code}/statements/{statement_id}")
async def show_statement(known: HouseOf, company: CompanyOf, statement_id: UUID) -> dict[str, Any]:
    """One statement with its canonical content."""
    async with transaction(known.engine, company.id) as session_:
        row = await find_statement(session_, company.id, statement_id)
    if row is None:
        raise PageUnknown
    return {**_statement(row), "content": json.loads(row["content"]), "difference": row["difference"]}


@router.get("/companies/{code}/balance")
async def balance(
    known: HouseOf, company: CompanyOf, as_of: date, as_known: datetime | None = None, customer: str | None = None
) -> dict[str, Any]:
    """Balances and aging, as `tieout balance` gives them."""
    return await report_balance(known.engine, company, as_of, as_known, customer)


@router.get("/companies/{code}/runs")
async def runs(known: HouseOf, company: CompanyOf, after: UUID | None = None) -> dict[str, Any]:
    """Runs, newest first."""
    found = await list_runs(known.engine, company, after)
    return {"runs": found, "after": found[-1]["run_id"] if found else None}


@router.get("/companies/{code}/runs/{run_id}")
async def run(known: HouseOf, company: CompanyOf, run_id: UUID) -> dict[str, Any]:
    """One run with its stages and figures."""
    return await report_run(known.engine, company, run_id)


@router.post("/companies/{code}/runs", status_code=202)
async def start_run(
    known: HouseOf, viewer: Viewer, company: CompanyOf, key: KeyOf, wanted: RunWanted
) -> dict[str, Any]:
    """Starts the run of a period, or answers the one there is."""
    need_role(viewer, *STARTERS)
    closing = Closing(period_of(wanted.period), wanted.form, as_of=wanted.as_of, started_by=viewer.user_id)

    async def work() -> dict[str, Any]:
        return {"run_id": str(await request_run(known.engine, company, closing))}

    return await remember_answer(known.engine, company.id, key, wanted.model_dump_json().encode(), work)


@router.post("/companies/{code}/imports")
async def import_file(
    request: Request, known: HouseOf, viewer: Viewer, company: CompanyOf, key: KeyOf,
    upload: Annotated[UploadFile, File()], profile: Annotated[str, Form(max_length=100)],
    dry_run: Annotated[bool, Form()] = False,
) -> dict[str, Any]:  # fmt: skip
    """Imports a ledger file, as `tieout import` does."""
    need_role(viewer, *IMPORTERS)
    content = await upload.read(MAX_UPLOAD + 1)
    if len(content) > MAX_UPLOAD:
        raise FileTooLarge(limit=MAX_UPLOAD // 1024**2, company=company.code)
    options = Options(dry_run, Actor("user", viewer.user_id), language_for(request))
    order = Order(upload.filename or "upload", content, profile, options)

    async def work() -> dict[str, Any]:
        return await import_content(known.engine, company, order)

    question = b"\0".join((profile.encode(), str(dry_run).encode(), content))
    return await remember_answer(known.engine, company.id, key, question, work)


@router.get("/companies/{code}/approvals")
async def approvals(
    known: HouseOf, viewer: Viewer, company: CompanyOf, after: str | None = None, limit: Limit = PAGE
) -> dict[str, Any]:
    """What waits for the caller's decision."""
    async with transaction(known.engine, company.id) as session_:
        found = await inbox(session_, company, viewer.user_id, after=after, limit=limit)
    return {"approvals": [asdict(card) for card in found.cards], "after": found.after}


@router.post("/companies/{code}/approvals/{request_id}/decisions")
async def make_decision(
    known: HouseOf, viewer: Viewer, company: CompanyOf, key: KeyOf, request_id: UUID, decision: Decision
) -> dict[str, Any]:
    """Decides; the same key answers the first outcome again."""
    outcome = await decide(
        known.engine, company.id, request_id, decision.command, actor_id=viewer.user_id, round=decision.round,
        stage=decision.stage, digest=decision.digest, comment=decision.comment, key=key, channel="api",
        assurance=viewer.assurance,
    )  # fmt: skip
    return asdict(outcome)
