"""What the contenders of `mail.py` do, each in a process of its own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from uuid import UUID

import aiosmtplib
from sqlalchemy import insert, text

from ledger.canonical import canonical_json, sha256_hex
from notifications.messages import Rendered, render
from notifications.mime import Attachment, Envelope, freeze
from notifications.samples import samples
from notifications.slack import SlackCarrier
from notifications.smtp import SmtpCarrier, SmtpServer
from scripts.bench.measure import timed
from services.add_company import add_company
from services.carriers import A_CONNECTION, A_QUICK_CONNECTION, Carriers
from services.relay_outbox import relay_companies
from services.settings import Settings
from storage.claims import Pace
from storage.database import Database, engine_for, transaction
from storage.identifiers import new_id
from storage.outbox import Message
from storage.outbox_bulk import enqueue_many
from storage.schema import contact, customer, statement
from tests.support.statement_samples import chinese_group

SIZE = 45_000
"""Bytes of one mail: a statement with its PDF."""

CONNECTIONS = 16
A_DOMAIN = 50
"""Mails to one domain: half of what its throttle takes at once."""

TARPIT, TARPIT_MAILS = "tarpit.example", 50
PACE = Pace(lease=60, quiet=900)
AT_ONCE = 5_000
"""Messages of one insert."""

LOOK_SECONDS = 0.1
"""How often it is looked whether all are accepted."""


def frozen_mail(size: int = SIZE) -> bytes:
    """A mail of that many bytes, as the relay freezes it."""
    bare = len(freeze(*_told(), [_file(0)]))
    # Base64 makes four bytes of three, in lines of 76 with two for their end.
    return freeze(*_told(), [_file((size - bare) * 3 * 76 // (4 * 78))])


def _told() -> tuple[Rendered, Envelope]:
    rendered = render("statement_to_customer", samples("zh")["statement_to_customer"], "zh")
    when = datetime(2026, 7, 1, tzinfo=UTC)
    return rendered, Envelope(
        "a@bench.example", "海港仪器", "b@bench.example", "王建国", "<1@tieout>", when, "c1.2026-06"
    )


def _file(size: int) -> Attachment:
    return Attachment("对账单 2026-06.pdf", os.urandom(size), "application", "pdf")


async def _yes() -> bool:
    return True


async def _with_carrier(port: int, count: int) -> None:
    carrier, content = SmtpCarrier(SmtpServer("127.0.0.1", port, tls="none"), connections=CONNECTIONS), frozen_mail()
    answers = await asyncio.gather(
        *(carrier.send("a@bench.example", "b@bench.example", content, _yes) for _ in range(count))
    )
    assert all(answer.outcome == "accepted" for answer in answers)  # noqa: S101 - a bench that sends nothing is none
    await carrier.close()


async def _with_aiosmtplib(port: int, count: int) -> None:
    content, places = frozen_mail(), asyncio.Semaphore(CONNECTIONS)

    async def one() -> None:
        async with places:
            await aiosmtplib.send(
                content, sender="a@bench.example", recipients=["b@bench.example"], hostname="127.0.0.1", port=port,
                start_tls=False,
            )  # fmt: skip

    await asyncio.gather(*(one() for _ in range(count)))


def _freeze(count: int) -> None:
    """Text, HTML, a PDF and a workbook, as one statement's mail has them."""
    told, files = _told(), [_file(SIZE // 2), _file(SIZE // 8)]
    for _ in range(count):
        freeze(*told, files)


def _plain_email_message(count: int) -> None:
    rendered, files = _told()[0], [_file(SIZE // 2), _file(SIZE // 8)]
    for _ in range(count):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "a@bench.example", "b@bench.example", rendered.subject
        message.set_content(rendered.text)
        message.add_alternative(rendered.html, subtype="html")
        for file in files:
            message.add_attachment(file.content, maintype=file.maintype, subtype=file.subtype, filename=file.filename)
        message.as_bytes()


async def _queue(engine: Database, company: UUID, messages: Sequence[Message]) -> None:
    for start in range(0, len(messages), AT_ONCE):
        async with transaction(engine, company) as session:
            await enqueue_many(session, company, messages[start : start + AT_ONCE], datetime.now(UTC))


def _news(number: int, domain: str, lane: str) -> Message:
    return Message(
        "run_finished", "email", f"someone{number}@{domain}", f"{domain}/{number}", "run", "1",
        {"run_id": "1", "period": "2026-06"}, lane=lane,
    )  # fmt: skip


async def _statement(engine: Database, company: UUID) -> tuple[UUID, UUID]:
    """A customer's statement and its contact."""
    customer_id, contact_id, statement_id = new_id(), new_id(), new_id()
    body = canonical_json(chinese_group())
    async with transaction(engine, company) as session:
        await session.execute(insert(customer).values(company_id=company, id=customer_id, code="C1", name="北风商贸"))
        await session.execute(
            insert(contact).values(
                company_id=company, id=contact_id, customer_id=customer_id, name="王建国", email="wang@c1.example"
            )
        )
        await session.execute(
            insert(statement).values(
                company_id=company, id=statement_id, number="2026-06/C1/CNY/v1", customer_id=customer_id,
                currency="CNY", period="2026-06", form="OPEN_ITEM", version=1, status="sent", content=body,
                digest=sha256_hex(body), opening=0, debits=0, credits=0, closing=0, overdue=0, ties=True,
            )
        )  # fmt: skip
    return statement_id, contact_id


async def _queue_statements(engine: Database, company: UUID, count: int) -> None:
    """Each is drawn, attached and sent as if it were another customer's."""
    statement_id, contact_id = await _statement(engine, company)
    messages = [
        Message(
            "statement_to_customer", "email", f"wang@c{number}.example", f"statement/{number}", "statement",
            str(statement_id), {"statement_id": str(statement_id)}, lane="bulk", person_id=contact_id,
        )
        for number in range(count)
    ]  # fmt: skip
    await _queue(engine, company, messages)


async def _fresh_company(engine: Database) -> UUID:
    async with engine.begin() as session:
        await session.execute(text("truncate company cascade"))
    return await add_company(engine, "BENCH", "Bench", "CNY", "UTC")


@asynccontextmanager
async def _relaying(engine: Database, port: int) -> AsyncIterator[None]:
    smtp = SmtpCarrier(SmtpServer("127.0.0.1", port, tls="none"), connections=CONNECTIONS)
    slack, stop = SlackCarrier("x", "http://127.0.0.1:9/"), asyncio.Event()
    carriers = Carriers(
        smtp, slack, None, PACE, batch=CONNECTIONS * A_CONNECTION, batch_most=CONNECTIONS * A_QUICK_CONNECTION
    )
    running = asyncio.create_task(relay_companies(engine, Settings(), stop, carriers))
    yield
    running.cancel()  # what a tarpit still holds is not waited for
    await asyncio.gather(running, return_exceptions=True)


async def _relay(url: str, port: int, what: str, count: int) -> None:
    """Fills the outbox, and times the relay until what is waited for is accepted."""
    engine = engine_for(url)
    company = await _fresh_company(engine)
    waited = f"recipient_domain <> '{TARPIT}'"
    if what == "urgent":
        await _queue_statements(engine, company, count)
        waited = "lane = 'urgent'"
    else:
        news = [_news(number, f"d{number // A_DOMAIN}.example", "normal") for number in range(count)]
        slow = [_news(number, TARPIT, "normal") for number in range(TARPIT_MAILS)] if what == "tarpit" else []
        await _queue(engine, company, slow + news)
    if what == "relay":
        await _freeze_all(engine)
    async with engine.connect() as session:
        await (await session.execution_options(isolation_level="AUTOCOMMIT")).execute(text("vacuum analyze outbox"))
    if what == "urgent":
        async with _relaying(engine, port):
            await _until(engine, "count(*) filter (where state = 'accepted') > 0")  # it is in the midst of its queue
            await _queue(engine, company, [_news(1, "approvals.example", "urgent")])
            await asyncio.to_thread(timed, lambda: asyncio.run(_until_accepted(url, waited)))
    else:
        async with _relaying(engine, port):
            await asyncio.to_thread(timed, lambda: asyncio.run(_until_accepted(url, waited)))
    await engine.dispose()


async def _freeze_all(engine: Database) -> None:
    """As after a first try: the bytes are there, and every further try sends these."""
    async with engine.begin() as session:
        await session.execute(text("update outbox set frozen = :content"), {"content": frozen_mail()})


async def _until_accepted(url: str, waited: str) -> None:
    engine = engine_for(url)
    await _until(engine, f"count(*) filter (where state <> 'accepted' and {waited}) = 0")
    await engine.dispose()


async def _until(engine: Database, condition: str) -> None:
    query = text(f"select {condition} from outbox")  # noqa: S608 - ours
    while True:
        async with engine.begin() as session:
            if (await session.execute(query)).scalar_one():
                return
        await asyncio.sleep(LOOK_SECONDS)


def main() -> None:
    """One contender in this process."""
    what, port, count, url = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    if what == "carrier":
        timed(lambda: asyncio.run(_with_carrier(port, count)))
    elif what == "aiosmtplib":
        timed(lambda: asyncio.run(_with_aiosmtplib(port, count)))
    elif what == "freeze":
        timed(lambda: _freeze(count))
    elif what == "emailmessage":
        timed(lambda: _plain_email_message(count))
    else:
        asyncio.run(_relay(url, port, what, count))


if __name__ == "__main__":
    main()
