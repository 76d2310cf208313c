"""The chat of the fault trials: our own small Slack on a port, with its share of 429, 5xx and cut answers."""

import asyncio
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from sqlalchemy import text

from api import dev_slack
from api.context import House
from services.settings import Settings
from storage.database import Database

FAULT_SHARE = 0.05
"""Of posts, for each kind of fault: a chat has fewer of them than a mail server has messages."""


@dataclass(slots=True)
class FaultySlack:
    """What the chat does wrong while it is not calm."""

    chance: random.Random
    done: Counter[str]
    calm: bool = False

    def fault(self, method: str, moment: str) -> Response | None:
        """A refusal before the message is kept, or an answer that gets lost after it was."""
        if self.calm or method != "chat.postMessage":
            return None
        if moment == "before":
            if self._now("Slack answered 429"):
                return JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "1"})
            return Response("down", 503) if self._now("Slack answered 503") else None
        return Response("", 504) if self._now("Slack's answer cut after acceptance") else None

    def _now(self, what: str) -> bool:
        hit = self.chance.random() < FAULT_SHARE
        self.done[what] += hit
        return hit


@asynccontextmanager
async def faulty_slack(engine: Database, faults: FaultySlack) -> AsyncIterator[str]:
    """Serves the methods on a free port of the loopback; answers the address for a client."""
    app = FastAPI()
    app.state.house = House(Settings(), engine)
    app.state.slack_fault = faults.fault
    app.include_router(dev_slack.router)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/dev/slack/api/"
    finally:
        server.should_exit = True
        await serving
        listening.close()


async def posted(engine: Database) -> Counter[str]:
    """How often each outbox id stands in the chat."""
    query = text(
        "select convert_from(content, 'UTF8')::jsonb #>> '{metadata,event_payload,outbox_id}' from caught_message "
        "where channel = 'slack'"
    )
    async with engine.begin() as session:
        return Counter((await session.execute(query)).scalars())
