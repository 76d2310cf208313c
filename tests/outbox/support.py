"""A company with customers, contacts and sent statements, and a relay with a mail server that can be told to fail."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import insert, text

from ledger.canonical import Json, canonical_json, sha256_hex
from notifications.archive import Archive
from notifications.carrying import Answer
from notifications.mail_catcher import CaughtMail, Faults, MailCatcher
from notifications.slack import SlackCarrier
from notifications.smtp import SmtpCarrier, SmtpServer
from services.carriers import Carriers
from services.relay_outbox import relay_once
from services.settings import Settings
from storage.claims import Pace
from storage.database import Database, transaction
from storage.identifiers import new_id
from storage.outbox import Message, OutboxRow, enqueue, find_row
from storage.schema import contact, customer, statement

PACE = Pace(lease=30, quiet=60, backoff=0.01, backoff_most=0.05)
"""Short backoff; a quiet period that no busy machine outlasts: `due_now` ends it."""

CONTENT: dict[str, Json] = {
    "schema": "tieout.statement/1", "number": "", "version": 1, "form": "OPEN_ITEM", "currency": "CNY", "decimals": 2,
    "company": {"code": "ACME", "name": "Acme Trading"},
    "customer": {"code": "C1", "name": "北风商贸", "language": "zh", "country": "CN"},
    "period": {"label": "2026-06", "start": "2026-06-01", "end": "2026-06-30"},
    "as_of": "2026-06-30", "as_known": "2026-07-01T00:00:00+00:00",
    "opening": "0.00", "debits": "100.00", "credits": "0.00", "closing": "100.00", "overdue": "0.00",
    "lines": [
        {
            "line": 1, "section": "open", "item_id": "00000000-0000-7000-8000-000000000001", "kind": "invoice",
            "number": "INV-1", "document_date": "2026-06-10", "due_date": "2026-07-10", "due_date_given": True,
            "amount": "100.00", "open": "100.00", "balance": None, "days_overdue": 0, "bucket": "not_due",
            "disputed": "0.00", "description": "货物", "account": "C1",
        }
    ],
    "aging": [
        {"bucket": "not_due", "from": None, "to": 0, "amount": "100.00", "items": 1},
        {"bucket": "1-30", "from": 1, "to": 30, "amount": "0.00", "items": 0},
    ],
    "unapplied": {"receipts": "0.00", "credits": "0.00", "lines": []}, "sections": [], "disputes": [], "promises": [],
    "aging_policy": {"name": "default", "version": 1, "basis": "due_date", "credits": "own_bucket", "sha256": "0"},
    "rounding": None,
    "checks": [
        {
            "equation": "opening_plus_movements_is_closing", "currency": "CNY", "left": "100.00", "right": "100.00",
            "difference": "0.00", "ties": True,
        }
    ],
    "flags": [],
}  # fmt: skip


@dataclass(slots=True)
class Mailbox:
    """What a server took, in order."""

    mails: list[CaughtMail] = field(default_factory=list)

    async def keep(self, mail: CaughtMail) -> None:
        """Takes one."""
        self.mails.append(mail)

    def ids(self) -> list[str]:
        """Message-IDs in order of arrival."""
        return [mail.message_id for mail in self.mails]

    async def has(self, message_id: str) -> bool:
        """The archive's answer."""
        return message_id in self.ids()


class Sleeper(SmtpCarrier):
    """A carrier whose process is paused, lease and all, before it comes to send."""

    engine: Database | None = None

    async def send(
        self, sender: str, recipient: str, content: bytes, before_data: Callable[[], Awaitable[bool]],
        copies: Sequence[str] = (), *, urgent: bool = False,
    ) -> Answer:  # fmt: skip
        """Sleeps past the lease, then sends as ever."""
        if self.engine is not None:
            await lapse_leases(self.engine)
        return await super().send(sender, recipient, content, before_data, copies, urgent=urgent)


@dataclass(slots=True)
class SlowMailbox(Mailbox):
    """A server that takes the mail, and so long that the lease is over when it says so."""

    engine: Database | None = None

    async def keep(self, mail: CaughtMail) -> None:
        """Takes one, late."""
        self.mails.append(mail)
        if self.engine is not None:
            await lapse_leases(self.engine)


