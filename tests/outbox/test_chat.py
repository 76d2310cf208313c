"""Slack by its real client against our own small Slack: posted once, locked after the decision, clicks checked."""

from uuid import UUID

import pytest
from fastapi.responses import JSONResponse, Response

from api.dev_chat_user import NoSuchButtonError
from services.add_company import add_company
from services.local_slack import local_chat_user, local_direct_channel
from services.lock_chat_messages import lock_chat_messages
from services.relay_outbox import relay_once
from services.settings import Settings
from storage.database import Database, transaction
from storage.outbox import Message, enqueue
from storage.tasks import list_tasks
from tests.outbox.support import Mailbox, drain, relay, row_of
from tests.support.chat import chat_of, local_slack, patient

__all__ = ["patient"]

REQUEST = "00000000-0000-7000-8000-000000000009"
PAYLOAD: dict[str, object] = {
    "request_id": REQUEST, "round": 1, "stage": 0, "digest": "d1g35t",
    "title": "2026-06/C1/CNY/v1", "figures": [{"label": "Closing", "value": "CNY 100.00"}], "checks": [],
    "url_path": "/approvals/9", "link": "decide",
}  # fmt: skip


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
        assert row.external_id.startswith(local_direct_channel(local_chat_user("alice@acme.example")))
        (message,) = await chat_of(engine)
        assert button_ids(message) == ["approve", "return", "reject", "open"]
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
    """The signed click arrives, the chat account belongs to nobody: only that user is told, and how to be linked."""
    await ask(engine, company)
    async with local_slack(engine) as running, relay(Mailbox(), slack_url=running.url) as carriers:
        await drain(engine, company, Settings(), carriers)
        (message,) = await chat_of(engine)
        channel, stamp = str(message["channel"]), str(message["ts"])
        stranger = running.hands("USTRANGER")
        await stranger.press(channel, stamp, "approve")
        told = (await chat_of(engine, channel))[0]
        assert told["ephemeral"] == "USTRANGER"
        assert "not linked" in told["text"]
        assert f"{running.base}/account/chat" in told["text"]
        await stranger.press(channel, stamp, "reject")
        said = await stranger.submit("no")
        assert "not linked" in said.body["errors"]["reason"]
        with pytest.raises(NoSuchButtonError):
            await stranger.press(channel, "1.0", "approve")
