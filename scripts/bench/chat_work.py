"""What the contenders of chat.py do, one in a process: presses every open request's Approve once."""

import asyncio
import json
import socket
import statistics
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI

from api import dev_slack, slack
from api.context import House
from api.dev_chat_user import ChatHands
from api.dev_slack_hub import INTERACTIVE, hub_of
from scripts.bench.measure import timed
from services.add_company import company_by_code
from services.local_slack import LOCAL_TEAM, local_chat_user
from services.settings import Settings
from storage.chat_accounts import keep_asked, keep_confirmed
from storage.database import Database, engine_for, transaction

AT_ONCE = 16
"""Presses under way."""

ALICE = local_chat_user("alice@bench.example")

APP_TOKEN = "xapp-1-ALOCAL-bench"  # noqa: S105 - our own small Slack takes any


async def press_all(way: str, url: str) -> dict[str, float]:
    """Milliseconds to the acknowledgement; raises when a press was not acknowledged or decided nothing."""
    engine = engine_for(url)
    buttons = await _buttons(engine)
    listening = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    settings, app, stop = Settings(public_url=base, slack_app_token=APP_TOKEN), FastAPI(), asyncio.Event()
    app.state.house = House(settings, engine)
    app.include_router(dev_slack.router)
    app.include_router(slack.router)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    heard = slack.app_of(app)
    if way == "socket":
        listener = asyncio.create_task(heard.listen(stop))
        await hub_of(app).somebody()
    await _press(app, buttons)
    await heard.drain()
    stop.set()
    if way == "socket":
        await listener
    server.should_exit = True
    await serving
    await _require_decided(engine, len(buttons))
    await engine.dispose()
    taken = sorted(1_000 * one for one in hub_of(app).seconds)
    return {"p50 ms": statistics.median(taken), "p99 ms": taken[int(0.99 * (len(taken) - 1))], "most ms": taken[-1]}


async def _buttons(engine: Database) -> list[dict[str, Any]]:
    company = await company_by_code(engine, "BENCH")
    async with transaction(engine, company.id) as session:
        alice = (await session.exec_driver_sql("select id from app_user where name = 'alice'")).scalar_one()
        await keep_asked(session, company.id, alice, LOCAL_TEAM, ALICE)
        await keep_confirmed(session, company.id, alice)
        rows = (await session.exec_driver_sql("select id, round, stage, digest from approval_request")).all()
    return [
        {"type": "button", "action_id": "approve", "value": json.dumps({
            "company": str(company.id), "request_id": str(row.id), "round": row.round, "stage": row.stage,
            "digest": row.digest,
        })}
        for row in rows
    ]  # fmt: skip


async def _press(app: FastAPI, buttons: list[dict[str, Any]]) -> None:
    hands, hub, waiting = ChatHands(app, ALICE), hub_of(app), iter(enumerate(buttons))

    async def finger() -> None:
        for number, button in waiting:
            said = await hub.deliver(INTERACTIVE, hands.pressed(f"D{number}", "1.1", button))
            if said.status != 200:  # noqa: PLR2004 - HTTP's OK
                raise RuntimeError(f"a press was answered with {said.status}")

    await asyncio.gather(*(finger() for _ in range(AT_ONCE)))


async def _require_decided(engine: Database, count: int) -> None:
    async with engine.begin() as session:
        query = "select count(*) from approval_request where state <> 'open'"
        decided = (await session.exec_driver_sql(query)).scalar_one()
    if decided != count:
        raise RuntimeError(f"{decided} of {count} presses decided")


if __name__ == "__main__":
    timed(lambda: asyncio.run(press_all(*sys.argv[1:])))
