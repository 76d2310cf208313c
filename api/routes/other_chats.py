"""飞书, 钉钉, 企业微信, Teams and others: an administrator names them, people then choose them for themselves."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from api.context import HouseOf, Viewer, back_to, need_role
from api.routes.settings_edit import EDITOR
from services.chat_addresses import drop_chat, put_chat, try_chat
from storage.audit import Actor

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=2_000)]
"""An address with its token and options is far shorter."""


@router.post("/settings/chats")
async def put(known: HouseOf, viewer: Viewer, name: Text, address: Text) -> Response:
    """Keeps a chat's address, sealed."""
    need_role(viewer, EDITOR)
    actor = Actor("user", viewer.user_id)
    await put_chat(known.engine, known.settings, viewer.company, name, address, actor)
    return back_to("/settings", saved="chats")


@router.post("/settings/chats/try")
async def send_a_word(known: HouseOf, viewer: Viewer, name: Text) -> Response:
    """Posts a word there, and says whether it was taken."""
    need_role(viewer, EDITOR)
    answer = await try_chat(known.settings, viewer.company, name, viewer.language)
    return back_to("/settings", tried="yes" if answer.outcome == "accepted" else answer.words)


@router.post("/settings/chats/remove")
async def remove(known: HouseOf, viewer: Viewer, name: Text) -> Response:
    """Nobody is told there any more."""
    need_role(viewer, EDITOR)
    await drop_chat(known.engine, viewer.company, name, Actor("user", viewer.user_id))
    return back_to("/settings", saved="chats")
