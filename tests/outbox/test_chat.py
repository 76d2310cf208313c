"""Slack by its real client against our own small Slack: posted once, locked after the decision, clicks checked."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from api import dev_slack, slack
from api.context import House
from services.add_company import add_company
from services.lock_chat_messages import lock_chat_messages
from services.relay_outbox import relay_once
from services.settings import Settings
from storage.caught import list_caught
from storage.database import Database, owner_transaction, transaction
from storage.outbox import Message, enqueue
from storage.tasks import list_tasks
from tests.outbox.support import Mailbox, drain, json_of, relay, row_of

REQUEST = "00000000-0000-7000-8000-000000000009"
PAYLOAD: dict[str, object] = {
    "request_id": REQUEST, "round": 1, "stage": 0, "digest": "d1g35t",
    "title": "2026-06/C1/CNY/v1", "figures": [{"label": "Closing", "value": "CNY 100.00"}], "checks": [],
    "url_path": "/approvals/9", "link": "decide",
}  # fmt: skip


@dataclass(slots=True)
class LocalSlack:
    """Our small Slack, listening; `plan` holds what it does wrong: (method, moment, answer)."""

    app: FastAPI
    url: str
    plan: list[tuple[str, str, Response]]

    def fault(self, method: str, moment: str) -> Response | None:
        """The next planned fault if it fits this call."""
        if self.plan and self.plan[0][:2] == (method, moment):
            return self.plan.pop(0)[2]
        return None


@asynccontextmanager
async def local_slack(engine: Database) -> AsyncIterator[LocalSlack]:
    """Serves the two routers on a free port."""
    app = FastAPI()
    app.state.house = House(Settings(), engine)
    app.include_router(dev_slack.router)
    app.include_router(slack.router)
    running = LocalSlack(app, "", [])
    app.state.slack_fault = running.fault
    listening = socket.create_server(("127.0.0.1", 0))
    running.url = f"http://127.0.0.1:{listening.getsockname()[1]}/dev/slack/api/"
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield running
    finally:
        server.should_exit = True
        await serving
        listening.close()


@pytest.fixture
async def company(engine: Database) -> UUID:
    """A company."""
    return await add_company(engine, "ACME", "Acme Trading", "CNY", "Asia/Shanghai")


async def ask(engine: Database, company: UUID, key: str = "k", recipient: str = "alice@acme.example") -> UUID:
    """Queues one approval request for the chat."""
    message = Message(
        "approval_asked",
        "slack",
        recipient,
        key,
        "approval",
        REQUEST,
        PAYLOAD,
        lane="urgent",
    )
    async with transaction(engine, company) as session:
        queued = await enqueue(session, company, message)
    assert queued is not None
    return queued


async def chat_of(engine: Database) -> list[dict[str, object]]:
    """What people see in the chat."""
    async with owner_transaction(engine) as session:
        return [json_of(caught.content) for caught in await list_caught(session, "slack")]


def button_ids(message: dict[str, object]) -> list[str]:
    """The buttons of a message."""
    blocks = message["blocks"]
    assert isinstance(blocks, list)
    return [element["action_id"] for block in blocks if block["type"] == "actions" for element in block["elements"]]


async def test_a_request_is_posted_and_locked_after_the_decision(engine: Database, company: UUID) -> None:
    """Buttons first; after the close the same message names the outcome and has no decision in it."""
    row_id = await ask(engine, company)
    async with local_slack(engine) as running, relay(Mailbox(), slack_url=running.url) as carriers:
        await drain(engine, company, Settings(), carriers)
        row = await row_of(engine, company, row_id)
        assert row.state == "accepted"
        assert row.external_id is not None
        assert row.external_id.startswith(dev_slack.user_id_of("alice@acme.example"))
        (message,) = await chat_of(engine)
        assert button_ids(message) == ["approve", "reject", "open"]
        async with transaction(engine, company) as session:
            closed = Message(
                "approval_closed", "internal", "", "c", "approval", row.subject_id, {"request_id": row.subject_id}
            )  # fmt: skip
            closed_id = await enqueue(session, company, closed)
        assert closed_id is not None
        closed_row = await row_of(engine, company, closed_id)
        assert await lock_chat_messages(engine, company, closed_row) == 1
        assert await lock_chat_messages(engine, company, closed_row) == 0
        await drain(engine, company, Settings(), carriers)
    (message,) = await chat_of(engine)
    assert button_ids(message) == ["open"]
    assert message["edited"] is True


async def test_slack_asks_for_a_pause(engine: Database, company: UUID) -> None:
    """429 with Retry-After: it waits as long, nothing is lost, nothing comes twice."""
    row_id = await ask(engine, company)
    async with local_slack(engine) as running, relay(Mailbox(), slack_url=running.url) as carriers:
        running.plan.append(
            (
                "chat.postMessage",
                "before",
                JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "7"}),
            )
        )
        await relay_once(engine, company, Settings(), carriers)
        row = await row_of(engine, company, row_id)
        assert (row.state, row.answer) == ("pending", "ratelimited")
        async with engine.begin() as session:
            wait = await session.exec_driver_sql("select extract(epoch from next_at - clock_timestamp()) from outbox")
            assert 5 < float(wait.scalar_one()) <= 7
        await drain(engine, company, Settings(), carriers)
    assert (await row_of(engine, company, row_id)).state == "accepted"
    assert len(await chat_of(engine)) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_slack_fails_before_or_after_acceptance(engine: Database, company: UUID, moment: str) -> None:
    """A 500 says nothing: the message is looked for by its metadata, and posted only if it is not there."""
    row_id = await ask(engine, company)
    async with local_slack(engine) as running, relay(Mailbox(), slack_url=running.url) as carriers:
        running.plan.append(("chat.postMessage", moment, Response("oops", 500)))
        await relay_once(engine, company, Settings(), carriers)
        assert (await row_of(engine, company, row_id)).state == "uncertain"
        await drain(engine, company, Settings(), carriers)
    row = await row_of(engine, company, row_id)
    assert row.state == "accepted"
    assert row.external_id is not None
    assert len(await chat_of(engine)) == 1


async def test_slack_down_and_unknown_people(engine: Database, company: UUID) -> None:
    """Refused connections are tried again; a channel that does not exist becomes a task."""
    down = await ask(engine, company, "down")
    async with relay(Mailbox()) as carriers:
        await relay_once(engine, company, Settings(), carriers)
        assert (await row_of(engine, company, down)).state == "pending"
    async with local_slack(engine) as running, relay(Mailbox(), slack_url=running.url) as carriers:
        running.plan.append(
            ("chat.postMessage", "before", JSONResponse({"ok": False, "error": "channel_not_found"}))
        )  # fmt: skip
        await drain(engine, company, Settings(), carriers)
    assert (await row_of(engine, company, down)).state == "dead"
    async with transaction(engine, company) as session:
        assert [task.kind for task in await list_tasks(session, company)] == ["undeliverable"]


async def test_one_message_a_second_per_channel(engine: Database, company: UUID) -> None:
    """The second message to the same channel waits; the one to another does not."""
    same = [await ask(engine, company, f"k{i}", "C0123") for i in range(2)]
    other = await ask(engine, company, "k9", "C0999")
    async with local_slack(engine) as running, relay(Mailbox(), slack_url=running.url) as carriers:
        await relay_once(engine, company, Settings(), carriers)
    states = sorted([(await row_of(engine, company, row)).state for row in same])
    assert states == ["accepted", "pending"]
    assert (await row_of(engine, company, other)).state == "accepted"


async def test_a_click_of_a_stranger_is_refused_in_words(engine: Database, company: UUID) -> None:
    """The signed click arrives, the chat account belongs to nobody: the answer says so."""
    await ask(engine, company)
    async with local_slack(engine) as running, relay(Mailbox(), slack_url=running.url) as carriers:
        await drain(engine, company, Settings(), carriers)
        (message,) = await chat_of(engine)
        request = Request({"type": "http", "app": running.app, "headers": [], "method": "POST", "path": "/dev/chat"})
        channel, stamp = str(message["channel"]), str(message["ts"])
        said = await dev_slack.simulate_click(request, channel, stamp, "approve", "USTRANGER")
        assert said["ok"] is False
        assert "not linked" in said["text"]
        said = await dev_slack.simulate_click(request, channel, stamp, "reject", "USTRANGER", comment="no")
        assert "not linked" in said["errors"]["reason"]
        missing = await dev_slack.simulate_click(request, channel, "1.0", "approve", "USTRANGER")
        assert missing == {"ok": False, "error": "no_such_button"}
