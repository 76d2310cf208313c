"""Approval policies: in words, edited as text, tried on the last quarter, and put in force by a second person."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.context import House, HouseOf, PageUnknown, Viewer, back_to, language_for, need_role, page
from api.errors import status_of
from approvals.explain import explain
from approvals.lint import fault_words
from approvals.policy import parse_policy
from approvals.request import CONSUMED
from services.edit_policies import SHOWN, Tried, parsed, policy_versions, read_document, resting_defaults, try_policy
from services.publish_policy import EDITORS, PolicyInvalid, draft_policy, publish_policy
from storage.approval_policies import StoredPolicy, find_policy
from storage.database import transaction
from storage.people import names_of
from storage.sessions import SignedIn
from words.refusal import Refusal

router = APIRouter(include_in_schema=False)

MAX_TEXT = 50_000
"""Characters of a policy: twenty stages with long conditions."""

EXAMPLE = """name = "statements"
subjects = ["statement", "statement_batch"]
comments = ["reject", "return"]

[[stages]]
name = "review"
seats = [["role:reviewer"]]
watch = ["closing", "lines"]

[[stages]]
name = "manager"
if = { gt = ["closing_whole", 500000] }
seats = [["role:manager"]]

[clock]
remind_hours = 9
expire_hours = 180
"""


async def _show(
    request: Request, known: House, viewer: SignedIn, *, text: str = "", facts: str = "", tried: Tried | None = None,
    problem: Refusal | None = None,
) -> Response:  # fmt: skip
    language = language_for(request)
    async with transaction(known.engine, viewer.company.id) as session:
        versions = await policy_versions(session, viewer.company.id)
        names = await names_of(session, viewer.company.id)
    return page(
        request, "policies.html", status=status_of(problem) if problem else 200,
        policies=[(name, [_told(one, language) for one in found]) for name, found in versions.items()],
        resting=[(one["name"], explain(parse_policy(one), language)) for one in resting_defaults(versions)],
        names=names, may=bool(viewer.roles.intersection(EDITORS)), text=text, facts=facts, example=EXAMPLE,
        tried=tried, faults=[(one, fault_words(one, language)) for one in tried.faults] if tried else [],
        shown=SHOWN, problem=problem.text(language) if problem else "",
        remedy=problem.remedy_text(language) if problem else "",
    )  # fmt: skip


def _told(one: StoredPolicy, language: str) -> dict[str, Any]:
    return {"stored": one, "words": explain(one.policy(), language)}


@router.get("/policies")
async def show(request: Request, known: HouseOf, viewer: Viewer, edit: UUID | None = None) -> Response:
    """Every policy; with `edit`, the text of one version to start from."""
    text = ""
    if edit is not None:
        async with transaction(known.engine, viewer.company.id) as session:
            found = await find_policy(session, viewer.company.id, edit)
        if found is None:
            raise PageUnknown
        text = json.dumps(found.document(), ensure_ascii=False, indent=2)
    return await _show(request, known, viewer, text=text)


@router.post("/policies")
async def edit(
    request: Request, known: HouseOf, viewer: Viewer, text: Annotated[str, Form(max_length=MAX_TEXT)],
    act: Annotated[str, Form(max_length=10)] = "try", facts: Annotated[str, Form(max_length=MAX_TEXT)] = "",
) -> Response:  # fmt: skip
    """Tries the text without keeping it, or keeps it as a draft."""
    need_role(viewer, *EDITORS)
    try:
        document = read_document(text)
        policy = parsed(document)
        if act == "keep":
            await draft_policy(known.engine, viewer.company.id, document, viewer.user_id)
            return back_to("/policies", done="drafted")
        given = read_document(facts) if facts.strip() else None
        async with transaction(known.engine, viewer.company.id) as session:
            tried = await try_policy(session, viewer.company.id, policy, given, language_for(request))
    except PolicyInvalid as problem:
        return await _show(request, known, viewer, text=text, facts=facts, problem=problem)
    return await _show(request, known, viewer, text=text, facts=facts, tried=tried)


@router.post("/policies/{policy_id}/publish")
async def publish(request: Request, known: HouseOf, viewer: Viewer, policy_id: UUID) -> Response:
    """Puts a colleague's draft in force; open requests keep the version they opened with."""
    need_role(viewer, *EDITORS)
    try:
        state = await publish_policy(known.engine, viewer.company.id, policy_id, viewer.user_id)
    except Refusal as problem:
        return await _show(request, known, viewer, problem=problem)
    return back_to("/policies", done="published" if state == CONSUMED else "agreed")
