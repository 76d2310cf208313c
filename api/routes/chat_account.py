"""The person's chat account: asked here, confirmed in the chat, taken away here or by an administrator."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.context import HouseOf, Viewer, back_to, need_role, page
from api.routes.settings_edit import EDITOR
from services.link_chat_account import ask_chat_account, chat_account, remove_chat_account
from storage.audit import Actor

router = APIRouter(include_in_schema=False)


@router.get("/account/chat")
async def show(request: Request, known: HouseOf, viewer: Viewer, said: str = "") -> Response:
    """Whether an account is linked, asked, or not yet."""
    account = await chat_account(known.engine, viewer.company.id, viewer.user_id)
    return page(request, "chat_account.html", account=account, said=said)


@router.post("/account/chat")
async def ask(known: HouseOf, viewer: Viewer) -> Response:
    """Asks the account that has the person's address."""
    actor = Actor("user", viewer.user_id)
    await ask_chat_account(known.engine, known.settings, viewer.company.id, viewer.user_id, actor)
    return back_to("/account/chat", said="asked")


@router.post("/account/chat/remove")
async def remove(known: HouseOf, viewer: Viewer) -> Response:
    """Takes the person's own link away."""
    await remove_chat_account(known.engine, viewer.company.id, viewer.user_id, Actor("user", viewer.user_id))
    return back_to("/account/chat", said="removed")


@router.post("/settings/people/chat")
async def ask_for(known: HouseOf, viewer: Viewer, person: Annotated[UUID, Form()]) -> Response:
    """An administrator has a colleague asked; the colleague confirms in the chat."""
    need_role(viewer, EDITOR)
    actor = Actor("user", viewer.user_id)
    await ask_chat_account(known.engine, known.settings, viewer.company.id, person, actor)
    return back_to("/settings", saved="chat")


@router.post("/settings/people/chat/remove")
async def remove_for(known: HouseOf, viewer: Viewer, person: Annotated[UUID, Form()]) -> Response:
    """An administrator takes a colleague's link away."""
    need_role(viewer, EDITOR)
    await remove_chat_account(known.engine, viewer.company.id, person, Actor("user", viewer.user_id))
    return back_to("/settings", saved="chat")