@asynccontextmanager
async def relay(
    mailbox: Mailbox, faults: Faults | None = None, *, archive: Archive | None = None, pace: Pace = PACE,
    slack_url: str = "http://127.0.0.1:9/", idle_timeout: float = 300.0,
) -> AsyncIterator[Carriers]:  # fmt: skip
    """Carriers on a mail server of the test's own."""
    server = MailCatcher(mailbox.keep, faults, idle_timeout)
    port = await server.start()
    carrier = Sleeper(SmtpServer("127.0.0.1", port, tls="none"), timeout=5)
    try:
        yield Carriers(carrier, SlackCarrier("xoxb-local", slack_url), archive, pace)
    finally:
        await carrier.close()
        await server.stop()


async def customer_with_contact(engine: Database, company: UUID, code: str, email: str | None) -> tuple[UUID, UUID]:
    """A customer and its contact; answers both ids."""
    customer_id, contact_id = new_id(), new_id()
    async with transaction(engine, company) as session:
        await session.execute(
            insert(customer).values(company_id=company, id=customer_id, code=code, name=f"客户 {code}", language="zh")
        )
        await session.execute(
            insert(contact).values(
                company_id=company, id=contact_id, customer_id=customer_id, name="王建国", email=email
            )
        )  # fmt: skip
    return customer_id, contact_id


async def statement_of(engine: Database, company: UUID, customer_id: UUID, code: str, status: str = "sent") -> UUID:
    """A statement version of the customer."""
    statement_id, number = new_id(), f"2026-06/{code}/CNY/v1"
    body = canonical_json({**CONTENT, "number": number})
    async with transaction(engine, company) as session:
        await session.execute(
            insert(statement).values(
                company_id=company, id=statement_id, number=number, customer_id=customer_id, currency="CNY",
                period="2026-06", form="OPEN_ITEM", version=1, status=status, content=body, digest=sha256_hex(body),
                opening=0, debits=10000, credits=0, closing=10000, overdue=0, ties=True,
            )
        )  # fmt: skip
    return statement_id


async def queue_answer(engine: Database, company: UUID, statement_id: UUID, recipient: str, key: str) -> UUID:
    """Queues a small mail about a statement."""
    message = Message(
        "answer_received", "email", recipient, key, "statement", str(statement_id),
        {"statement_id": str(statement_id), "kind": "agree", "name": "Dana"},
    )  # fmt: skip
    async with transaction(engine, company) as session:
        queued = await enqueue(session, company, message)
    assert queued is not None
    return queued


async def row_of(engine: Database, company: UUID, row_id: UUID) -> OutboxRow:
    """The row as it stands."""
    async with transaction(engine, company) as session:
        row = await find_row(session, company, row_id)
    assert row is not None
    return row


async def due_now(engine: Database) -> None:
    """Lets every wait be over."""
    async with engine.begin() as session:
        await session.execute(text("update outbox set next_at = clock_timestamp() - interval '1 second'"))
        await session.execute(text("delete from send_throttle"))


async def lapse_leases(engine: Database) -> None:
    """Lets every lease be over."""
    async with engine.begin() as session:
        await session.execute(
            text(
                "update outbox set lease_until = clock_timestamp() - interval '1 second' where lease_until is not null"
            )
        )


async def drain(engine: Database, company: UUID, settings: Settings, carriers: Carriers, rounds: int = 30) -> None:
    """Runs the relay until nothing is taken, letting waits pass."""
    for _ in range(rounds):
        await due_now(engine)
        if not await relay_once(engine, company, settings, carriers):
            return


async def scalar(engine: Database, query: str) -> object:
    """One value, over all companies."""
    async with engine.begin() as session:
        return (await session.execute(text(query))).scalar_one()


def nth_recipient(refusals: list[str | None]) -> Callable[[str], str | None]:
    """A server that answers RCPT from a list, then takes everything."""

    def on_recipient(_address: str) -> str | None:
        return refusals.pop(0) if refusals else None

    return on_recipient


def nth_cut(cuts: list[str | None]) -> Callable[[CaughtMail], str | None]:
    """A server that cuts the connection from a list, then behaves."""

    def cut(_mail: CaughtMail) -> str | None:
        return cuts.pop(0) if cuts else None

    return cut


def json_of(content: bytes) -> dict[str, object]:
    """Parsed JSON."""
    parsed: dict[str, object] = json.loads(content)
    return parsed
