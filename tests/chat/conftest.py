"""The cast of the approvals, and a listener on our own small Slack."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.answer_chat import slack_app
from services.settings import Settings
from storage.database import Database
from tests.approvals.conftest import house
from tests.support.chat import LocalSlack, patient

__all__ = ["house", "patient"]

APP_TOKEN = "xapp-1-ALOCAL-secret"


@asynccontextmanager
async def listening(engine: Database, chat: LocalSlack) -> AsyncIterator[None]:
    """`tieout chat` without its process: connected when the block starts, ended when it is left."""
    settings = Settings(public_url=chat.base, slack_app_token=APP_TOKEN)
    app, stop = slack_app(engine, settings), asyncio.Event()
    chat.hub.apps.append(app)
    running = asyncio.create_task(app.listen(stop))
    try:
        async with asyncio.timeout(10):
            await chat.hub.somebody()
        yield
    finally:
        stop.set()
        await running
