"""One message per run to its preparer, and mails that wait while their reason ends."""

from collections.abc import Callable
from email.message import EmailMessage
from uuid import UUID

from sqlalchemy import update

from notifications.mail_catcher import Faults
from services.open_approvals import open_approvals_for_run
from services.relay_outbox import relay_once
from services.settings import Settings
from storage.database import transaction
from storage.outbox import Message, OutboxRow, enqueue, rows_of_subject
from storage.schema import statement
from tests.approvals.conftest import House, house
from tests.approvals.test_shell import click
from tests.outbox.support import (
    Mailbox,
    customer_with_contact,
    due_now,
    relay,
    row_of,
    scalar,
    statement_of,
)
from tests.support.approval_samples import write_run, write_statement

__all__ = ["house"]

SETTINGS = Settings()
HIGH = 80_000_00
"""Above what the default policy approves by itself, below what needs a manager."""


async def run_in_review(house: House, codes: tuple[str, ...]) -> tuple[UUID, list[UUID]]:
    """A run that Carl prepared, and the requests of its statements."""
    async with transaction(house.engine, house.id) as session:
        run_id = await write_run(session, house.id)
        for code in codes:
            await write_statement(session, house.id, code, HIGH, run_id=run_id, prepared_by=house.carl)
    await open_approvals_for_run(house.engine, house.company, run_id, house.carl)
    ids = await scalar(house.engine, "select json_agg(id order by id) from approval_request")
    assert isinstance(ids, list)
    return run_id, [UUID(one) for one in ids]


async def to_carl(house: House, kind: str) -> object:
    """How many mails of the kind are queued for the clerk."""
    return await scalar(
        house.engine,
        f"select count(*) from outbox where kind = '{kind}' and recipient = 'carl@acme.example'",  # noqa: S608 - a test's own words
    )


async def test_a_preparer_gets_one_message_per_run(house: House) -> None:
    """It waits for the last decision, then counts them all and names what was not approved; a later round is new."""
    run_id, requests = await run_in_review(house, ("C1", "C2", "C3"))
    mailbox = Mailbox()
    async with relay(mailbox) as carriers:
        await click(house, requests[0], house.alice)
        await relay_once(house.engine, house.id, SETTINGS, carriers)
        waiting = (await _gathered(house, run_id))[0]
        assert (waiting.state, waiting.answer) == ("pending", "2 requests of the run wait for a decision")
        await click(house, requests[1], house.alice)
        await click(house, requests[2], house.bob, "return")
        await due_now(house.engine)
        await relay_once(house.engine, house.id, SETTINGS, carriers)
    assert await to_carl(house, "run_decided") == 1
    assert await to_carl(house, "approval_decided") == 0
    assert await to_carl(house, "approval_returned") == 1
    told = next(mail for mail in mailbox.mails if "are decided" in str(mail.message["Subject"]))
    assert isinstance(told.message, EmailMessage)
    body = told.message.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "Approved: 2" in text
    assert "Returned: 1" in text
    assert "/CNY/v1: Sent back" in text


async def _gathered(house: House, run_id: UUID) -> list[OutboxRow]:
    async with transaction(house.engine, house.id) as session:
        return await rows_of_subject(session, house.id, "run_decisions", str(run_id))


async def test_a_frozen_mail_is_called_off_with_its_reason(house: House) -> None:
    """The server said "later", then the version was replaced: the frozen bytes never leave, and are not kept."""
    customer_id, contact_id = await customer_with_contact(house.engine, house.id, "C9", "wang@customer.example")
    statement_id = await statement_of(house.engine, house.id, customer_id, "C9")
    row_id = await _queue_statement(house, statement_id, contact_id)
    mailbox, answers = Mailbox(), ["451 4.3.0 later"]
    async with relay(mailbox, Faults(on_recipient=_once(answers))) as carriers:
        await relay_once(house.engine, house.id, SETTINGS, carriers)
        frozen = await row_of(house.engine, house.id, row_id)
        assert frozen.state == "pending"
        assert frozen.frozen is not None
        async with transaction(house.engine, house.id) as session:
            await session.execute(update(statement).where(statement.c.id == statement_id).values(status="superseded"))
        await due_now(house.engine)
        await relay_once(house.engine, house.id, SETTINGS, carriers)
    gone = await row_of(house.engine, house.id, row_id)
    assert (gone.state, gone.frozen) == ("cancelled", None)
    assert gone.answer == "2026-06/C9/CNY/v1 is superseded"
    assert mailbox.mails == []


def _once(answers: list[str]) -> Callable[[str], str | None]:
    return lambda _address: answers.pop() if answers else None


async def _queue_statement(house: House, statement_id: UUID, contact_id: UUID) -> UUID:
    async with transaction(house.engine, house.id) as session:
        queued = await enqueue(
            session, house.id,
            Message(
                "statement_to_customer", "email", "wang@customer.example", "s/1", "statement", str(statement_id),
                {"statement_id": str(statement_id)}, person_id=contact_id,
            ),
        )  # fmt: skip
    assert queued is not None
    return queued
