"""The slash command: figures and a link for the person who asks, and what they may not see stays unsaid."""

import json

import pytest
from sqlalchemy import text

from notifications import slack_app
from services.add_company import add_company
from tests.approvals.conftest import House
from tests.approvals.test_shell import loaded, submitted
from tests.chat.conftest import listening
from tests.outbox.support import customer_with_contact, statement_of
from tests.support.chat import chat_of, local_slack


async def test_a_statement_is_found_by_number_customer_or_code(house: House) -> None:
    """By HTTP and by socket; ephemeral; with closing balance, status and the page."""
    statement_id, _ = await submitted(house, 80_000_00)
    async with house.engine.begin() as session:
        row = (await session.execute(text("select number, closing from statement"))).one()
    async with local_slack(house.engine) as chat:
        alice = chat.hands("UALICE")
        by_http = await alice.command("C1", row.number)
        async with listening(house.engine, chat):
            by_socket = await alice.command("C1", row.number.split("/")[1].lower())
            nothing = await alice.command("C1", "zz%")
            empty = await alice.command("C1", "  ")
    for said in (by_http, by_socket):
        assert said.body["response_type"] == "ephemeral"
        told = json.dumps(said.body, ensure_ascii=False)
        assert f"{chat.base}/statements/{statement_id}" in told
        assert "80,000.00" in told
    assert "No statement was found" in nothing.body["text"]
    assert "after the command" in empty.body["text"]
    assert {one["ephemeral"] for one in await chat_of(house.engine, "C1")} == {"UALICE"}


async def test_nobody_sees_another_companys_statements_and_a_stranger_none(house: House) -> None:
    """The other company has one with the same number; an account that is linked nowhere learns how to be."""
    other = await add_company(house.engine, "OTHER", "Other", "CNY", "UTC")
    customer_id, _ = await customer_with_contact(house.engine, other, "C77", "x@y.example")
    await statement_of(house.engine, other, customer_id, "C77")
    async with local_slack(house.engine) as chat:
        assert "No statement was found" in (await chat.hands("UALICE").command("C1", "C77")).body["text"]
        stranger = await chat.hands("UNOBODY").command("C1", "C77")
    assert f"{chat.base}/account/chat" in stranger.body["text"]
    assert "statements" not in stranger.body["text"]


async def test_slow_work_is_acknowledged_first_and_told_afterwards(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Empty answers at once; the figures, and the refusal of a dialogue, come later for the same eyes alone."""
    monkeypatch.setattr(slack_app, "ANSWER_WITHIN", 0.0)
    _, request_id = await submitted(house, 80_000_00)
    async with local_slack(house.engine) as chat:
        alice = chat.hands("UALICE")
        assert (await alice.command("C1", "2012")).body == {}
        button = {"type": "button", "action_id": "reject", "value": json.dumps({"company": str(house.id)})}
        await chat.hub.deliver("interactive", alice.pressed("C1", "1.1", button))
        assert (await alice.submit("no")).body == {"response_action": "clear"}
        refused, found = await chat_of(house.engine, "C1")
    assert "not a decision" in refused["text"]
    assert "80,000.00" in json.dumps(found)
    assert {one["ephemeral"] for one in (refused, found)} == {"UALICE"}
    assert (await loaded(house, request_id)).request.state == "open"
