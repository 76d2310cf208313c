"""People who have confirmed their chat account, and our own small Slack listening on the loopback."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response

from api import dev_slack, slack
from api.context import House
from api.dev_chat_user import ChatHands
from api.dev_slack_hub import Delivered, Hub, hub_of
from notifications import slack_app
from notifications.slack_app import SlackApp
from services.carriers import LOCAL_SLACK
from services.local_slack import LOCAL_TEAM
from services.settings import Settings
from storage.caught import list_caught
from storage.chat_accounts import keep_asked, keep_confirmed
from storage.database import Database, owner_transaction, transaction

PATIENCE = 30.0
"""Seconds that tests wait where a person would not."""

ANSWER_PATIENCE = 2.5
"""The same for an answer: bolt waits three seconds for it, as Slack does."""


@dataclass(slots=True)
class PatientHub(Hub):
    """Waits also for what goes on after the acknowledgement, so that a test can look at what came of it."""

    apps: list[SlackApp] = field(default_factory=list)

    async def deliver(self, kind: str, payload: dict[str, Any]) -> Delivered:
        """Hands over one callback and waits for all of it."""
        said = await Hub.deliver(self, kind, payload)
        await self.settle()
        return said

    async def settle(self) -> None:
        """Waits for what was acknowledged and is not done yet."""
        for one in (*self.apps, slack.app_of(self.app)):
            await one.drain()


@dataclass(slots=True)
class LocalSlack:
    """Our small Slack, listening; `plan` holds what it does wrong: (method, moment, answer)."""

    app: FastAPI
    base: str
    plan: list[tuple[str, str, Response]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where its methods are."""
        return self.base + LOCAL_SLACK

    @property
    def hub(self) -> PatientHub:
        """How it speaks to us."""
        hub = hub_of(self.app)
        assert isinstance(hub, PatientHub)
        return hub

    @property
    def settings(self) -> Settings:
        """The settings of whoever is to talk to it."""
        house: House = self.app.state.house
        return house.settings

    def hands(self, user: str, team: str = LOCAL_TEAM) -> ChatHands:
        """What this user does."""
        return ChatHands(self.app, user, team=team)

    def fault(self, method: str, moment: str) -> Response | None:
        """The next planned fault if it fits this call."""
        if self.plan and self.plan[0][:2] == (method, moment):
            return self.plan.pop(0)[2]
        return None


@asynccontextmanager
async def local_slack(engine: Database, whole: FastAPI | None = None) -> AsyncIterator[LocalSlack]:
    """Serves it, and what it calls back, on a free port; `whole` is an application that has both, and pages."""
    listening = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app = whole or _only_slack(engine)
    app.state.house.settings.public_url = base
    app.state.slack_hub = PatientHub(app, acknowledge_within=PATIENCE)
    running = LocalSlack(app, base)
    app.state.slack_fault = running.fault
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="websockets-sansio"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield running
    finally:
        await running.hub.settle()
        server.should_exit = True
        await serving
        listening.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine too a dialogue is answered by its outcome, not by "later"."""
    monkeypatch.setattr(slack_app, "ANSWER_WITHIN", ANSWER_PATIENCE)


def _only_slack(engine: Database) -> FastAPI:
    app = FastAPI()
    app.state.house = House(Settings(), engine)
    app.include_router(dev_slack.router)
    app.include_router(slack.router)
    return app


async def link(engine: Database, company_id: UUID, person_id: UUID, chat_user: str, team: str = LOCAL_TEAM) -> None:
    """The person has confirmed the account."""
    async with transaction(engine, company_id) as session:
        await keep_asked(session, company_id, person_id, team, chat_user)
        await keep_confirmed(session, company_id, person_id)


async def chat_of(engine: Database, channel: str | None = None) -> list[dict[str, Any]]:
    """What stands in the chat, newest first."""
    async with owner_transaction(engine) as session:
        return [json.loads(caught.content) for caught in await list_caught(session, "slack", recipient=channel)]
