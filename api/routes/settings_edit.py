"""What an administrator changes on the settings page: the company's choices, how items age, who works here."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.context import House, HouseOf, Viewer, back_to, need_role
from services.add_user import add_user, change_roles, disable_user
from services.change_company import CompanySettingInvalid, change_company
from services.fire_approval_timers import recheck_people
from services.publish_aging_policy import AgingPolicyInvalid, publish_aging_policy
from storage.audit import Actor
from storage.people import ROLES
from storage.sessions import SignedIn

router = APIRouter(include_in_schema=False)

EDITOR = "administrator"
"""May set up everything and approve nothing."""

MAX_DATA = 20_000
"""Characters of a policy written as data: thirty levels and a hundred owner rules fit."""

Text = Annotated[str, Form(max_length=MAX_DATA)]


@router.post("/settings/company/{name}")
async def change(known: HouseOf, viewer: Viewer, name: str, value: Text = "", kind: Text = "text") -> Response:
    """One of the company's choices; an empty field goes back to the house's default."""
    need_role(viewer, EDITOR)
    chosen = _data(name, value) if kind == "data" else value or None
    await change_company(known.engine, viewer.company, name, chosen, Actor("user", viewer.user_id))
    return back_to("/settings", saved=name)


@router.post("/settings/close")
async def change_close(known: HouseOf, viewer: Viewer, working_day: Text = "", form: Text = "OPEN_ITEM") -> Response:
    """When the month before is closed by itself."""
    need_role(viewer, EDITOR)
    chosen = {"working_day": working_day.strip() or None, "form": form}
    await change_company(known.engine, viewer.company, "close", chosen, Actor("user", viewer.user_id))
    return back_to("/settings", saved="close")


@router.post("/settings/aging")
async def publish_aging(
    known: HouseOf, viewer: Viewer, name: Text, basis: Text, credit_place: Text, bounds: Text
) -> Response:
    """A new version of an aging policy; statements that went out keep theirs."""
    need_role(viewer, EDITOR)
    body = {"basis": basis, "credits": credit_place, "upper_bounds": _numbers(name, bounds)}
    await publish_aging_policy(known.engine, viewer.company, name.strip(), body, viewer.user_id)
    return back_to("/settings", saved="aging_policy")


@router.post("/settings/people")
async def add_person(request: Request, known: HouseOf, viewer: Viewer) -> Response:
    """A new colleague with a first password."""
    need_role(viewer, EDITOR)
    form = await request.form()
    values = {name: str(form.get(name, "")) for name in ("email", "name", "password", "language")}
    roles = frozenset(str(role) for role in form.getlist("role"))
    await add_user(
        known.engine, viewer.company.id, values["email"], values["name"], roles, password=values["password"],
        language=values["language"], actor=Actor("user", viewer.user_id),
    )  # fmt: skip
    return await _people_changed(known, viewer)


@router.post("/settings/people/roles")
async def set_roles(request: Request, known: HouseOf, viewer: Viewer) -> Response:
    """Other roles for a colleague; open approvals read them at the next click."""
    need_role(viewer, EDITOR)
    form = await request.form()
    roles = frozenset(str(role) for role in form.getlist("role"))
    actor = Actor("user", viewer.user_id)
    await change_roles(known.engine, viewer.company.id, str(form.get("email", "")), roles, actor)
    return await _people_changed(known, viewer)


@router.post("/settings/people/disable")
async def disable(known: HouseOf, viewer: Viewer, email: Text, sure: Text = "") -> Response:
    """Ends a leaver's access and links."""
    need_role(viewer, EDITOR)
    if sure != "yes":
        return back_to("/settings")
    await disable_user(known.engine, viewer.company.id, email, Actor("user", viewer.user_id))
    return await _people_changed(known, viewer)


async def _people_changed(known: House, viewer: SignedIn) -> Response:
    """Stages that now have too few people are blocked, those that have enough again are opened."""
    for role in ROLES:
        await recheck_people(known.engine, viewer.company.id, role)
    return back_to("/settings", saved="people")


def _data(name: str, written: str) -> Any:  # noqa: ANN401 - JSON
    if not written.strip():
        return None
    try:
        return json.loads(written)
    except ValueError:
        raise CompanySettingInvalid(name=name, value=written[:100], example="JSON") from None


def _numbers(name: str, written: str) -> list[int]:
    try:
        return [int(part) for part in written.replace(",", " ").replace("，", " ").split()]
    except ValueError:
        raise AgingPolicyInvalid(name=name, reason=written) from None
