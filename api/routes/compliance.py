"""Compliance: findings of the scheduled checks with owner, due date and evidence."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.context import HouseOf, PageUnknown, Viewer, back_to, language_for, need_role, page
from services.ask_waiver import ask_waiver
from services.assign_finding import ENDINGS, assign_finding, close_finding
from services.waiver_subjects import WAIVERS
from statements.compliance import CHECKS, SENTENCES
from storage.audit import Actor
from storage.database import transaction
from storage.findings import StoredFinding, list_findings
from storage.page_lists import people_list
from storage.pages import PAGE
from storage.waivers import open_waivers
from words.catalog import translate

router = APIRouter(include_in_schema=False)

OFFICERS = ("compliance", "manager")


class _Shown(dict[str, object]):
    """Values of a sentence; one that is not there is written as its own place."""

    def __missing__(self, key: str) -> str:
        return f"[{key}]"


def sentences_of(finding: StoredFinding, language: str) -> tuple[str, str]:
    """What was found and what to do, in the reader's language."""
    sentence, remedy = SENTENCES.get(finding.code, (finding.code.replace("_", " "), ""))
    told = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else value for name, value in finding.facts.items()
    }
    values = _Shown(told, subject=f"{finding.subject_kind} {finding.subject_id}")
    return translate(sentence, language).format_map(values), translate(remedy, language).format_map(values)


@router.get("/compliance")
async def show(
    request: Request, known: HouseOf, viewer: Viewer, status: str = "open", check: str = "", after: UUID | None = None
) -> Response:
    """Findings, oldest first."""
    wanted = status if status in ("open", "fixed", "waived") else None
    checks = [check] if check in CHECKS else None
    async with transaction(known.engine, viewer.company.id) as session:
        rows = await list_findings(
            session, viewer.company.id, checks=checks, status=wanted, after=after, limit=PAGE + 1
        )
        people = await people_list(session, viewer.company.id)
        asked = await open_waivers(session, viewer.company.id, WAIVERS)
    more = str(rows[PAGE - 1].id) if len(rows) > PAGE else None
    language = language_for(request)
    return page(
        request, "compliance.html", rows=[(row, *sentences_of(row, language)) for row in rows[:PAGE]], people=people,
        names={person["id"]: person["name"] for person in people}, shown=wanted or "", check=check, checks=CHECKS,
        more_after=more, may=bool(viewer.roles.intersection(OFFICERS)), asked=asked,
    )  # fmt: skip


@router.post("/compliance/{finding_id}/assign")
async def assign(
    known: HouseOf, viewer: Viewer, finding_id: UUID, owner: Annotated[UUID, Form()], due: Annotated[date, Form()]
) -> Response:
    """Names who sees to it, and by when."""
    need_role(viewer, *OFFICERS)
    await assign_finding(known.engine, viewer.company, finding_id, owner, due, Actor("user", viewer.user_id))
    return back_to("/compliance")


@router.post("/compliance/{finding_id}/close")
async def close(
    known: HouseOf, viewer: Viewer, finding_id: UUID, ending: Annotated[str, Form()],
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """Ends a finding with a reason, or asks two others to waive it."""
    need_role(viewer, *OFFICERS)
    if ending == "waived":
        request_id = await ask_waiver(known.engine, viewer.company, finding_id, reason, viewer.user_id)
        return back_to(f"/approvals/{request_id}")
    if ending not in ENDINGS:
        raise PageUnknown
    await close_finding(known.engine, viewer.company, finding_id, ending, reason, Actor("user", viewer.user_id))
    return back_to("/compliance")
