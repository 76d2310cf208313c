"""The cast of the approvals, and a listener on our own small Slack."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from notifications.chat_callback import Callback, Heard
from notifications.slack_socket import SlackSocket
from services.answer_chat import answer_chat
from services.settings import Settings
from storage.database import Database
from tests.approvals.conftest import house
from tests.support.chat import LocalSlack, patient

__all__ = ["house", "patient"]

APP_TOKEN = "xapp-1-ALOCAL-secret"


@asynccontextmanager
async def listening(engine: Database, chat: LocalSlack) -> AsyncIterator[SlackSocket]:
    """`tieout chat` without its process: connected when the block starts, ended when it is left."""
    settings = Settings(public_url=chat.base, slack_app_token=APP_TOKEN)

    async def take(callback: Callback) -> Heard:
        return await answer_chat(engine, settings, callback)

    listener, stop = SlackSocket(APP_TOKEN, chat.url, take), asyncio.Event()
    running = asyncio.create_task(listener.listen(stop))
    try:
        async with asyncio.timeout(10):
            await listener.connected.wait()
        yield listener
    finally:
        stop.set()
        await running
