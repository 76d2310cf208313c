"""Slack that is busy, broken or away: the person's next channel takes over, and nothing is lost."""

from uuid import UUID

import pytest
from fastapi.responses import JSONResponse, Response
from sqlalchemy import text

from services.relay_outbox import relay_once
from services.settings import Settings
from storage.companies import Company
from storage.database import Database
from storage.preferences import Preference
from tests.outbox.support import Mailbox, drain, due_now, relay, row_of, scalar
from tests.outbox.test_wishes import alice, company, queue, wish
from tests.support.chat import chat_of, local_slack

__all__ = ["alice", "company"]

SETTINGS = Settings(public_url="https://statements.example")
CHAT_FIRST = Preference(channels=("slack", "email"))


async def age(engine: Database, seconds: int) -> None:
    """All queued messages are as old as this."""
    async with engine.begin() as session:
        await session.execute(
            text("update outbox set created_at = created_at - make_interval(secs => :s)"), {"s": seconds}
        )


async def test_a_day_without_slack_loses_nothing(engine: Database, company: Company, alice: UUID) -> None:
    """Refused connections: after a quarter of an hour the mail has it; the chat message is called off, not kept."""
    await wish(engine, company, alice, CHAT_FIRST)
    rows = [await queue(engine, company, "run_finished", alice, channel="slack", recipient="UA") for _ in range(3)]
    mailbox = Mailbox()
    async with relay(mailbox) as carriers:
        await relay_once(engine, company.id, SETTINGS, carriers)
        assert {(await row_of(engine, company.id, row)).state for row in rows} == {"pending"}
        await age(engine, 86_400)
        await drain(engine, company.id, SETTINGS, carriers)
    assert len(mailbox.mails) == 3
    assert {(await row_of(engine, company.id, row)).state for row in rows} == {"cancelled"}


BUSY = JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "30"})
BROKEN = Response("down", 503)


@pytest.mark.parametrize("answer", [BUSY, BROKEN], ids=["429", "503"])
async def test_a_slack_that_posts_nothing_for_a_day(
    engine: Database, company: Company, alice: UUID, answer: Response
) -> None:
    """It answers, and takes no message: the mail has it once the quarter of an hour is over, and only the mail."""
    await wish(engine, company, alice, CHAT_FIRST)
    row_id = await queue(engine, company, "run_finished", alice, channel="slack", recipient="UA")
    mailbox = Mailbox()
    async with local_slack(engine) as chat, relay(mailbox, slack_url=chat.url) as carriers:
        chat.app.state.slack_fault = lambda method, when: (
            answer if (method, when) == ("chat.postMessage", "before") else None
        )
        await relay_once(engine, company.id, SETTINGS, carriers)
        assert (await row_of(engine, company.id, row_id)).state in {"pending", "uncertain"}
        await age(engine, 86_400)
        await drain(engine, company.id, SETTINGS, carriers)
    assert len(mailbox.mails) == 1
    assert ((await row_of(engine, company.id, row_id)).state, len(await chat_of(engine))) == ("cancelled", 0)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_an_unknown_outcome_does_not_wait_for_slack(
    engine: Database, company: Company, alice: UUID, moment: str
) -> None:
    """A 500 and then silence: after the quiet period the mail has it. Once Slack answers again it is settled there:
    found if it had been posted, called off if not; posted again never.
    """  # noqa: D205 - one sentence over two lines
    await wish(engine, company, alice, CHAT_FIRST)
    row_id = await queue(engine, company, "run_finished", alice, channel="slack", recipient="UA")
    mailbox = Mailbox()
    async with local_slack(engine) as chat, relay(mailbox, slack_url=chat.url) as carriers:
        chat.plan.append(("chat.postMessage", moment, Response("oops", 500)))
        await relay_once(engine, company.id, SETTINGS, carriers)
        assert (await row_of(engine, company.id, row_id)).state == "uncertain"
        for _ in range(2):
            chat.plan.append(("conversations.history", "before", Response("down", 503)))
            await due_now(engine)
            await relay_once(engine, company.id, SETTINGS, carriers)
        row = await row_of(engine, company.id, row_id)
        assert row.state == "uncertain"
        await drain(engine, company.id, SETTINGS, carriers)
    assert len(mailbox.mails) == 1
    expected = {"before": ("cancelled", 0), "after": ("accepted", 1)}[moment]
    assert ((await row_of(engine, company.id, row_id)).state, len(await chat_of(engine))) == expected
    assert await scalar(engine, "select count(*) from delivery_attempt where outcome = 'instead'") == 1
